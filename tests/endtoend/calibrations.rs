//! Calibrations of the tool on the generated repository: what is recorded, told and left behind.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::program::{Background, Ran, within};
use crate::repository::{Repository, files_below};

/// A calibration of one quick benchmark.
const BRIEF: [&str; 6] = ["calibrate", "mix/steady", "--revision", "v1", "--seed", "3"];

impl Repository {
    fn calibrate(&self, options: &[&str]) -> Ran {
        self.rqs(&[&BRIEF[..], options].concat())
    }

    /// A calibration that goes on for a while, after its first round.
    fn start_calibrating(&self, options: &[&str]) -> Background {
        let arguments = [
            "calibrate",
            "mix/",
            "--revision",
            "v1",
            "--seed",
            "3",
            "--budget",
            "10m",
            "--sides",
            "same-file,copy",
        ];
        let mut background = self.start(&[&arguments, options].concat());
        let folder = self.root.join("target/rqs/calibrating");
        background.wait_until("a round is journalled", || lines(&folder) >= 2);
        background
    }

    /// Copies of executables that calibrations made.
    fn copies(&self) -> Vec<PathBuf> {
        let executables = files_below(&self.root.join("target/rqs/executables"));
        executables.into_iter().filter(|path| path.to_string_lossy().ends_with(['~', '^'])).collect()
    }

    /// Processes of the tool that make load.
    fn load_processes(&self) -> usize {
        let program = self.root.join("target/rqs/scratch/load");
        self.processes().iter().filter(|(_, path)| *path == program).count()
    }
}

fn lines(folder: &Path) -> usize {
    let texts = files_below(folder).into_iter().filter_map(|path| fs::read_to_string(path).ok());
    texts.map(|text| text.matches('\n').count()).sum()
}

fn calibrations(results: &Path) -> Vec<PathBuf> {
    files_below(&results.join("calibrations"))
}

fn content(path: &Path) -> Value {
    let file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    file["content"].clone()
}

/// What a calibration printed with `--format json`. A false alarm is possible, and then told.
fn report(ran: &Ran) -> Value {
    assert!(matches!(ran.code, Some(0 | 100)), "{ran:#?}");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["breaks_the_promise"].as_bool().unwrap(), ran.code == Some(100), "{report:#}");
    report
}

#[test]
fn a_calibration_records_every_verdict_and_is_shown_again_as_it_was_printed() {
    let repository = Repository::get();
    let results = repository.scratch("calibrated");
    let typed = results.to_str().unwrap();
    let ran = repository.calibrate(&["--format", "json", "--results", typed, "--budget", "12s"]);
    let report = report(&ran);
    let path = PathBuf::from(report["record"].as_str().unwrap());
    assert_eq!(calibrations(&results), std::slice::from_ref(&path));
    let record = content(&path);
    assert!(results.join(format!("environments/{}.json", record["environment"].as_str().unwrap())).is_file());
    assert!(results.join("schemas/calibration.schema.json").is_file());
    assert!(results.join("schemas/calibration-report.schema.json").is_file());
    let commit = repository.git(&["rev-parse", "v1^{commit}"]);
    assert_eq!(record["subject"]["own"]["id"], commit.trim());
    let rounds = record["rounds"].as_array().unwrap();
    assert_eq!(rounds.len(), report["rounds"].as_u64().unwrap() as usize);
    let mut ended_ms = 0;
    for round in rounds {
        assert!(round["began_ms"].as_u64().unwrap() >= ended_ms, "rounds do not overlap");
        ended_ms = round["began_ms"].as_u64().unwrap() + round["elapsed_ms"].as_u64().unwrap();
        let [verdict] = &round["verdicts"].as_array().unwrap()[..] else { panic!("{round:#}") };
        assert_eq!((&verdict["suite"], &verdict["id"]), (&"zoo::speed".into(), &"mix/steady".into()));
        let used = verdict["log_ratios"].as_array().unwrap();
        assert!(!used.is_empty() && used.len() as u64 <= verdict["epochs"].as_u64().unwrap());
        assert!(verdict["elapsed_ms"].as_u64().unwrap() > 0);
        let mean = used.iter().map(|x| x.as_f64().unwrap()).sum::<f64>() / used.len() as f64;
        assert!((mean - verdict["mean"].as_f64().unwrap()).abs() < 1e-12);
    }
    for format in ["json", "text", "markdown"] {
        let shown = repository.rqs(&[
            "show",
            report["calibration"].as_str().unwrap(),
            "--format",
            format,
            "--results",
            typed,
        ]);
        let by_path =
            repository.rqs(&["show", path.to_str().unwrap(), "--format", format, "--results", typed]);
        assert_eq!(shown.stdout, by_path.stdout);
        if format == "json" {
            assert_eq!(shown.stdout, ran.stdout);
        }
        shown.exited(0);
    }
    let listed = repository.rqs(&["list", "--results", typed]).exited(0).stdout;
    assert!(listed.contains("1 of v1"), "{listed}");
    repository.assert_no_process_is_left();
    assert_eq!(repository.copies(), Vec::<PathBuf>::new());
}

#[test]
fn conditions_and_loads_take_turns_and_what_cannot_be_made_is_told() {
    let repository = Repository::get();
    let results = repository.scratch("conditions");
    let options =
        ["--sides", "same-file,copy,rebuilt", "--format", "json", "--results", results.to_str().unwrap()];
    let mut background = repository.start(&[&BRIEF[..], &options].concat());
    let folder = repository.root.join("target/rqs/calibrating");
    background.wait_until("three rounds are journalled", || lines(&folder) > 3);
    background.signal("INT");
    let ran = background.end().exited(101);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let record = content(&calibrations(&results)[0]);
    let of = |name: &str| -> BTreeSet<String> {
        let rounds = record["rounds"].as_array().unwrap().iter().take(3);
        rounds.map(|round| round[name].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(
        of("sides"),
        ["copy", "rebuilt", "same_file"].map(str::to_owned).into(),
        "each comes once before any twice"
    );
    let kinds = if report["notes"].to_string().contains("no load on memory") { 2 } else { 3 };
    assert_eq!(of("load").len(), kinds, "{report:#}");
    let named = |rows: &Value| -> Vec<String> {
        rows.as_array().unwrap().iter().map(|row| row["sides"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(named(&report["same_by_sides"]), ["same_file", "copy"]);
    assert_eq!(named(&report["layouts"]), ["rebuilt"]);

    repository.calibrate(&["--sides", "changes"]).exited(2).said(&["--known-changes"]);
    repository
        .calibrate(&["--cpu", "none", "--loads", "bursts"])
        .exited(2)
        .said(&["none of the wanted loads", "hint: "]);
    repository
        .rqs(&["calibrate", "nothing/like/it", "--revision", "v1"])
        .exited(4)
        .said(&["hint: leave the filter out"]);
}

#[test]
fn an_interrupted_calibration_records_its_rounds() {
    let repository = Repository::get();
    let results = repository.scratch("interrupted calibration");
    let user = repository.snapshot();
    let background =
        repository.start_calibrating(&["--results", results.to_str().unwrap(), "--loads", "none"]);
    background.signal("INT");
    let ran = background.end().exited(101);
    assert!(ran.stdout.contains(", interrupted"), "{ran:#?}");
    ran.said(&["error: interrupted", "hint: what was measured is recorded"]);
    let [path] = &calibrations(&results)[..] else { panic!("{:?}", calibrations(&results)) };
    let record = content(path);
    assert!(record["interrupted"].as_bool().unwrap() && !record["rounds"].as_array().unwrap().is_empty());
    assert_eq!(lines(&repository.root.join("target/rqs/calibrating")), 0);
    assert_eq!(repository.snapshot(), user);
    repository.assert_no_process_is_left();
}

/// As little as a calibration can do.
const BRIEFLY: [&str; 6] = ["--sides", "same-file", "--loads", "none", "--budget", "1s"];

#[test]
fn a_killed_calibration_leaves_no_load_and_the_next_one_records_its_rounds() {
    let repository = Repository::get();
    let results = repository.scratch("killed calibration");
    let typed = results.to_str().unwrap();
    let mut background = repository.start_calibrating(&["--results", typed, "--loads", "bursts"]);
    background.wait_until("there is load", || repository.load_processes() > 0);
    background.signal("KILL");
    assert_eq!(background.end().code, None);
    assert!(within(Duration::from_secs(5), || repository.load_processes() == 0), "load is left behind");
    repository.assert_no_process_is_left();
    assert!(calibrations(&results).is_empty());
    assert!(!repository.copies().is_empty(), "it was killed while it had a copy");
    let next = repository.calibrate(&[&["--results", typed][..], &BRIEFLY].concat());
    assert!(next.stderr.contains("recorded what an interrupted calibration had measured"), "{next:#?}");
    assert_eq!(repository.copies(), Vec::<PathBuf>::new());
    let recorded = calibrations(&results);
    assert_eq!(recorded.len(), 2);
    let marks: Vec<bool> = recorded.iter().map(|path| content(path)["interrupted"] == true).collect();
    assert_eq!(marks, [true, false]);
    assert_eq!(lines(&repository.root.join("target/rqs/calibrating")), 0);
}

#[test]
fn a_calibration_that_cannot_be_recorded_is_kept_for_the_next_one() {
    let repository = Repository::get();
    let results = repository.scratch("obstructed calibration");
    let typed = results.to_str().unwrap();
    let background = repository.start_calibrating(&["--results", typed, "--loads", "none"]);
    fs::write(results.join("calibrations"), "in the way").unwrap();
    background.signal("INT");
    let ran = background.end().exited(101);
    ran.said(&[
        "error: cannot write `",
        "hint: move the file away",
        "the next `cargo rqs calibrate` records it",
    ]);
    fs::remove_file(results.join("calibrations")).unwrap();
    let next = repository.calibrate(&[&["--results", typed][..], &BRIEFLY].concat());
    assert!(next.stderr.contains("recorded what an interrupted calibration had measured"), "{next:#?}");
    assert_eq!(calibrations(&results).len(), 2);
}

#[test]
fn bench_tells_the_rate_of_the_host_and_what_is_not_known_of_it() {
    let repository = Repository::get();
    let results = repository.scratch("told");
    let typed = results.to_str().unwrap();
    let bench = || {
        let sides = ["--baseline", "v1", "--candidate", "slower", "mix/changed", "--results", typed];
        repository.bench(&sides)
    };
    bench().said(&[
        "the rate of false alarms on this host is not calibrated; `cargo rqs calibrate` measures it",
    ]);
    let ran = repository.calibrate(&[
        "--results",
        typed,
        "--sides",
        "same-file",
        "--loads",
        "none",
        "--budget",
        "4s",
    ]);
    assert!(matches!(ran.code, Some(0 | 100)), "{ran:#?}");
    bench().said(&[" on the same code (at most ", "calibrated "]);
    // The same record, as another version of the tool, another machine and a careless hand would leave it.
    let [path] = &calibrations(&results)[..] else { panic!("{:?}, {ran:#?}", calibrations(&results)) };
    let text = fs::read_to_string(path).unwrap();
    fs::write(path, &text[..text.len() / 2]).unwrap();
    bench().said(&["note: the calibrations of this host are not used", "truncated"]);
}
