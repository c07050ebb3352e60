//! How long a benchmark is best measured in each fresh pair of processes.
//!
//! The spread of epochs has two parts: what differs between processes (where memory lies, what the allocator did) and what
//! differs between the blocks of one process. More blocks in a process help against the second part only, and a fresh
//! process has its price. With a price `c` of an epoch, `t` seconds of blocks on each side, a variance `b` between
//! processes and `w / t` within one, a given precision costs `(c + 2 t)(b + w / t)`, which is least at
//! `t = sqrt(c w / (2 b))`: the optimum of two-stage sampling (Cochran, Sampling Techniques, 3rd ed. 1977, section 10.6).

use super::centre::median;
use super::epoch::{self, EpochEstimate};
use crate::model::EpochSample;
use crate::model::record::BenchmarkRecord;

/// Fewer epochs say too little about the two parts of the spread.
const FEWEST_EPOCHS: usize = 8;
/// No shorter: turns of a tenth of a millisecond have to be many enough for a median, and for telling whether the
/// benchmark had settled.
pub const SHORTEST_US: u64 = 5_000;
/// No longer: beyond this a process is measured for its own sake.
pub const LONGEST_US: u64 = 20_000;
/// An interval of the fewest epochs and a few more reaches about so many standard deviations to either side, see
/// [`super::verdict::is_settled`].
const SURE_SPREADS: f64 = 4.0;

/// Microseconds of samples, for each side and epoch, that bring most precision for the time, given the seconds that an
/// epoch of this benchmark takes beside them; no more than it takes to tell `margin` apart from none within the fewest
/// epochs. `None` while too little is known.
pub fn best_epoch_us(benchmark: &BenchmarkRecord, overhead_s: f64, margin: f64) -> Option<u64> {
    let values = epoch::log_ratios(&benchmark.epochs).into_iter();
    let epochs: Vec<(EpochEstimate, &EpochSample)> = values
        .zip(&benchmark.epochs)
        .filter_map(|(value, sample)| Some((value.estimate.ok()?, sample)))
        .collect();
    if epochs.len() < FEWEST_EPOCHS {
        return None;
    }
    let xs: Vec<f64> = epochs.iter().map(|(estimate, _)| estimate.log_ratio).collect();
    let errors = epochs.iter().filter_map(|(estimate, _)| estimate.standard_error);
    let within = median(&errors.map(|error| error * error).collect::<Vec<_>>())?;
    let measured_s = median(&epochs.iter().map(|(_, sample)| side_seconds(sample)).collect::<Vec<_>>())?;
    let between = (variance(&xs) - within).max(0.0);
    let most_precise_s = (overhead_s.max(0.0) * within * measured_s / (2.0 * between)).sqrt();
    // Beyond what decides within the fewest epochs, precision is of no use.
    let precise = (margin.ln_1p() / SURE_SPREADS).powi(2);
    let precise_enough_s =
        if precise > between { within * measured_s / (precise - between) } else { f64::INFINITY };
    // No spread at all gives no limit either, and is no reason to measure long; f64::min leaves NaN out.
    Some((most_precise_s.min(precise_enough_s) * 1e6).clamp(SHORTEST_US as f64, LONGEST_US as f64) as u64)
}

fn side_seconds(sample: &EpochSample) -> f64 {
    let ns: u64 =
        sample.blocks.iter().flat_map(|block| block.turns.baseline).map(|turn| turn.elapsed_ns).sum();
    ns as f64 / 1e9
}

fn variance(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::Presence;
    use crate::model::{BenchmarkKey, Block, BlockOrder, ByRole, Disturbance, Engine, Role, Turn};
    use rqs_harness::coin::Coins;

    /// An epoch of 10 ms on each side with these log-ratios.
    fn sample_of(epoch: u32, log_ratios: &[f64]) -> EpochSample {
        let turn = |elapsed_ns: f64| Turn { iterations: 1, elapsed_ns: elapsed_ns.round() as u64 };
        let each_ns = 10e6 / (2 * log_ratios.len()) as f64;
        let block = |x: &f64| Block {
            order: BlockOrder::Abba,
            turns: ByRole::new([turn(each_ns); 2], [turn(each_ns * x.exp()); 2]),
            disturbance: Disturbance::default(),
        };
        EpochSample {
            epoch,
            engine: Engine::Turns,
            spawned_first: Role::Baseline,
            warmed_first: Role::Baseline,
            warm_up: ByRole::new(turn(1.0), turn(1.0)),
            helper_threads: false,
            handover_ns: 0,
            counters: None,
            resources: None,
            blocks: log_ratios.iter().map(block).collect(),
        }
    }

    /// Epochs of 50 blocks with these standard deviations.
    fn benchmark(epochs: usize, between: f64, within: f64) -> BenchmarkRecord {
        let mut coins = Coins::new(7);
        let mut normal =
            move || (0..12).map(|_| coins.below(1 << 20) as f64 / (1 << 20) as f64).sum::<f64>() - 6.0;
        let key = BenchmarkKey { id: "a".into(), occurrence: 0 };
        let mut record = BenchmarkRecord::new(key, Presence::Both);
        for number in 0..epochs {
            let of_process = between * normal();
            let blocks: Vec<f64> = (0..50).map(|_| of_process + within * normal()).collect();
            record.epochs.push(sample_of(number as u32, &blocks));
        }
        record
    }

    #[test]
    fn noisy_processes_are_measured_shortly_and_noisy_blocks_long() {
        let short = best_epoch_us(&benchmark(40, 0.02, 0.002), 0.02, 0.01).unwrap();
        let long = best_epoch_us(&benchmark(40, 0.0002, 0.02), 0.02, 0.0001).unwrap();
        assert_eq!((short, long), (SHORTEST_US, LONGEST_US));
        let middle = best_epoch_us(&benchmark(200, 0.002, 0.01), 0.02, 0.0001).unwrap();
        // within^2 pi / 2 / 50 = 3.1e-6 in 10 ms, between^2 = 4e-6: sqrt(0.02 * 3.1e-6 * 0.01 / 8e-6) = 8.9 ms.
        assert!((6_000..13_000).contains(&middle), "{middle}");
        let enough = best_epoch_us(&benchmark(40, 0.0002, 0.01), 0.02, 0.01).unwrap();
        // 3.1e-6 in 10 ms, and (1 % / 4)^2 = 6.2e-6 is enough: 5 ms.
        assert!((SHORTEST_US..7_000).contains(&enough), "{enough}");
    }

    #[test]
    fn too_few_epochs_and_equal_ones_say_little() {
        assert_eq!(best_epoch_us(&benchmark(FEWEST_EPOCHS - 1, 0.01, 0.01), 0.02, 0.01), None);
        assert_eq!(best_epoch_us(&benchmark(FEWEST_EPOCHS, 0.0, 0.0), 0.02, 0.01), Some(SHORTEST_US));
    }
}
