//! Opens sampling events for a process, the best that this machine and its rules allow.

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use perf_event_open_sys as perf;
use perf_event_open_sys::bindings as sys;

use super::records::{SAMPLE_TYPE, USER_REGISTERS};
use super::ring::Ring;

/// Samples a second, unless the kernel allows fewer. A prime, so that it keeps step with nothing.
const SAMPLES_PER_S: u64 = 1999;
/// Bytes of stack in a sample: enough to leave a library without frame pointers.
const STACK_BYTES: u32 = 4096;
/// Frames in a sample at most.
const MOST_FRAMES: u16 = 127;
/// Sizes of the buffer to try, the best first.
const BUFFERS: [usize; 5] = [8 << 20, 4 << 20, 1 << 20, 512 << 10, 128 << 10];

/// What makes a sample come due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Cycles of the core, counted by hardware.
    Cycles,
    /// A timer of the kernel, which needs no hardware.
    CpuClock,
}

/// Events of one process on one core, with their buffer.
pub(super) struct Event {
    pub(super) fd: OwnedFd,
    pub(super) ring: Ring,
}

/// What can be had, in order of preference: with kernel frames where permitted, by hardware where there is any.
const LADDER: [(Trigger, bool); 4] = [
    (Trigger::Cycles, true),
    (Trigger::Cycles, false),
    (Trigger::CpuClock, true),
    (Trigger::CpuClock, false),
];

/// Finds out which trigger can be used here, and whether kernel frames may be seen.
///
/// # Errors
/// In words: why none can be used, and what would help.
pub(super) fn best() -> Result<(Trigger, bool), String> {
    let mut refused = None;
    for (trigger, kernel) in LADDER {
        match open_fd(trigger, kernel, 0, -1) {
            Ok(_) => return Ok((trigger, kernel)),
            Err(error) => refused = Some(error),
        }
    }
    Err(reason(&refused.unwrap_or_else(|| io::ErrorKind::Unsupported.into()), paranoid()))
}

/// Opens events for a process on a core, switched on, children included.
pub(super) fn open(trigger: Trigger, kernel: bool, pid: u32, cpu: u32) -> io::Result<Event> {
    let fd = open_fd(trigger, kernel, pid as i32, cpu as i32)?;
    let ring = Ring::map(fd.as_fd(), &BUFFERS)?;
    // SAFETY: the descriptor is an event.
    let status = unsafe { perf::ioctls::ENABLE(fd.as_raw_fd(), 0) };
    if status < 0 { Err(io::Error::last_os_error()) } else { Ok(Event { fd, ring }) }
}

fn open_fd(trigger: Trigger, kernel: bool, pid: i32, cpu: i32) -> io::Result<OwnedFd> {
    let mut attributes = attributes(trigger, kernel);
    let flags = u64::from(sys::PERF_FLAG_FD_CLOEXEC);
    // SAFETY: the attributes are a writable struct of the size that it tells.
    let fd = unsafe { perf::perf_event_open(&mut attributes, pid, cpu, -1, flags as _) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is fresh and ours.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn attributes(trigger: Trigger, kernel: bool) -> sys::perf_event_attr {
    let mut attributes = sys::perf_event_attr {
        size: size_of::<sys::perf_event_attr>() as u32,
        sample_type: SAMPLE_TYPE,
        sample_regs_user: USER_REGISTERS,
        sample_stack_user: STACK_BYTES,
        sample_max_stack: MOST_FRAMES,
        clockid: libc::CLOCK_MONOTONIC,
        ..Default::default()
    };
    let rate = SAMPLES_PER_S.min(most_samples_per_s());
    match trigger {
        Trigger::Cycles => {
            attributes.type_ = sys::PERF_TYPE_HARDWARE;
            attributes.config = u64::from(sys::PERF_COUNT_HW_CPU_CYCLES);
            attributes.__bindgen_anon_1.sample_freq = rate;
            attributes.set_freq(1);
        }
        Trigger::CpuClock => {
            attributes.type_ = sys::PERF_TYPE_SOFTWARE;
            attributes.config = u64::from(sys::PERF_COUNT_SW_CPU_CLOCK);
            attributes.__bindgen_anon_1.sample_period = 1_000_000_000 / rate;
        }
    }
    attributes.set_disabled(1);
    attributes.set_inherit(1);
    attributes.set_exclude_hv(1);
    attributes.set_exclude_kernel(u64::from(!kernel));
    attributes.set_exclude_callchain_kernel(u64::from(!kernel));
    attributes.set_use_clockid(1);
    attributes.set_mmap(1);
    attributes.set_mmap2(1);
    attributes.set_watermark(1);
    attributes.__bindgen_anon_2.wakeup_watermark = 64 << 10;
    attributes
}

/// The kernel's limit, which it lowers by itself when sampling takes too long.
fn most_samples_per_s() -> u64 {
    let text = std::fs::read_to_string("/proc/sys/kernel/perf_event_max_sample_rate");
    text.ok().and_then(|text| text.trim().parse().ok()).filter(|rate| *rate > 0).unwrap_or(SAMPLES_PER_S)
}

fn paranoid() -> Option<i32> {
    std::fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").ok()?.trim().parse().ok()
}

/// Why no event can be opened, and what would help.
fn reason(error: &io::Error, paranoid: Option<i32>) -> String {
    match (error.raw_os_error(), paranoid) {
        (Some(libc::EACCES | libc::EPERM), Some(level)) if level > 2 => format!(
            "perf events are not permitted (kernel.perf_event_paranoid is {level}); `sudo sysctl kernel.perf_event_paranoid=2` permits them for your own processes"
        ),
        (Some(libc::EACCES | libc::EPERM), _) => {
            "perf events are not permitted here, perhaps by the container's seccomp profile; CAP_PERFMON permits them".into()
        }
        (Some(libc::ENOSYS), _) => "this kernel was built without perf events".into(),
        _ => format!("perf events cannot be used: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_to_set() {
        let denied = io::Error::from_raw_os_error(libc::EACCES);
        assert!(reason(&denied, Some(4)).contains("sysctl kernel.perf_event_paranoid=2"));
        assert!(reason(&denied, Some(2)).contains("CAP_PERFMON"));
        assert!(reason(&io::Error::from_raw_os_error(libc::ENOSYS), None).contains("without perf events"));
    }

    #[test]
    fn a_timer_takes_samples_at_equal_distances_and_cycles_at_about_equal_ones() {
        let timer = attributes(Trigger::CpuClock, false);
        assert_eq!((timer.freq(), timer.exclude_kernel(), timer.inherit()), (0, 1, 1));
        let cycles = attributes(Trigger::Cycles, true);
        assert_eq!((cycles.freq(), cycles.exclude_kernel()), (1, 0));
    }
}
