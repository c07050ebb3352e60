//! Where the time goes: profiles after a run and by themselves, from sampling to the folder of artifacts.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::program::has;
use crate::repository::{Repository, files_below};

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Whether this machine lets a process sample another one of its own.
fn can_sample() -> bool {
    let level = fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").unwrap_or_else(|_| "4".into());
    let may = level.trim().parse::<i32>().is_ok_and(|level| level <= 2);
    if !may {
        eprintln!(
            "skipped: perf events are not permitted here (kernel.perf_event_paranoid is {})",
            level.trim()
        );
    }
    may
}

#[test]
fn a_changed_benchmark_is_profiled_after_the_measuring_and_the_function_that_changed_is_named() {
    if !can_sample() {
        return;
    }
    let repository = Repository::get();
    let arguments = ["bench", "mix", "--baseline", "v1", "--candidate", "slower", "--format", "json"];
    let options = ["--quick", "--seed", "7", "--margin", "6", "--floor", "3", "--profile-time", "500ms"];
    let ran =
        repository.rqs(&[&arguments[..], &options].concat()).exited(100).said(&["profiled 1 benchmark"]);
    let report = ran.report();
    let changed = report.benchmark("mix/changed");
    assert_eq!(changed["profile"]["engine"], "perf", "{changed:#}");
    let first = &changed["profile"]["functions"][0];
    assert_eq!(first["name"], "zoo::mix", "{changed:#}");
    assert!(report.benchmark("mix/steady")["profile"].is_null());
    let artifacts = report.0["profiling"]["artifacts"].as_str().unwrap();
    assert_eq!(artifacts, format!("target/rqs/artifacts/{}/index.html", report.id()));
    let page = repository.root.join(artifacts);
    assert!(fs::read_to_string(&page).unwrap().contains("zoo::mix"));
    let folder = page.parent().unwrap();
    let names: Vec<String> = files_below(folder)
        .iter()
        .map(|file| file.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    for name in ["baseline.svg", "candidate.svg", "difference.svg", "functions.json", "speedscope.json"] {
        assert!(names.iter().any(|it| it == name), "{names:?}");
    }
    // The record alone is enough to say it again.
    let again = repository.rqs(&["show", report.id()]).exited(0);
    assert!(again.stdout.contains("zoo::mix: +"), "{}", again.stdout);
}

#[test]
fn profile_writes_the_functions_of_both_sides_where_it_is_told_to() {
    if !can_sample() {
        return;
    }
    let repository = Repository::get();
    let folder = repository.scratch("profiles").join("page");
    let place = folder.to_string_lossy();
    let before = repository.snapshot();
    let sides =
        ["--baseline", "v1", "--candidate", "slower", "--profile-time", "500ms", "--artifacts", &place];
    repository.rqs(&[&["profile", "mix/changed"][..], &sides].concat()).exited(0).said(&["artifacts: "]);
    assert_eq!(repository.snapshot(), before, "nothing of the user's changes");
    let list = json(&folder.join("profiles.json"));
    let profile = &list["profiles"][0];
    assert_eq!(profile["benchmark"]["id"], "mix/changed");
    let functions = json(&folder.join(profile["folder"].as_str().unwrap()).join("functions.json"));
    assert_eq!((&functions["engine"], &functions["unit"]), (&"perf".into(), &"ns_per_iteration".into()));
    assert_eq!(functions["functions"][0]["function"], "zoo::mix", "{functions:#}");
    for side in ["baseline", "candidate"] {
        let [inside, outside] =
            ["weight", "outside"].map(|part| functions["sides"][side][part].as_u64().unwrap());
        assert!(inside > 9 * outside, "{side}: {inside} samples in the routine, {outside} outside");
    }
    repository.assert_no_process_is_left();
}

#[test]
fn a_folder_with_something_else_in_it_is_refused_before_anything_is_built() {
    let repository = Repository::get();
    let folder = repository.scratch("taken");
    fs::write(folder.join("thesis.tex"), "years").unwrap();
    let place = folder.to_string_lossy();
    let ran = repository.rqs(&["profile", "--baseline", "v1", "--artifacts", &place]).exited(2);
    assert!(!ran.stderr.contains("building"), "{}", ran.stderr);
    assert!(ran.stderr.contains("holds something else than artifacts"), "{}", ran.stderr);
}

#[test]
fn callgrind_counts_the_instructions_of_an_iteration() {
    if !has("valgrind") {
        return;
    }
    let repository = Repository::get();
    let sides =
        ["--baseline", "v1", "--candidate", "slower", "--profile-engine", "callgrind", "--format", "json"];
    let ran = repository.rqs(&[&["profile", "mix/changed"][..], &sides].concat()).exited(0);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let profile = &report[0];
    assert_eq!(
        (&profile["engine"], &profile["unit"]),
        (&"callgrind".into(), &"instructions_per_iteration".into())
    );
    assert_eq!(profile["functions"][0]["function"], "zoo::mix", "{profile:#}");
    let [baseline, candidate] =
        ["baseline", "candidate"].map(|side| profile["whole"][side].as_f64().unwrap());
    // A round of the routine is some instructions; 1300 rounds are 1.3 times those of 1000, but for a handful around.
    assert!(baseline > 3000.0 && (candidate / baseline - 1.3).abs() < 0.01, "{baseline} to {candidate}");
}
