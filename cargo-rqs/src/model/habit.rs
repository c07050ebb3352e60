//! What earlier runs learned about how a benchmark is best measured. It makes runs shorter and is no evidence.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::BenchmarkKey;

/// How one benchmark is best measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Habit {
    /// Warm-up of each side in an epoch, in microseconds.
    pub warm_up_us: u64,
    /// Samples of each side in an epoch, in microseconds; what the run is held to when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch_us: Option<u64>,
}

/// The habits of the benchmarks of a host, by suite and key.
pub type Habits = BTreeMap<(String, BenchmarkKey), Habit>;
