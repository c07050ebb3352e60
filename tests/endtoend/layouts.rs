//! What changed is measured again over relinked pairs: changes of the code are confirmed, those of its place are not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::program::{Report, SHORT};
use crate::repository::Repository;

/// The seeds of all pairs of a benchmark in a record, after checking that no two pairs share one.
#[track_caller]
fn seeds(report: &Report, id: &str) -> Vec<u64> {
    let record = report.record();
    let benchmarks = record["suites"][0]["benchmarks"].as_array().unwrap();
    let benchmark = benchmarks.iter().find(|benchmark| benchmark["id"] == id).unwrap();
    let layouts = benchmark["layouts"].as_array().into_iter().flatten();
    let seeds: Vec<u64> = layouts
        .flat_map(|layout| ["baseline", "candidate"].map(|role| layout["seeds"][role].as_u64().unwrap()))
        .collect();
    assert_eq!(seeds.iter().collect::<BTreeSet<_>>().len(), seeds.len(), "{seeds:?}");
    assert!(seeds.iter().all(|seed| *seed > 0));
    seeds
}

#[test]
fn a_change_of_the_code_is_robust_to_layout() {
    let repository = Repository::get();
    let lib = fs::read_to_string(repository.root.join("src/lib.rs")).unwrap();
    repository.write("src/lib.rs", &lib.replace("= 1000;", "= 1080;"));
    let options = ["bench", "--format", "json", "--baseline", "v1", "--seed", "7", "--profile", "none"];
    let ran = repository.rqs(&[&options[..], &["mix/(steady|changed)"]].concat());
    let report = ran.report();
    assert_eq!(report.verdict("mix/changed"), "regressed");
    let layouts = &report.benchmark("mix/changed")["layouts"];
    assert_eq!(layouts["outcome"], "robust", "{layouts:#}");
    assert!(layouts["as_built"]["estimate"].as_f64().unwrap() > 0.05, "{layouts:#}");
    let pairs = layouts["log_ratios"].as_array().unwrap().len();
    assert!((2..=24).contains(&pairs), "{pairs} pairs");
    assert!(seeds(&report, "mix/changed").len() >= 2 * pairs);
    // Only what changed pays.
    assert_eq!(report.benchmark("mix/steady")["layouts"], Value::Null);
    assert_eq!(report.0["summary"]["robust"], 1);
    ran.exited(100);
    let shown = repository.rqs(&["show"]).exited(0).stdout;
    assert!(
        shown.contains("regressed (robust to layout)") && shown.contains("varied for 1 benchmark"),
        "{shown}"
    );
}

#[test]
fn without_layouts_a_change_stands_as_built() {
    let repository = Repository::get();
    let (ran, report) = repository.judged("v1", "slower", &["--layouts", "0", "mix/changed"]);
    assert_eq!(report.verdicts(), [("mix/changed", "regressed")]);
    assert_eq!(report.benchmark("mix/changed")["layouts"], Value::Null);
    assert_eq!((&report.0["layouts"]["most"], &report.0["layouts"]["relinked"]), (&0.into(), &0.into()));
    ran.exited(100);
    let shown = repository.rqs(&["show"]).exited(0).stdout;
    assert!(shown.contains("as built, not varied") && shown.contains("`--layouts` varies it"), "{shown}");
}

#[test]
fn a_linker_that_cannot_shuffle_is_told_and_the_change_stands_as_built() {
    let repository = Repository::get();
    let linker = repository.scratch("linker").join("cc");
    fs::write(&linker, "#!/bin/sh\nexec cc \"$@\" -fuse-ld=bfd\n").unwrap();
    assert!(Command::new("chmod").arg("+x").arg(&linker).status().unwrap().success());
    let version = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let version = String::from_utf8(version).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let config = format!("target.{host}.linker='{}'", linker.display());
    let (ran, report) = repository.judged("v1", "slower", &["--config", &config, "mix/changed"]);
    assert_eq!(report.verdicts(), [("mix/changed", "regressed")]);
    assert_eq!(report.benchmark("mix/changed")["layouts"], Value::Null);
    let note = report.0["notes"].to_string();
    assert!(note.contains("the layout of `zoo::speed` was not varied") && note.contains("GNU ld"), "{note}");
    assert!(report.0["layouts"]["not_varied"]["zoo::speed"].is_string());
    ran.exited(100);
}

#[test]
fn a_run_interrupted_while_layouts_are_varied_goes_on_with_the_next_pair() {
    let repository = Repository::get();
    repository.bench(&["--baseline", "v1", "--candidate", "slower", "--list"]).exited(0);
    let journal = repository.root.join("target/rqs/journal");
    // So small a chance of a false alarm takes many pairs.
    let sides = ["bench", "--format", "json", "--baseline", "v1", "--candidate", "slower", "mix/changed"];
    let mut background = repository.start(&[&sides[..], &SHORT, &["--alpha", "1e-9"]].concat());
    background.wait_until("a pair is journalled", || pairs_in(&journal) > 0);
    background.signal("INT");
    background.end().exited(101).said(&["error: interrupted", "--resume"]);
    repository.assert_no_process_is_left();
    let before = pairs_in(&journal);
    let ran = repository.rqs(&["bench", "--resume"]);
    let report = ran.report();
    ran.exited(100);
    assert_eq!(report.benchmark("mix/changed")["layouts"]["outcome"], "robust");
    let after = seeds(&report, "mix/changed").len() / 2;
    assert!(after > before, "{before} pairs before, {after} after");
    let record = report.record();
    let layouts = record["suites"][0]["benchmarks"][0]["layouts"].as_array().unwrap();
    let numbers: BTreeSet<u64> =
        layouts.iter().map(|layout| layout["sample"]["epoch"].as_u64().unwrap()).collect();
    assert_eq!(numbers.len(), layouts.len());
}

/// Pairs of layouts in the journal of the only run in progress.
fn pairs_in(journal: &Path) -> usize {
    let runs = fs::read_dir(journal).into_iter().flatten().map(|entry| entry.unwrap().path());
    let texts = runs.map(|run| fs::read_to_string(run.join("epochs.jsonl")).unwrap_or_default());
    texts.map(|text| text.matches("{\"layout\":").count()).sum()
}

#[test]
fn identical_code_that_seemed_slower_is_not_when_it_is_relinked() {
    let repository = Repository::get();
    let sides = ["bench", "--format", "json", "--baseline", "v1", "--candidate", "v1-readme"];
    let options = ["--measure-identical", "--seed", "7", "--profile", "none", "--counts", "never"];
    repository.rqs(&[&sides[..], &["--list"]].concat()).exited(0);
    // Nothing is decided at this chance, so the run is there to be interrupted.
    let endless = ["--alpha", "1e-300", "mix/steady"];
    let mut background = repository.start(&[&sides[..], &options, &endless].concat());
    repository.wait_for_an_epoch(&mut background);
    background.signal("INT");
    background.end().exited(101);
    let journal = repository.root.join("target/rqs/journal");
    slow_down(&fs::read_dir(&journal).unwrap().next().unwrap().unwrap().path());
    let ran = repository.rqs(&["bench", "--resume"]);
    let report = ran.report();
    let benchmark = report.benchmark("mix/steady");
    assert_eq!(benchmark["verdict"], "layout_artefact", "{benchmark:#}");
    assert!(benchmark["layouts"]["as_built"]["estimate"].as_f64().unwrap() > 0.2, "{benchmark:#}");
    assert!(benchmark["change"]["estimate"].as_f64().unwrap().abs() < 0.03, "{benchmark:#}");
    ran.exited(0);
}

/// Makes twelve epochs of the first one in a journal, in which the candidate takes a quarter longer, and lets a usual rule
/// judge them: what a bad place of the code would have done.
fn slow_down(run: &Path) {
    let read = |name: &str| fs::read_to_string(run.join(name)).unwrap();
    let mut header: Value = serde_json::from_str(&read("header.json")).unwrap();
    header["policy"]["alpha"] = 0.01.into();
    header["policy"]["margin"] = 0.03.into();
    fs::write(run.join("header.json"), header.to_string()).unwrap();
    let first: Value = serde_json::from_str(read("epochs.jsonl").lines().next().unwrap()).unwrap();
    let mut lines = String::new();
    for number in 0..12u64 {
        let mut entry = first["entry"].clone();
        let sample = &mut entry["event"]["epoch"];
        sample["epoch"] = number.into();
        let blocks = &mut sample["blocks"];
        let longer = |ns: &Value| Value::from(ns.as_u64().unwrap() * (1250 + number % 3) / 1000);
        let slower: Vec<Value> = blocks["baseline_ns"].as_array().unwrap().iter().map(longer).collect();
        blocks["candidate_ns"] = slower.into();
        let text = entry.to_string();
        lines += &format!("{{\"sha256\":\"{}\",\"entry\":{text}}}\n", &sha256(&text)[..16]);
    }
    fs::write(run.join("epochs.jsonl"), lines).unwrap();
}

fn sha256(text: &str) -> String {
    let mut child = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), text.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}
