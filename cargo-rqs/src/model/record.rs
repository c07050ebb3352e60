//! The run record: everything a run measured, as raw integers, and under which conditions.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::acceptance::AppliedAcceptance;
use super::code::CodeIdentity;
use super::ledger::{Columns, LedgerEntry};
use super::policy::{BenchmarkPolicy, Budget, Policy};
use super::profile::{ProfileRecord, ProfilingPass};
use super::revision::Revision;
use super::{BenchmarkFailure, BenchmarkKey, ByRole, Counted, Counters, EpochSample};

/// One run. Immutable once written; every derived number can be computed from it again.
///
/// History of the format: 1 is the first; 2 adds what explains the times: counters, instruction counts, profiles and the
/// ledger of disturbances; policies of single benchmarks and the acceptances that were honoured; and what changed, measured
/// again over layouts; 3 lets the epochs of a large run lie in files of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// Version of this format.
    pub format: u32,
    /// `yyyymmddThhmmssZ-xxxxxxxx`, sortable by time.
    pub id: String,
    /// Version of the tool that wrote it.
    pub tool: String,
    /// The arguments of `cargo rqs bench` as they were typed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// When it started, in seconds since 1970.
    pub started_unix_s: u64,
    /// When it ended, in seconds since 1970.
    pub finished_unix_s: u64,
    /// The two revisions.
    pub revisions: ByRole<Revision>,
    /// Where each side's dependency versions came from.
    pub locks: ByRole<LockSource>,
    /// Fingerprint of the environment, `environments/<it>.json`.
    pub environment: String,
    /// Fingerprints of the dependency graphs, `dependencies/<it>.json`.
    pub dependencies: ByRole<String>,
    /// What counts as a change.
    pub policy: Policy,
    /// What the run was allowed to spend.
    pub budget: Budget,
    /// How the processes were placed.
    pub placement: Placement,
    /// How instructions were counted; absent when they were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counting: Option<Counting>,
    /// Which counters were asked for, and what became of them; absent when none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters: Option<Counters>,
    /// What happened on the machine during each epoch, in time order, written as columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "Columns")]
    #[schemars(with = "Columns")]
    pub ledger: Vec<LedgerEntry>,
    /// Everything that the reader should know and that is no number, for example a skipped suite.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The suites in the order they were measured.
    pub suites: Vec<SuiteRecord>,
    /// The profiles that were taken after the measuring, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profiling: Option<ProfilingPass>,
    /// The pass over layouts that confirms what changed; absent in records from before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layouts: Option<LayoutPass>,
    /// SHA-256 of the content of every part, where the epochs lie in files of their own beside this one,
    /// `<id>/<number>.json`. Nothing is left of that once a run is read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<String>,
}

impl RunRecord {
    /// Version of the format that this code writes and the newest that it reads.
    pub const FORMAT: u32 = 3;
}

/// Where the versions of the dependencies came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LockSource {
    /// The lockfile that is committed in the revision.
    Committed,
    /// One resolution made for this run and used for both sides.
    Shared,
    /// A resolution of this side's own, because the shared one is not valid for it.
    Own,
}

/// Where and how the benchmark processes ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Placement {
    /// Cores that the benchmark processes were pinned to; empty when they were not pinned.
    pub bench_cpus: Vec<u32>,
    /// The core of the coordinating process, when there was another one for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinator_cpu: Option<u32>,
    /// Scheduling class that was granted: `fifo` or `other`.
    pub scheduling: String,
    /// Whether address-space randomisation was off for the benchmark processes.
    pub aslr_off: bool,
}

/// The pass that counted instructions, after the timed one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counting {
    /// What emulated the processor, for example `valgrind-3.19.0`.
    pub emulator: String,
    /// Wall time that it took, on top of the timed pass.
    pub elapsed_ms: u64,
}

/// The pass that measured what had changed again, over executables that were linked anew with their sections in other
/// orders.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LayoutPass {
    /// Pairs of layouts for a benchmark at most; 0 when the layout was not to be varied.
    pub most: u32,
    /// Executables that were linked anew.
    #[serde(default)]
    pub relinked: u32,
    /// Wall time of linking them.
    #[serde(default)]
    pub relinking_ms: u64,
    /// Wall time of the whole pass.
    #[serde(default)]
    pub elapsed_ms: u64,
    /// Suites whose layout could not be varied although something had changed in them, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub not_varied: BTreeMap<String, String>,
}

/// One benchmark executable on both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SuiteRecord {
    /// Package and bench target, `package::target`.
    pub name: String,
    /// The benchmark harness and its version on each side, for example `criterion 0.5.1`; empty where the suite is missing.
    pub harness: ByRole<String>,
    /// SHA-256 of the executables; empty where the suite is missing.
    pub executables: ByRole<String>,
    /// Whether the loadable segments of both executables are equal.
    pub identical: bool,
    /// The benchmarks in the order of the candidate's listing, removed ones last.
    pub benchmarks: Vec<BenchmarkRecord>,
}

/// One benchmark with everything that was measured of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BenchmarkRecord {
    /// Its name within the suite.
    #[serde(flatten)]
    pub key: BenchmarkKey,
    /// Whether it exists on both sides.
    #[serde(default, skip_serializing_if = "Presence::is_both")]
    pub presence: Presence,
    /// Whether it is not measured, because it reaches the same code on both sides.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub identical: bool,
    /// How the code that it reaches compares; absent when it was not looked into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<CodeIdentity>,
    /// What it did instead of giving numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<BenchmarkFailure>,
    /// The epochs in time order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub epochs: Vec<EpochSample>,
    /// What each side executes, counted on an emulated processor; absent when it was not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<ByRole<Counted>>,
    /// Where it spends its time on both sides, if it was profiled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<ProfileRecord>,
    /// What relinked pairs of executables gave, in time order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layouts: Vec<LayoutSample>,
    /// What holds for it where that differs from the run's policy.
    #[serde(default, skip_serializing_if = "BenchmarkPolicy::is_empty")]
    pub policy: BenchmarkPolicy,
    /// The acceptances of changes of this benchmark that lie between the two revisions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acceptances: Vec<AppliedAcceptance>,
}

/// One benchmark in one epoch of a pair of executables that were linked anew, each with its sections in an order of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LayoutSample {
    /// The seed of each side's order. No two samples of a benchmark share one.
    pub seeds: ByRole<u32>,
    /// What was measured.
    pub sample: EpochSample,
}

impl BenchmarkRecord {
    /// A benchmark of which nothing was measured yet.
    pub fn new(key: BenchmarkKey, presence: Presence) -> Self {
        BenchmarkRecord {
            key,
            presence,
            identical: false,
            code: None,
            failure: None,
            epochs: Vec::new(),
            counts: None,
            profile: None,
            layouts: Vec::new(),
            policy: BenchmarkPolicy::default(),
            acceptances: Vec::new(),
        }
    }
}

/// On which sides a benchmark exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// On both sides.
    #[default]
    Both,
    /// Only in the candidate: added.
    Added,
    /// Only in the baseline: removed.
    Removed,
}

impl Presence {
    /// Whether it exists on both sides.
    pub fn is_both(&self) -> bool {
        *self == Presence::Both
    }
}
