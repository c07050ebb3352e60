//! Calibrations whose outcomes are made up, so that what follows from them is known.

use proptest::prelude::*;
use rqs_harness::coin::Coins;

use super::*;
use crate::analysis::verdict;
use crate::model::calibration::Subject;
use crate::model::policy::{Budget, Policy};
use crate::model::record::Placement;

fn key(id: &str) -> BenchmarkKey {
    BenchmarkKey { id: id.to_owned(), occurrence: 0 }
}

fn said(id: &str, said: Said, elapsed_ms: u64, log_ratios: &[f64]) -> Judged {
    let n = log_ratios.len() as f64;
    Judged {
        suite: "own::suite".to_owned(),
        key: key(id),
        said,
        over_layouts: None,
        epochs: log_ratios.len() as u32,
        elapsed_ms,
        mean: (n > 0.0).then(|| log_ratios.iter().sum::<f64>() / n),
        half_width: None,
        log_ratios: log_ratios.to_vec(),
    }
}

fn record(rounds: Vec<(SidesDiffer, Load, Vec<Judged>)>) -> CalibrationRecord {
    let round = |(number, (sides, load, verdicts)): (usize, (SidesDiffer, Load, Vec<Judged>))| Round {
        number: number as u32,
        sides,
        load,
        began_ms: 1000 * number as u64,
        elapsed_ms: 900,
        verdicts,
    };
    CalibrationRecord {
        format: CalibrationRecord::FORMAT,
        id: String::new(),
        tool: "0.1.0".to_owned(),
        started_unix_s: 100,
        finished_unix_s: 200,
        environment: String::new(),
        subject: Subject::KnownChanges,
        placement: Placement::default(),
        policy: Policy::USUAL,
        budget: Budget::usual(2, 1),
        benchmarks: 2,
        interrupted: false,
        notes: Vec::new(),
        rounds: rounds.into_iter().enumerate().map(round).collect(),
    }
}

#[test]
fn only_the_same_bytes_can_give_a_false_alarm() {
    use Load::{Bursts, None};
    use Said::{Improved, Inconclusive, NotMeasured, Regressed, Unchanged};
    let one = |what| vec![said("a", what, 500, &[0.0, 0.001])];
    let calibration = calibrate(&record(vec![
        (SidesDiffer::SameFile, None, one(Unchanged)),
        (SidesDiffer::SameFile, Bursts, one(Improved)),
        (SidesDiffer::Copy, None, one(Inconclusive)),
        (SidesDiffer::Copy, Bursts, one(NotMeasured)),
        (SidesDiffer::Rebuilt, None, one(Regressed)),
        (SidesDiffer::MoreWork(50), None, one(Regressed)),
    ]));
    assert_eq!((calibration.same.alarms().events, calibration.same.alarms().tries), (1, 3));
    assert_eq!((calibration.same.not_measured, calibration.promised), (1, 0.005));
    let verdicts =
        |rows: &[(SidesDiffer, Tally)]| rows.iter().map(|(_, it)| it.verdicts()).collect::<Vec<_>>();
    assert_eq!(verdicts(&calibration.same_by_sides), [2, 1]);
    assert_eq!(verdicts(&calibration.layouts), [1]);
    assert_eq!(calibration.same_by_load.iter().map(|(load, _)| *load).collect::<Vec<_>>(), [None, Bursts]);
    assert_eq!(calibration.power[0].tally.found().events, 1);
}

#[test]
fn a_change_that_did_not_stand_over_layouts_is_no_alarm() {
    let one = |over_layouts| vec![Judged { over_layouts, ..said("a", Said::Regressed, 500, &[0.03]) }];
    let rounds =
        [None, Some(Said::Regressed), Some(Said::Improved), Some(Said::Unchanged), Some(Said::Inconclusive)];
    let rounds = rounds.map(|over| (SidesDiffer::Relinked, Load::None, one(over)));
    let calibration = calibrate(&record(rounds.to_vec()));
    let (_, tally) = calibration.layouts[0];
    assert_eq!((tally.alarms().events, tally.taken_back, tally.verdicts()), (3, 2, 5));
    assert_eq!((tally.robust().events, tally.unconfirmed()), (2, 1));
    assert_eq!(calibration.same.verdicts(), 0);
}

#[test]
fn power_is_told_by_size_with_what_was_measured_and_how_long_it_took() {
    let found = |id: &str, ms, change: f64| said(id, Said::Regressed, ms, &[change.ln_1p(); 3]);
    let missed = |id: &str, ms, change: f64| said(id, Said::Inconclusive, ms, &[change.ln_1p(); 3]);
    let calibration = calibrate(&record(vec![
        (SidesDiffer::MoreWork(50), Load::None, vec![found("a", 200, 0.05), found("b", 900, 0.049)]),
        (SidesDiffer::MoreWork(10), Load::None, vec![found("a", 400, 0.01), missed("b", 5000, 0.008)]),
        (SidesDiffer::MoreWork(50), Load::None, vec![found("a", 300, 0.051), found("b", 800, 0.05)]),
    ]));
    let [one, five] = &calibration.power[..] else { panic!("{:?}", calibration.power) };
    assert_eq!((one.per_mille, five.per_mille), (10, 50));
    assert_eq!((one.tally.found().events, five.tally.found().events, five.tally.found().tries), (1, 4, 4));
    assert!((five.measured.unwrap() - 0.05).abs() < 1e-12);
    assert_eq!(five.tally.time.unwrap(), Time { median_s: 0.55, most_s: 0.9 });
    let [a, b] = &calibration.benchmarks[..] else { panic!("{:?}", calibration.benchmarks) };
    assert_eq!((a.power[1].tally.verdicts(), b.power[0].tally.inconclusive), (2, 1));
}

#[test]
fn the_spread_is_taken_around_each_rounds_own_mean() {
    let with = |sides, shift: f64| {
        let xs: Vec<f64> = [0.001, -0.001, 0.001, -0.001].map(|x| x + shift).to_vec();
        (sides, Load::None, vec![said("a", Said::Unchanged, 400, &xs)])
    };
    let calibration =
        calibrate(&record(vec![with(SidesDiffer::SameFile, 0.0), with(SidesDiffer::MoreWork(100), 0.1)]));
    let a = &calibration.benchmarks[0];
    assert!((a.spread.unwrap() - 0.001_154_7).abs() < 1e-6, "{a:?}");
    assert!((a.epoch_s.unwrap() - 0.1).abs() < 1e-12);
    // A run of two benchmarks has 60 s, so 30 s for each, which is more than the hundred epochs that it may have.
    assert_eq!(a.epochs, 100);
    assert!(a.smallest_change.unwrap() > Policy::USUAL.floor && a.smallest_change.unwrap() < 0.006);
}

#[test]
fn a_slow_benchmark_affords_few_epochs_and_shows_less() {
    let one = |ms| {
        let verdicts = vec![said("a", Said::Unchanged, ms, &[0.004, -0.004, 0.004, -0.004])];
        calibrate(&record(vec![(SidesDiffer::SameFile, Load::None, verdicts)])).benchmarks[0].clone()
    };
    let (quick, slow, hopeless) = (one(400), one(8_000), one(80_000));
    assert_eq!((quick.epochs, slow.epochs, hopeless.epochs), (100, 15, 1));
    assert!(slow.smallest_change.unwrap() > quick.smallest_change.unwrap());
    assert_eq!(hopeless.smallest_change, None);
}

#[test]
fn a_promise_is_broken_only_where_the_lower_bound_is_above_it() {
    let rounds = |alarms: usize, all: usize| {
        let one = |k: usize| {
            let what = if k < alarms { Said::Regressed } else { Said::Unchanged };
            (SidesDiffer::SameFile, Load::None, vec![said("a", what, 1, &[0.0])])
        };
        calibrate(&record((0..all).map(one).collect()))
    };
    // Promised is one in two hundred for each verdict.
    assert!(!breaks_the_promise(&rounds(0, 0)) && !breaks_the_promise(&rounds(0, 500)));
    assert!(!breaks_the_promise(&rounds(1, 200)) && !breaks_the_promise(&rounds(4, 300)));
    assert!(breaks_the_promise(&rounds(5, 300)) && breaks_the_promise(&rounds(2, 2)));
}

#[test]
fn calibrations_of_a_host_are_summed_up_with_the_age_of_the_newest() {
    let quiet = record(vec![(SidesDiffer::Copy, Load::None, vec![said("a", Said::Unchanged, 1, &[0.0])])]);
    let alarmed =
        record(vec![(SidesDiffer::SameFile, Load::None, vec![said("a", Said::Improved, 1, &[0.0])])]);
    let alarmed = CalibrationRecord { finished_unix_s: 300, ..alarmed };
    let changed =
        record(vec![(SidesDiffer::MoreWork(5), Load::None, vec![said("a", Said::Regressed, 1, &[0.0])])]);
    let together = host_rate([&quiet, &alarmed, &changed].into_iter()).unwrap();
    assert_eq!((together.alarms.events, together.alarms.tries, together.newest_unix_s), (1, 2, 300));
    assert_eq!(host_rate([&changed].into_iter()), None);
}

#[test]
fn versions_that_differ_in_the_last_number_only_judge_alike() {
    assert!(same_minor_version("0.1.0", "0.1.7") && same_minor_version("1.2.3-rc.1", "1.2.9"));
    assert!(!same_minor_version("0.1.0", "0.2.0") && !same_minor_version("1.1.0", "2.1.0"));
}

/// About normal: the sum of twelve even draws.
fn normal(coins: &mut Coins) -> f64 {
    (0..12).map(|_| coins.below(1 << 32) as f64 / (1u64 << 32) as f64).sum::<f64>() - 6.0
}

#[test]
fn on_a_made_up_host_the_rates_come_out_as_they_are() {
    const SD: f64 = 0.004;
    let mut coins = Coins::new(11);
    let mut rounds = Vec::new();
    for k in 0..900 {
        let sides = [SidesDiffer::SameFile, SidesDiffer::MoreWork(5), SidesDiffer::MoreWork(20)][k % 3];
        let shift = (f64::from(sides.more_per_mille().unwrap_or(0)) / 1000.0).ln_1p();
        let mut xs = Vec::new();
        let judgement = loop {
            xs.push(shift + SD * normal(&mut coins));
            let judgement = verdict::judge(&xs, &Policy::USUAL, 0.005);
            if verdict::is_settled(&judgement, &Policy::USUAL) || xs.len() == 100 {
                break judgement;
            }
        };
        let what = match judgement.verdict {
            Verdict::Regressed => Said::Regressed,
            Verdict::Improved => Said::Improved,
            Verdict::Unchanged => Said::Unchanged,
            Verdict::Inconclusive => Said::Inconclusive,
        };
        rounds.push((sides, Load::None, vec![said("a", what, 50 * xs.len() as u64, &xs)]));
    }
    let calibration = calibrate(&record(rounds));
    assert!(!breaks_the_promise(&calibration), "{:?}", calibration.same);
    assert!(calibration.same.proved_unchanged().unwrap() > 0.98, "{:?}", calibration.same);
    let [half, two] = &calibration.power[..] else { panic!("{:?}", calibration.power) };
    assert!(two.tally.found().lower > 0.98 && half.tally.found().upper < 0.6, "{half:?} {two:?}");
    assert!((two.measured.unwrap() - 0.02).abs() < 0.001);
    assert!((calibration.benchmarks[0].spread.unwrap() - SD).abs() < 0.0003);
}

proptest! {
    #[test]
    fn every_verdict_is_counted_exactly_once(outcomes in prop::collection::vec((0u32..4, 0usize..5), 0..60)) {
        use Said::{Improved, Inconclusive, NotMeasured, Regressed, Unchanged};
        let sides = [SidesDiffer::SameFile, SidesDiffer::Copy, SidesDiffer::Rebuilt, SidesDiffer::MoreWork(10)];
        let words = [Regressed, Improved, Unchanged, Inconclusive, NotMeasured];
        let rounds: Vec<_> = outcomes
            .iter()
            .map(|(k, word)| (sides[*k as usize], Load::None, vec![said("a", words[*word], 5, &[0.0])]))
            .collect();
        let calibration = calibrate(&record(rounds));
        let rows = calibration.same_by_sides.iter().chain(&calibration.layouts).map(|(_, it)| *it);
        let all = rows.chain(calibration.power.iter().map(|it| it.tally));
        prop_assert_eq!(all.map(|it| it.verdicts() + it.not_measured).sum::<u64>(), outcomes.len() as u64);
        let same: u64 = calibration.same_by_sides.iter().map(|(_, it)| it.verdicts()).sum();
        prop_assert_eq!(same, calibration.same.verdicts());
    }
}
