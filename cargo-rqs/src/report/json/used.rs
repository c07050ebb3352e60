//! Counters, resources and the ledger in the JSON report.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::ledger::LedgerSummary;
use crate::analysis::used::{ResourceUse, Used};
use crate::model::{ByRole, Counter};

/// What was counted in the turns of a benchmark. Events of the processor are those of user space.
#[derive(Serialize, JsonSchema)]
pub struct CountersReport {
    /// For one iteration, over the epochs that have the counter on both sides.
    pub per_iteration: BTreeMap<Counter, CountReport>,
    /// Instructions for one cycle; null where one of them was not counted.
    pub instructions_per_cycle: Option<ByRole<f64>>,
    /// Share of branches that were predicted wrongly.
    pub branch_miss_rate: Option<ByRole<f64>>,
    /// Share of references to the cache that missed it.
    pub cache_miss_rate: Option<ByRole<f64>>,
    /// Turns in which a counter was not counting all the time; its sums of these epochs are left out.
    pub unscheduled_turns: BTreeMap<Counter, u64>,
}

/// One counter.
#[derive(Serialize, JsonSchema)]
pub struct CountReport {
    /// The baseline's count for one iteration.
    pub baseline: f64,
    /// The candidate's.
    pub candidate: f64,
    /// Candidate / baseline - 1; null when the baseline has none.
    pub change: Option<f64>,
}

/// What the benchmark's processes used of the machine. A megabyte is a million bytes.
#[derive(Serialize, JsonSchema)]
pub struct ResourcesReport {
    /// Processor time of all threads for a hundred of wall time.
    pub cpu_percent: ByRole<f64>,
    /// Peak of resident memory in megabytes; null where that is not told.
    pub memory_mb: Option<ByRole<f64>>,
    /// Candidate / baseline - 1 of the peaks.
    pub memory_change: Option<f64>,
    /// Whether the peaks differ by more than 10 % and 1 MiB.
    pub memory_changed_notably: bool,
    /// Whether a peak is that of the whole life of a process.
    pub memory_since_start: bool,
    /// Megabytes a second from and to storage; null where that is not told.
    pub disk_io_mbps: Option<ByRole<f64>>,
    /// Megabytes a second through `send`, `recv` and their kin; null where nobody saw them.
    pub network_mbps: Option<ByRole<f64>>,
}

/// The ledger of disturbances in short. Shares are of one core's time.
#[derive(Serialize, JsonSchema)]
pub struct LedgerReport {
    /// Epochs in it.
    pub epochs: usize,
    /// What the benchmarks' cores did for anybody else; null where that is not told.
    pub foreign_share: Option<f64>,
    /// The same of the coordinator's core.
    pub coordinator_foreign_share: Option<f64>,
    /// What the hypervisor took from the benchmarks' cores.
    pub stolen_share: Option<f64>,
    /// The epoch of which others and the hypervisor took most.
    pub worst: Option<WorstEpochReport>,
    /// Times the benchmarks' cores were slowed down by heat.
    pub thermal_throttles: Option<u64>,
    /// Times a control group held the run back.
    pub cgroup_throttles: Option<u64>,
}

/// The epoch that was disturbed most.
#[derive(Serialize, JsonSchema)]
pub struct WorstEpochReport {
    /// Position of its suite.
    pub suite: u64,
    /// Its number.
    pub epoch: u64,
    /// What was taken.
    pub taken_share: f64,
}

/// `None` when nothing was counted.
pub fn counters(used: &Used) -> Option<CountersReport> {
    if used.counts.is_empty() && used.unscheduled_turns.is_empty() {
        return None;
    }
    let count = |(counter, count): (&Counter, &crate::analysis::used::Count)| {
        let ByRole { baseline, candidate } = count.per_iteration();
        (*counter, CountReport { baseline, candidate, change: count.change() })
    };
    Some(CountersReport {
        per_iteration: used.counts.iter().map(count).collect(),
        instructions_per_cycle: used.instructions_per_cycle,
        branch_miss_rate: used.branch_miss_rate,
        cache_miss_rate: used.cache_miss_rate,
        unscheduled_turns: used.unscheduled_turns.clone(),
    })
}

/// The resources as they are written.
pub fn resources(used: &ResourceUse) -> ResourcesReport {
    ResourcesReport {
        cpu_percent: used.cpu_percent,
        memory_mb: used.memory_mb,
        memory_change: used.memory_change(),
        memory_changed_notably: used.memory_changed_notably(),
        memory_since_start: used.memory_since_start,
        disk_io_mbps: used.disk_io_mbps,
        network_mbps: used.network_mbps,
    }
}

/// The ledger in short, as it is written.
pub fn ledger(summary: &LedgerSummary) -> LedgerReport {
    LedgerReport {
        epochs: summary.epochs,
        foreign_share: summary.foreign_share,
        coordinator_foreign_share: summary.coordinator_foreign_share,
        stolen_share: summary.stolen_share,
        worst: summary.worst.map(|worst| WorstEpochReport {
            suite: worst.suite,
            epoch: worst.epoch,
            taken_share: worst.taken_share,
        }),
        thermal_throttles: summary.thermal_throttles,
        cgroup_throttles: summary.cgroup_throttles,
    }
}
