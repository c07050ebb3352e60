//! Each counter as an event of the kernel's `perf_event` interface.

use perf_event::events::{Cache, CacheOp, CacheResult, Event, Hardware, Software, WhichCache};
use perf_event::{Builder, ReadFormat};

use crate::contract::Counter;
use crate::shared::layout::ATTRIBUTE_WORDS;

/// The kernel's event of a counter.
fn event(counter: Counter) -> Event {
    let load_miss = |which| Cache { which, operation: CacheOp::READ, result: CacheResult::MISS };
    match counter {
        Counter::Instructions => Hardware::INSTRUCTIONS.into(),
        Counter::Cycles => Hardware::CPU_CYCLES.into(),
        Counter::Branches => Hardware::BRANCH_INSTRUCTIONS.into(),
        Counter::BranchMisses => Hardware::BRANCH_MISSES.into(),
        Counter::CacheReferences => Hardware::CACHE_REFERENCES.into(),
        Counter::CacheMisses => Hardware::CACHE_MISSES.into(),
        Counter::L1dMisses => load_miss(WhichCache::L1D).into(),
        Counter::DtlbMisses => load_miss(WhichCache::DTLB).into(),
        Counter::PageFaults => Software::PAGE_FAULTS.into(),
        Counter::ContextSwitches => Software::CONTEXT_SWITCHES.into(),
        Counter::Migrations => Software::CPU_MIGRATIONS.into(),
        Counter::TaskClockNs => Software::TASK_CLOCK.into(),
    }
}

/// Whether an event happens within the kernel, so that it is lost when the kernel is left out.
fn happens_in_kernel(counter: Counter) -> bool {
    matches!(counter, Counter::ContextSwitches | Counter::Migrations)
}

/// The builder of an event, alone or as the leader of its group: switched off, pinned, threads and children included.
pub(super) fn leader(counter: Counter) -> Builder<'static> {
    let mut builder = Builder::new().kind(event(counter));
    // Pinned: on the processor all the time or, told by an error, not at all; never a part of the time.
    builder.pinned(true).inherit(true).exclude_kernel(!happens_in_kernel(counter)).exclude_hv(true);
    builder
}

/// The attribute of an event in words. A leader starts switched off and pinned; its group follows it.
pub(super) fn attribute(counter: Counter, leads: bool) -> [u64; ATTRIBUTE_WORDS] {
    let mut builder = leader(counter);
    // Not by the builder's own method, which adds ids: the order of a group's values tells enough.
    let times = ReadFormat::TOTAL_TIME_ENABLED | ReadFormat::TOTAL_TIME_RUNNING;
    builder.attrs_mut().read_format = (ReadFormat::GROUP | times).bits();
    if !leads {
        builder.pinned(false).enabled(true);
    }
    words(builder.attrs())
}

/// The bytes of a plain structure of the kernel as words, filled up with zeros.
fn words<T>(structure: &T) -> [u64; ATTRIBUTE_WORDS] {
    const { assert!(size_of::<T>() <= size_of::<[u64; ATTRIBUTE_WORDS]>()) };
    let mut words = [0u64; ATTRIBUTE_WORDS];
    // SAFETY: the kernel's structures are plain integers without padding, and fit as asserted above.
    unsafe {
        std::ptr::copy_nonoverlapping(
            std::ptr::from_ref(structure).cast::<u8>(),
            words.as_mut_ptr().cast::<u8>(),
            size_of::<T>(),
        );
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const PINNED: u64 = 1 << 2;
    const DISABLED: u64 = 1;
    const INHERIT: u64 = 1 << 1;
    const EXCLUDE_KERNEL: u64 = 1 << 5;
    const EXCLUDE_HV: u64 = 1 << 6;

    #[test]
    fn an_attribute_holds_type_size_config_and_flags_where_the_kernel_looks_for_them() {
        let leader = attribute(Counter::BranchMisses, true);
        assert_eq!((leader[0] & 0xffff_ffff, leader[1]), (0, 5), "PERF_TYPE_HARDWARE, branch misses");
        assert_eq!(leader[0] >> 32, size_of_val(Builder::new().attrs()) as u64);
        assert_eq!(leader[4], 0b1011, "group, time enabled, time running, no ids");
        assert_eq!(leader[5], DISABLED | INHERIT | PINNED | EXCLUDE_KERNEL | EXCLUDE_HV);
        let member = attribute(Counter::TaskClockNs, false);
        assert_eq!((member[0] & 0xffff_ffff, member[1]), (1, 1), "PERF_TYPE_SOFTWARE, task clock");
        assert_eq!(member[5], INHERIT | EXCLUDE_KERNEL | EXCLUDE_HV);
        assert_eq!(attribute(Counter::DtlbMisses, true)[1], 3 | (1 << 16), "dTLB, read, miss");
    }

    #[test]
    fn only_what_happens_within_the_kernel_is_counted_there() {
        let in_kernel: Vec<Counter> =
            Counter::ALL.into_iter().filter(|&it| attribute(it, true)[5] & EXCLUDE_KERNEL == 0).collect();
        assert_eq!(in_kernel, [Counter::ContextSwitches, Counter::Migrations]);
    }
}
