//! What a host can show: from the spread that the same code against itself has from epoch to epoch to the smallest change
//! that a run would find.

use super::centre::median;
use super::confidence;
use super::epoch;
use crate::model::policy::{Budget, Policy};
use crate::model::probe::ProbeRecord;

/// Quantile of the normal distribution below which nine tenths of it lie.
const NINE_OF_TEN: f64 = 1.281_551_565_544_6;

/// How much one reference benchmark scatters on a host.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// The benchmark's name.
    pub benchmark: String,
    /// Epochs that were measured.
    pub epochs: usize,
    /// Epochs that could be used.
    pub used: usize,
    /// Mean log-ratio of the same code against itself; anything but about zero is a bias.
    pub mean: f64,
    /// Standard deviation of the epochs' log-ratios.
    pub sd: f64,
    /// Wall time of one epoch in milliseconds.
    pub epoch_ms: f64,
}

/// The noise of every reference benchmark of a probe that has at least two usable epochs.
pub fn of_probe(probe: &ProbeRecord) -> Vec<Noise> {
    let one = |(benchmark, samples): (&String, &Vec<crate::model::EpochSample>)| {
        let usable = epoch::log_ratios(samples).into_iter().filter_map(|value| value.estimate.ok());
        let log_ratios: Vec<f64> = usable.map(|estimate| estimate.log_ratio).collect();
        let interval = confidence::interval(&log_ratios, 0.5);
        let cost_us = probe.reference_cost_us.get(benchmark).copied().unwrap_or(0);
        (log_ratios.len() > 1).then(|| Noise {
            benchmark: benchmark.clone(),
            epochs: samples.len(),
            used: log_ratios.len(),
            mean: interval.mean,
            sd: interval.sd,
            epoch_ms: cost_us as f64 / 1e3 / samples.len() as f64,
        })
    };
    probe.reference.iter().filter_map(one).collect()
}

/// The smallest slow-down, as a change, that is found in nine of ten runs when a benchmark scatters by `sd` and gets so
/// many epochs; `None` when so few epochs cannot decide anything. `alpha` is the benchmark's own share of the chance of
/// a false alarm.
pub fn smallest_change(sd: f64, epochs: usize, policy: &Policy, alpha: f64) -> Option<f64> {
    let half_width = confidence::half_width(epochs, sd, alpha);
    // The mean has to get past both thresholds, and scatters itself.
    let threshold = half_width.max(policy.floor.ln_1p()) + NINE_OF_TEN * sd / (epochs as f64).sqrt();
    half_width.is_finite().then(|| threshold.exp_m1())
}

/// What a run of some benchmarks with some budget would find on the host of a probe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// The smallest change that is found in nine of ten runs, by the middle one of the reference benchmarks.
    pub middle: f64,
    /// The same by the one that scatters most.
    pub widest: f64,
    /// Epochs that each benchmark would get.
    pub epochs: usize,
}

/// The outlook for a run; `None` when the probe tells no noise, or so few epochs fit that nothing could be decided.
pub fn outlook(probe: &ProbeRecord, benchmarks: usize, policy: &Policy, budget: &Budget) -> Option<Outlook> {
    let noise = of_probe(probe);
    let alpha = policy.alpha / benchmarks.max(1) as f64;
    let epoch_ms = median(&noise.iter().map(|it| it.epoch_ms).collect::<Vec<_>>())?;
    let affordable = budget.time_budget_ms as f64 / (epoch_ms.max(1.0) * benchmarks.max(1) as f64);
    let epochs = (affordable as usize).min(budget.max_epochs as usize);
    let change = |sd: f64| smallest_change(sd, epochs, policy, alpha);
    let spreads: Vec<f64> = noise.iter().map(|it| it.sd).collect();
    let widest = spreads.iter().copied().fold(0.0, f64::max);
    Some(Outlook { middle: change(median(&spreads)?)?, widest: change(widest)?, epochs })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use rqs_harness::coin::Coins;

    use super::*;
    use crate::analysis::verdict::{self, Verdict};
    use crate::model::record::Placement;
    use crate::model::{Block, BlockOrder, ByRole, Disturbance, Engine, EpochSample, Role, Turn};

    const POLICY: Policy = Policy::USUAL;

    /// One epoch whose candidate takes `ratio` as long.
    fn sample(number: u32, ratio: f64) -> EpochSample {
        let turn = |elapsed_ns: f64| Turn { iterations: 1, elapsed_ns: elapsed_ns as u64 };
        let turns = ByRole::new([turn(1e9); 2], [turn(1e9 * ratio); 2]);
        EpochSample {
            epoch: number,
            engine: Engine::Turns,
            spawned_first: Role::Baseline,
            warmed_first: Role::Baseline,
            warm_up: ByRole::new(turn(1.0), turn(1.0)),
            helper_threads: false,
            handover_ns: 2_000,
            counters: None,
            resources: None,
            blocks: vec![Block { order: BlockOrder::Abba, turns, disturbance: Disturbance::default() }],
        }
    }

    fn probe(ratios: &[f64]) -> ProbeRecord {
        let epochs = ratios.iter().enumerate().map(|(k, ratio)| sample(k as u32, *ratio)).collect();
        ProbeRecord {
            format: ProbeRecord::FORMAT,
            id: String::new(),
            tool: String::new(),
            started_unix_s: 0,
            finished_unix_s: 0,
            environment: String::new(),
            placement: Placement::default(),
            seed: 0,
            quick: false,
            notes: Vec::new(),
            readings: Vec::new(),
            reference: BTreeMap::from([("memory".to_owned(), epochs)]),
            reference_cost_us: BTreeMap::from([("memory".to_owned(), 40_000 * ratios.len() as u64)]),
        }
    }

    #[test]
    fn the_spread_of_the_epochs_is_the_noise() {
        let noise = of_probe(&probe(&[1.001, 0.999, 1.001, 0.999]));
        assert_eq!((noise[0].used, noise[0].epoch_ms), (4, 40.0));
        assert!((noise[0].sd - 0.001_154_7).abs() < 1e-6 && noise[0].mean.abs() < 1e-6, "{noise:?}");
        assert!(of_probe(&probe(&[1.0])).is_empty());
    }

    #[test]
    fn a_budget_that_holds_few_epochs_shows_less() {
        let probe = probe(&[1.001, 0.999, 1.001, 0.999]);
        let budget = |time_budget_ms| Budget { max_epochs: 100, time_budget_ms, epoch_us: 10_000, seed: 0 };
        let of = |benchmarks, ms| outlook(&probe, benchmarks, &POLICY, &budget(ms));
        let (rich, poor) = (of(1, 60_000).unwrap(), of(1, 500).unwrap());
        assert_eq!((rich.epochs, poor.epochs), (100, 12));
        assert!(rich.widest < poor.widest && rich.widest > 0.005, "{rich:?} {poor:?}");
        assert_eq!(of(100, 500), None);
    }

    #[test]
    fn more_benchmarks_share_the_chance_of_a_false_alarm_and_so_show_less() {
        let probe = probe(&[1.03, 0.97, 1.03, 0.97]);
        let budget = Budget { max_epochs: 24, time_budget_ms: 1_000_000, epoch_us: 10_000, seed: 0 };
        let widest = |benchmarks| outlook(&probe, benchmarks, &POLICY, &budget).unwrap().widest;
        assert!(widest(100) > widest(10) && widest(10) > widest(1), "{} {}", widest(10), widest(1));
    }

    /// About normal: the sum of twelve even draws.
    fn normal(coins: &mut Coins) -> f64 {
        (0..12).map(|_| coins.below(1 << 32) as f64 / (1u64 << 32) as f64).sum::<f64>() - 6.0
    }

    #[test]
    fn a_change_of_the_predicted_size_is_found_about_nine_times_out_of_ten() {
        const RUNS: usize = 400;
        for (sd, epochs, alpha) in [(0.002, 24, 0.01), (0.02, 24, 0.001), (0.01, 100, 0.0001)] {
            let change = smallest_change(sd, epochs, &POLICY, alpha).unwrap().ln_1p();
            let mut coins = Coins::new(epochs as u64);
            let found = (0..RUNS).filter(|_| {
                let xs: Vec<f64> = (0..epochs).map(|_| change + sd * normal(&mut coins)).collect();
                verdict::judge(&xs, &POLICY, alpha).verdict == Verdict::Regressed
            });
            let share = found.count() as f64 / RUNS as f64;
            assert!((0.82..0.97).contains(&share), "{share} of runs with spread {sd} and {epochs} epochs");
        }
    }

    proptest! {
        #[test]
        fn more_noise_or_more_benchmarks_never_show_more(
            sd in 1e-5f64..0.1, more in 1.0f64..10.0, epochs in 2usize..300, benchmarks in 1u32..1000,
        ) {
            let change = |sd: f64, benchmarks: u32| {
                smallest_change(sd, epochs, &POLICY, POLICY.alpha / f64::from(benchmarks)).unwrap_or(f64::INFINITY)
            };
            prop_assert!(change(sd * more, benchmarks) >= change(sd, benchmarks));
            prop_assert!(change(sd, benchmarks) >= change(sd, 1));
            prop_assert!(change(sd, benchmarks) > POLICY.floor);
        }
    }
}
