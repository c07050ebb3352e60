//! A run as a whole: how many of each verdict, and how much was dropped.

use schemars::JsonSchema;
use serde::Serialize;

use super::epoch::{Discard, DisturbanceSum};
use super::layout::{LayoutOutcome, OverLayouts};
use super::row::{Finding, Row};
use super::verdict::Verdict;
use super::work::{Amount, Work};
use crate::model::Engine;

/// The host is called unusable when more than this many tenths of all epochs were too disturbed to use.
const MOST_DISCARDED_TENTHS: u64 = 3;

/// How many benchmarks there are of each finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Slower, and nobody has accepted it.
    pub regressed: usize,
    /// Slower, and somebody has accepted it.
    pub accepted: usize,
    /// Faster.
    pub improved: usize,
    /// Measured, and any change is smaller than the margin.
    pub unchanged: usize,
    /// Not measured, because both sides are the same code.
    pub identical: usize,
    /// Measured and not decided.
    pub inconclusive: usize,
    /// Without numbers on one side.
    pub failed: usize,
    /// In the candidate only.
    pub added: usize,
    /// In the baseline only.
    pub removed: usize,
    /// On both sides, but without a usable epoch.
    pub not_measured: usize,
    /// Of those that regressed or improved: how many do so over layouts too.
    pub robust: usize,
    /// Changed as built, but not over layouts.
    pub layout_artefact: usize,
    /// Changed as built, and layouts differ by too much to say whether it changed.
    pub layout_sensitive: usize,
    /// Of these: how many are slower as built.
    pub slower_by_layout: usize,
}

impl Counts {
    /// Counts one benchmark.
    pub fn add(&mut self, row: &Row) {
        match &row.over_layouts {
            Some(OverLayouts { outcome: LayoutOutcome::Robust, .. }) => self.robust += 1,
            Some(OverLayouts { outcome: LayoutOutcome::Artefact, .. }) => {
                self.layout_artefact += 1;
                return;
            }
            Some(OverLayouts { outcome: LayoutOutcome::Sensitive, as_built, .. }) => {
                self.layout_sensitive += 1;
                self.slower_by_layout += usize::from(as_built.verdict == Verdict::Regressed);
                return;
            }
            None => {}
        }
        *match &row.finding {
            Finding::Measured(judgement, _) => match judgement.verdict {
                Verdict::Regressed if row.standing.is_accepted() => &mut self.accepted,
                Verdict::Regressed => &mut self.regressed,
                Verdict::Improved => &mut self.improved,
                Verdict::Unchanged => &mut self.unchanged,
                Verdict::Inconclusive => &mut self.inconclusive,
            },
            Finding::Identical => &mut self.identical,
            Finding::Added => &mut self.added,
            Finding::Removed => &mut self.removed,
            Finding::Failed(_) => &mut self.failed,
            Finding::NotMeasured => &mut self.not_measured,
        } += 1;
    }

    /// Benchmarks whose two sides were measured against each other.
    pub fn measured(&self) -> usize {
        let decided = self.regressed + self.accepted + self.improved + self.unchanged;
        decided + self.inconclusive + self.layout_artefact + self.layout_sensitive
    }
}

/// The run as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// How many of each finding.
    pub counts: Counts,
    /// The geometric mean over the measured benchmarks, as a change; `None` when there are none.
    pub geometric_mean_change: Option<f64>,
    /// The chance of a false alarm that each measured benchmark was granted.
    pub alpha_per_benchmark: f64,
    /// Every engine that gave a number, best first.
    pub engines: Vec<Engine>,
    /// Blocks that were measured.
    pub blocks: u64,
    /// Blocks that were dropped.
    pub dropped_blocks: u64,
    /// What disturbed the dropped blocks.
    pub disturbance: DisturbanceSum,
    /// Epochs that were measured, counted for each benchmark.
    pub epochs: u64,
    /// Epochs that were not used, for any reason.
    pub discarded_epochs: u64,
    /// Whether more than 30 % of the epochs were too disturbed to use.
    pub host_unusable: bool,
    /// What the counting of instructions found.
    pub work: WorkSummary,
}

/// How many benchmarks were counted, and what was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkSummary {
    /// More instructions.
    pub more: usize,
    /// The same work.
    pub same: usize,
    /// Fewer instructions.
    pub less: usize,
    /// Those that could not be counted.
    pub not_counted: usize,
}

impl WorkSummary {
    fn add(&mut self, work: &Work) {
        *match work.change().map(|change| change.amount) {
            Some(Amount::More) => &mut self.more,
            Some(Amount::Same) => &mut self.same,
            Some(Amount::Less) => &mut self.less,
            None => &mut self.not_counted,
        } += 1;
    }

    /// Benchmarks that were counted on both sides.
    pub fn counted(&self) -> usize {
        self.more + self.same + self.less
    }
}

/// Sums the rows up. `alpha` is the share of each benchmark.
pub fn summarise(rows: &[&Row], alpha: f64) -> Summary {
    let mut counts = Counts::default();
    let (mut disturbance, mut work) = (DisturbanceSum::default(), WorkSummary::default());
    for row in rows {
        row.work.iter().for_each(|counted| work.add(counted));
        counts.add(row);
        disturbance.add_sum(&row.disturbance);
    }
    let means: Vec<f64> = rows.iter().filter_map(|row| Some(row.judgement()?.interval.mean)).collect();
    let mut engines: Vec<Engine> = rows.iter().flat_map(|row| row.engines.iter().copied()).collect();
    engines.sort();
    engines.dedup();
    let discarded_epochs = rows.iter().map(|row| row.discarded.len() as u64).sum();
    let epochs = discarded_epochs + rows.iter().map(|row| row.log_ratios.len() as u64).sum::<u64>();
    let disturbed =
        rows.iter().flat_map(|row| &row.discarded).filter(|(_, why)| *why == Discard::Disturbed).count();
    Summary {
        counts,
        geometric_mean_change: (!means.is_empty())
            .then(|| (means.iter().sum::<f64>() / means.len() as f64).exp_m1()),
        alpha_per_benchmark: alpha,
        engines,
        blocks: rows.iter().map(|row| row.blocks).sum(),
        dropped_blocks: rows.iter().map(|row| row.dropped).sum(),
        disturbance,
        epochs,
        discarded_epochs,
        work,
        host_unusable: disturbed as u64 * 10 > epochs * MOST_DISCARDED_TENTHS,
    }
}
