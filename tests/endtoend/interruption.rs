//! Runs that are interrupted, killed, locked out or cannot write: nothing is lost, nothing is left behind.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use crate::program::{Background, LONG, Report, SHORT, within};
use crate::repository::{Repository, files_below};

const LONG_SIDES: [&str; 8] =
    ["bench", "--format", "json", "--baseline", "v1", "--candidate", "slower", "mix/(steady|changed)"];

impl Repository {
    /// A run that goes on for seconds, in the middle of measuring.
    fn start_measuring(&self, options: &[&str]) -> Background {
        // Both sides are built before, so that all waiting is for the measuring.
        self.bench(&["--baseline", "v1", "--candidate", "slower", "--list"]).exited(0);
        let mut background = self.start(&[&LONG_SIDES[..], &LONG, options].concat());
        self.wait_for_an_epoch(&mut background);
        background
    }
}

/// Every benchmark has all epochs that were asked for, each number once.
fn assert_complete(report: &Report) {
    for benchmark in report.record()["suites"][0]["benchmarks"].as_array().unwrap() {
        let mut numbers: Vec<u64> = benchmark["epochs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|epoch| epoch["epoch"].as_u64().unwrap())
            .collect();
        assert_eq!(numbers.len(), 24, "{}", benchmark["id"]);
        numbers.dedup();
        assert_eq!(numbers.len(), 24, "{}: an epoch number came twice", benchmark["id"]);
    }
}

#[test]
fn an_interrupted_run_ends_in_order_and_is_taken_up_again() {
    let repository = Repository::get();
    let (results, user) = (repository.results(), repository.snapshot());
    let background = repository.start_measuring(&[]);
    background.signal("INT");
    let ran = background.end().exited(101);
    assert_eq!(ran.stdout, "");
    ran.said(&["error: interrupted", "hint: ", "`cargo rqs bench --resume`"]);
    repository.assert_no_process_is_left();
    let new: Vec<_> = repository.results().into_iter().filter(|path| !results.contains(path)).collect();
    assert!(new.iter().all(|path| !path.to_string_lossy().contains("/runs/")), "{new:?}");
    assert_eq!(repository.snapshot(), user);

    let resumed = repository.rqs(&["bench", "--resume"]).exited(0).said(&["resuming run "]);
    let report = resumed.report();
    assert_complete(&report);
    let shown = repository.rqs(&["show", report.id(), "--format", "json"]).exited(0).stdout;
    assert_eq!(shown, resumed.stdout);
    repository.rqs(&["bench", "--resume"]).exited(4).said(&["there is no interrupted run to resume"]);
}

#[test]
fn a_second_run_at_once_is_told_who_measures() {
    let repository = Repository::get();
    let background = repository.start_measuring(&[]);
    let second = repository.bench(&["--baseline", "v1", "--candidate", "slower"]).exited(101);
    let pid = background.pid();
    second.said(&[&format!("error: process {pid} is measuring already"), &format!("`kill {pid}`")]);
    repository.rqs(&["bench", "--resume"]).exited(101).said(&["is measuring already"]);
    repository.rqs(&["list"]).exited(0);
    background.signal("TERM");
    background.end().exited(101);
}

#[test]
fn a_run_killed_while_measuring_leaves_no_process_and_can_be_resumed() {
    let repository = Repository::get();
    let user = repository.snapshot();
    let background = repository.start_measuring(&[]);
    background.signal("KILL");
    assert_eq!(background.end().code, None);
    repository.assert_no_process_is_left();
    assert_eq!(repository.snapshot(), user);
    let next = repository.bench(&["--baseline", "v1", "--candidate", "v1-readme"]).exited(0);
    next.said(&["1 interrupted run(s) can be resumed with `--resume`"]);
    assert_complete(&repository.rqs(&["bench", "--resume"]).exited(0).report());
}

#[test]
fn a_run_killed_while_building_leaves_no_process_and_the_next_one_clears_up() {
    let repository = Repository::get();
    let (results, user) = (repository.results(), repository.snapshot());
    let sides = ["bench", "--baseline", "v1", "--candidate", "slow-build"];
    let mut background = repository.start(&[&sides[..], &SHORT].concat());
    let building = || repository.processes().iter().any(|(_, path)| path.ends_with("build-script-build"));
    background.wait_until("the build script runs", building);
    background.signal("KILL");
    background.end();
    repository.assert_no_process_is_left();
    assert_eq!(repository.results(), results);
    assert_eq!(repository.snapshot(), user);
    repository.bench(&["--baseline", "v1", "--candidate", "slower", "--list"]).exited(0);
    let trees = files_below(&repository.cache).into_iter().map(|path| path.display().to_string());
    let slot = format!("/{}/", "0".repeat(40));
    let leftovers: Vec<_> = trees.filter(|path| path.contains("/.partial") || path.contains(&slot)).collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

#[test]
fn an_interrupted_build_ends_soon_and_says_so() {
    let repository = Repository::get();
    let sides = ["bench", "--baseline", "v1", "--candidate", "slow-build"];
    let mut background = repository.start(&[&sides[..], &SHORT].concat());
    let building = || repository.processes().iter().any(|(_, path)| path.ends_with("build-script-build"));
    background.wait_until("the build script runs", building);
    background.signal("INT");
    let begin = std::time::Instant::now();
    let ran = background.end().exited(101);
    assert!(begin.elapsed() < Duration::from_secs(10), "it took {:?} to stop", begin.elapsed());
    ran.said(&["error: interrupted while building", "hint: "]);
    repository.assert_no_process_is_left();
}

#[test]
fn a_run_that_cannot_write_its_record_keeps_what_it_measured() {
    let repository = Repository::get();
    let results = repository.scratch("obstructed").join("results");
    let typed = results.to_str().unwrap();
    fs::write(&results, "in the way").unwrap();
    let early =
        repository.bench(&["--baseline", "v1", "--candidate", "slower", "--results", typed]).exited(101);
    early.said(&[&format!("error: cannot write `{typed}"), "hint: move the file away"]);
    fs::remove_file(&results).unwrap();

    let background = repository.start_measuring(&["--results", typed]);
    fs::write(results.join("runs"), "in the way").unwrap();
    let late = background.end().exited(101);
    late.said(&[&format!("error: cannot write `{typed}"), "hint: move the file away", "--resume"]);
    fs::remove_file(results.join("runs")).unwrap();
    let report = repository.rqs(&["bench", "--resume"]).exited(0).report();
    assert!(report.path().starts_with(&results), "{}", report.path().display());
    assert_complete(&report);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let repository = Repository::get();
    let (_, report) = repository.judged("v1", "v1-readme", &[]);
    let bench = ["bench", "--baseline", "v1", "--candidate", "v1-readme"];
    for arguments in [&["show", report.id()][..], &["list"], &bench] {
        let mut command = repository.command("", arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended = within(Duration::from_secs(20), || child.try_wait().unwrap().is_some());
        assert!(ended, "{arguments:?} does not end");
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !stderr.contains("error"), "{}: {stderr}", output.status);
    }
}
