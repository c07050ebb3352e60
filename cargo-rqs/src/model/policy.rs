//! What counts as a change, and what a run may spend to find out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The thresholds of the verdict. Changes are fractions: 0.01 is one percent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Policy {
    /// The largest change that counts as none.
    pub margin: f64,
    /// The smallest change that counts as one.
    pub floor: f64,
    /// In gate mode the chance that the whole run raises any false alarm; in report mode the share of the changes shown
    /// that is expected to be false at most.
    pub alpha: f64,
    /// What `alpha` is about.
    #[serde(default, skip_serializing_if = "Mode::is_gate")]
    pub mode: Mode,
    /// The largest change of the instructions of an iteration that counts as the same work.
    #[serde(default = "usual_instructions_margin")]
    pub instructions_margin: f64,
    /// Whether more instructions than that fail the run by themselves, whatever the times say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gate_on_instructions: bool,
    /// When a benchmark fails the run.
    #[serde(default, skip_serializing_if = "Class::is_normal")]
    pub class: Class,
    /// Which changes may fail the run.
    #[serde(default, skip_serializing_if = "Direction::is_slower")]
    pub direction: Direction,
}

/// What the chance of false alarms is about when there are many benchmarks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The chance that the run raises any false alarm; every benchmark gets an equal share of it. For pass or fail.
    #[default]
    Gate,
    /// The share of the changes shown that is expected to be false at most (e-BH). Finds more where much has changed;
    /// for reading.
    Report,
}

/// When a benchmark fails the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// When it regressed, and also when it stays inconclusive, cannot be measured, or was removed.
    Critical,
    /// When it regressed, or gives no numbers on one side.
    #[default]
    Normal,
    /// Never.
    Informational,
}

/// Which changes may fail the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Only a slow-down.
    #[default]
    Slower,
    /// A speed-up as well: one that nobody expects means that something is not measured any more.
    Either,
}

impl Mode {
    /// Whether it is what records say nothing about.
    pub fn is_gate(&self) -> bool {
        *self == Mode::Gate
    }
}

impl Class {
    /// Whether it is what records say nothing about.
    pub fn is_normal(&self) -> bool {
        *self == Class::Normal
    }
}

impl Direction {
    /// Whether it is what records say nothing about.
    pub fn is_slower(&self) -> bool {
        *self == Direction::Slower
    }
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Class::Critical => "critical",
            Class::Normal => "normal",
            Class::Informational => "informational",
        })
    }
}

/// What holds for one benchmark where it differs from the run's policy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BenchmarkPolicy {
    /// The largest change that counts as none, as a fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// The smallest change that counts as one, as a fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
    /// When it fails the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<Class>,
    /// Which changes may fail the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// Who is to be told; shown with each change that fails the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl BenchmarkPolicy {
    /// Whether the run's policy holds as it is, and nobody owns the benchmark.
    pub fn is_empty(&self) -> bool {
        *self == BenchmarkPolicy::default()
    }
}

/// One in a thousand: counts are exact, but the surroundings of a routine change by an instruction or two.
const fn usual_instructions_margin() -> f64 {
    0.001
}

impl Policy {
    /// What holds where nothing else is said.
    pub const USUAL: Policy = Policy {
        margin: 0.01,
        floor: 0.005,
        alpha: 0.01,
        instructions_margin: usual_instructions_margin(),
        gate_on_instructions: false,
        mode: Mode::Gate,
        class: Class::Normal,
        direction: Direction::Slower,
    };

    /// The policy of one benchmark.
    pub fn with(&self, own: &BenchmarkPolicy) -> Policy {
        Policy {
            margin: own.margin.unwrap_or(self.margin),
            floor: own.floor.unwrap_or(self.floor),
            class: own.class.unwrap_or(self.class),
            direction: own.direction.unwrap_or(self.direction),
            ..*self
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Policy::USUAL
    }
}

/// What a run may spend, and the seed of every coin in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Budget {
    /// Epochs for a benchmark before it is called inconclusive.
    pub max_epochs: u32,
    /// Wall time for all measuring, in milliseconds; confirming changes over other layouts may take as long again.
    pub time_budget_ms: u64,
    /// Measuring time for a benchmark, side and epoch that the harness is held to, in microseconds, unless an earlier
    /// run on the host has learned a better one for the benchmark.
    pub epoch_us: u64,
    /// Seed of all coins.
    pub seed: u64,
}

impl Budget {
    /// What a run over some benchmarks may spend where nothing else is said.
    pub fn usual(benchmarks: usize, seed: u64) -> Budget {
        let time_budget_ms = (5_000 * benchmarks as u64).max(60_000);
        Budget { max_epochs: 100, time_budget_ms, epoch_us: 6_000, seed }
    }
}
