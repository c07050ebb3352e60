//! What a process without a probe uses while it measures, seen from outside: from its message that the measurement
//! begins to the one with its numbers. Each is heard a moment after it was sent, some microseconds against a tenth of a
//! second and more.

use super::HELPER_SHARE;
use crate::contract::{Counter, CounterSums, Resources};
use crate::counters::ProcessCounters;
use crate::kernel;
use crate::process::Conditions;
use crate::usage::Proc;

/// Watches one process.
pub(super) struct Watch {
    pid: u32,
    proc: Proc,
    counters: ProcessCounters,
    count_threads: bool,
    /// Whether processor time is among what is counted, without an event.
    tell_cpu_time: bool,
    forgot_peak: bool,
    begin: Option<Begin>,
}

#[derive(Clone, Copy)]
struct Begin {
    wall_ns: u64,
    cpu_ns: Option<u64>,
    first_thread_ns: Option<u64>,
    disk_bytes: Option<[u64; 2]>,
}

/// What was seen of one measurement.
#[derive(Default)]
pub(super) struct Seen {
    /// What was counted; `None` when nothing is to be counted.
    pub(super) counters: Option<CounterSums>,
    /// What was used; `None` when the process was gone too soon.
    pub(super) resources: Option<Resources>,
}

impl Watch {
    /// Begins to watch a process that has just been started.
    pub(super) fn new(pid: u32, proc: &Proc, conditions: &Conditions) -> Watch {
        let counters = ProcessCounters::attach(&conditions.events, pid, conditions.count_threads);
        let count_threads = conditions.count_threads;
        let tell_cpu_time = conditions.from_usage.contains(&Counter::TaskClockNs);
        Watch {
            pid,
            proc: proc.clone(),
            counters,
            count_threads,
            tell_cpu_time,
            forgot_peak: false,
            begin: None,
        }
    }

    /// The process waits and is about to be let go into its next benchmark.
    pub(super) fn benchmark_begins(&mut self) {
        self.forgot_peak = self.proc.forget_peak(self.pid);
        self.begin = None;
    }

    /// It has begun to take samples.
    pub(super) fn measurement_begins(&mut self) {
        self.begin = Some(Begin {
            wall_ns: kernel::monotonic_ns(),
            cpu_ns: kernel::cpu_ns_of(self.pid),
            first_thread_ns: self.proc.first_thread_ns(self.pid),
            disk_bytes: self.proc.disk_bytes(self.pid),
        });
        self.counters.begin();
    }

    /// It has taken its samples and waits.
    pub(super) fn measured(&mut self) -> Seen {
        let Some(begin) = self.begin.take() else { return Seen::default() };
        let mut counted = self.counters.end();
        let wall_ns = kernel::monotonic_ns().saturating_sub(begin.wall_ns);
        let disk_bytes = self.proc.disk_bytes(self.pid);
        let disk = |k: usize| Some(disk_bytes?[k].saturating_sub(begin.disk_bytes?[k]));
        let peak_memory_bytes = self.proc.peak_memory_bytes(self.pid);
        let since = |end: Option<u64>, begin: Option<u64>| Some(end?.saturating_sub(begin?));
        let cpu_ns = since(kernel::cpu_ns_of(self.pid), begin.cpu_ns);
        if let Some(cpu_ns) = cpu_ns.filter(|_| self.tell_cpu_time) {
            counted.sums.insert(Counter::TaskClockNs, cpu_ns);
        }
        let first_thread_ns = since(self.proc.first_thread_ns(self.pid), begin.first_thread_ns);
        let of_helpers_ns = cpu_ns.unwrap_or(0).saturating_sub(first_thread_ns.unwrap_or(0));
        // Events of the first thread alone do not tell what a benchmark with helpers did.
        let threaded = of_helpers_ns as f64 > HELPER_SHARE * wall_ns as f64;
        let tells = counted != CounterSums::default() && (self.count_threads || !threaded);
        let resources = cpu_ns.map(|cpu_ns| Resources {
            wall_ns,
            cpu_ns,
            peak_memory_bytes,
            peak_since_start: peak_memory_bytes.is_some() && !self.forgot_peak,
            disk_read_bytes: disk(0),
            disk_write_bytes: disk(1),
            network_sent_bytes: None,
            network_received_bytes: None,
        });
        Seen { counters: tells.then_some(counted), resources }
    }

    /// Counters that could not be opened.
    pub(super) fn counters(&self) -> &ProcessCounters {
        &self.counters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_process_uses_processor_time_and_memory_and_a_measurement_that_never_began_nothing() {
        let mut busy = std::process::Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let mut conditions = Conditions::default();
        conditions.count(&[Counter::TaskClockNs], false);
        let mut watch = Watch::new(busy.id(), &Proc::default(), &conditions);
        assert!(watch.measured().resources.is_none());
        watch.benchmark_begins();
        watch.measurement_begins();
        std::thread::sleep(std::time::Duration::from_millis(200));
        let seen = watch.measured();
        busy.kill().unwrap();
        busy.wait().unwrap();
        let resources = seen.resources.unwrap();
        assert!(resources.cpu_ns > 0 && resources.wall_ns >= 200_000_000, "{resources:?}");
        assert!(resources.peak_memory_bytes.unwrap() > 10_000, "{resources:?}");
        assert!(seen.counters.unwrap().sums[&Counter::TaskClockNs] > 0);
        watch.measurement_begins();
        let gone = watch.measured();
        assert!(gone.resources.is_none(), "{:?}", gone.resources);
    }
}
