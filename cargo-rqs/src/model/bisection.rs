//! The record of a bisection: which commits there were, what was built and measured of them, as raw integers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::policy::Policy;
use super::record::{LayoutSample, Placement, SuiteRecord};
use super::revision::Revision;
use super::{BenchmarkFailure, BenchmarkKey, ByRole, Counted, EpochSample};

/// One bisection. Immutable once written; what is believed of it can be computed again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BisectionRecord {
    /// Version of this format.
    pub format: u32,
    /// As a run's id: `yyyymmddThhmmssZ-xxxxxxxx`, sortable by time.
    pub id: String,
    /// Version of the tool that wrote it.
    pub tool: String,
    /// The arguments of `cargo rqs bisect` as they were typed.
    pub arguments: Vec<String>,
    /// When it started, in seconds since 1970.
    pub started_unix_s: u64,
    /// When it ended, in seconds since 1970.
    pub finished_unix_s: u64,
    /// Wall time that it took, in milliseconds; less than from start to end when it was interrupted.
    pub elapsed_ms: u64,
    /// The revision without the change; where the one that was named is not contained in the bad one, the newest commit
    /// that both have.
    pub good: Revision,
    /// The revision with the change.
    pub bad: Revision,
    /// Whether only first parents were followed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first_parent: bool,
    /// What the commits are told apart by.
    pub by: Yardstick,
    /// The commits that may have brought the change: all that the bad one contains, itself included, and the good one does
    /// not; parents before children.
    pub commits: Vec<Commit>,
    /// Fingerprint of the environment, `environments/<it>.json`; that of the first build.
    pub environment: String,
    /// How the processes were placed.
    pub placement: Placement,
    /// What counted as a change between the two ends.
    pub policy: Policy,
    /// How sure the answer had to be, as a chance.
    pub confidence: f64,
    /// Seed of all coins.
    pub seed: u64,
    /// The suites of both ends with all benchmarks that were compared first: the good end is the baseline.
    pub ends: Vec<SuiteRecord>,
    /// The benchmark that is bisected, once the ends are compared and one differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// SHA-256 of the loaded code and data of the subject's executable, by commit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub code: BTreeMap<String, String>,
    /// The comparisons, in time order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<Measurement>,
    /// Commits that could not be measured, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<Skipped>,
    /// Why executables were not linked in other orders, where that was tried in vain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_varied: Option<String>,
    /// What the reader should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl BisectionRecord {
    /// Version of the format that this code writes and the newest that it reads.
    pub const FORMAT: u32 = 1;

    /// The number of a commit among the candidates.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.commits.iter().position(|commit| commit.id == id)
    }
}

/// What commits are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Yardstick {
    /// Wall time, measured in alternation.
    Time,
    /// Counted instructions of an iteration.
    Instructions,
}

/// A commit that may have brought the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commit {
    /// Its hash, 40 hex digits.
    pub id: String,
    /// Hash of its tree: equal trees are equal sources.
    pub tree: String,
    /// Its parents, those that are no candidates included.
    pub parents: Vec<String>,
    /// Who wrote it, as `name <address>`.
    pub author: String,
    /// When it was written, in seconds since 1970.
    pub authored_unix_s: i64,
    /// The first line of its message.
    pub summary: String,
}

impl Commit {
    /// The first twelve digits, for people.
    pub fn short_id(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }
}

/// The benchmark that is bisected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Subject {
    /// Its suite, `package::target`.
    pub suite: String,
    /// Which one of the suite.
    #[serde(flatten)]
    pub key: BenchmarkKey,
}

/// What a comparison was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To find out on which side of the change a commit lies.
    Search,
    /// To measure the change of the commit that was found, afresh.
    Check,
}

/// A commit compared with another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measurement {
    /// What for.
    pub purpose: Purpose,
    /// Hash of the commit that it is compared with: in a search the good one, or what the commit and the good one have in
    /// common.
    pub baseline: String,
    /// Hash of the commit.
    pub candidate: String,
    /// The seed by which the sections of the commit's executable were put into another order, and by the same with its bit
    /// 30 turned those of the other side; absent where both are as they were built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<u32>,
    /// Whether it was measured to its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub complete: bool,
    /// The epochs in time order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub epochs: Vec<EpochSample>,
    /// One epoch for each pair of executables with other layouts, in time order, where a change was measured over them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layouts: Vec<LayoutSample>,
    /// What the benchmark did instead of giving numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<BenchmarkFailure>,
    /// What each side executes, when instructions are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<ByRole<Counted>>,
}

/// A commit that could not be measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Skipped {
    /// Its hash.
    pub commit: String,
    /// Why.
    pub reason: String,
}
