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
    /// The descriptors of its events, the leader's first.
    fds: [c_int; MAX_EVENTS],
    /// The places of its events in the plan.
    events: [usize; MAX_EVENTS],
    len: usize,
    begin: Reading,
    begin_is_whole: bool,
}

const NO_GROUP: Group = Group {
    fds: [-1; MAX_EVENTS],
    events: [0; MAX_EVENTS],
    len: 0,
    begin: [0; HEAD + MAX_EVENTS],
    begin_is_whole: false,
};

/// The counters of this process; used by the thread that times.
pub struct Counters {
    shared: &'static Shared,
    side: &'static Side,
    groups: [Group; MAX_EVENTS],
    len: usize,
    /// Place of the event that counts processor time, when it counts.
    task_clock: Option<usize>,
    in_turn: bool,
    begin_ns: u64,
    begin_cpu_ns: u64,
    begin_usage: Usage,
}

impl Counters {
    /// Opens the events of the plan, switched off; what cannot be opened is told by its error.
    pub fn open(shared: &'static Shared, side: &'static Side) -> Counters {
        let mut counters = Counters {
            shared,
            side,
            groups: [NO_GROUP; MAX_EVENTS],
            len: 0,
            task_clock: None,
            in_turn: false,
            begin_ns: 0,
            begin_cpu_ns: 0,
            begin_usage: Usage::default(),
        };
        counters.open_all();
        counters
    }

    /// Closes all events when the coordinator wants none in this benchmark, and opens them again when it does. Merely to
    /// have them open makes the start of a thread half as slow again, because each event is opened for it too.
    pub fn obey(&mut self) {
        let uncounted = self.side.uncounted.load(Relaxed) == 1;
        if uncounted {
            // Members first: the end of a leader would make leaders of them.
            for group in self.groups[..self.len].iter().rev() {
                group.fds[..group.len].iter().rev().for_each(|fd| system::close_descriptor(*fd));
            }
            (self.len, self.task_clock) = (0, None);
        } else if self.len == 0 {
            self.open_all();
        }
    }

    fn open_all(&mut self) {
        let shared = self.shared;
        let planned = (shared.event_count.load(Relaxed) as usize).min(MAX_EVENTS);
        for (place, event) in shared.events[..planned].iter().enumerate() {
            let mut attribute = [0u64; ATTRIBUTE_WORDS];
            for (word, planned) in attribute.iter_mut().zip(&event.attribute) {
                *word = planned.load(Relaxed);
            }
            let leader = event.leader.load(Relaxed) as usize;
            match self.open_one(&attribute, place, leader) {
                Ok(()) if attribute[0] & 0xffff_ffff == SOFTWARE && attribute[1] == TASK_CLOCK => {
                    self.task_clock = Some(place);
                }
                Ok(()) => {}
                Err(error) => self.side.counted[place].error.store(error, Relaxed),
            }
        }
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
        let fd = system::open_event(attribute, group.as_ref().map_or(-1, |group| group.fds[0]))?;
        match group {
            Some(group) => {
                (group.events[group.len], group.fds[group.len]) = (place, fd);
                group.len += 1;
            }
            None => {
                let mut group = Group { len: 1, ..NO_GROUP };
                (group.events[0], group.fds[0]) = (place, fd);
                self.groups[self.len] = group;
                self.len += 1;
            }
        }
        Ok(())
    }

    /// Forgets what was counted before and switches the events on: a measurement begins.
    pub fn begin_measurement(&mut self) {
        self.in_turn = false;
        let used = &self.side.used;
        for sum in [&used.wall_ns, &used.cpu_ns, &used.page_faults, &used.context_switches] {
            sum.store(0, Relaxed);
        }
        for CountedEvent { sum, unscheduled_turns, .. } in &self.side.counted {
            sum.store(0, Relaxed);
            unscheduled_turns.store(0, Relaxed);
        }
        for group in &self.groups[..self.len] {
            system::switch_events_on(group.fds[0]);
        }
    }

    /// Switches the events off: the measurement is over.
    pub fn end_measurement(&mut self) {
        for group in &self.groups[..self.len] {
            system::switch_events_off(group.fds[0]);
        }
    }

    /// The process's own turn begins, or goes on when the last one was its own too; `usage` is that of the timing thread.
    pub fn begin_turn(&mut self, usage: &Usage, clock: &impl Fn(c_int) -> Timespec) {
        if core::mem::replace(&mut self.in_turn, true) {
            return;
        }
        self.begin_usage = *usage;
        let before_ns = clock(system::CLOCK_MONOTONIC).as_ns();
        for group in &mut self.groups[..self.len] {
            group.begin_is_whole = read_whole(group.fds[0], group.len, &mut group.begin);
        }
        if self.task_clock.is_none() {
            self.begin_cpu_ns = clock(system::CLOCK_PROCESS_CPUTIME_ID).as_ns();
        }
        // In the middle of the reading, as the values are.
        self.begin_ns = before_ns.midpoint(clock(system::CLOCK_MONOTONIC).as_ns());
    }

    /// The process's own turn is over, and the next one is not its own.
    pub fn end_turn(&mut self, usage: &Usage, clock: &impl Fn(c_int) -> Timespec) {
        self.in_turn = false;
        let side = self.side;
        let before_ns = clock(system::CLOCK_MONOTONIC).as_ns();
        if self.task_clock.is_none() {
            let cpu_ns = clock(system::CLOCK_PROCESS_CPUTIME_ID).as_ns();
            add(&side.used.cpu_ns, cpu_ns.saturating_sub(self.begin_cpu_ns));
        }
        for group in &self.groups[..self.len] {
            let mut end: Reading = [0; HEAD + MAX_EVENTS];
            let whole = group.begin_is_whole && read_whole(group.fds[0], group.len, &mut end);
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
        let begin = &self.begin_usage;
        add(&side.used.page_faults, usage.page_faults().wrapping_sub(begin.page_faults()) as u64);
        add(&side.used.context_switches, usage.switches().wrapping_sub(begin.switches()) as u64);
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
