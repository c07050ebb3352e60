//! What the two processes use while a benchmark is measured in turns, read while they wait.

use super::super::EpochReport;
use super::Epoch;
use crate::contract::{ByRole, Counter, CounterSums, Resources, Role};
use crate::shared::Used;

/// Where one process stood before a measurement.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    forgot_peak: bool,
    disk_bytes: Option<[u64; 2]>,
    sent_bytes: u64,
    received_bytes: u64,
}

impl Epoch<'_, '_> {
    fn pid(&mut self, role: Role) -> u32 {
        self.stage.actor(role).map_or(0, |actor| actor.pid())
    }

    /// Lets a waiting process forget its peak of memory; `false` when the kernel does not let it.
    pub(super) fn forget_peak(&mut self, role: Role) -> bool {
        let pid = self.pid(role);
        self.pair.proc.forget_peak(pid)
    }

    /// Lets both probes count events, but not in a benchmark with threads of its own, unless that is wanted.
    pub(super) fn count_unless(&self, threaded: bool) {
        let wanted = !threaded || self.pair.conditions.count_threads;
        Role::BOTH.into_iter().for_each(|role| self.memory.set_events_wanted(role, wanted));
    }

    /// Where both processes stand, waiting for their first turn.
    pub(super) fn standing(&mut self, forgot_peaks: &ByRole<bool>) -> ByRole<Standing> {
        ByRole::from_fn(|role| {
            let pid = self.pid(role);
            let Used { sent_bytes, received_bytes, .. } = self.memory.used(role);
            let disk_bytes = self.pair.proc.disk_bytes(pid);
            Standing { forgot_peak: *forgot_peaks.get(role), disk_bytes, sent_bytes, received_bytes }
        })
    }

    /// What was used since then, both processes waiting again. Counters that a probe could not open are reported.
    pub(super) fn used(
        &mut self,
        before: &ByRole<Standing>,
        threaded: bool,
        report: &mut EpochReport,
    ) -> (Option<ByRole<CounterSums>>, ByRole<Resources>) {
        let resources = ByRole::from_fn(|role| {
            let pid = self.pid(role);
            let used = self.memory.used(role);
            let disk_bytes = self.pair.proc.disk_bytes(pid);
            before.get(role).until(&used, disk_bytes, self.pair.proc.peak_memory_bytes(pid))
        });
        let conditions = self.pair.conditions;
        if threaded && !conditions.count_threads {
            return (None, resources);
        }
        let counted = ByRole::from_fn(|role| {
            let (mut counted, missing) = self.memory.counted(role, &conditions.events);
            report.missing.extend(missing);
            let used = self.memory.used(role);
            for &counter in &conditions.from_usage {
                let sum = match counter {
                    Counter::PageFaults => used.page_faults,
                    Counter::ContextSwitches => used.context_switches,
                    Counter::TaskClockNs => used.cpu_ns,
                    _ => continue,
                };
                counted.sums.insert(counter, sum);
            }
            counted
        });
        let nothing = CounterSums::default();
        let any = counted.iter().any(|(_, counted)| *counted != nothing);
        (any.then_some(counted), resources)
    }
}

impl Standing {
    fn until(&self, used: &Used, disk_bytes: Option<[u64; 2]>, peak_memory_bytes: Option<u64>) -> Resources {
        let disk = |k: usize| Some(disk_bytes?[k].saturating_sub(self.disk_bytes?[k]));
        Resources {
            wall_ns: used.wall_ns,
            cpu_ns: used.cpu_ns,
            peak_memory_bytes,
            peak_since_start: peak_memory_bytes.is_some() && !self.forgot_peak,
            disk_read_bytes: disk(0),
            disk_write_bytes: disk(1),
            network_sent_bytes: Some(used.sent_bytes.saturating_sub(self.sent_bytes)),
            network_received_bytes: Some(used.received_bytes.saturating_sub(self.received_bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_used_since_the_begin_counts_and_what_is_not_told_is_absent() {
        let begin =
            Standing { forgot_peak: true, disk_bytes: Some([10, 20]), sent_bytes: 5, received_bytes: 6 };
        let used = Used { wall_ns: 100, cpu_ns: 90, sent_bytes: 25, received_bytes: 6, ..Used::default() };
        let resources = begin.until(&used, Some([10, 4116]), Some(4096));
        assert_eq!((resources.disk_read_bytes, resources.disk_write_bytes), (Some(0), Some(4096)));
        assert_eq!((resources.network_sent_bytes, resources.network_received_bytes), (Some(20), Some(0)));
        assert_eq!((resources.wall_ns, resources.cpu_ns, resources.peak_since_start), (100, 90, false));
        let untold = Standing::default().until(&used, None, None);
        assert_eq!(
            (untold.disk_read_bytes, untold.peak_memory_bytes, untold.peak_since_start),
            (None, None, false)
        );
        assert!(Standing::default().until(&used, None, Some(1)).peak_since_start);
    }
}
