//! Kernels of all kinds, played by the hooks of the `perf-event` crate.

use std::fs::File;
use std::io::{Seek, Write};
use std::os::fd::{FromRawFd, IntoRawFd};
use std::os::raw::{c_int, c_uint, c_ulong};

use perf_event::hooks::sys::bindings::{PERF_COUNT_SW_DUMMY, PERF_TYPE_SOFTWARE, perf_event_attr};
use perf_event::hooks::{Hooks, clear_thread_hooks, set_thread_hooks};

use super::*;

/// What the kernel says when an event is opened: the type and config of it, and how many its group holds already.
type Answer = fn(u32, u64, usize) -> Result<[u64; 3], i32>;

struct FakeKernel {
    answer: Answer,
    members: usize,
}

const COUNTING: [u64; 3] = [1000, 50, 50];

impl Hooks for FakeKernel {
    unsafe fn perf_event_open(
        &mut self,
        attribute: *mut perf_event_attr,
        _: i32,
        _: c_int,
        group: c_int,
        _: c_ulong,
    ) -> c_int {
        // SAFETY: the crate passes its own attribute.
        let attribute = unsafe { &*attribute };
        let is_dummy =
            attribute.type_ == PERF_TYPE_SOFTWARE && attribute.config == u64::from(PERF_COUNT_SW_DUMMY);
        if is_dummy || group < 0 {
            self.members = 0;
        } else {
            self.members += 1;
        }
        let answer = if is_dummy {
            Ok(COUNTING)
        } else {
            (self.answer)(attribute.type_, attribute.config, self.members)
        };
        match answer {
            Ok(words) => file_of(&words).into_raw_fd(),
            Err(errno) => {
                // SAFETY: this thread's own errno.
                unsafe { *libc::__errno_location() = errno };
                -1
            }
        }
    }

    unsafe fn ENABLE(&mut self, _: c_int, _: c_uint) -> c_int {
        0
    }

    unsafe fn ID(&mut self, _: c_int, id: *mut u64) -> c_int {
        // SAFETY: the crate passes a writable word.
        unsafe { *id = 7 };
        0
    }
}

/// A descriptor from which these words can be read; all zeros are an event in the state of an error: no byte at all.
fn file_of(words: &[u64; 3]) -> File {
    // SAFETY: a NUL-terminated name, and a descriptor that is fresh.
    let mut file = unsafe { File::from_raw_fd(libc::memfd_create(c"event".as_ptr(), 0)) };
    if words != &[0; 3] {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        file.write_all(&bytes).unwrap();
        file.rewind().unwrap();
    }
    file
}

fn on_kernel(answer: Answer, asked: &[Counter]) -> (Vec<Vec<Counter>>, BTreeMap<Counter, Missing>) {
    // SAFETY: the hooks answer as the kernel would, with descriptors of their own.
    unsafe { set_thread_hooks(Box::new(FakeKernel { answer, members: 0 })) };
    let Availability { plan, missing } = available(asked);
    // SAFETY: back to the real kernel.
    unsafe { clear_thread_hooks() };
    let mut groups: Vec<Vec<Counter>> = Vec::new();
    for (place, event) in plan.events().iter().enumerate() {
        if event.leader == place {
            groups.push(Vec::new());
        }
        groups.last_mut().unwrap().push(event.counter);
    }
    (groups, missing)
}

const SOFTWARE: [Counter; 4] =
    [Counter::PageFaults, Counter::ContextSwitches, Counter::Migrations, Counter::TaskClockNs];

#[test]
fn where_everything_counts_there_is_one_group_of_each_kind() {
    let (groups, missing) = on_kernel(|_, _, _| Ok(COUNTING), &Counter::DEFAULT);
    let software = [Counter::PageFaults, Counter::ContextSwitches, Counter::TaskClockNs];
    assert_eq!(groups, [&software[..], &Counter::ALL[..6]]);
    assert!(missing.is_empty());
}

#[test]
fn counters_that_never_fit_together_are_split_into_groups() {
    let four = |kind: u32, _, members| {
        if kind != PERF_TYPE_SOFTWARE && members > 4 { Err(libc::EINVAL) } else { Ok(COUNTING) }
    };
    let (groups, missing) = on_kernel(four, &Counter::ALL);
    assert_eq!(groups, [&SOFTWARE[..], &Counter::ALL[..4], &Counter::ALL[4..8]]);
    assert!(missing.is_empty());
    let one = |kind: u32, _, members| {
        if kind != PERF_TYPE_SOFTWARE && members > 1 { Err(libc::EINVAL) } else { Ok(COUNTING) }
    };
    let (groups, _) = on_kernel(one, &Counter::ALL[..3]);
    assert_eq!(groups, [[Counter::Instructions], [Counter::Cycles], [Counter::Branches]]);
}

#[test]
fn without_a_pmu_the_kernels_own_counters_are_left() {
    let no_pmu = |kind: u32, _, _| if kind == PERF_TYPE_SOFTWARE { Ok(COUNTING) } else { Err(libc::ENOENT) };
    let (groups, missing) = on_kernel(no_pmu, &Counter::ALL);
    assert_eq!(groups, [SOFTWARE]);
    let expected: BTreeMap<_, _> = Counter::ALL[..8].iter().map(|&it| (it, Missing::NotThere)).collect();
    assert_eq!(missing, expected);
}

#[test]
fn each_refusal_has_its_reason() {
    let (groups, missing) = on_kernel(
        |kind, config, _| match (kind, config) {
            (0, 0) => Err(libc::EBUSY),
            (0, 1) => Ok([0, 50, 50]),
            (0, 2) => Ok([0; 3]),
            (0, 3) => Ok([500, 50, 20]),
            (0, 4) => Err(libc::EINVAL),
            (0, _) => Err(libc::EACCES),
            _ => Err(libc::EPERM),
        },
        &Counter::ALL,
    );
    assert!(groups.is_empty(), "{groups:?}");
    assert_eq!(missing[&Counter::Cycles], Missing::Busy, "refused as busy");
    assert_eq!(missing[&Counter::Instructions], Missing::NotThere, "stands still");
    assert_eq!(missing[&Counter::CacheReferences], Missing::Busy, "pinned, and not placed");
    assert_eq!(missing[&Counter::CacheMisses], Missing::Busy, "shares its place with somebody");
    assert_eq!(missing[&Counter::Branches], Missing::Refused(libc::EINVAL));
    assert_eq!(missing[&Counter::BranchMisses], Missing::NotPermitted, "EACCES");
    assert_eq!(missing[&Counter::PageFaults], Missing::NotPermitted, "EPERM");
    assert_eq!(missing.len(), Counter::ALL.len());
}

#[test]
fn a_plan_names_the_leader_of_each_group_and_leaves_out_what_is_too_much() {
    let plan =
        EventPlan::of_groups(&[vec![Counter::PageFaults, Counter::TaskClockNs], Counter::ALL[..3].to_vec()]);
    let leaders: Vec<usize> = plan.events().iter().map(|event| event.leader).collect();
    assert_eq!(leaders, [0, 0, 2, 2, 2]);
    let many = EventPlan::of_groups(&[Counter::ALL.to_vec(), Counter::ALL.to_vec()]);
    assert_eq!(many.events().len(), crate::shared::layout::MAX_EVENTS);
}

#[test]
fn by_default_the_kernels_own_counters_are_told_by_the_process_and_by_name_they_are_events() {
    let count = |asked: &[Counter], threads| {
        let kernel = FakeKernel { answer: |_, _, _| Ok(COUNTING), members: 0 };
        // SAFETY: the hooks answer as the kernel would, with descriptors of their own.
        unsafe { set_thread_hooks(Box::new(kernel)) };
        let mut conditions = crate::process::Conditions::default();
        let counting = conditions.count(asked, threads);
        // SAFETY: back to the real kernel.
        unsafe { clear_thread_hooks() };
        (conditions.events.events().len(), counting.from_usage, conditions.count_threads)
    };
    let told = vec![Counter::PageFaults, Counter::ContextSwitches, Counter::TaskClockNs];
    assert_eq!(count(&Counter::DEFAULT, false), (6, told, false));
    assert_eq!(count(&Counter::ALL, true), (12, Vec::new(), true));
    assert_eq!(count(&[Counter::TaskClockNs], false), (0, vec![Counter::TaskClockNs], false));
}
