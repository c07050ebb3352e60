//! The verdict on one benchmark: a small pure rule over the interval of its epochs.

use super::confidence::{self, Interval};
use crate::model::policy::Policy;

/// A change is known well enough when the interval reaches no further than this share of it to either side ...
const WELL_KNOWN_SHARE: f64 = 0.25;
/// ... or when this many epochs went into it.
const ENOUGH_EPOCHS: usize = 24;
/// No forecast looks further ahead than this many epochs.
const FORECAST_EPOCHS: usize = 10_000;

/// What is said about a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// The candidate is slower, by more than the floor.
    Regressed,
    /// The candidate is faster, by more than the floor.
    Improved,
    /// Any change is smaller than the margin.
    Unchanged,
    /// None of these can be said: not yet while epochs may follow, not at all when the budget is spent.
    Inconclusive,
}

impl Verdict {
    /// Whether it says that there is a change.
    pub fn is_change(self) -> bool {
        matches!(self, Verdict::Regressed | Verdict::Improved)
    }
}

/// A verdict with what it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// What is said.
    pub verdict: Verdict,
    /// The mean log-ratio and how sure it is.
    pub interval: Interval,
    /// The chance of a false alarm that this benchmark was granted.
    pub alpha: f64,
    /// The natural logarithm of the evidence that there is a change.
    pub ln_evidence: f64,
}

/// Judges a benchmark from its epochs' log-ratios. It may be asked again after every epoch: the chance that it ever
/// calls an unchanged benchmark regressed or improved stays below `alpha`.
pub fn judge(xs: &[f64], policy: &Policy, alpha: f64) -> Judgement {
    let interval = confidence::interval(xs, alpha);
    Judgement {
        verdict: decide(interval.mean, interval.half_width, policy),
        interval,
        alpha,
        ln_evidence: confidence::ln_e_value(xs, 0.0),
    }
}

/// The rule, in log space, where slower and faster are alike: ln 1.01 up is as far as ln 1.01 down.
pub fn decide(mean: f64, half_width: f64, policy: &Policy) -> Verdict {
    let (floor, margin) = (policy.floor.ln_1p(), policy.margin.ln_1p());
    if mean - half_width > 0.0 && mean > floor {
        Verdict::Regressed
    } else if mean + half_width < 0.0 && mean < -floor {
        Verdict::Improved
    } else if mean.abs() + half_width < margin {
        Verdict::Unchanged
    } else {
        Verdict::Inconclusive
    }
}

/// Whether a benchmark needs no further epoch: it is decided, and if it changed, then the interval says by how much.
/// Where few epochs decide, one or two more narrow the interval severalfold: from 8.9 to 2.2 standard deviations
/// between the seventh and the tenth at a chance of 0.25 %.
pub fn is_settled(judgement: &Judgement, policy: &Policy) -> bool {
    let Interval { mean, half_width, n, .. } = judgement.interval;
    match judgement.verdict {
        Verdict::Inconclusive => false,
        Verdict::Unchanged => true,
        Verdict::Regressed | Verdict::Improved => {
            n >= ENOUGH_EPOCHS || half_width <= (WELL_KNOWN_SHARE * mean.abs()).max(policy.margin.ln_1p())
        }
    }
}

/// The smallest slow-down that the present epochs and their spread could have shown as regressed, as a change;
/// `None` while no change of any size could have been.
pub fn smallest_visible_change(judgement: &Judgement, policy: &Policy) -> Option<f64> {
    let half_width = judgement.interval.half_width;
    half_width.is_finite().then(|| half_width.max(policy.floor.ln_1p()).exp_m1())
}

/// How many epochs more would bring a decision if mean and spread stayed as they are; 0 when it is decided. `None`
/// when there are too few epochs to know the spread, or when more than ten thousand would be needed.
pub fn epochs_still_needed(judgement: &Judgement, policy: &Policy) -> Option<usize> {
    let Interval { mean, sd, n, .. } = judgement.interval;
    let decided = |n: usize| decide(mean, confidence::half_width(n, sd, judgement.alpha), policy);
    if n < 2 {
        return None;
    }
    (n..=n + FORECAST_EPOCHS).find(|n| decided(*n) != Verdict::Inconclusive).map(|needed| needed - n)
}

#[cfg(test)]
pub(super) mod simulations;
#[cfg(test)]
mod tests;
