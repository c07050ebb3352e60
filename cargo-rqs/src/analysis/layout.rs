//! What becomes of a change when the layout of the executables is drawn anew.
//!
//! Where the linker puts code and data moves a benchmark by percents, the same way in every epoch of one pair of
//! executables, so no number of epochs sees through it. A benchmark that changed is therefore measured again, over pairs
//! that were linked with their sections in random orders: one epoch for each pair, so that one pair is one unit of
//! replication. The log-ratio of a pair is the change of the code plus a draw of the layout's influence, which is the
//! same on both sides in distribution, so its mean is the change of the code alone, and the rule of the verdict applies
//! with the same chance of a false alarm.

use super::epoch::{self, EpochEstimate};
use super::verdict::{self, Judgement, Verdict};
use crate::model::policy::Policy;
use crate::model::record::BenchmarkRecord;

/// A change over layouts is known well enough when its interval reaches no further than this share of it to either side.
/// Coarser than for executables as they are: the question is whether there is a change at all.
const WELL_KNOWN_SHARE: f64 = 0.5;

/// What pairs of other layouts say of a change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OverLayouts {
    /// What becomes of the change.
    pub outcome: LayoutOutcome,
    /// The judgement over the executables as they were built.
    pub as_built: Judgement,
    /// About how many pairs more would decide it, where it is undecided; `None` when that is unknown or beyond reason.
    pub pairs_still_needed: Option<usize>,
}

/// What becomes of a change when the layout is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayoutOutcome {
    /// There is a change over layouts too. Should it be one the other way, then it is the true one: the layout as built hid it.
    Robust,
    /// Over layouts there is no change: the layout of the executables as they were built made it.
    Artefact,
    /// Layouts differ by too much to say.
    Sensitive,
}

/// What becomes of a change when this was found over layouts. `None` while more layouts may follow.
fn outcome(over_layouts: Verdict, all_taken: bool) -> Option<LayoutOutcome> {
    match over_layouts {
        Verdict::Regressed | Verdict::Improved => Some(LayoutOutcome::Robust),
        Verdict::Unchanged => Some(LayoutOutcome::Artefact),
        Verdict::Inconclusive => all_taken.then_some(LayoutOutcome::Sensitive),
    }
}

/// The judgement over layouts and what it makes of a change as built; `None` while they say nothing. `most` is how many
/// pairs were to be taken, `level` what is judged at.
pub fn confirm(
    as_built: &Judgement,
    level: f64,
    benchmark: &BenchmarkRecord,
    most: u32,
    policy: &Policy,
) -> Option<(Judgement, LayoutOutcome)> {
    let taken = estimates(benchmark);
    let over_layouts = judge(&taken, policy, level);
    let all_taken = benchmark.layouts.len() >= most as usize;
    let outcome = outcome(over_layouts.verdict, all_taken)?;
    (as_built.verdict.is_change() && !taken.is_empty()).then_some((over_layouts, outcome))
}

/// Whether another pair of layouts is needed: there were fewer than `most`, and they have not decided.
pub fn needs_more(level: f64, benchmark: &BenchmarkRecord, most: u32, policy: &Policy) -> bool {
    benchmark.layouts.len() < most as usize
        && !is_settled(&judge(&estimates(benchmark), policy, level), policy)
}

/// Whether the layouts have decided, and if there is a change, about how large it is.
fn is_settled(over_layouts: &Judgement, policy: &Policy) -> bool {
    let interval = over_layouts.interval;
    let known = interval.half_width <= (WELL_KNOWN_SHARE * interval.mean.abs()).max(policy.margin.ln_1p());
    match over_layouts.verdict {
        Verdict::Inconclusive => false,
        Verdict::Unchanged => true,
        Verdict::Regressed | Verdict::Improved => known,
    }
}

fn judge(taken: &[EpochEstimate], policy: &Policy, alpha: f64) -> Judgement {
    let log_ratios: Vec<f64> = taken.iter().map(|estimate| estimate.log_ratio).collect();
    verdict::judge(&log_ratios, policy, alpha)
}

/// The usable epochs over layouts, in time order.
pub fn estimates(benchmark: &BenchmarkRecord) -> Vec<EpochEstimate> {
    let samples = benchmark.layouts.iter().map(|layout| &layout.sample);
    epoch::log_ratios(samples).into_iter().filter_map(|value| value.estimate.ok()).collect()
}

#[cfg(test)]
mod simulations;
