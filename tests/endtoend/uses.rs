//! What benchmarks use beside time: counters, resources, and the ledger of what happened meanwhile.

use serde_json::{Value, json};

use crate::program::{Report, SHORT};
use crate::repository::Repository;

const SIDES: [&str; 2] = ["baseline", "candidate"];
const FOUR_EPOCHS: [&str; 3] = ["--measure-identical", "--max-epochs", "4"];

fn used(repository: &Repository, options: &[&str]) -> Report {
    let (ran, report) = repository.judged("uses", "uses", &[&FOUR_EPOCHS, options].concat());
    ran.exited(0);
    report
}

/// A resource of both sides.
#[track_caller]
fn resource(report: &Report, id: &str, name: &str) -> [f64; 2] {
    let value = &report.benchmark(id)["resources"][name];
    SIDES.map(|side| value[side].as_f64().unwrap_or_else(|| panic!("no {name} of {id}: {value}")))
}

/// A counter of both sides; `None` where this machine does not count it.
#[track_caller]
fn counted(report: &Report, id: &str, counter: &str) -> Option<[f64; 2]> {
    if !report.0["counters"]["missing"][counter].is_null() {
        return None;
    }
    let value = &report.benchmark(id)["counters"]["per_iteration"][counter];
    Some(SIDES.map(|side| value[side].as_f64().unwrap_or_else(|| panic!("no {counter} of {id}: {value}"))))
}

#[test]
fn memory_disk_and_network_are_those_of_each_benchmark_alone() {
    let report = used(&Repository::get(), &[]);
    let peaks = |id| resource(&report, id, "memory_mb");
    assert!(peaks("memory").iter().all(|&mb| mb > 33.0), "{:?}", peaks("memory"));
    if report.benchmark("little")["resources"]["memory_since_start"] == false {
        assert!(peaks("little").iter().all(|&mb| mb < 33.0), "{:?}", peaks("little"));
    }
    for (name, busy) in [("disk_io_mbps", "disk"), ("network_mbps", "network")] {
        assert!(resource(&report, busy, name).iter().all(|&rate| rate > 0.0), "{name}");
        assert_eq!(resource(&report, "little", name), [0.0; 2], "{name}");
    }
    // By default nothing makes the start of a thread slower, so such benchmarks are not counted.
    assert_eq!(report.benchmark("threads")["counters"], Value::Null);
    assert!(!report.benchmark("little")["counters"].is_null());
    for id in ["memory", "little", "threads"] {
        assert!(resource(&report, id, "cpu_percent").iter().all(|&share| share > 0.0), "{id}");
    }
}

#[test]
fn counters_are_sums_of_the_turns_and_every_missing_one_has_its_reason() {
    let report = used(&Repository::get(), &["--counters", "all"]);
    let counting = &report.0["counters"];
    assert_eq!(counting["asked"].as_array().unwrap().len(), 12);
    for counter in counting["asked"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()) {
        let there = !report.benchmark("little")["counters"]["per_iteration"][counter].is_null();
        let lost = !report.benchmark("little")["counters"]["unscheduled_turns"][counter].is_null();
        let missing = counting["missing"].get(counter).is_some();
        assert!(there || lost || missing, "{counter} just vanished: {counting}");
    }
    if let Some(faults) = counted(&report, "memory", "page_faults") {
        assert!(faults.iter().all(|&faults| faults > 100.0), "{faults:?}");
        assert!(counted(&report, "little", "page_faults").unwrap().iter().all(|&faults| faults < 1.0));
    }
    if let Some(switches) = counted(&report, "threads", "context_switches") {
        // Whoever joins a thread waits for it; the waiting for turns is not in it.
        assert!(switches.iter().all(|&switches| switches > 0.5), "{switches:?}");
        assert!(
            counted(&report, "little", "context_switches").unwrap().iter().all(|&switches| switches < 0.5)
        );
    }
    if let Some(ns) = counted(&report, "threads", "task_clock_ns") {
        let little = counted(&report, "little", "task_clock_ns").unwrap();
        assert!(
            ns[0] > little[0] && little.iter().all(|&ns| ns > 0.0),
            "helpers are counted: {ns:?}, {little:?}"
        );
    }
}

#[test]
fn nothing_is_counted_when_nothing_is_wanted_and_a_wrong_name_is_refused() {
    let repository = Repository::get();
    let report = used(&repository, &["--counters", "none", "little"]);
    let little = report.benchmark("little");
    assert_eq!((&report.0["counters"], &little["counters"]), (&Value::Null, &Value::Null));
    assert!(little["resources"]["cpu_percent"]["baseline"].as_f64().unwrap() > 0.0);
    repository
        .bench(&["--baseline", "uses", "--counters", "moons"])
        .exited(2)
        .said(&["moons", "instructions"]);
}

#[test]
fn every_epoch_has_its_place_in_the_ledger_and_show_prints_it_whole() {
    let repository = Repository::get();
    let report = used(&repository, &["little"]);
    let record = report.record();
    let epochs: Vec<&Value> = record["suites"][0]["benchmarks"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|benchmark| benchmark["epochs"].as_array().into_iter().flatten())
        .map(|epoch| &epoch["epoch"])
        .collect();
    let ledger = record["ledger"].as_object().unwrap();
    let numbers = ledger["epoch"].as_array().unwrap();
    assert!(
        !epochs.is_empty() && epochs.iter().all(|epoch| numbers.contains(epoch)),
        "{epochs:?}, {numbers:?}"
    );
    for (name, column) in ledger {
        assert_eq!(column.as_array().unwrap().len(), numbers.len(), "{name}");
    }
    let own_us = ledger["bench_own_us"].as_array().unwrap();
    assert!(own_us.iter().all(|us| us.as_u64().unwrap() > 0), "{own_us:?}");
    assert_eq!(report.0["disturbances"]["epochs"], json!(numbers.len()));

    let shown = repository.rqs(&["show", "--ledger", "--resources", report.id()]).exited(0).stdout;
    assert!(shown.contains("\ndisturbances\nepoch  "), "{shown}");
    assert!(shown.contains("peak memory ") && shown.contains("processor "), "{shown}");
    let shown = repository.rqs(&["show", "--ledger", "--format", "json", report.id()]).exited(0).report();
    assert_eq!(shown.0["ledger"].as_array().unwrap().len(), numbers.len());
}

/// A statically linked executable has no dynamic linker that could load the probe.
#[test]
fn processes_without_a_probe_are_counted_from_outside() {
    let repository = Repository::get();
    let sides = ["--format", "json", "--baseline", "uses", "--candidate", "uses"];
    let arguments = [&["rqs", "bench", "little"][..], &sides, &FOUR_EPOCHS, &SHORT].concat();
    let mut command = repository.command("", &arguments[1..]);
    // With a target that is named, what runs in the compiler (procedural macros) is linked as ever.
    command.env("CARGO_BUILD_TARGET", "x86_64-unknown-linux-gnu");
    command.env("RUSTFLAGS", "-C target-feature=+crt-static");
    let ran = crate::program::finish(command);
    let report = ran.report();
    let little = report.benchmark("little");
    assert_eq!(little["engines"], json!(["alternation"]), "{little:#}");
    assert!(resource(&report, "little", "cpu_percent").iter().all(|&share| share > 0.0));
    assert!(resource(&report, "little", "memory_mb").iter().all(|&mb| mb > 0.0));
    assert_eq!(little["resources"]["network_mbps"], Value::Null, "nobody sees the sockets");
    if let Some(ns) = counted(&report, "little", "task_clock_ns") {
        assert!(ns.iter().all(|&ns| ns > 0.0), "{ns:?}");
    }
}
