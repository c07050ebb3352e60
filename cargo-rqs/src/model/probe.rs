//! The probe of a host: what the machine can do and how evenly it runs, as raw integers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::record::Placement;
use super::{EpochSample, Reading};

/// One probe of a host. Immutable once written; every derived number can be computed from it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeRecord {
    /// Version of this format.
    pub format: u32,
    /// As a run's id: `yyyymmddThhmmssZ-xxxxxxxx`, sortable by time.
    pub id: String,
    /// Version of the tool that wrote it.
    pub tool: String,
    /// When it started, in seconds since 1970.
    pub started_unix_s: u64,
    /// When it ended, in seconds since 1970.
    pub finished_unix_s: u64,
    /// Fingerprint of the environment, `environments/<it>.json`.
    pub environment: String,
    /// How the measuring threads and processes were placed.
    pub placement: Placement,
    /// Seed of all coins.
    pub seed: u64,
    /// Whether less was measured than usual.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quick: bool,
    /// What could not be measured, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What the machine can do, in the order it was measured.
    pub readings: Vec<Reading>,
    /// Epochs of each reference benchmark against itself: whatever differs is the host's noise.
    pub reference: BTreeMap<String, Vec<EpochSample>>,
    /// Wall time that all epochs of each reference benchmark took together, in microseconds.
    pub reference_cost_us: BTreeMap<String, u64>,
}

impl ProbeRecord {
    /// Version of the format that this code writes and the newest that it reads.
    pub const FORMAT: u32 = 1;
}
