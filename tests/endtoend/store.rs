//! What is written down, and how it is found and shown again.

use std::fs;

use crate::repository::Repository;

#[test]
fn show_prints_byte_for_byte_what_bench_printed() {
    let repository = Repository::get();
    let sides = ["--baseline", "v1", "--candidate", "slower", "mix/(changed|old)"];
    for format in ["text", "json", "markdown"] {
        let printed = repository.bench(&[&sides[..], &["--format", format]].concat()).exited(100).stdout;
        let report = repository.rqs(&["show", "--format", "json"]).exited(0).report();
        let path = report.path();
        for name in ["latest", report.id(), &report.id()[..23], path.to_str().unwrap()] {
            let shown = repository.rqs(&["show", name, "--format", format]).exited(0).stdout;
            assert_eq!(shown, printed, "`show {name}`");
        }
    }
}

#[test]
fn list_shows_the_runs_newest_first() {
    let repository = Repository::get();
    let results = repository.scratch("listed");
    let results = results.to_str().unwrap();
    let empty = repository.rqs(&["list", "--results", results]).exited(0);
    assert!(empty.stdout.starts_with("no runs are recorded yet"), "{}", empty.stdout);
    let ids = ["v1", "v1-readme"].map(|candidate| {
        let (_, report) = repository.judged("v1", candidate, &["--results", results]);
        report.id().to_owned()
    });
    let listed = repository.rqs(&["list", "--results", results]).exited(0).stdout;
    let rows: Vec<&str> = listed.lines().skip(1).collect();
    assert_eq!(rows.len(), 2, "{listed}");
    assert!(rows[0].starts_with(&ids[1]) && rows[1].starts_with(&ids[0]), "{listed}");
    assert!(rows[0].contains("v1-readme") && rows[0].ends_with("3 unchanged (identical code)"), "{listed}");
}

#[test]
fn a_corrupted_record_is_named_by_show_and_does_not_stop_list() {
    let repository = Repository::get();
    let results = repository.scratch("corrupted");
    let results = results.to_str().unwrap();
    let fsck = || repository.rqs(&["fsck", "--results", results]);
    fsck().exited(4).said(&["there is nothing in `", "hint: "]);
    let (_, report) = repository.judged("v1", "slower", &["mix/changed", "--results", results]);
    let path = report.path();
    let sound = fs::read_to_string(&path).unwrap();
    assert!(fsck().exited(0).stdout.contains(": sound\n"));
    let other = path.with_file_name("20200101T000000Z-00000000.json");
    let forged = sound.replace("0.06", "0.07");
    assert_ne!(forged, sound);
    fs::write(&other, forged).unwrap();
    let shown = repository.rqs(&["show", "20200101", "--results", results]).exited(101);
    shown.said(&[
        other.to_str().unwrap(),
        "caused by: corrupted record: content hash does not match",
        "hint: ",
    ]);
    let listed = repository.rqs(&["list", "--results", results]).exited(0).stdout;
    let rows: Vec<&str> = listed.lines().skip(1).collect();
    assert!(rows[0].starts_with(report.id()) && rows[0].ends_with("1 regressed"), "{listed}");
    assert!(rows[1].starts_with("20200101T") && rows[1].contains("unreadable: corrupted record"), "{listed}");
    let faulty = fsck().exited(100).stdout;
    let queried = repository.rqs(&["query", "--format", "csv", "--results", results]).exited(0);
    assert_eq!(queried.stdout.lines().count(), 3, "a title and both sides: {}", queried.stdout);
    queried.said(&["note: 20200101T000000Z-00000000 cannot be read: corrupted record"]);
    assert!(faulty.contains(": 1 fault\n") && faulty.contains("content hash does not match"), "{faulty}");
    fs::write(&path, &sound[..sound.len() / 2]).unwrap();
    repository.rqs(&["show", "--results", results]).exited(101).said(&[path.to_str().unwrap(), "truncated"]);
    repository
        .rqs(&["show", "1999", "--results", results])
        .exited(2)
        .said(&["there is no run `1999`", "hint: "]);
}

#[test]
fn a_record_keeps_revisions_seed_policy_and_fingerprints_of_files_that_are_there() {
    let repository = Repository::get();
    let (_, report) = repository.judged("v1", "slower", &["mix/changed"]);
    let record = report.record();
    let commit = repository.git(&["rev-parse", "v1^{commit}"]);
    assert_eq!(record["revisions"]["baseline"]["id"], commit.trim());
    assert_eq!((&record["budget"]["seed"], &record["policy"]["floor"]), (&7.into(), &0.03.into()));
    let there = |folder: &str, name: &serde_json::Value| {
        let path =
            repository.root.join("results").join(folder).join(format!("{}.json", name.as_str().unwrap()));
        assert!(path.is_file(), "{}", path.display());
    };
    there("environments", &record["environment"]);
    there("dependencies", &record["dependencies"]["baseline"]);
    there("dependencies", &record["dependencies"]["candidate"]);
    let arguments: Vec<_> =
        record["arguments"].as_array().unwrap().iter().filter_map(|it| it.as_str()).collect();
    assert!(arguments.starts_with(&["--format", "json", "--baseline", "v1"]), "{arguments:?}");
}
