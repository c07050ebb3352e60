//! The wire types of acceptances and of causes that several changes have in common.

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::causes::{self, Cause, Named};
use crate::analysis::comparison::Comparison;
use crate::analysis::standing::{Effect, Standing};
use crate::analysis::verdict::Verdict;
use crate::model::acceptance::AppliedAcceptance;

/// An acceptance that concerns a benchmark.
#[derive(Serialize, JsonSchema)]
pub struct AcceptanceReport {
    /// The acceptance.
    #[serde(flatten)]
    pub acceptance: AppliedAcceptance,
    /// What becomes of it.
    pub effect: EffectWord,
}

/// What becomes of an acceptance.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectWord {
    /// The change does not fail the run.
    Applied,
    /// It does, because it is surely larger than what was accepted, or goes the other way.
    Exceeded,
    /// It does, because the acceptance had expired when the run started.
    Expired,
}

/// One cause that several changes have in common.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FindingReport {
    /// Most benchmarks of a suite, or of the run, moved by about the same amount.
    MovedTogether {
        /// The suite; null for all suites of the run.
        suite: Option<String>,
        /// Where to.
        direction: MovedWord,
        /// Which ones.
        benchmarks: Vec<NamedReport>,
        /// Benchmarks that were measured there in all.
        measured: usize,
        /// The change that is nearest to none.
        least: f64,
        /// The change that is furthest from none.
        most: f64,
    },
    /// More than half of the change of several benchmarks is in one function.
    Function {
        /// The function.
        function: String,
        /// Where to.
        direction: MovedWord,
        /// Which ones.
        benchmarks: Vec<NamedReport>,
    },
}

/// Where benchmarks moved.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MovedWord {
    /// They take longer.
    Slower,
    /// They take less time.
    Faster,
}

/// A benchmark of the run.
#[derive(Serialize, JsonSchema)]
pub struct NamedReport {
    /// Its suite.
    pub suite: String,
    /// The id as the benchmark harness prints it.
    pub id: String,
    /// 0 for the first benchmark of this id in the suite, 1 for the second, ...
    pub occurrence: u32,
}

/// What becomes of the acceptance that counts for a benchmark.
pub fn acceptance(standing: &Standing) -> Option<AcceptanceReport> {
    let (acceptance, effect) = standing.acceptance.clone()?;
    let effect = match effect {
        Effect::Applied => EffectWord::Applied,
        Effect::Exceeded => EffectWord::Exceeded,
        Effect::Expired => EffectWord::Expired,
    };
    Some(AcceptanceReport { acceptance, effect })
}

/// The causes that are seen in a run.
pub fn findings(comparison: &Comparison) -> Vec<FindingReport> {
    causes::causes(&comparison.suites).into_iter().map(finding).collect()
}

fn finding(cause: Cause) -> FindingReport {
    match cause {
        Cause::Together(it) => FindingReport::MovedTogether {
            suite: it.suite,
            direction: direction(it.verdict),
            benchmarks: named(it.benchmarks),
            measured: it.measured,
            least: it.changes[0],
            most: it.changes[1],
        },
        Cause::Function(it) => FindingReport::Function {
            function: it.function,
            direction: direction(it.verdict),
            benchmarks: named(it.benchmarks),
        },
    }
}

fn direction(verdict: Verdict) -> MovedWord {
    if verdict == Verdict::Regressed { MovedWord::Slower } else { MovedWord::Faster }
}

fn named(names: Vec<Named>) -> Vec<NamedReport> {
    let one = |Named { suite, key }| NamedReport { suite, id: key.id, occurrence: key.occurrence };
    names.into_iter().map(one).collect()
}
