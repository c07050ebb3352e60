//! A run in so far as many runs are looked at together.

use super::policy::Policy;
use super::revision::Revision;
use super::{BenchmarkKey, ByRole};

/// A run without its epochs.
#[derive(Clone, Debug, PartialEq)]
pub struct RunOutline {
    /// The run's id.
    pub id: String,
    /// When it started, in seconds since 1970.
    pub started_unix_s: u64,
    /// Fingerprint of the environment.
    pub environment: String,
    /// The two revisions.
    pub revisions: ByRole<Revision>,
    /// Fingerprints of the dependency graphs.
    pub dependencies: ByRole<String>,
    /// Its benchmarks, in the order of the record.
    pub benchmarks: Vec<BenchmarkOutline>,
}

/// A benchmark of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchmarkOutline {
    /// Its suite, `package::target`.
    pub suite: String,
    /// Which one of the suite.
    pub key: BenchmarkKey,
    /// How the candidate compares with the baseline; `None` where that was not measured.
    pub step: Option<Step>,
    /// How long an iteration takes on each side; `None` without a used epoch.
    pub levels: Option<ByRole<Level>>,
    /// On which sides it exists.
    pub exists: ByRole<bool>,
    /// What counts as a change of it.
    pub policy: Policy,
}

/// The candidate against the baseline, measured in alternation: `ln(candidate time / baseline time)` is within
/// `mean ± half_width` at the confidence of the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The mean log-ratio.
    pub mean: f64,
    /// Zero where both sides are the same code; infinite when nothing can be said.
    pub half_width: f64,
    /// Epochs, or pairs of layouts, that it rests on.
    pub epochs: u32,
}

impl Step {
    /// The step between two sides that are the same code.
    pub const NONE: Step = Step { mean: 0.0, half_width: 0.0, epochs: 0 };

    /// The baseline against the candidate.
    pub fn reversed(self) -> Step {
        Step { mean: -self.mean, ..self }
    }
}

/// The time of an iteration over the epochs of a run: its natural logarithm, in nanoseconds, is within
/// `ln_ns ± half_width`, as far as one run can tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Mean of the logarithms.
    pub ln_ns: f64,
    /// Infinite when nothing can be said.
    pub half_width: f64,
    /// Epochs that it rests on.
    pub epochs: u32,
}
