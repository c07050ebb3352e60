//! How a benchmark stands before its policy: what holds for it, what was accepted, and what it does to the run.

use crate::model::acceptance::AppliedAcceptance;
use crate::model::policy::{BenchmarkPolicy, Policy};

/// How a benchmark stands before its policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The policy that holds for it.
    pub policy: Policy,
    /// What of it differs from the run's, and who owns it.
    pub own: BenchmarkPolicy,
    /// The acceptance that counts, and what becomes of it; `None` where there is none, or nothing to accept.
    pub acceptance: Option<(AppliedAcceptance, Effect)>,
    /// What it does to the run.
    pub ruling: Ruling,
}

/// What becomes of an acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The change does not fail the run.
    Applied,
    /// It does, because it is surely larger than what was accepted, or goes the other way.
    Exceeded,
    /// It does, because the acceptance had expired when the run started.
    Expired,
}

/// What a benchmark does to the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// Nothing.
    Passes,
    /// It fails the run as a regression.
    Regressed,
    /// It fails the run, because what is critical has to be decided.
    Undecided,
    /// The run could not be completed, because it gave no numbers on one side.
    Broken,
}

impl Standing {
    /// Whether somebody accepted what was found.
    pub fn is_accepted(&self) -> bool {
        matches!(self.acceptance, Some((_, Effect::Applied)))
    }

    /// A benchmark before it was held against its policy: nothing is accepted, and nothing fails.
    pub fn before_ruling(policy: Policy, own: BenchmarkPolicy) -> Standing {
        Standing { policy, own, acceptance: None, ruling: Ruling::Passes }
    }
}
