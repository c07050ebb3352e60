//! Counted instructions: exact, the same every time, and what they say about the times.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::Value;

use crate::program::{Report, finish, has, within};
use crate::repository::Repository;

/// The counts of every benchmark with both its sides.
fn counts(report: &Report) -> Vec<(String, Value)> {
    let record = report.record();
    let suites = record["suites"].as_array().unwrap().clone();
    let benchmarks = suites.iter().flat_map(|suite| suite["benchmarks"].as_array().unwrap().clone());
    benchmarks.map(|it| (it["id"].as_str().unwrap().to_owned(), it["counts"].clone())).collect()
}

/// Instructions in one iteration on both sides.
fn instructions(benchmark: &Value) -> (f64, f64) {
    let sides = &benchmark["work"]["counted"]["instructions"];
    (sides["baseline"].as_f64().unwrap(), sides["candidate"].as_f64().unwrap())
}

#[test]
fn benchmarks_of_every_shape_count_the_same_to_the_last_digit_each_time() {
    if !has("valgrind") {
        return;
    }
    let repository = Repository::get();
    let options = ["--measure-identical", "--max-epochs", "2", "--counts", "always"];
    // What waits for other threads or for a timer does it as long as it takes.
    let waits = |id: &str| id == "others/threads" || id == "asynchronous/sleep";
    let mut seen = Vec::new();
    for _ in 0..2 {
        let _ = fs::remove_dir_all(repository.root.join("target/rqs/counts"));
        let (ran, report) = repository.judged("shapes", "shapes", &options);
        for benchmark in report.benchmarks() {
            let id = benchmark["id"].as_str().unwrap();
            let amount = &benchmark["work"]["counted"]["amount"];
            assert!(amount == "same" || waits(id), "{benchmark:#}");
            let threads = benchmark["work"]["counted"]["helper_threads"].as_bool().unwrap();
            assert_eq!(threads, id == "others/threads", "{id}: {threads}");
            // A thousand rounds of `mix` are five thousand instructions; nothing of set-up or harness is in them.
            let (baseline, candidate) = instructions(benchmark);
            let expected = match id {
                "others/threads" | "others/large_drop" | "others/hash_map" | "asynchronous/sleep" => 0.0..1e6,
                _ => 4_000.0..7_500.0,
            };
            assert!(expected.contains(&baseline), "{id}: {baseline}");
            assert!(baseline == candidate || waits(id), "{id}: {baseline}, {candidate}");
        }
        let exact: Vec<_> = counts(&report).into_iter().filter(|(id, _)| !waits(id)).collect();
        for (id, sides) in &exact {
            assert_eq!(sides["baseline"], sides["candidate"], "{id}");
        }
        seen.push(exact);
        ran.exited(0);
    }
    assert_eq!(seen[0].len(), 13);
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn more_work_is_named_and_fails_the_run_where_a_gate_asks_for_it() {
    if !has("valgrind") {
        return;
    }
    let repository = Repository::get();
    // Margins so wide that no time can fail.
    let blind = ["--margin", "90", "--floor", "80", "--quick", "--max-epochs", "3", "--counts", "always"];
    let sides = ["bench", "--format", "json", "--baseline", "v1", "--candidate", "slower"];
    let run = |more: &[&str]| {
        let ran = repository.rqs(&[&sides, &blind[..], more].concat());
        let report = ran.report();
        (ran, report)
    };
    let (ran, report) = run(&[]);
    let (baseline, candidate) = instructions(report.benchmark("mix/changed"));
    assert!((candidate / baseline - 1.3).abs() < 0.01, "{baseline} to {candidate}");
    assert_eq!(report.benchmark("mix/changed")["work"]["counted"]["amount"], "more");
    assert_eq!(report.benchmark("mix/steady")["work"]["counted"]["amount"], "same");
    ran.exited(0);
    run(&["--gate", "instructions"]).0.exited(100);
    run(&["--gate", "instructions", "--instructions-margin", "50%"]).0.exited(0);
}

#[test]
fn a_kill_while_counting_leaves_no_process_and_resuming_finishes_the_run() {
    if !has("valgrind") {
        return;
    }
    let repository = Repository::get();
    let _ = fs::remove_dir_all(repository.root.join("target/rqs/counts"));
    let root = repository.root.to_string_lossy().into_owned();
    let emulated = || {
        let processes = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| fs::read(entry.ok()?.path().join("cmdline")).ok());
        let lines = processes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        lines.filter(|line| line.contains("--tool=callgrind") && line.contains(&root)).count()
    };
    let arguments =
        ["bench", "--baseline", "v1", "--candidate", "slower", "--max-epochs", "3", "--counts", "always"];
    let mut run = repository.start(&arguments);
    run.wait_until("a benchmark is counted", || emulated() > 0);
    run.signal("KILL");
    assert_eq!(run.end().code, None);
    assert!(within(Duration::from_secs(10), || emulated() == 0), "left behind: {}", emulated());
    repository.assert_no_process_is_left();
    let ran = repository.rqs(&["bench", "--resume"]);
    assert!(ran.stdout.contains("more work: +29."), "{ran:#?}");
}

#[test]
fn without_valgrind_there_is_a_note_and_a_gate_says_what_it_needs() {
    let repository = Repository::get();
    let bin = repository.scratch("broken valgrind");
    let valgrind = bin.join("valgrind");
    fs::write(&valgrind, "#!/bin/sh\nexit 3\n").unwrap();
    fs::set_permissions(&valgrind, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let bench = |options: &[&str]| {
        let sides = ["bench", "--baseline", "v1", "--candidate", "slower", "--quick", "--format", "json"];
        let mut command = repository.command("", &[&sides, options].concat());
        command.env("PATH", &path);
        finish(command)
    };
    let ran = bench(&["mix/changed", "--counts", "always", "--max-epochs", "3"]);
    let notes = ran.report().0["notes"].to_string();
    assert!(
        notes.contains("instructions were not counted: `valgrind --version` ended with exit status: 3"),
        "{notes}"
    );
    let gated = bench(&["mix/changed", "--gate", "instructions"]).exited(101);
    gated.said(&["`--gate instructions` needs counted instructions", "hint: install it"]);
}
