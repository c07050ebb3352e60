//! The wire types of the JSON report.
//!
//! History of the format: 1 is the first.

use schemars::JsonSchema;
use serde::Serialize;

use super::policies::{AcceptanceReport, FindingReport};
use super::used::{CountersReport, LedgerReport, ResourcesReport};
use crate::model::code::CodeIdentity;
use crate::model::ledger::LedgerEntry;
use crate::model::policy::{BenchmarkPolicy, Policy};
use crate::model::profile::{ProfileRecord, ProfilingPass};
use crate::model::record::{Counting, LayoutPass, LockSource, Placement};
use crate::model::revision::Revision;
use crate::model::{BenchmarkFailure, ByRole, Counters, Engine, Role};

/// Version of the format that this code writes.
pub const FORMAT: u32 = 1;

/// A judged run.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "cargo rqs: a judged run")]
pub struct Report<'a> {
    /// Version of this format.
    pub format: u32,
    /// The run's id.
    pub run: &'a str,
    /// Version of the tool that measured it.
    pub tool: &'a str,
    /// Where the record with the raw integers lies.
    pub record: &'a str,
    /// When it started, in seconds since 1970.
    pub started_unix_s: u64,
    /// When it ended, in seconds since 1970.
    pub finished_unix_s: u64,
    /// The two revisions.
    pub revisions: &'a ByRole<Revision>,
    /// Where each side's dependency versions came from.
    pub locks: &'a ByRole<LockSource>,
    /// Fingerprint of the environment.
    pub environment: &'a str,
    /// Fingerprints of the dependency graphs.
    pub dependencies: &'a ByRole<String>,
    /// What counts as a change.
    pub policy: &'a Policy,
    /// How the processes were placed.
    pub placement: &'a Placement,
    /// The pass that counted instructions; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counting: Option<&'a Counting>,
    /// Which counters were asked for, and what became of them; null when none was.
    pub counters: Option<&'a Counters>,
    /// What the reader should know and is no number.
    pub notes: &'a [String],
    /// The profiles that were taken after the measuring, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profiling: Option<&'a ProfilingPass>,
    /// The pass over layouts that confirms what changed; absent in records from before there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layouts: Option<&'a LayoutPass>,
    /// The run as a whole.
    pub summary: SummaryReport,
    /// What several changes have in common.
    pub findings: Vec<FindingReport>,
    /// What happened on the machine meanwhile, in short; null for records without a ledger.
    pub disturbances: Option<LedgerReport>,
    /// The whole ledger, one entry for each epoch; null unless it was asked for.
    pub ledger: Option<&'a Vec<LedgerEntry>>,
    /// The suites in the order they were measured.
    pub suites: Vec<SuiteReport<'a>>,
}

/// The run as a whole.
#[derive(Serialize, JsonSchema)]
pub struct SummaryReport {
    /// Slower, and nobody has accepted it.
    pub regressed: usize,
    /// Slower, and somebody has accepted it.
    pub accepted: usize,
    /// Faster.
    pub improved: usize,
    /// Any change is smaller than the margin.
    pub unchanged: usize,
    /// Not measured, because it is the same code on both sides.
    pub identical: usize,
    /// Measured and not decided.
    pub inconclusive: usize,
    /// Without numbers on one side.
    pub failed: usize,
    /// In the candidate only.
    pub added: usize,
    /// In the baseline only.
    pub removed: usize,
    /// On both sides, but without a usable epoch.
    pub not_measured: usize,
    /// Of those that regressed or improved: how many do so over other layouts too.
    pub robust: usize,
    /// Changed as built, but not over other layouts.
    pub layout_artefact: usize,
    /// Changed as built, and layouts differ by too much to say whether it changed.
    pub layout_sensitive: usize,
    /// Geometric mean over the measured benchmarks; 0.01 is one percent slower.
    pub geometric_mean_change: Option<f64>,
    /// The chance of a false alarm that each measured benchmark was granted.
    pub alpha_per_benchmark: f64,
    /// Every engine that gave a number, best first.
    pub engines: Vec<Engine>,
    /// Blocks that were measured.
    pub blocks: u64,
    /// Blocks that were dropped because something disturbed them.
    pub dropped_blocks: u64,
    /// Times the kernel took the core away from the timing thread.
    pub involuntary_switches: u64,
    /// Page faults that waited for a disk.
    pub major_faults: u64,
    /// Clock ticks (10 ms) that the hypervisor took from the core.
    pub steal_ticks: u64,
    /// Epochs that were measured, counted for each benchmark.
    pub epochs: u64,
    /// Epochs that were not used.
    pub discarded_epochs: u64,
    /// Whether more than 30 % of the epochs were too disturbed to use.
    pub host_unusable: bool,
}

/// One benchmark executable on both sides.
#[derive(Serialize, JsonSchema)]
pub struct SuiteReport<'a> {
    /// Package and bench target, `package::target`.
    pub name: &'a str,
    /// The benchmark harness and its version on each side; empty where the suite is missing.
    pub harness: &'a ByRole<String>,
    /// Whether both executables are the same code.
    pub identical: bool,
    /// Its benchmarks.
    pub benchmarks: Vec<BenchmarkReport<'a>>,
}

/// One benchmark.
#[derive(Serialize, JsonSchema)]
pub struct BenchmarkReport<'a> {
    /// The id as the benchmark harness prints it.
    pub id: &'a str,
    /// 0 for the first benchmark of this id in the suite, 1 for the second, ...
    pub occurrence: u32,
    /// What was found.
    pub verdict: VerdictWord,
    /// Whether it fails the run by itself, by its policy and what was accepted.
    pub fails_run: bool,
    /// What holds for it where that differs from the run's policy, and who owns it; absent where nothing does.
    #[serde(skip_serializing_if = "BenchmarkPolicy::is_empty")]
    pub policy: &'a BenchmarkPolicy,
    /// The acceptance of a change of it, and what becomes of that; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<AcceptanceReport>,
    /// Typical nanoseconds per iteration of each side.
    pub typical_ns: Option<ByRole<f64>>,
    /// The change and how sure it is; absent when it was not measured on both sides. Where layouts were varied and had the
    /// final word, it is the change over them, and so are the times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeReport>,
    /// What an inconclusive benchmark could have shown and still needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outlook: Option<OutlookReport>,
    /// Why it gave no numbers on one side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<&'a BenchmarkFailure>,
    /// ln(candidate time / baseline time), one for each epoch that was used.
    pub log_ratios: &'a [f64],
    /// The epochs that were not used.
    pub discarded: Vec<DiscardReport>,
    /// How the numbers were taken.
    pub engines: &'a [Engine],
    /// Blocks that were measured.
    pub blocks: u64,
    /// Blocks that were dropped because something disturbed them.
    pub dropped_blocks: u64,
    /// How the code that it reaches compares; absent when it was not looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'a CodeIdentity>,
    /// Where it spends its time on both sides, if it was profiled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<&'a ProfileRecord>,
    /// Whether it had settled while it was measured; null when that cannot be said.
    pub steadiness: Option<SteadinessWord>,
    /// What one iteration executes, counted on an emulated processor; absent when it was not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub work: Option<WorkReport>,
    /// What pairs of executables with other layouts say; absent where none was varied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layouts: Option<LayoutsReport<'a>>,
    /// What was counted in it; null when nothing was.
    pub counters: Option<CountersReport>,
    /// What it used of the machine; null for records without it.
    pub resources: Option<ResourcesReport>,
}

/// What pairs of executables that were linked anew, with their sections in other orders, say of a change.
#[derive(Serialize, JsonSchema)]
pub struct LayoutsReport<'a> {
    /// What becomes of the change; null when too few pairs were measured.
    pub outcome: Option<LayoutWord>,
    /// The change of the executables as they were built; null when the layouts do not have the final word.
    pub as_built: Option<ChangeReport>,
    /// About how many pairs more would decide it, where it is undecided; null when unknown, beyond reason, or decided.
    pub pairs_still_needed: Option<usize>,
    /// ln(candidate time / baseline time), one for each pair that was used.
    pub log_ratios: &'a [f64],
}

/// What becomes of a change when the layout is varied.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LayoutWord {
    /// There is a change over layouts too.
    Robust,
    /// Over layouts there is no change.
    Artefact,
    /// Layouts differ by too much to say.
    Sensitive,
}

/// What one iteration executes on both sides.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkReport {
    /// Both sides were counted.
    Counted {
        /// Whether instructions changed by more than the policy's margin.
        amount: AmountWord,
        /// Candidate / baseline - 1 of the instructions; null when it is not finite.
        instructions_change: Option<f64>,
        /// Instructions of an iteration.
        instructions: ByRole<f64>,
        /// Instructions' reads of data.
        data_reads: ByRole<f64>,
        /// Instructions' writes of data.
        data_writes: ByRole<f64>,
        /// Conditional branches.
        branches: ByRole<f64>,
        /// Whether threads of the benchmark's own did work that is not counted.
        helper_threads: bool,
        /// Whether the harness's own work around the routine is counted as well.
        whole_samples: bool,
    },
    /// One side could not be counted.
    NotCounted {
        /// Which one.
        role: Role,
        /// Why.
        reason: String,
    },
}

/// How the candidate's work compares with the baseline's.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AmountWord {
    /// More instructions.
    More,
    /// Within the margin.
    Same,
    /// Fewer instructions.
    Less,
}

/// What was found out about a benchmark.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictWord {
    /// Slower.
    Regressed,
    /// Faster.
    Improved,
    /// Any change is smaller than the margin.
    Unchanged,
    /// Not decided.
    Inconclusive,
    /// Not measured, because it is the same code on both sides.
    Identical,
    /// In the candidate only.
    Added,
    /// In the baseline only.
    Removed,
    /// Without numbers on one side.
    Failed,
    /// Without a usable epoch.
    NotMeasured,
    /// Changed as built, but not over other layouts.
    LayoutArtefact,
    /// Changed as built, and layouts differ by too much to say whether it changed.
    LayoutSensitive,
}

/// A change: candidate / baseline - 1; negative is faster.
#[derive(Serialize, JsonSchema)]
pub struct ChangeReport {
    /// The best estimate.
    pub estimate: f64,
    /// The lower end of the interval; null when nothing is known of it.
    pub low: Option<f64>,
    /// The upper end of the interval; null when nothing is known of it.
    pub high: Option<f64>,
    /// The interval holds the truth, at all times at once, with a chance of at least 1 - alpha.
    pub alpha: f64,
    /// Mean of the log-ratios.
    pub log_mean: f64,
    /// Standard deviation of the log-ratios.
    pub log_sd: f64,
    /// Half width of the interval of the mean log-ratio; null when infinite.
    pub log_half_width: Option<f64>,
    /// Natural logarithm of the e-value against there being no change.
    pub ln_e_value: f64,
}

/// What an inconclusive benchmark could have shown and still needs.
#[derive(Serialize, JsonSchema)]
pub struct OutlookReport {
    /// The smallest slow-down that could have been seen; null when there were too few epochs for any.
    pub smallest_visible_change: Option<f64>,
    /// About how many epochs more would decide it; null when unknown or beyond reason.
    pub epochs_still_needed: Option<usize>,
}

/// An epoch that was not used.
#[derive(Serialize, JsonSchema)]
pub struct DiscardReport {
    /// The number of the epoch in the run.
    pub epoch: u32,
    /// Why.
    pub reason: String,
}

/// How a benchmark's times moved within its epochs.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SteadinessWord {
    /// They stayed level.
    Flat,
    /// It was slower at first.
    WarmUp,
    /// It got slower.
    SlowDown,
    /// They were still moving at the end.
    NoSteadyState,
}
