//! One benchmark of a record to what is said about it.

use super::epoch::{self, Discard, DisturbanceSum, EpochEstimate};
use super::layout::{self, OverLayouts};
use super::standing::Standing;
use super::steadiness::{self, Steadiness};
use super::used::{self, Used};
use super::verdict::{self, Judgement, Verdict};
use super::work::{self, Work};
use crate::model::code::CodeIdentity;
use crate::model::policy::Policy;
use crate::model::profile::ProfileRecord;
use crate::model::record::{BenchmarkRecord, Presence};
use crate::model::{BenchmarkFailure, BenchmarkKey, ByRole, Engine};

/// What is said about one benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name within the suite.
    pub key: BenchmarkKey,
    /// What was found.
    pub finding: Finding,
    /// Typical nanoseconds per iteration: the geometric mean over the epochs, so that the ratio of both sides is
    /// the change; `None` without a used epoch.
    pub typical_ns: Option<ByRole<f64>>,
    /// One log-ratio for each epoch that was used, in time order.
    pub log_ratios: Vec<f64>,
    /// The epochs that were not used: their numbers and the reasons.
    pub discarded: Vec<(u32, Discard)>,
    /// How the numbers were taken, best engine first.
    pub engines: Vec<Engine>,
    /// Blocks that were measured, in all epochs.
    pub blocks: u64,
    /// Blocks that were dropped, in all epochs.
    pub dropped: u64,
    /// What disturbed the dropped blocks.
    pub disturbance: DisturbanceSum,
    /// Whether the benchmark had settled; `None` when there were too few blocks to say.
    pub steadiness: Option<Steadiness>,
    /// What is known of the work of one iteration; `None` when it was not counted.
    pub work: Option<Work>,
    /// Where it spends its time, if it was profiled.
    pub profile: Option<ProfileRecord>,
    /// What it used of the processor and of the machine.
    pub used: Used,
    /// One log-ratio for each pair of other layouts that was used, in time order.
    pub layouts: Vec<f64>,
    /// What these say of the change; the finding is theirs then. `None` where they say nothing.
    pub over_layouts: Option<OverLayouts>,
    /// Its policy, and what it does to the run.
    pub standing: Standing,
    /// How the code that it reaches compares, if it was looked into.
    pub code: Option<CodeIdentity>,
}

impl Row {
    /// The judgement, when the benchmark was measured on both sides.
    pub fn judgement(&self) -> Option<&Judgement> {
        match &self.finding {
            Finding::Measured(judgement, _) => Some(judgement),
            _ => None,
        }
    }

    /// The row with the final word of the layouts, where they have one: its finding and its times are theirs then. `most`
    /// is how many pairs of layouts were to be taken, `level` what they are judged at.
    pub fn confirmed(self, benchmark: &BenchmarkRecord, level: f64, most: u32, policy: &Policy) -> Row {
        let taken = layout::estimates(benchmark);
        let layouts = taken.iter().map(|estimate| estimate.log_ratio).collect();
        let Some(as_built) = self.judgement().copied() else { return self };
        match layout::confirm(&as_built, level, benchmark, most, policy) {
            Some((judgement, outcome)) => Row {
                finding: Finding::Measured(judgement, None),
                typical_ns: typical_ns(&taken),
                over_layouts: Some(OverLayouts {
                    outcome,
                    as_built,
                    pairs_still_needed: verdict::epochs_still_needed(&judgement, policy)
                        .filter(|more| *more > 0),
                }),
                layouts,
                ..self
            },
            None => Row { layouts, ..self },
        }
    }
}

/// What was found out about a benchmark.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// It was measured on both sides; the outlook stands with an inconclusive verdict only.
    Measured(Judgement, Option<Outlook>),
    /// It is the same code on both sides, in all of the executable or in what it reaches, so nothing can have changed.
    Identical,
    /// It exists in the candidate only.
    Added,
    /// It exists in the baseline only.
    Removed,
    /// It gave no numbers on one side.
    Failed(BenchmarkFailure),
    /// It exists on both sides, but no epoch of it can be used.
    NotMeasured,
}

/// What an inconclusive benchmark could have shown and still needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// The smallest slow-down that could have been seen; `None` when there were too few epochs for any.
    pub smallest_visible_change: Option<f64>,
    /// About how many epochs more would decide it; `None` when that is unknown or beyond reason.
    pub epochs_still_needed: Option<usize>,
}

/// Judges one benchmark. `identical` says whether it is the same code on both sides.
pub fn row(identical: bool, benchmark: &BenchmarkRecord, policy: &Policy, alpha: f64) -> Row {
    let mut kept: Vec<EpochEstimate> = Vec::new();
    let mut row = Row {
        key: benchmark.key.clone(),
        finding: Finding::NotMeasured,
        typical_ns: None,
        log_ratios: Vec::new(),
        discarded: Vec::new(),
        engines: benchmark.epochs.iter().map(|sample| sample.engine).collect(),
        blocks: 0,
        dropped: 0,
        disturbance: DisturbanceSum::default(),
        steadiness: None,
        work: work::of_benchmark(benchmark, policy.instructions_margin),
        profile: benchmark.profile.clone(),
        used: used::of_epochs(&benchmark.epochs),
        layouts: Vec::new(),
        over_layouts: None,
        standing: Standing::before_ruling(*policy, benchmark.policy.clone()),
        code: benchmark.code.clone(),
    };
    row.engines.sort();
    row.engines.dedup();
    for (sample, value) in benchmark.epochs.iter().zip(epoch::log_ratios(&benchmark.epochs)) {
        row.blocks += value.blocks as u64;
        row.dropped += value.dropped as u64;
        sample.blocks.iter().for_each(|block| row.disturbance.add(&block.disturbance));
        match value.estimate {
            Ok(estimate) => kept.push(estimate),
            Err(reason) => row.discarded.push((sample.epoch, reason)),
        }
    }
    row.log_ratios = kept.iter().map(|estimate| estimate.log_ratio).collect();
    row.typical_ns = typical_ns(&kept);
    row.steadiness = steadiness::of_benchmark(&kept.iter().filter_map(|e| e.steadiness).collect::<Vec<_>>());
    row.finding = finding(identical, benchmark, &row.log_ratios, policy, alpha);
    row
}

fn typical_ns(used: &[EpochEstimate]) -> Option<ByRole<f64>> {
    ByRole::try_from_fn(|role| {
        let logarithms = used.iter().map(|estimate| estimate.typical_ns.get(role).ln());
        if used.is_empty() { Err(()) } else { Ok((logarithms.sum::<f64>() / used.len() as f64).exp()) }
    })
    .ok()
}

fn finding(identical: bool, benchmark: &BenchmarkRecord, xs: &[f64], policy: &Policy, alpha: f64) -> Finding {
    if let Some(failure) = &benchmark.failure {
        return Finding::Failed(failure.clone());
    }
    match benchmark.presence {
        Presence::Added => Finding::Added,
        Presence::Removed => Finding::Removed,
        Presence::Both if identical => Finding::Identical,
        Presence::Both if xs.is_empty() => Finding::NotMeasured,
        Presence::Both => {
            let judgement = verdict::judge(xs, policy, alpha);
            let outlook = (judgement.verdict == Verdict::Inconclusive).then(|| Outlook {
                smallest_visible_change: verdict::smallest_visible_change(&judgement, policy),
                epochs_still_needed: verdict::epochs_still_needed(&judgement, policy),
            });
            Finding::Measured(judgement, outlook)
        }
    }
}
