//! The ledger of disturbances to what is said of it: how much of the core others took, and in which epoch most.

use crate::model::ledger::LedgerEntry;
use crate::model::{BenchmarkKey, Counter, EpochSample};

/// Microseconds of a clock tick in `/proc/stat`.
const TICK_US: u64 = 10_000;

/// The whole ledger in short.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerSummary {
    /// Epochs in it.
    pub epochs: usize,
    /// Share of one core's time that the benchmarks' cores spent on anybody else, interrupts included; `None` where the
    /// machine does not tell.
    pub foreign_share: Option<f64>,
    /// The same of the coordinator's core.
    pub coordinator_foreign_share: Option<f64>,
    /// Share of one core's time that the hypervisor took.
    pub stolen_share: Option<f64>,
    /// The epoch of which others and the hypervisor took most.
    pub worst: Option<WorstEpoch>,
    /// Times the benchmarks' cores were slowed down by heat; `None` where the machine does not tell.
    pub thermal_throttles: Option<u64>,
    /// Times a control group held this process back; `None` where there is no quota.
    pub cgroup_throttles: Option<u64>,
}

/// The epoch that was disturbed most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorstEpoch {
    /// Position of the suite in the record.
    pub suite: u64,
    /// Number of the epoch.
    pub epoch: u64,
    /// Share of one core's time that was taken.
    pub taken_share: f64,
}

/// Sums the ledger up; `None` when it is empty.
pub fn summarise(ledger: &[LedgerEntry]) -> Option<LedgerSummary> {
    if ledger.is_empty() {
        return None;
    }
    let told = ledger.iter().filter_map(|entry| Some((entry, taken_share(entry)?)));
    let worst = told.max_by(|(_, a), (_, b)| a.total_cmp(b));
    Some(LedgerSummary {
        epochs: ledger.len(),
        foreign_share: share(ledger, foreign_us),
        coordinator_foreign_share: share(ledger, coordinator_foreign_us),
        stolen_share: share(ledger, |entry| Some((entry.steal_ticks? * TICK_US) as i64)),
        worst: worst.map(|(entry, taken_share)| WorstEpoch {
            suite: entry.suite,
            epoch: entry.epoch,
            taken_share,
        }),
        thermal_throttles: sum(ledger, |entry| entry.thermal_throttles),
        cgroup_throttles: sum(ledger, |entry| entry.cgroup_throttles),
    })
}

/// Share of one core's time that others and the hypervisor took in an epoch, not below zero.
pub fn taken_share(entry: &LedgerEntry) -> Option<f64> {
    let foreign_us = foreign_us(entry)? + (entry.steal_ticks.unwrap_or(0) * TICK_US) as i64;
    Some((foreign_us as f64 / entry.wall_us.max(1) as f64).max(0.0))
}

/// Time that the benchmarks' cores spent on anybody else. Ticks are coarse, so that of one epoch may come out below zero.
pub fn foreign_us(entry: &LedgerEntry) -> Option<i64> {
    Some((entry.bench_busy_ticks? * TICK_US) as i64 - entry.bench_own_us? as i64)
}

/// The same of the coordinator's core.
pub fn coordinator_foreign_us(entry: &LedgerEntry) -> Option<i64> {
    Some((entry.coordinator_busy_ticks? * TICK_US) as i64 - entry.coordinator_own_us? as i64)
}

/// The sum over all epochs against their wall time, not below zero. Summed before it is cut off, so that the coarseness
/// of ticks cancels out.
fn share(ledger: &[LedgerEntry], us: impl Fn(&LedgerEntry) -> Option<i64>) -> Option<f64> {
    let told: Vec<(i64, u64)> = ledger.iter().filter_map(|entry| Some((us(entry)?, entry.wall_us))).collect();
    let wall_us: u64 = told.iter().map(|(_, wall_us)| wall_us).sum();
    (wall_us > 0).then(|| (told.iter().map(|(us, _)| us).sum::<i64>() as f64 / wall_us as f64).max(0.0))
}

fn sum(ledger: &[LedgerEntry], what: impl Fn(&LedgerEntry) -> Option<u64>) -> Option<u64> {
    ledger.iter().filter_map(what).reduce(|sum, more| sum + more)
}

/// Migrations of all benchmarks of an epoch, as far as they were counted.
pub fn migrations(samples: &[(BenchmarkKey, EpochSample)]) -> Option<u64> {
    let sides = samples.iter().filter_map(|(_, sample)| sample.counters.as_ref());
    let counted =
        sides.flat_map(|sides| sides.iter().map(|(_, counted)| counted.sums.get(&Counter::Migrations)));
    counted.flatten().copied().reduce(|sum, more| sum + more)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(epoch: u64, wall_us: u64, busy_ticks: u64, own_us: u64) -> LedgerEntry {
        LedgerEntry {
            epoch,
            wall_us,
            bench_busy_ticks: Some(busy_ticks),
            bench_own_us: Some(own_us),
            ..LedgerEntry::default()
        }
    }

    #[test]
    fn foreign_work_is_what_the_core_did_beside_the_benchmarks_and_the_worst_epoch_is_named() {
        let mut ledger =
            vec![entry(3, 100_000, 10, 95_000), entry(4, 100_000, 9, 95_000), entry(5, 100_000, 10, 70_000)];
        ledger[1].steal_ticks = Some(4);
        let summary = summarise(&ledger).unwrap();
        assert!((summary.foreign_share.unwrap() - 0.1).abs() < 1e-12, "{summary:?}");
        let worst = summary.worst.unwrap();
        assert_eq!(worst.epoch, 4, "5 ms less than nothing, and 40 ms stolen");
        assert!((worst.taken_share - 0.35).abs() < 1e-12);
        assert_eq!(summary.stolen_share, Some(0.4), "of the one epoch that tells");
        assert_eq!((summary.coordinator_foreign_share, summary.thermal_throttles), (None, None));
    }

    #[test]
    fn the_coarseness_of_ticks_is_not_taken_for_foreign_work() {
        let ledger = [entry(0, 100_000, 9, 96_000), entry(1, 100_000, 10, 96_000)];
        assert_eq!(summarise(&ledger).unwrap().foreign_share, Some(0.0));
        assert_eq!(taken_share(&ledger[0]), Some(0.0));
    }

    #[test]
    fn an_empty_ledger_and_one_that_tells_nothing_say_nothing() {
        assert_eq!(summarise(&[]), None);
        let summary = summarise(&[LedgerEntry { wall_us: 5, ..LedgerEntry::default() }]).unwrap();
        assert_eq!((summary.foreign_share, summary.worst, summary.cgroup_throttles), (None, None, None));
    }
}
