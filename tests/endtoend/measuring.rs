//! How benchmarks of every shape are measured: from the raw integers of the record.

use std::collections::BTreeMap;

use rqs_harness::contract::EpochSample;
use serde_json::Value;

use crate::program::Report;
use crate::repository::Repository;

/// Nanoseconds that both sides spent in samples, for each benchmark and epoch.
fn measured_ns(report: &Report) -> BTreeMap<String, Vec<u64>> {
    let record = report.record();
    let benchmarks = record["suites"][0]["benchmarks"].as_array().unwrap();
    let of_epoch = |epoch: &Value| -> u64 {
        let sample: EpochSample = serde_json::from_value(epoch.clone()).unwrap();
        let turns = sample.blocks.iter().flat_map(|block| [block.turns.baseline, block.turns.candidate]);
        turns.flatten().map(|turn| turn.elapsed_ns).sum()
    };
    let name = |benchmark: &Value| benchmark["id"].as_str().unwrap().to_owned();
    let epochs = |benchmark: &Value| benchmark["epochs"].as_array().unwrap().iter().map(of_epoch).collect();
    benchmarks.iter().map(|benchmark| (name(benchmark), epochs(benchmark))).collect()
}

#[test]
fn every_shape_of_benchmark_is_measured_and_no_budget_in_the_code_holds_the_run_up() {
    let repository = Repository::get();
    let options = ["--measure-identical", "--max-epochs", "4"];
    let (ran, report) = repository.judged("shapes", "shapes", &options);
    let expected = [
        "batched/small",
        "batched/large",
        "batched/per_iteration",
        "batched/of_ten",
        "batched/by_reference",
        "others/with_input/1000",
        "others/custom",
        "others/own_clock",
        "others/large_drop",
        "others/hash_map",
        "others/date",
        "others/threads",
        "budget/of_a_minute",
        "asynchronous/compute",
        "asynchronous/sleep",
    ];
    let verdicts = report.verdicts();
    assert_eq!(verdicts.iter().map(|(id, _)| *id).collect::<Vec<_>>(), expected);
    for (id, verdict) in verdicts {
        assert!(
            matches!(verdict, "unchanged" | "inconclusive"),
            "{id} is {verdict}: {:#}",
            report.benchmark(id)
        );
        assert_eq!(report.benchmark(id)["engines"], serde_json::json!(["turns"]), "{id}");
    }
    for (id, epochs) in measured_ns(&report) {
        assert!((2..=4).contains(&epochs.len()), "{id}: {} epochs", epochs.len());
        // Asked for are 5 ms for each side, more where no turns are taken; the code of one benchmark asks for a minute.
        assert!(epochs.iter().all(|&ns| (1_000_000..2_000_000_000).contains(&ns)), "{id}: {epochs:?}");
    }
    // A timer that saw the clock jump at the end of the warm-up would fire at once.
    let slept = &report.benchmark("asynchronous/sleep")["typical_ns"];
    assert!(
        slept["baseline"].as_f64().unwrap() > 1e6 && slept["candidate"].as_f64().unwrap() > 1e6,
        "{slept}"
    );
    ran.exited(0);
}
