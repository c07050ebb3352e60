//! Tries every counter once, on the coordinator itself, to learn which ones this machine has and permits, and which of
//! them fit together.

use std::collections::BTreeMap;
use std::io;

use perf_event::Group;

use super::{EventPlan, events};
use crate::contract::{Counter, Missing};

/// Rounds of a loop that keeps the processor busy while a counter is tried.
const TRIAL_ROUNDS: u64 = 20_000;

/// What can be counted here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Availability {
    /// The events to open.
    pub plan: EventPlan,
    /// What cannot be counted, and why.
    pub missing: BTreeMap<Counter, Missing>,
}

/// Finds out which of the counters can be had, and how they can be grouped.
pub fn available(asked: &[Counter]) -> Availability {
    let mut missing = BTreeMap::new();
    let mut present = Vec::new();
    for &counter in asked {
        match try_alone(counter) {
            Ok(()) => present.push(counter),
            Err(why) => {
                missing.insert(counter, why);
            }
        }
    }
    Availability { plan: EventPlan::of_groups(&groups(&present)), missing }
}

/// Opens a counter alone and lets it count a little.
fn try_alone(counter: Counter) -> Result<(), Missing> {
    let mut opened = events::leader(counter).build().map_err(|error| reason(&error))?;
    opened.enable().map_err(|error| reason(&error))?;
    let mut state = 1u64;
    for round in 0..TRIAL_ROUNDS {
        state = std::hint::black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(round));
    }
    match opened.read_count_and_time() {
        // A virtual machine may promise a counter that stands still.
        Ok(read) if read.count == 0 && matches!(counter, Counter::Instructions | Counter::Cycles) => {
            Err(Missing::NotThere)
        }
        Ok(read) if read.time_running < read.time_enabled => Err(Missing::Busy),
        Ok(_) => Ok(()),
        // What is pinned and cannot be placed reads as nothing.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Missing::Busy),
        Err(error) => Err(reason(&error)),
    }
}

/// Why the kernel refused an event.
pub(super) fn reason(error: &io::Error) -> Missing {
    Missing::of_errno(error.raw_os_error().unwrap_or(0))
}

impl Missing {
    /// The reason behind an error of `perf_event_open`.
    pub(crate) fn of_errno(errno: i32) -> Missing {
        match errno {
            libc::ENOENT | libc::ENODEV | libc::EOPNOTSUPP | libc::ENOSYS | libc::ENXIO => Missing::NotThere,
            libc::EACCES | libc::EPERM => Missing::NotPermitted,
            libc::EBUSY => Missing::Busy,
            errno => Missing::Refused(errno),
        }
    }
}

/// The kernel's counters in one group; the processor's in as few as the kernel accepts, because a group that can never
/// be placed as a whole is refused.
fn groups(present: &[Counter]) -> Vec<Vec<Counter>> {
    let (hardware, software): (Vec<Counter>, Vec<Counter>) =
        present.iter().partition(|counter| counter.is_hardware());
    let mut groups = vec![software];
    let mut rest = &hardware[..];
    while !rest.is_empty() {
        let fitting = (2..=rest.len()).take_while(|&len| fit_together(&rest[..len])).last().unwrap_or(1);
        groups.push(rest[..fitting].to_vec());
        rest = &rest[fitting..];
    }
    groups.retain(|group| !group.is_empty());
    groups
}

fn fit_together(counters: &[Counter]) -> bool {
    let Ok(mut group) = Group::new() else { return false };
    let mut opened = Vec::new();
    for &counter in counters {
        let mut builder = events::leader(counter);
        builder.pinned(false).inherit(false);
        match builder.group(&mut group).build() {
            Ok(counter) => opened.push(counter),
            Err(_) => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests;
