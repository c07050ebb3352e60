//! One epoch to one number: the median of its blocks' log-ratios.

use super::centre::median;
use super::steadiness::{self, Steadiness};
use crate::model::{Block, ByRole, Disturbance, EpochSample, Role, Turn};

/// An epoch with more than this many tenths of its blocks dropped is discarded.
const MOST_DROPPED_TENTHS: usize = 3;

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
}

impl std::fmt::Display for Discard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Discard::NoBlocks => "no blocks",
            Discard::Disturbed => "more than 30% of its blocks were disturbed",
            Discard::EmptyTurn => "a turn without iterations or time",
        })
    }
}

/// The log-ratio of an epoch. Blocks that were disturbed are dropped whole; one side's value never decides.
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

/// The log-ratio of each block that is kept; none when a turn is empty.
pub fn block_log_ratios(sample: &EpochSample) -> Vec<f64> {
    let kept = sample.blocks.iter().filter(|block| !block.is_disturbed(sample.helper_threads));
    let ratio = |block: &Block| Some(ln_level(&block.turns.candidate)? - ln_level(&block.turns.baseline)?);
    kept.map(ratio).collect::<Option<Vec<f64>>>().unwrap_or_default()
}

/// `None` when a turn is empty.
fn estimate(kept: &[&Block]) -> Option<EpochEstimate> {
    let levels = |role: Role| -> Option<Vec<f64>> {
        kept.iter().map(|block| ln_level(block.turns.get(role))).collect()
    };
    let (baseline, candidate) = (levels(Role::Baseline)?, levels(Role::Candidate)?);
    let paired = || baseline.iter().zip(&candidate);
    let log_ratio = median(&paired().map(|(before, after)| after - before).collect::<Vec<_>>())?;
    let middle = median(&paired().map(|(before, after)| (before + after) / 2.0).collect::<Vec<_>>())?;
    let steadiness = [&baseline, &candidate].into_iter().filter_map(|side| steadiness::of_levels(side)).max();
    Some(EpochEstimate {
        log_ratio,
        typical_ns: ByRole::new((middle - log_ratio / 2.0).exp(), (middle + log_ratio / 2.0).exp()),
        steadiness,
    })
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
