//! From the state of a thread to the addresses on its stack.
//!
//! The benchmark is built with frame pointers and the kernel follows them, but two things are missing from its chain:
//! the caller of a function that has not set up its frame (leaf functions, and every moment before or after a frame
//! stands), and all callers where a library without frame pointers has used the register for something else. Both are
//! recovered with the unwind tables, from registers and the end of the stack, until the chain is met again.

#[cfg(target_arch = "x86_64")]
use super::records::Registers;
use super::records::Sample;
use crate::profile::mappings::Mapping;

/// Frames that are unwound at most before the chain is met.
#[cfg(target_arch = "x86_64")]
const MOST_STEPS: usize = 128;

/// Unwinds the stacks of one process.
#[cfg(target_arch = "x86_64")]
pub(super) struct Unwinder {
    unwinder: framehop::x86_64::UnwinderX86_64<Vec<u8>>,
    cache: framehop::x86_64::CacheX86_64,
    code: Vec<std::ops::Range<u64>>,
}

#[cfg(target_arch = "x86_64")]
impl Unwinder {
    /// Reads the unwind tables of everything that is mapped.
    pub(super) fn new(mappings: &[Mapping]) -> Unwinder {
        use framehop::Unwinder as _;
        let mut unwinder = framehop::x86_64::UnwinderX86_64::new();
        mappings.iter().filter_map(tables::module).for_each(|module| unwinder.add_module(module));
        let code = mappings.iter().map(|mapping| mapping.address..mapping.address + mapping.len).collect();
        Unwinder { unwinder, cache: framehop::x86_64::CacheX86_64::new(), code }
    }

    /// Code addresses, the innermost first; those of callers lie within the call.
    pub(super) fn addresses(&mut self, sample: &Sample) -> Vec<u64> {
        let Some(registers) = sample.registers else { return within_calls(&sample.chain) };
        let callers = sample.chain.get(1..).unwrap_or_default();
        let mut found = vec![registers.ip];
        let end = self.unwind(sample, registers, callers, &mut found);
        match end {
            End::MetChain(met) => found.extend(&callers[met..]),
            End::FramePointerIntact => found.extend(callers),
            // Neither knows of the other. One of them went astray, and that one soon leaves all code.
            End::Alone if self.in_code(&sample.chain) >= self.in_code(&found) => found = sample.chain.clone(),
            End::Alone => {}
        }
        within_calls(&found)
    }

    /// Adds callers until one of them is in the chain.
    fn unwind(&mut self, sample: &Sample, sampled: Registers, callers: &[u64], found: &mut Vec<u64>) -> End {
        use framehop::{FrameAddress, Unwinder as _, x86_64::UnwindRegsX86_64};
        let mut registers = UnwindRegsX86_64::new(sampled.ip, sampled.sp, sampled.bp);
        let mut read =
            |address: u64| word(&sample.stack, address.checked_sub(sampled.sp).ok_or(())?).ok_or(());
        let mut at = FrameAddress::from_instruction_pointer(sampled.ip);
        while found.len() < MOST_STEPS {
            let caller = match self.unwinder.unwind_frame(at, &mut registers, &mut self.cache, &mut read) {
                Ok(Some(caller)) => caller,
                Ok(None) => break,
                // The copied end of the stack is too short. With the frame pointer still in its register, the chain
                // tells what comes above.
                Err(_) if registers.bp() == sampled.bp => return End::FramePointerIntact,
                Err(_) => break,
            };
            if let Some(met) = callers.iter().position(|address| *address == caller) {
                return End::MetChain(met);
            }
            if self.in_code(&[caller]) == 0 && !self.code.is_empty() {
                break;
            }
            found.push(caller);
            let Some(next) = FrameAddress::from_return_address(caller) else { break };
            at = next;
        }
        End::Alone
    }

    /// How many addresses from the beginning lie in code.
    fn in_code(&self, addresses: &[u64]) -> usize {
        let is_code = |address: &&u64| self.code.iter().any(|range| range.contains(*address));
        addresses.iter().take_while(is_code).count()
    }
}

/// How unwinding ended.
#[cfg(target_arch = "x86_64")]
enum End {
    /// At this caller of the chain.
    MetChain(usize),
    /// Where the copied stack ends, the frame pointer untouched.
    FramePointerIntact,
    /// Without ever meeting the chain.
    Alone,
}

/// Elsewhere only frame pointers are followed.
#[cfg(not(target_arch = "x86_64"))]
pub(super) struct Unwinder;

#[cfg(not(target_arch = "x86_64"))]
impl Unwinder {
    pub(super) fn new(_: &[Mapping]) -> Unwinder {
        Unwinder
    }

    pub(super) fn addresses(&mut self, sample: &Sample) -> Vec<u64> {
        within_calls(&sample.chain)
    }
}

/// A return address is behind its call, perhaps in the next function already; one less is within it.
fn within_calls(addresses: &[u64]) -> Vec<u64> {
    let callers = addresses.iter().skip(1).map(|address| address.saturating_sub(1));
    addresses.iter().take(1).copied().chain(callers).collect()
}

#[cfg(target_arch = "x86_64")]
fn word(stack: &[u8], at: u64) -> Option<u64> {
    let at = usize::try_from(at).ok()?;
    let bytes = stack.get(at..at.checked_add(8)?)?;
    bytes.try_into().ok().map(u64::from_ne_bytes)
}

#[cfg(target_arch = "x86_64")]
mod tables {
    //! The unwind tables of a mapped file.

    use framehop::{ExplicitModuleSectionInfo, Module};
    use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};
    use object::{Endianness, Object, ObjectSection};

    use super::Mapping;

    /// A mapped file as the unwinder wants it; what is no ELF file has no tables.
    pub(super) fn module(mapping: &Mapping) -> Option<Module<Vec<u8>>> {
        let bytes = std::fs::read(&mapping.path).ok()?;
        let file = ElfFile64::<Endianness>::parse(&*bytes).ok()?;
        let endian = file.endian();
        let headers = file.elf_header().program_headers(endian, file.data()).ok()?;
        let holds =
            |offset: u64, len: u64| (offset..offset.saturating_add(len)).contains(&mapping.file_offset);
        let segment = headers.iter().find(|header| {
            let page_start = header.p_offset(endian) & !0xfff;
            let slack = header.p_offset(endian) - page_start;
            header.p_type(endian) == object::elf::PT_LOAD
                && holds(page_start, header.p_filesz(endian) + slack)
        })?;
        let mapped_as =
            (mapping.file_offset + segment.p_vaddr(endian)).checked_sub(segment.p_offset(endian))?;
        let base = mapping.address.checked_sub(mapped_as)?;
        let section = |name: &str| {
            let section = file.section_by_name(name)?;
            let range = section.address()..section.address() + section.size();
            section.data().ok().map(|data| (range, data.to_vec()))
        };
        let mut sections = ExplicitModuleSectionInfo::default();
        if let Some((range, data)) = section(".text") {
            (sections.text_svma, sections.text) = (Some(range), Some(data));
        }
        if let Some((range, data)) = section(".eh_frame") {
            (sections.eh_frame_svma, sections.eh_frame) = (Some(range), Some(data));
        }
        if let Some((range, data)) = section(".eh_frame_hdr") {
            (sections.eh_frame_hdr_svma, sections.eh_frame_hdr) = (Some(range), Some(data));
        }
        sections.got_svma = section(".got").map(|(range, _)| range);
        let range = mapping.address..mapping.address + mapping.len;
        Some(Module::new(mapping.path.clone(), range, base, sections))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_registers_the_chain_is_all_there_is() {
        let sample = Sample { chain: vec![100, 200, 300], ..Sample::default() };
        assert_eq!(Unwinder::new(&[]).addresses(&sample), [100, 199, 299]);
        assert!(Unwinder::new(&[]).addresses(&Sample::default()).is_empty());
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_chain_goes_on_where_the_tables_meet_it_or_the_stack_ends() {
        // Without tables the unwinder follows frame pointers: the frame at 0x1010 holds the caller's and its address.
        let stack: Vec<u8> =
            [0, 0, 0x1020u64, 200, 0, 250].iter().flat_map(|word| word.to_ne_bytes()).collect();
        let registers = Some(Registers { bp: 0x1010, sp: 0x1000, ip: 100 });
        let sample = Sample { chain: vec![100, 200, 300, 400], registers, stack, ..Sample::default() };
        assert_eq!(Unwinder::new(&[]).addresses(&sample), [100, 199, 299, 399]);
        let cut = Sample { stack: Vec::new(), ..sample };
        assert_eq!(Unwinder::new(&[]).addresses(&cut), [100, 199, 299, 399]);
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn of_two_ways_that_never_meet_the_one_that_stays_in_code_is_taken() {
        let code = Mapping { pid: 1, address: 50, len: 1000, file_offset: 0, path: String::new() };
        let mut unwinder = Unwinder::new(&[code]);
        // The frame that the unwinder is led to returns to nowhere.
        let stack =
            |caller: u64| [0, 0, 0x9000, caller].iter().flat_map(|word: &u64| word.to_ne_bytes()).collect();
        let registers = Some(Registers { bp: 0x1010, sp: 0x1000, ip: 100 });
        let astray =
            Sample { chain: vec![100, 200, 300], registers, stack: stack(5_000_000), ..Sample::default() };
        assert_eq!(unwinder.addresses(&astray), [100, 199, 299]);
        let chain_astray = Sample { chain: vec![100, 7_000_000], stack: stack(400), ..astray };
        assert_eq!(unwinder.addresses(&chain_astray), [100, 399]);
    }
}
