//! A part of a run whose record would be too large for one file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::EpochSample;

/// Epochs of a run. The run's own file has everything else, and names its parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunPart {
    /// Version of this format.
    pub format: u32,
    /// Id of the run.
    pub run: String,
    /// Number of the part, from 1.
    pub number: u32,
    /// The epochs, in the order of the run.
    pub epochs: Vec<PartEpochs>,
}

/// Some epochs of one benchmark, which follow those of earlier parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PartEpochs {
    /// Place of the suite in the run, from 0.
    pub suite: usize,
    /// Place of the benchmark in the suite, from 0.
    pub benchmark: usize,
    /// The epochs.
    pub epochs: Vec<EpochSample>,
}

impl RunPart {
    /// Version of the format that this code writes.
    pub const FORMAT: u32 = 1;
}
