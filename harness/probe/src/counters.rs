//! Counts events of the process in its own turns, outside of the timed regions.
//!
//! The events are opened once, for the thread that runs the constructor and everything it will ever start. Each group is
//! read with one call at the begin and at the end of a turn. A group that was not counting for all of a turn spoils the
//! sums of its events; that is told, and nothing is estimated.

use core::ffi::c_int;
use core::sync::atomic::Ordering::Relaxed;

use crate::layout::{ATTRIBUTE_WORDS, CountedEvent, MAX_EVENTS, Shared, Side};
use crate::system::{self, Timespec, Usage};

/// Words in front of the values when a group is read: how many there are, and the times enabled and running.
const HEAD: usize = 3;
/// `PERF_TYPE_SOFTWARE`, in the lower half of an attribute's first word; the upper half is its size.
const SOFTWARE: u64 = 1;
/// `PERF_COUNT_SW_TASK_CLOCK`, an attribute's second word: the processor time of a process.
const TASK_CLOCK: u64 = 1;

/// What a group told: the head and one value for each of its events.
type Reading = [u64; HEAD + MAX_EVENTS];

/// Events that are counted and read together.
#[derive(Clone, Copy)]
struct Group {
    fd: c_int,
    /// The places of its events in the plan.
    events: [usize; MAX_EVENTS],
    len: usize,
    begin: Reading,
    begin_is_whole: bool,
}

const NO_GROUP: Group =
    Group { fd: -1, events: [0; MAX_EVENTS], len: 0, begin: [0; HEAD + MAX_EVENTS], begin_is_whole: false };

/// The counters of this process; used by the thread that times.
pub struct Counters {
    side: &'static Side,
    groups: [Group; MAX_EVENTS],
    len: usize,
    /// Place of the event that counts processor time, when it counts.
    task_clock: Option<usize>,
    begin_ns: u64,
    begin_cpu_ns: u64,
}

impl Counters {
    /// Opens the events of the plan, switched off; what cannot be opened is told by its error.
    pub fn open(shared: &Shared, side: &'static Side) -> Counters {
        let mut counters = Counters {
            side,
            groups: [NO_GROUP; MAX_EVENTS],
            len: 0,
            task_clock: None,
            begin_ns: 0,
            begin_cpu_ns: 0,
        };
        let planned = (shared.event_count.load(Relaxed) as usize).min(MAX_EVENTS);
        for (place, event) in shared.events[..planned].iter().enumerate() {
            let mut attribute = [0u64; ATTRIBUTE_WORDS];
            for (word, planned) in attribute.iter_mut().zip(&event.attribute) {
                *word = planned.load(Relaxed);
            }
            let leader = event.leader.load(Relaxed) as usize;
            match counters.open_one(&attribute, place, leader) {
                Ok(()) if attribute[0] & 0xffff_ffff == SOFTWARE && attribute[1] == TASK_CLOCK => {
                    counters.task_clock = Some(place);
                }
                Ok(()) => {}
                Err(error) => side.counted[place].error.store(error, Relaxed),
            }
        }
        counters
    }

    fn open_one(
        &mut self,
        attribute: &[u64; ATTRIBUTE_WORDS],
        place: usize,
        leader: usize,
    ) -> Result<(), c_int> {
        let group = if leader == place {
            None
        } else {
            let of_leader = |group: &&mut Group| group.events[0] == leader;
            // Without its leader an event would be opened switched on, in a group that nobody reads.
            let Some(group) = self.groups[..self.len].iter_mut().find(of_leader) else {
                return Err(self.side.counted[leader.min(MAX_EVENTS - 1)].error.load(Relaxed).max(1));
            };
            Some(group)
        };
        let fd = system::open_event(attribute, group.as_ref().map_or(-1, |group| group.fd))?;
        match group {
            Some(group) => {
                group.events[group.len] = place;
                group.len += 1;
            }
            None => {
                let mut group = Group { fd, len: 1, ..NO_GROUP };
                group.events[0] = place;
                self.groups[self.len] = group;
                self.len += 1;
            }
        }
        Ok(())
    }

    /// Forgets what was counted before and switches the events on: a measurement begins.
    pub fn begin_measurement(&mut self) {
        let used = &self.side.used;
        for sum in [&used.wall_ns, &used.cpu_ns, &used.page_faults, &used.context_switches] {
            sum.store(0, Relaxed);
        }
        for CountedEvent { sum, unscheduled_turns, .. } in &self.side.counted {
            sum.store(0, Relaxed);
            unscheduled_turns.store(0, Relaxed);
        }
        for group in &self.groups[..self.len] {
            system::switch_events_on(group.fd);
        }
    }

    /// Switches the events off: the measurement is over.
    pub fn end_measurement(&mut self) {
        for group in &self.groups[..self.len] {
            system::switch_events_off(group.fd);
        }
    }

    /// The process's own turn begins.
    pub fn begin_turn(&mut self, clock: &impl Fn(c_int) -> Timespec) {
        let before_ns = clock(system::CLOCK_MONOTONIC).as_ns();
        for group in &mut self.groups[..self.len] {
            group.begin_is_whole = read_whole(group.fd, group.len, &mut group.begin);
        }
        if self.task_clock.is_none() {
            self.begin_cpu_ns = clock(system::CLOCK_PROCESS_CPUTIME_ID).as_ns();
        }
        // In the middle of the reading, as the values are.
        self.begin_ns = before_ns.midpoint(clock(system::CLOCK_MONOTONIC).as_ns());
    }

    /// The process's own turn is over; `usage` is what the timing thread used at its begin and at its end.
    pub fn end_turn(&mut self, usage: [&Usage; 2], clock: &impl Fn(c_int) -> Timespec) {
        let side = self.side;
        let before_ns = clock(system::CLOCK_MONOTONIC).as_ns();
        if self.task_clock.is_none() {
            let cpu_ns = clock(system::CLOCK_PROCESS_CPUTIME_ID).as_ns();
            add(&side.used.cpu_ns, cpu_ns.saturating_sub(self.begin_cpu_ns));
        }
        for group in &self.groups[..self.len] {
            let mut end: Reading = [0; HEAD + MAX_EVENTS];
            let whole = group.begin_is_whole && read_whole(group.fd, group.len, &mut end);
            let counted_all_the_time =
                whole && elapsed(&group.begin, &end, 1) == elapsed(&group.begin, &end, 2);
            for (k, &place) in group.events[..group.len].iter().enumerate() {
                let event = &side.counted[place];
                if counted_all_the_time {
                    add(&event.sum, elapsed(&group.begin, &end, HEAD + k));
                } else {
                    event.unscheduled_turns.store(event.unscheduled_turns.load(Relaxed) + 1, Relaxed);
                }
            }
        }
        let end_ns = before_ns.midpoint(clock(system::CLOCK_MONOTONIC).as_ns());
        add(&side.used.wall_ns, end_ns.saturating_sub(self.begin_ns));
        if let Some(place) = self.task_clock {
            side.used.cpu_ns.store(side.counted[place].sum.load(Relaxed), Relaxed);
        }
        let [begin, end] = usage;
        add(&side.used.page_faults, end.page_faults().wrapping_sub(begin.page_faults()) as u64);
        add(&side.used.context_switches, end.switches().wrapping_sub(begin.switches()) as u64);
    }
}

/// Reads a group; `false` when the kernel gave less than all of it, as it does for one that it could not place.
fn read_whole(fd: c_int, len: usize, reading: &mut Reading) -> bool {
    let words = HEAD + len;
    system::read_words(fd, &mut reading[..words]) && reading[0] == len as u64
}

fn elapsed(begin: &Reading, end: &Reading, word: usize) -> u64 {
    end[word].wrapping_sub(begin[word])
}

/// Adds to a number that this thread alone writes.
fn add(sum: &core::sync::atomic::AtomicU64, more: u64) {
    sum.store(sum.load(Relaxed).wrapping_add(more), Relaxed);
}

#[cfg(test)]
mod tests;
