//! A calibration: what the tool said of code whose change is known, on one host, one entry for every verdict.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::BenchmarkKey;
use super::policy::{Budget, Policy};
use super::record::Placement;
use super::revision::Revision;

/// One calibration. Immutable once written; every rate can be computed from it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CalibrationRecord {
    /// Version of this format.
    pub format: u32,
    /// As a run's id: `yyyymmddThhmmssZ-xxxxxxxx`, sortable by time.
    pub id: String,
    /// Version of the tool that measured and judged.
    pub tool: String,
    /// When it started, in seconds since 1970.
    pub started_unix_s: u64,
    /// When its last round ended, in seconds since 1970.
    pub finished_unix_s: u64,
    /// Fingerprint of the environment, `environments/<it>.json`.
    pub environment: String,
    /// What was measured.
    pub subject: Subject,
    /// How the processes were placed.
    pub placement: Placement,
    /// What counted as a change.
    pub policy: Policy,
    /// What a single round could spend, and the seed of all coins.
    pub budget: Budget,
    /// Benchmarks of a round, among which the chance of a false alarm is shared out.
    pub benchmarks: u32,
    /// Whether it was stopped before its time was over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// What the reader should know, for example a condition that could not be made here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The rounds in time order.
    pub rounds: Vec<Round>,
}

impl CalibrationRecord {
    /// Version of the format that this code writes and the newest that it reads.
    pub const FORMAT: u32 = 1;

    /// The chance of a false alarm that each verdict was granted.
    pub fn promised(&self) -> f64 {
        self.policy.alpha / f64::from(self.benchmarks.max(1))
    }
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The benchmarks that the tool brings with it, whose changes are injected.
    KnownChanges,
    /// The user's own benchmarks, at this revision.
    Own(Revision),
}

/// All benchmarks judged once, under one condition: a small run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Round {
    /// Its number, from 0.
    pub number: u32,
    /// How the two sides differed.
    pub sides: SidesDiffer,
    /// What else kept the machine busy.
    pub load: Load,
    /// When it began, in milliseconds since the calibration did.
    pub began_ms: u64,
    /// Wall time that it took.
    pub elapsed_ms: u64,
    /// One for each benchmark, in program order.
    pub verdicts: Vec<Judged>,
}

/// How the two sides of a round differed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SidesDiffer {
    /// Not at all: both ran from the same file.
    SameFile,
    /// The candidate was a copy of the baseline's file.
    Copy,
    /// The candidate was linked from the same objects in another order.
    Relinked,
    /// The candidate was built from the same source at another path.
    Rebuilt,
    /// The candidate did more work, in thousandths; both ran from the same file.
    MoreWork(u32),
}

impl SidesDiffer {
    /// Whether both sides executed the same bytes, so that any verdict of a change is false.
    pub fn not_at_all(self) -> bool {
        matches!(self, SidesDiffer::SameFile | SidesDiffer::Copy)
    }

    /// Whether only the places of code and data differed.
    pub fn in_layout(self) -> bool {
        matches!(self, SidesDiffer::Relinked | SidesDiffer::Rebuilt)
    }

    /// How much more work the candidate did, in thousandths; `None` where it did the same.
    pub fn more_per_mille(self) -> Option<u32> {
        match self {
            SidesDiffer::MoreWork(per_mille) => Some(per_mille),
            _ => None,
        }
    }
}

/// What else kept the machine busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Load {
    /// Nothing of ours.
    None,
    /// A process that is busy now and then, on the benchmarks' core.
    Bursts,
    /// Processes that copy memory all the time, on other cores.
    Memory,
}

impl Load {
    /// All of them.
    pub const ALL: [Load; 3] = [Load::None, Load::Bursts, Load::Memory];
}

/// What was said of one benchmark in one round, and what that rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// Package and bench target, `package::target`.
    pub suite: String,
    /// The benchmark within the suite.
    #[serde(flatten)]
    pub key: BenchmarkKey,
    /// What was said of the executables as they are.
    pub said: Said,
    /// What became of a change when it was confirmed over other layouts: it stood, there was none, or they differed by
    /// too much; absent where nothing was to be confirmed, or could be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_layouts: Option<Said>,
    /// Epochs that were measured, discarded ones included.
    pub epochs: u32,
    /// Wall time of those epochs, the benchmark's share of starting the processes included, in milliseconds.
    pub elapsed_ms: u64,
    /// Mean log-ratio of the used epochs; absent without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Half the width of its interval; absent where it is infinite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub half_width: Option<f64>,
    /// The log-ratio of each used epoch, in time order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_ratios: Vec<f64>,
}

/// What was said of a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// The candidate is slower.
    Regressed,
    /// The candidate is faster.
    Improved,
    /// Any change is smaller than the margin.
    Unchanged,
    /// None of these before the budget was spent.
    Inconclusive,
    /// It failed, or no epoch of it could be used.
    NotMeasured,
}

impl Judged {
    /// Whether a change was reported in the end.
    pub fn is_alarm(&self) -> bool {
        let is_change = |said: Said| matches!(said, Said::Regressed | Said::Improved);
        // One that stands although its sign has turned was called a change in either case.
        is_change(self.said) && self.over_layouts.is_none_or(is_change)
    }
}
