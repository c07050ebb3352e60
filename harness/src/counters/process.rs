//! Counters of a process that has no probe, opened and read from outside.
//!
//! A group can only be made for one's own process with the `perf-event` crate, so these events stand alone; each is pinned
//! and none is scaled.

use std::collections::BTreeMap;
use std::os::fd::AsRawFd;

use super::availability::reason;
use super::{EventPlan, events};
use crate::contract::{Counter, CounterSums, Missing};
use crate::kernel;

/// The counters of one process.
#[derive(Debug, Default)]
pub struct ProcessCounters {
    opened: Vec<Opened>,
    missing: BTreeMap<Counter, Missing>,
}

#[derive(Debug)]
struct Opened {
    counter: Counter,
    event: perf_event::Counter,
    /// Count, time enabled, time running; `None` when it could not be read.
    begin: Option<[u64; 3]>,
}

impl Opened {
    fn read(&mut self) -> Option<[u64; 3]> {
        // An event that could not be placed on the processor reads as nothing.
        let read = self.event.read_count_and_time().ok()?;
        Some([read.count, read.time_enabled, read.time_running])
    }
}

impl ProcessCounters {
    /// Opens the events of a plan for a process that has just been started, switched off; with `threads`, for all that it
    /// starts too.
    pub fn attach(plan: &EventPlan, pid: u32, threads: bool) -> ProcessCounters {
        let mut counters = ProcessCounters::default();
        for planned in plan.events() {
            let mut builder = events::leader(planned.counter).observe_pid(pid as libc::pid_t);
            builder.inherit(threads);
            let opened = builder.build();
            // The crate leaves the descriptor open for programs that are started later.
            let opened = opened.and_then(|event| kernel::close_on_exec(event.as_raw_fd()).map(|()| event));
            match opened {
                Ok(event) => {
                    counters.opened.push(Opened { counter: planned.counter, event, begin: None });
                }
                Err(error) => {
                    counters.missing.insert(planned.counter, reason(&error));
                }
            }
        }
        counters
    }

    /// A measurement begins.
    pub fn begin(&mut self) {
        for opened in &mut self.opened {
            opened.begin = if opened.event.enable().is_ok() { opened.read() } else { None };
        }
    }

    /// The measurement is over: what was counted since its begin.
    pub fn end(&mut self) -> CounterSums {
        let mut counted = CounterSums::default();
        for opened in &mut self.opened {
            let end = opened.read();
            match difference(opened.begin.take(), end) {
                Some(sum) => counted.sums.insert(opened.counter, sum).map(drop),
                None => counted.unscheduled_turns.insert(opened.counter, 1).map(drop),
            };
            // One that cannot be switched off goes on; only differences are used.
            let _ = opened.event.disable();
        }
        counted
    }

    /// What could not be opened, and why.
    pub fn missing(&self) -> &BTreeMap<Counter, Missing> {
        &self.missing
    }
}

/// What an event counted between two readings; `None` when it was not counting all the time.
fn difference(begin: Option<[u64; 3]>, end: Option<[u64; 3]>) -> Option<u64> {
    let (begin, end) = (begin?, end?);
    let passed = |k: usize| end[k].wrapping_sub(begin[k]);
    (passed(1) == passed(2)).then(|| passed(0))
}

#[cfg(test)]
mod tests {
    use super::super::available;
    use super::*;

    #[test]
    fn nothing_is_scaled_when_an_event_was_counting_only_a_part_of_the_time() {
        assert_eq!(difference(Some([5, 100, 100]), Some([25, 200, 200])), Some(20));
        assert_eq!(difference(Some([5, 100, 100]), Some([25, 200, 150])), None);
        assert_eq!(difference(None, Some([25, 200, 200])), None);
        assert_eq!(difference(Some([5, 100, 100]), None), None);
    }

    #[test]
    fn the_processor_time_of_another_process_is_counted_where_that_is_permitted() {
        let availability = available(&[Counter::TaskClockNs]);
        if let Some(why) = availability.missing.get(&Counter::TaskClockNs) {
            println!("not tried, because processor time cannot be counted here: {why:?}");
            return;
        }
        let mut busy = std::process::Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let mut counters = ProcessCounters::attach(&availability.plan, busy.id(), true);
        counters.begin();
        std::thread::sleep(std::time::Duration::from_millis(200));
        let counted = counters.end();
        busy.kill().unwrap();
        busy.wait().unwrap();
        assert!(counters.missing().is_empty(), "{:?}", counters.missing());
        assert!(counted.sums[&Counter::TaskClockNs] > 0);
    }
}
