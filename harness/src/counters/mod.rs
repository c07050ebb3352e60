//! Counters of the processor and of the kernel: which ones can be had here, how they are opened, and why others cannot.
//!
//! Events of the processor are counted in user space only, so that they may be counted without privilege and hold
//! nothing of the kernel's. Of the kernel's own events, page faults are those of user code for the same reasons;
//! switches and migrations happen in the kernel, so they have to be counted there, which takes more permission; processor
//! time knows no such border.
//!
//! Nothing of it happens in a timed region, but open events have a price all the same: a hand-over of turns takes about
//! twice as long (8 µs instead of 4 on a virtual machine), and so does the start of a thread (33 to 48 µs instead of 21),
//! which a benchmark that starts threads is charged for. So by default the kernel's events are not opened where the
//! process's own accounting tells the same, and benchmarks with threads are not counted; who names counters gets both.

mod availability;
mod events;
mod process;

pub use availability::{Availability, available};
pub use process::ProcessCounters;

use crate::contract::Counter;
use crate::shared::layout::{ATTRIBUTE_WORDS, MAX_EVENTS};

/// One event to open: its attribute as the kernel wants it, and the place of its group's leader in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedEvent {
    /// What it counts.
    pub counter: Counter,
    /// The place of its group's leader, its own for a leader.
    pub leader: usize,
    /// The kernel's `perf_event_attr` in words, filled up with zeros.
    pub attribute: [u64; ATTRIBUTE_WORDS],
}

/// The events to count, each leader before its group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventPlan {
    events: Vec<PlannedEvent>,
}

impl EventPlan {
    /// Plans these groups of counters. A counter beyond what can be counted at once is left out.
    fn of_groups(groups: &[Vec<Counter>]) -> EventPlan {
        let mut events = Vec::new();
        for group in groups {
            let leader = events.len();
            for &counter in group.iter().take(MAX_EVENTS - leader) {
                let leads = events.len() == leader;
                events.push(PlannedEvent { counter, leader, attribute: events::attribute(counter, leads) });
            }
        }
        EventPlan { events }
    }

    /// The events in order.
    pub fn events(&self) -> &[PlannedEvent] {
        &self.events
    }
}
