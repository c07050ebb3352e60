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
    /// The chance that the whole suite raises any false alarm; it is divided by the number of measured benchmarks.
    pub alpha: f64,
    /// The largest change of the instructions of an iteration that counts as the same work.
    #[serde(default = "usual_instructions_margin")]
    pub instructions_margin: f64,
    /// Whether more instructions than that fail the run by themselves, whatever the times say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gate_on_instructions: bool,
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
    };
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
    /// Wall time for all measuring, in milliseconds.
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
        Budget { max_epochs: 100, time_budget_ms, epoch_us: 10_000, seed }
    }
}
