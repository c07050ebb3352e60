//! Reads the records that the kernel writes into a ring buffer of perf events. Pure: bytes in, records out; whatever
//! the bytes are, nothing panics.

use perf_event_open_sys::bindings as sys;

use crate::profile::mappings::Mapping;

/// What each sample holds, in this order. The parser below knows no other layout.
pub(super) const SAMPLE_TYPE: u64 = (sys::PERF_SAMPLE_IP
    | sys::PERF_SAMPLE_TID
    | sys::PERF_SAMPLE_TIME
    | sys::PERF_SAMPLE_CALLCHAIN
    | sys::PERF_SAMPLE_REGS_USER
    | sys::PERF_SAMPLE_STACK_USER) as u64;
/// The registers that unwinding needs, by the kernel's numbers for x86: bp, sp, ip.
pub(super) const USER_REGISTERS: u64 = 1 << 6 | 1 << 7 | 1 << 8;
/// Length of a record's header.
pub(super) const HEADER: usize = 8;

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    /// The state of a thread at one moment.
    Sample(Sample),
    /// So many records did not fit into the buffer.
    Lost(u64),
    /// A file was mapped for execution.
    Mapping(Mapping),
    /// Something else.
    Other,
}

/// The state of a thread at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sample {
    /// The process.
    pub(super) pid: u32,
    /// When, on the monotonic clock.
    pub(super) time_ns: u64,
    /// Whether the kernel was running on the thread's behalf.
    pub(super) in_kernel: bool,
    /// Code addresses of the program as the frame pointers tell them, the innermost first; all but the first are return
    /// addresses.
    pub(super) chain: Vec<u64>,
    /// Registers of the program; `None` where there were none to be had.
    pub(super) registers: Option<Registers>,
    /// The end of the stack, from the stack pointer upwards.
    pub(super) stack: Vec<u8>,
}

/// Registers of the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Registers {
    /// Frame pointer.
    pub(super) bp: u64,
    /// Stack pointer.
    pub(super) sp: u64,
    /// Instruction pointer.
    pub(super) ip: u64,
}

/// The length that a record's header tells; `None` for a header that cannot be one.
pub(super) fn record_len(header: [u8; HEADER]) -> Option<usize> {
    let len = usize::from(u16::from_ne_bytes([header[6], header[7]]));
    (len >= HEADER).then_some(len)
}

/// Reads one whole record; a malformed one is [`Record::Other`].
pub(super) fn parse(record: &[u8]) -> Record {
    let mut bytes = Bytes(record);
    parse_known(&mut bytes).unwrap_or(Record::Other)
}

fn parse_known(bytes: &mut Bytes<'_>) -> Option<Record> {
    let kind = bytes.u32()?;
    let _misc_and_len = bytes.u32()?;
    Some(match kind {
        sys::PERF_RECORD_SAMPLE => Record::Sample(sample(bytes)?),
        sys::PERF_RECORD_LOST => {
            let _id = bytes.u64()?;
            Record::Lost(bytes.u64()?)
        }
        sys::PERF_RECORD_LOST_SAMPLES => Record::Lost(bytes.u64()?),
        sys::PERF_RECORD_MMAP2 => Record::Mapping(mapping(bytes)?),
        _ => Record::Other,
    })
}

fn sample(bytes: &mut Bytes<'_>) -> Option<Sample> {
    let _ip = bytes.u64()?;
    let (pid, _tid) = (bytes.u32()?, bytes.u32()?);
    let time_ns = bytes.u64()?;
    let mut sample = Sample { pid, time_ns, ..Sample::default() };
    let entries = bytes.u64()?;
    let mut in_user_part = true;
    for _ in 0..entries {
        match bytes.u64()? {
            sys::PERF_CONTEXT_USER => in_user_part = true,
            marker if marker >= sys::PERF_CONTEXT_MAX => {
                in_user_part = false;
                sample.in_kernel |= marker == sys::PERF_CONTEXT_KERNEL;
            }
            address if in_user_part => sample.chain.push(address),
            _ => {}
        }
    }
    if bytes.u64()? != u64::from(sys::PERF_SAMPLE_REGS_ABI_NONE) {
        sample.registers = Some(Registers { bp: bytes.u64()?, sp: bytes.u64()?, ip: bytes.u64()? });
    }
    let room = bytes.u64()?;
    if room > 0 {
        let stack = bytes.take(usize::try_from(room).ok()?)?;
        let used = bytes.u64()?.min(room) as usize;
        sample.stack = stack[..used].to_vec();
    }
    Some(sample)
}

fn mapping(bytes: &mut Bytes<'_>) -> Option<Mapping> {
    let (pid, _tid) = (bytes.u32()?, bytes.u32()?);
    let (address, len, file_offset) = (bytes.u64()?, bytes.u64()?, bytes.u64()?);
    // Device and inode, or a build id; then protection and flags.
    bytes.take(24 + 8)?;
    let end = bytes.0.iter().position(|byte| *byte == 0)?;
    let path = String::from_utf8_lossy(&bytes.0[..end]).into_owned();
    Some(Mapping { pid, address, len, file_offset, path })
}

/// Bytes of which numbers are taken in the machine's own order.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_ne_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_ne_bytes)
    }
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
