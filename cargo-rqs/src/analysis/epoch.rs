//! One epoch to one number: the median of its blocks' log-ratios.

use super::centre::median;
use super::steadiness::{self, Steadiness};
use crate::model::{Block, ByRole, Disturbance, EpochSample, Role, Turn};

/// An epoch with more than this many tenths of its blocks dropped is discarded.
const MOST_DROPPED_TENTHS: usize = 3;

/// An epoch whose blocks scatter by so many times what is usual for its benchmark says too little beside the others ...
const SCATTERED_TIMES: f64 = 4.0;
/// ... unless its standard error is below this anyway: the usual floor of what counts as a change.
const NOT_SCATTERED: f64 = 0.005;
/// Before so many epochs nothing is known of what is usual.
const FEWEST_FOR_USUAL: usize = 5;
/// Where more than this many tenths scatter so, that is how the benchmark is.
const MOST_SCATTERED_TENTHS: usize = 3;
/// Fewer blocks say nothing of how they scatter.
const FEWEST_BLOCKS: usize = 4;
/// Standard deviations of a normal distribution between its quartiles.
const QUARTILES_OF_NORMAL: f64 = 1.349;
/// The variance of a median of normal values is so many times that of their mean.
const MEDIAN_VARIANCE: f64 = std::f64::consts::FRAC_PI_2;

/// What one epoch says about one benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochValue {
    /// The estimate, or why the epoch is not used.
    pub estimate: Result<EpochEstimate, Discard>,
    /// Blocks that were measured.
    pub blocks: usize,
    /// Blocks that were dropped, both sides of each, because something disturbed them.
    pub dropped: usize,
}

/// The estimate of an epoch that is used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EpochEstimate {
    /// `ln(candidate time / baseline time)` per iteration; negative is faster.
    pub log_ratio: f64,
    /// Typical time per iteration in nanoseconds: the median level of both sides together over the undisturbed blocks,
    /// parted by the log-ratio, so that the ratio of both is the change.
    pub typical_ns: ByRole<f64>,
    /// Whether the benchmark had settled, the worse of the two sides; `None` when there were too few blocks to say.
    pub steadiness: Option<Steadiness>,
    /// How uncertain the log-ratio is by the scatter of the blocks, processes not counted; `None` with too few of them.
    pub standard_error: Option<f64>,
}

/// Why an epoch is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discard {
    /// It has no blocks.
    NoBlocks,
    /// More than 30 % of its blocks were disturbed.
    Disturbed,
    /// A turn had no iteration or no time, so that there is no ratio.
    EmptyTurn,
    /// Its blocks scatter far more than those of the benchmark's other epochs.
    Scattered,
}

impl std::fmt::Display for Discard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Discard::NoBlocks => "no blocks",
            Discard::Disturbed => "more than 30% of its blocks were disturbed",
            Discard::EmptyTurn => "a turn without iterations or time",
            Discard::Scattered => "its blocks scatter far more than those of other epochs",
        })
    }
}

/// The log-ratios of a benchmark's epochs, without those whose blocks scatter far more than usual: something that left no
/// other trace was at work there, such as a neighbour on the same physical core.
///
/// What decides is the scatter alone, in which both sides weigh alike, never the value: an epoch of an unchanged benchmark is
/// as likely to be above zero as below it, whatever its scatter is, so leaving some out by their scatter favours no side.
pub fn log_ratios<'a>(samples: impl IntoIterator<Item = &'a EpochSample>) -> Vec<EpochValue> {
    let mut values: Vec<EpochValue> = samples.into_iter().map(log_ratio).collect();
    let error = |value: &EpochValue| value.estimate.as_ref().ok().and_then(|it| it.standard_error);
    let errors: Vec<f64> = values.iter().filter_map(error).collect();
    let Some(usual) = median(&errors).filter(|_| errors.len() >= FEWEST_FOR_USUAL) else { return values };
    let limit = (SCATTERED_TIMES * usual).max(NOT_SCATTERED);
    let is_scattered = |value: &EpochValue| error(value).is_some_and(|error| error > limit);
    let scattered = values.iter().filter(|value| is_scattered(value)).count();
    if scattered * 10 <= errors.len() * MOST_SCATTERED_TENTHS {
        let scattered = values.iter_mut().filter(|value| is_scattered(value));
        scattered.for_each(|value| value.estimate = Err(Discard::Scattered));
    }
    values
}

/// The log-ratio of an epoch by itself. Blocks that were disturbed are dropped whole; one side's value never decides.
pub fn log_ratio(sample: &EpochSample) -> EpochValue {
    let kept: Vec<&Block> =
        sample.blocks.iter().filter(|block| !block.is_disturbed(sample.helper_threads)).collect();
    let (blocks, dropped) = (sample.blocks.len(), sample.blocks.len() - kept.len());
    let estimate = if blocks == 0 {
        Err(Discard::NoBlocks)
    } else if dropped * 10 > blocks * MOST_DROPPED_TENTHS {
        Err(Discard::Disturbed)
    } else {
        estimate(&kept).ok_or(Discard::EmptyTurn)
    };
    EpochValue { estimate, blocks, dropped }
}

/// `None` when a turn is empty.
fn estimate(kept: &[&Block]) -> Option<EpochEstimate> {
    let levels = |role: Role| -> Option<Vec<f64>> {
        kept.iter().map(|block| ln_level(block.turns.get(role))).collect()
    };
    let (baseline, candidate) = (levels(Role::Baseline)?, levels(Role::Candidate)?);
    let paired = || baseline.iter().zip(&candidate);
    let ratios: Vec<f64> = paired().map(|(before, after)| after - before).collect();
    let log_ratio = median(&ratios)?;
    let middle = median(&paired().map(|(before, after)| (before + after) / 2.0).collect::<Vec<_>>())?;
    let steadiness = [&baseline, &candidate].into_iter().filter_map(|side| steadiness::of_levels(side)).max();
    Some(EpochEstimate {
        log_ratio,
        typical_ns: ByRole::new((middle - log_ratio / 2.0).exp(), (middle + log_ratio / 2.0).exp()),
        steadiness,
        standard_error: variance_of_median(ratios).map(f64::sqrt),
    })
}

/// The variance of the median of these values, by the distance of their quartiles: a disturbed block weighs in the median
/// no more than any other. `None` for too few.
fn variance_of_median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let quarter = values.len() / 4;
    let (low, high) = values.get(quarter).zip(values.iter().rev().nth(quarter))?;
    let sd = (high - low) / QUARTILES_OF_NORMAL;
    (values.len() >= FEWEST_BLOCKS).then(|| MEDIAN_VARIANCE * sd * sd / values.len() as f64)
}

/// The level of one side in one block: the mean logarithm of its two turns' nanoseconds per iteration.
fn ln_level(turns: &[Turn; 2]) -> Option<f64> {
    Some((per_iteration_ns(&turns[0])?.ln() + per_iteration_ns(&turns[1])?.ln()) / 2.0)
}

fn per_iteration_ns(turn: &Turn) -> Option<f64> {
    (turn.iterations > 0 && turn.elapsed_ns > 0).then(|| turn.elapsed_ns as f64 / turn.iterations as f64)
}

/// What disturbed the blocks of some epochs, summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DisturbanceSum {
    /// Times the kernel took the core away from the timing thread.
    pub involuntary_switches: u64,
    /// Page faults that waited for a disk.
    pub major_faults: u64,
    /// Clock ticks (10 ms) that the hypervisor took from the core.
    pub steal_ticks: u64,
}

impl DisturbanceSum {
    /// Adds one block's disturbance.
    pub fn add(&mut self, block: &Disturbance) {
        self.involuntary_switches += u64::from(block.involuntary_switches);
        self.major_faults += u64::from(block.major_faults);
        self.steal_ticks += u64::from(block.steal_ticks);
    }

    /// Adds another sum.
    pub fn add_sum(&mut self, other: &DisturbanceSum) {
        self.involuntary_switches += other.involuntary_switches;
        self.major_faults += other.major_faults;
        self.steal_ticks += other.steal_ticks;
    }
}

#[cfg(test)]
mod tests;
