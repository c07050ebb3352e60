//! A calibration to what it says: how often a change is reported where there is none, how often one is found that is
//! there, how small it may be, and how long that takes. A pure function of the recorded outcomes.

pub mod rate;
pub mod suites;

use std::collections::BTreeMap;

use super::centre;
use super::noise;
use super::row::{Finding, Row};
use super::verdict::Verdict;
use crate::model::BenchmarkKey;
use crate::model::calibration::{CalibrationRecord, Judged, Load, Round, Said, SidesDiffer};
use rate::Rate;

/// Everything that a calibration says.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// The chance of a false alarm that each verdict was granted.
    pub promised: f64,
    /// The same bytes against themselves: whatever is reported is false.
    pub same: Tally,
    /// Of these, by what differed between the sides.
    pub same_by_sides: Vec<(SidesDiffer, Tally)>,
    /// Of these, by what else kept the machine busy.
    pub same_by_load: Vec<(Load, Tally)>,
    /// The same code in another layout: a change that is reported may be one, but none of the code.
    pub layouts: Vec<(SidesDiffer, Tally)>,
    /// What was said of changes that were there, by their size, smallest first.
    pub power: Vec<Power>,
    /// The benchmarks in program order.
    pub benchmarks: Vec<BenchmarkCalibration>,
}

/// What was said in some rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tally {
    /// Verdicts that called the candidate slower.
    pub regressed: u64,
    /// Verdicts that called it faster.
    pub improved: u64,
    /// Verdicts that proved any change to be smaller than the margin.
    pub unchanged: u64,
    /// Verdicts that the budget did not suffice for.
    pub inconclusive: u64,
    /// Benchmarks without usable numbers; they are no verdicts.
    pub not_measured: u64,
    /// Verdicts of a change that stood over other layouts too.
    pub stood: u64,
    /// Verdicts of a change that did not.
    pub taken_back: u64,
    /// Seconds until a verdict; `None` without any.
    pub time: Option<Time>,
}

impl Tally {
    fn of<'a>(judged: impl Iterator<Item = &'a Judged>) -> Tally {
        let (mut tally, mut seconds) = (Tally::default(), Vec::new());
        for one in judged {
            let place = match one.said {
                Said::Regressed => &mut tally.regressed,
                Said::Improved => &mut tally.improved,
                Said::Unchanged => &mut tally.unchanged,
                Said::Inconclusive => &mut tally.inconclusive,
                Said::NotMeasured => &mut tally.not_measured,
            };
            *place += 1;
            let is_change = matches!(one.said, Said::Regressed | Said::Improved);
            tally.taken_back += u64::from(is_change && !one.is_alarm());
            tally.stood += u64::from(one.is_alarm() && one.over_layouts.is_some());
            if one.said != Said::NotMeasured {
                seconds.push(one.elapsed_ms as f64 / 1e3);
            }
        }
        Tally { time: Time::of(&seconds), ..tally }
    }

    /// How many verdicts there were.
    pub fn verdicts(&self) -> u64 {
        self.regressed + self.improved + self.unchanged + self.inconclusive
    }

    /// How often a change was reported in the end.
    pub fn alarms(&self) -> Rate {
        Rate::of(self.regressed + self.improved - self.taken_back, self.verdicts())
    }

    /// How often a change was reported that had stood over other layouts.
    pub fn robust(&self) -> Rate {
        Rate::of(self.stood, self.verdicts())
    }

    /// Verdicts of a change that the budget did not suffice to confirm, or that could not be confirmed.
    pub fn unconfirmed(&self) -> u64 {
        self.regressed + self.improved - self.taken_back - self.stood
    }

    /// How often the candidate was called slower.
    pub fn found(&self) -> Rate {
        Rate::of(self.regressed, self.verdicts())
    }

    /// The share of verdicts that proved the candidate unchanged; `None` without verdicts.
    pub fn proved_unchanged(&self) -> Option<f64> {
        Rate::of(self.unchanged, self.verdicts()).share()
    }
}

/// How long verdicts took, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Time {
    /// Half of them took no longer.
    pub median_s: f64,
    /// Nineteen of twenty took no longer.
    pub most_s: f64,
}

impl Time {
    fn of(seconds: &[f64]) -> Option<Time> {
        let mut sorted = seconds.to_vec();
        sorted.sort_by(f64::total_cmp);
        let rank = (0.95 * sorted.len() as f64).ceil() as usize;
        Some(Time { median_s: centre::median(&sorted)?, most_s: *sorted.get(rank.max(1) - 1)? })
    }
}

/// What was said of changes of one size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    /// How much more work there was, in thousandths.
    pub per_mille: u32,
    /// What was said.
    pub tally: Tally,
    /// The middle of the changes that were measured; `None` without any.
    pub measured: Option<f64>,
}

/// What a calibration says of one benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchmarkCalibration {
    /// Package and bench target.
    pub suite: String,
    /// The benchmark within the suite.
    pub key: BenchmarkKey,
    /// The same bytes against themselves.
    pub same: Tally,
    /// The same code in another layout.
    pub layouts: Tally,
    /// Standard deviation of the epochs' log-ratios around the mean of their own round; `None` when too few are known.
    pub spread: Option<f64>,
    /// Wall time of one epoch in seconds; `None` without any.
    pub epoch_s: Option<f64>,
    /// Epochs that the budget of a run has room for.
    pub epochs: usize,
    /// The smallest slow-down that nine of ten runs would find; `None` when nothing is known or nothing would be found.
    pub smallest_change: Option<f64>,
    /// Changes that were there, by their size, smallest first.
    pub power: Vec<Power>,
}

/// Counts what a calibration's rounds said.
pub fn calibrate(record: &CalibrationRecord) -> Calibration {
    let rounds = &record.rounds;
    let of = |wanted: &dyn Fn(&Round) -> bool| tally(rounds, wanted, &|_| true);
    let sides = |wanted: fn(SidesDiffer) -> bool| {
        let mut sides: Vec<SidesDiffer> =
            rounds.iter().map(|round| round.sides).filter(|sides| wanted(*sides)).collect();
        sides.sort_unstable();
        sides.dedup();
        sides.into_iter().map(|sides| (sides, of(&|round| round.sides == sides))).collect::<Vec<_>>()
    };
    let with_load = |load: Load| {
        let tally = of(&|round| round.sides.not_at_all() && round.load == load);
        (load, tally)
    };
    Calibration {
        promised: record.promised(),
        same: of(&|round| round.sides.not_at_all()),
        same_by_sides: sides(SidesDiffer::not_at_all),
        same_by_load: Load::ALL.map(with_load).into_iter().filter(|(_, it)| it.verdicts() > 0).collect(),
        layouts: sides(SidesDiffer::in_layout),
        power: power(rounds, &|_| true),
        benchmarks: benchmarks(record),
    }
}

fn tally(rounds: &[Round], wanted: &dyn Fn(&Round) -> bool, of: &dyn Fn(&Judged) -> bool) -> Tally {
    let judged = rounds.iter().filter(|round| wanted(round)).flat_map(|round| &round.verdicts);
    Tally::of(judged.filter(|one| of(one)))
}

fn power(rounds: &[Round], of: &dyn Fn(&Judged) -> bool) -> Vec<Power> {
    let size = |round: &Round| round.sides.more_per_mille();
    let mut sizes: Vec<u32> = rounds.iter().filter_map(size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let power = |per_mille: u32| {
        let of_size = |round: &&Round| size(round) == Some(per_mille);
        let judged = rounds.iter().filter(of_size).flat_map(|round| &round.verdicts).filter(|one| of(one));
        let changes: Vec<f64> = judged.filter_map(|one| one.mean).map(f64::exp_m1).collect();
        Power {
            per_mille,
            tally: tally(rounds, &|round| size(round) == Some(per_mille), of),
            measured: centre::median(&changes),
        }
    };
    sizes.into_iter().map(power).collect()
}

fn benchmarks(record: &CalibrationRecord) -> Vec<BenchmarkCalibration> {
    let mut order: Vec<(&str, &BenchmarkKey)> = Vec::new();
    let mut seen = BTreeMap::new();
    for judged in record.rounds.iter().flat_map(|round| &round.verdicts) {
        let name = (judged.suite.as_str(), &judged.key);
        if seen.insert(name, ()).is_none() {
            order.push(name);
        }
    }
    order.into_iter().map(|(suite, key)| benchmark(record, suite, key)).collect()
}

fn benchmark(record: &CalibrationRecord, suite: &str, key: &BenchmarkKey) -> BenchmarkCalibration {
    let ours = |one: &Judged| one.suite == suite && one.key == *key;
    let all = || record.rounds.iter().flat_map(|round| &round.verdicts).filter(|one| ours(one));
    let (elapsed_ms, epochs) =
        all().fold((0, 0), |(ms, epochs), one| (ms + one.elapsed_ms, epochs + u64::from(one.epochs)));
    let epoch_s = (epochs > 0).then(|| elapsed_ms as f64 / 1e3 / epochs as f64);
    let spread = spread(all().map(|one| &one.log_ratios[..]));
    // What a run's budget gives each of its benchmarks, as `bench` shares it out.
    let share_s = record.budget.time_budget_ms as f64 / 1e3 / f64::from(record.benchmarks.max(1));
    let affordable = epoch_s.map_or(0.0, |epoch_s| share_s / epoch_s.max(1e-6));
    let epochs = (affordable as usize).min(record.budget.max_epochs as usize);
    BenchmarkCalibration {
        suite: suite.to_owned(),
        key: key.clone(),
        same: tally(&record.rounds, &|round| round.sides.not_at_all(), &ours),
        layouts: tally(&record.rounds, &|round| round.sides.in_layout(), &ours),
        spread,
        epoch_s,
        epochs,
        smallest_change: spread
            .and_then(|sd| noise::smallest_change(sd, epochs, &record.policy, record.promised())),
        power: power(&record.rounds, &ours),
    }
}

/// The standard deviation within the groups, pooled: the groups may have different means, because their sides differed.
fn spread<'a>(groups: impl Iterator<Item = &'a [f64]>) -> Option<f64> {
    let (mut squares, mut freedom) = (0.0, 0usize);
    for group in groups.filter(|group| group.len() > 1) {
        let mean = group.iter().sum::<f64>() / group.len() as f64;
        squares += group.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        freedom += group.len() - 1;
    }
    (freedom > 0).then(|| (squares / freedom as f64).sqrt())
}

/// Whether the false-alarm rate is provably above what was promised.
pub fn breaks_the_promise(calibration: &Calibration) -> bool {
    calibration.same.alarms().lower > calibration.promised
}

/// What several calibrations of one host say together of its false alarms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HostRate {
    /// Reported changes among verdicts on the same bytes.
    pub alarms: Rate,
    /// When the newest of them ended, in seconds since 1970.
    pub newest_unix_s: u64,
}

/// Sums up calibrations; `None` when they hold no verdict on the same bytes.
pub fn host_rate<'a>(records: impl Iterator<Item = &'a CalibrationRecord>) -> Option<HostRate> {
    let (mut alarms, mut verdicts, mut newest_unix_s) = (0, 0, 0);
    for record in records {
        let same = tally(&record.rounds, &|round| round.sides.not_at_all(), &|_| true);
        alarms += same.alarms().events;
        verdicts += same.verdicts();
        newest_unix_s = newest_unix_s.max(record.finished_unix_s);
    }
    (verdicts > 0).then(|| HostRate { alarms: Rate::of(alarms, verdicts), newest_unix_s })
}

/// Whether two versions of the tool measure and judge alike: they differ in their last number at most.
pub fn same_minor_version(one: &str, other: &str) -> bool {
    let minor = |version: &str| version.splitn(3, '.').take(2).map(str::to_owned).collect::<Vec<_>>();
    minor(one) == minor(other)
}

/// A verdict in the words of a calibration.
fn said(verdict: Verdict) -> Said {
    match verdict {
        Verdict::Regressed => Said::Regressed,
        Verdict::Improved => Said::Improved,
        Verdict::Unchanged => Said::Unchanged,
        Verdict::Inconclusive => Said::Inconclusive,
    }
}

/// One row of a judged run, and the verdict over layouts if there is one, as a calibration keeps it.
pub fn judged(suite: &str, row: &Row, over_layouts: Option<Verdict>, epochs: u32, elapsed_ms: u64) -> Judged {
    let judgement = row.judgement();
    let as_built = match &row.finding {
        Finding::Measured(judgement, _) => said(judgement.verdict),
        _ => Said::NotMeasured,
    };
    Judged {
        suite: suite.to_owned(),
        key: row.key.clone(),
        said: as_built,
        over_layouts: over_layouts.map(said),
        epochs,
        elapsed_ms,
        mean: judgement.map(|judgement| judgement.interval.mean),
        half_width: judgement.map(|it| it.interval.half_width).filter(|half_width| half_width.is_finite()),
        log_ratios: row.log_ratios.clone(),
    }
}

#[cfg(test)]
mod tests;
