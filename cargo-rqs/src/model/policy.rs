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
}

impl Default for Policy {
    fn default() -> Self {
        Policy { margin: 0.01, floor: 0.005, alpha: 0.01 }
    }
}

/// What a run may spend, and the seed of every coin in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Budget {
    /// Epochs for a benchmark before it is called inconclusive.
    pub max_epochs: u32,
    /// Wall time for all measuring, in milliseconds.
    pub time_budget_ms: u64,
    /// Measuring time for a benchmark, side and epoch that the harness is held to, in microseconds.
    pub epoch_us: u64,
    /// Seed of all coins.
    pub seed: u64,
}
