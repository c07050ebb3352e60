//! Runs of many benchmarks, put together from what a calibration measured of the same code: how many of them would
//! have raised any false alarm.

use std::collections::BTreeMap;

use rqs_harness::coin::Coins;

use super::rate::Rate;
use crate::analysis::confidence;
use crate::analysis::verdict::{self, Verdict};
use crate::model::BenchmarkKey;
use crate::model::calibration::CalibrationRecord;

/// Benchmarks in a run.
pub const BENCHMARKS: usize = 200;
/// Runs that are put together.
pub const RUNS: u64 = 1000;
/// Benchmarks of which fewer rounds are known take no part: what differs between rounds is not known of them.
const FEWEST_ROUNDS: usize = 10;

/// In how many runs of [`BENCHMARKS`] benchmarks there is any false alarm; `None` while too little is known.
///
/// Each benchmark of a run is one of those that were calibrated, drawn by lot, and its epochs are those of whole rounds of
/// it, drawn by lot too, so that whatever lasts as long as a round lasts here. It is judged after every epoch at the
/// level that a run of so many grants. The same record gives the same runs.
pub fn runs_with_an_alarm(record: &CalibrationRecord) -> Option<Rate> {
    let known = rounds_of_same_code(record);
    let alpha = record.policy.alpha / BENCHMARKS as f64;
    let mut coins = Coins::new(record.budget.seed);
    let mut any_alarm = || {
        // All of them are drawn, whatever the first ones say.
        let alarms = (0..BENCHMARKS).filter(|_| {
            let rounds = &known[coins.below(known.len() as u64) as usize];
            is_alarm(rounds, alpha, record, &mut coins)
        });
        alarms.count() > 0
    };
    (!known.is_empty()).then(|| Rate::of((0..RUNS).filter(|_| any_alarm()).count() as u64, RUNS))
}

/// The epochs of each benchmark's rounds.
fn rounds_of_same_code(record: &CalibrationRecord) -> Vec<Vec<&[f64]>> {
    let mut known: BTreeMap<(&str, &BenchmarkKey), Vec<&[f64]>> = BTreeMap::new();
    for judged in record.rounds.iter().filter(|round| round.sides.not_at_all()).flat_map(|it| &it.verdicts) {
        if !judged.log_ratios.is_empty() {
            known.entry((&judged.suite, &judged.key)).or_default().push(&judged.log_ratios);
        }
    }
    known.into_values().filter(|rounds| rounds.len() >= FEWEST_ROUNDS).collect()
}

fn is_alarm(rounds: &[&[f64]], alpha: f64, record: &CalibrationRecord, coins: &mut Coins) -> bool {
    let most = record.budget.max_epochs as usize;
    let is_silent = |n: usize| !confidence::half_width(n, 1.0, alpha).is_finite();
    let mut xs = Vec::new();
    while xs.len() < most {
        let round = rounds[coins.below(rounds.len() as u64) as usize];
        for x in round.iter().take(most - xs.len()) {
            xs.push(*x);
            if is_silent(xs.len()) {
                continue;
            }
            match verdict::judge(&xs, &record.policy, alpha).verdict {
                Verdict::Regressed | Verdict::Improved => return true,
                Verdict::Unchanged => return false,
                Verdict::Inconclusive => {}
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::calibration::{Judged, Load, Round, Said, SidesDiffer, Subject};
    use crate::model::policy::{Budget, Policy};
    use crate::model::record::Placement;

    /// Rounds of 12 epochs of one benchmark, each with a bias of its own.
    fn record(rounds: u32, biases: impl Fn(u32) -> f64) -> CalibrationRecord {
        let round = |number| Round {
            number,
            sides: SidesDiffer::Copy,
            load: Load::None,
            began_ms: 0,
            elapsed_ms: 1,
            verdicts: vec![Judged {
                suite: "s".into(),
                key: BenchmarkKey { id: "a".into(), occurrence: 0 },
                said: Said::Unchanged,
                over_layouts: None,
                epochs: 12,
                elapsed_ms: 1,
                mean: None,
                half_width: None,
                log_ratios: (0..12).map(|k| biases(number) + 0.001 * f64::from(k % 3 - 1)).collect(),
            }],
        };
        CalibrationRecord {
            format: CalibrationRecord::FORMAT,
            id: "x".into(),
            tool: "0.1.0".into(),
            started_unix_s: 0,
            finished_unix_s: 1,
            environment: String::new(),
            subject: Subject::KnownChanges,
            placement: Placement {
                bench_cpus: Vec::new(),
                coordinator_cpu: None,
                scheduling: "fifo".into(),
                aslr_off: true,
            },
            policy: Policy::USUAL,
            budget: Budget::usual(1, 5),
            benchmarks: 1,
            interrupted: false,
            notes: Vec::new(),
            rounds: (0..rounds).map(round).collect(),
        }
    }

    #[test]
    fn benchmarks_that_do_not_change_raise_no_alarm() {
        let rate = runs_with_an_alarm(&record(20, |_| 0.0)).unwrap();
        assert_eq!((rate.events, rate.tries), (0, RUNS));
        assert!(rate.upper < 0.0031, "{rate:?}");
    }

    #[test]
    fn a_round_in_a_hundred_that_is_biased_spoils_most_runs_of_two_hundred_benchmarks() {
        // 1 - 0.99^200 = 87 %, and the same runs come again.
        let biased = record(100, |number| if number == 3 { 0.03 } else { 0.0 });
        let rate = runs_with_an_alarm(&biased).unwrap();
        assert!((800..=930).contains(&rate.events), "{rate:?}");
        assert_eq!(runs_with_an_alarm(&biased), Some(rate));
    }

    #[test]
    fn of_few_rounds_nothing_is_said() {
        assert_eq!(runs_with_an_alarm(&record(FEWEST_ROUNDS as u32 - 1, |_| 0.0)), None);
    }
}
