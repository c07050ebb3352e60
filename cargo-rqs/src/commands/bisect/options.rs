//! What `bisect` was asked to do.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use crate::commands::Format;
use crate::model::fingerprint;
use crate::model::revision::RevisionSpec;
use crate::trial::{Seat, Selection, Sides};

/// What commits are to be told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Wall time; counted instructions where time cannot tell both ends apart.
    Auto,
    /// Wall time.
    Time,
    /// Counted instructions.
    Instructions,
}

/// What `bisect` was asked to do.
#[derive(Clone, Debug)]
pub struct BisectOptions {
    /// The command line as typed.
    pub arguments: Vec<String>,
    /// The ends, the good one as the baseline, and how all commits are built.
    pub sides: Sides,
    /// The bad end.
    pub bad: RevisionSpec,
    /// Whether only first parents are followed.
    pub first_parent: bool,
    /// What commits are to be told apart by.
    pub by: By,
    /// Which benchmarks are compared.
    pub selection: Selection,
    /// Where they run.
    pub seat: Seat,
    /// How sure the answer has to be, as a chance.
    pub confidence: f64,
    /// Wall time for everything.
    pub budget_ms: u64,
    /// Seed of all coins.
    pub seed: Option<u64>,
    /// Where to write the log for `git bisect replay`.
    pub trail: Option<PathBuf>,
    /// Format of the result.
    pub format: Format,
}

impl BisectOptions {
    /// Names the question: a hash of everything that decides on the answer, so that the same question goes on where it was
    /// interrupted. How sure the answer has to be and how long it may take are no part of it.
    pub fn question(&self, good: &str, bad: &str, compiler: &str) -> String {
        fingerprint::of_json(&json!({
            "good": good,
            "bad": bad,
            "compiler": compiler,
            "first_parent": self.first_parent,
            "by": self.by,
            "filter": self.selection.filter,
            "exact": self.selection.exact,
            "measure_identical": self.selection.measure_identical,
            "benches_from_bad": self.sides.benches_from_candidate,
            "build": self.sides.build,
            "cpus": self.seat.cpus,
        }))
    }
}
