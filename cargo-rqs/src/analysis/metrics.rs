//! A benchmark of a run to its metrics.

use super::used;
use super::work;
use crate::model::metric::Metric;
use crate::model::record::BenchmarkRecord;
use crate::model::{CountedEvent, Role, Turn};

/// The metrics that are known of one side of a benchmark, in their order.
pub fn of_side(benchmark: &BenchmarkRecord, role: Role) -> Vec<(Metric, f64)> {
    let mut metrics = times(benchmark, role);
    let failed = benchmark.failure.as_ref().map(|failure| failure.role == role);
    match failed {
        Some(failed) => metrics.push((Metric::ErrorRate, f64::from(u8::from(failed)))),
        None if !benchmark.epochs.is_empty() => metrics.push((Metric::ErrorRate, 0.0)),
        None => {}
    }
    if let Some(resources) = used::of_epochs(&benchmark.epochs).resources {
        metrics.push((Metric::CpuPercent, *resources.cpu_percent.get(role)));
        let known = [
            (Metric::MemoryMb, resources.memory_mb),
            (Metric::DiskIoMbps, resources.disk_io_mbps),
            (Metric::NetworkMbps, resources.network_mbps),
        ];
        metrics
            .extend(known.iter().filter_map(|(metric, sides)| Some((*metric, *sides.as_ref()?.get(role)))));
    }
    // The margin decides what is said of a change of counts, not the counts.
    if let Some(work) = work::of_benchmark(benchmark, 0.0).as_ref().and_then(work::Work::change) {
        let place = CountedEvent::ALL.iter().position(|event| *event == CountedEvent::Instructions);
        metrics.extend(place.map(|place| (Metric::Instructions, *work.per_iteration[place].get(role))));
    }
    metrics
}

/// Times over the undisturbed blocks of all epochs; nothing where there are none.
fn times(benchmark: &BenchmarkRecord, role: Role) -> Vec<(Metric, f64)> {
    let undisturbed = benchmark
        .epochs
        .iter()
        .flat_map(|epoch| epoch.blocks.iter().filter(|block| !block.is_disturbed(epoch.helper_threads)));
    let turns: Vec<Turn> = undisturbed.flat_map(|block| *block.turns.get(role)).collect();
    let iterations: u64 = turns.iter().map(|turn| turn.iterations).sum();
    let elapsed_ns: u64 = turns.iter().map(|turn| turn.elapsed_ns).sum();
    if iterations == 0 || elapsed_ns == 0 {
        return Vec::new();
    }
    let mut each: Vec<f64> = turns
        .iter()
        .filter(|turn| turn.iterations > 0)
        .map(|turn| turn.elapsed_ns as f64 / turn.iterations as f64 / 1e6)
        .collect();
    each.sort_by(f64::total_cmp);
    let average = elapsed_ns as f64 / iterations as f64 / 1e6;
    vec![
        (Metric::LatencyMsAvg, average),
        (Metric::LatencyMsP50, quantile(&each, 0.50)),
        (Metric::LatencyMsP95, quantile(&each, 0.95)),
        (Metric::LatencyMsP99, quantile(&each, 0.99)),
        (Metric::ThroughputOpsSec, 1e3 / average),
    ]
}

/// The smallest of some sorted values, one or more, that this share of them does not exceed.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::Presence;
    use crate::model::{
        BenchmarkFailure, BenchmarkKey, Block, BlockOrder, ByRole, Disturbance, Engine, EpochSample,
    };

    fn benchmark() -> BenchmarkRecord {
        BenchmarkRecord::new(BenchmarkKey { id: "a".to_owned(), occurrence: 0 }, Presence::Both)
    }

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(
            (quantile(&values, 0.5), quantile(&values, 0.95), quantile(&values, 0.99)),
            (50.0, 95.0, 99.0)
        );
        assert_eq!((quantile(&[7.0], 0.0), quantile(&[7.0], 1.0)), (7.0, 7.0));
    }

    /// An epoch of one block for each time, in which an iteration took so many microseconds on the candidate's side, and
    /// half of that on the baseline's.
    fn epoch(microseconds: &[u64], disturbance: Disturbance) -> EpochSample {
        let turns = |ns: u64| [Turn { iterations: 10, elapsed_ns: ns * 10 }; 2];
        let block = |us: &u64| Block {
            order: BlockOrder::Abba,
            turns: ByRole::new(turns(us * 500), turns(us * 1000)),
            disturbance,
        };
        EpochSample {
            epoch: 0,
            engine: Engine::Turns,
            spawned_first: Role::Baseline,
            warmed_first: Role::Candidate,
            warm_up: ByRole::from_fn(|_| Turn { iterations: 1, elapsed_ns: 100 }),
            helper_threads: false,
            handover_ns: 0,
            counters: None,
            resources: None,
            blocks: microseconds.iter().map(block).collect(),
        }
    }

    #[test]
    fn times_are_those_of_undisturbed_turns() {
        let interrupted = Disturbance { involuntary_switches: 99, ..Disturbance::default() };
        let epochs = vec![epoch(&[1000, 2000, 3000], Disturbance::default()), epoch(&[90_000], interrupted)];
        let benchmark = BenchmarkRecord { epochs, ..benchmark() };
        let found = of_side(&benchmark, Role::Candidate);
        assert_eq!(
            found,
            [
                (Metric::LatencyMsAvg, 2.0),
                (Metric::LatencyMsP50, 2.0),
                (Metric::LatencyMsP95, 3.0),
                (Metric::LatencyMsP99, 3.0),
                (Metric::ThroughputOpsSec, 500.0),
                (Metric::ErrorRate, 0.0),
            ]
        );
        assert_eq!(of_side(&benchmark, Role::Baseline)[0], (Metric::LatencyMsAvg, 1.0));
    }

    #[test]
    fn what_was_not_measured_has_no_metrics_and_what_failed_an_error() {
        assert_eq!(of_side(&benchmark(), Role::Candidate), []);
        let failure =
            BenchmarkFailure { role: Role::Candidate, what: "panicked".into(), stderr_tail: String::new() };
        let failed = BenchmarkRecord { failure: Some(failure), ..benchmark() };
        assert_eq!(of_side(&failed, Role::Candidate), [(Metric::ErrorRate, 1.0)]);
        assert_eq!(of_side(&failed, Role::Baseline), [(Metric::ErrorRate, 0.0)]);
    }
}
