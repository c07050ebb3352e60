//! The journal under ordinary use, damage and kills.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::model::run_id::run_id;

fn header(id: &str) -> RunRecord {
    let revision = json!({"spec": "v1", "kind": "commit", "id": "a".repeat(40)});
    let suite = json!({
        "name": "p::b", "harness": {"baseline": "divan", "candidate": "divan"},
        "executables": {"baseline": "", "candidate": ""}, "identical": false,
        "benchmarks": [{"id": "known"}],
    });
    let record = json!({
        "format": 1, "id": id, "tool": "0.1.0", "started_unix_s": 1, "finished_unix_s": 1,
        "revisions": {"baseline": revision, "candidate": revision},
        "locks": {"baseline": "committed", "candidate": "committed"},
        "environment": "e", "dependencies": {"baseline": "d", "candidate": "d"},
        "policy": {"margin": 0.01, "floor": 0.005, "alpha": 0.01},
        "budget": {"max_epochs": 4, "time_budget_ms": 1, "epoch_us": 1, "seed": 1},
        "placement": {"bench_cpus": [], "scheduling": "other", "aslr_off": false},
        "suites": [suite],
    });
    serde_json::from_value(record).unwrap()
}

fn epoch(benchmark: &str, number: u32) -> JournalEntry {
    let turn = json!({"iterations": 10, "elapsed_ns": 1000 + number});
    let elapsed = vec![1000 + number; 10];
    let blocks = json!({"orders": "ABABA", "iterations": vec![10; 10], "baseline_ns": elapsed, "candidate_ns": elapsed});
    let sample = json!({
        "epoch": number, "engine": "turns", "spawned_first": "baseline", "warmed_first": "candidate",
        "warm_up": {"baseline": turn, "candidate": turn}, "blocks": blocks,
    });
    JournalEntry {
        suite: 0,
        benchmark: BenchmarkKey { id: benchmark.to_owned(), occurrence: 0 },
        event: JournalEvent::Epoch(serde_json::from_value(sample).unwrap()),
    }
}

fn epochs_of(run: &RunRecord, benchmark: &str) -> Vec<u32> {
    let found = run.suites[0].benchmarks.iter().find(|candidate| candidate.key.id == benchmark);
    found.map_or(Vec::new(), |benchmark| benchmark.epochs.iter().map(|sample| sample.epoch).collect())
}

fn epochs_file(dir: &Path, id: &str) -> PathBuf {
    dir.join("journal").join(id).join(EPOCHS)
}

#[test]
fn epochs_over_other_layouts_are_taken_up_beside_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let run = header(&run_id(1_795_370_096_000, 2));
    let mut journal = Journal::create(dir.path(), &run).unwrap();
    let JournalEvent::Epoch(sample) = epoch("known", 4).event else { panic!("an epoch") };
    let layout = LayoutSample { seeds: crate::model::ByRole::new(7, 8), sample: *sample };
    let relinked =
        JournalEntry { event: JournalEvent::Layout(Box::new(layout.clone())), ..epoch("known", 4) };
    journal.append(&[epoch("known", 0), relinked], None).unwrap();
    drop(journal);
    let (_, taken_up) = Journal::resume(dir.path()).unwrap().unwrap();
    assert_eq!(epochs_of(&taken_up, "known"), [0]);
    assert_eq!(taken_up.suites[0].benchmarks[0].layouts, [layout]);
}

#[test]
fn a_run_is_taken_up_with_everything_that_was_journalled() {
    let dir = tempfile::tempdir().unwrap();
    let run = header(&run_id(1_795_370_096_000, 1));
    let mut journal = Journal::create(dir.path(), &run).unwrap();
    journal.append(&[epoch("known", 0), epoch("new", 0)], None).unwrap();
    let failure = BenchmarkFailure {
        role: crate::model::Role::Candidate,
        what: "panicked".to_owned(),
        stderr_tail: "a\nb".to_owned(),
    };
    let failed = JournalEntry { event: JournalEvent::Failure(failure.clone()), ..epoch("new", 1) };
    journal.append(&[epoch("known", 1), failed], None).unwrap();
    let happened = LedgerEntry { epoch: 1, wall_us: 5, steal_ticks: Some(2), ..LedgerEntry::default() };
    journal.append(&[], Some(&happened)).unwrap();
    drop(journal);
    let (mut journal, resumed) = Journal::resume(dir.path()).unwrap().unwrap();
    assert_eq!((epochs_of(&resumed, "known"), epochs_of(&resumed, "new")), (vec![0, 1], vec![0]));
    assert_eq!(resumed.suites[0].benchmarks[1].failure, Some(failure));
    assert!(resumed.notes.is_empty());
    assert_eq!(resumed.ledger, [happened]);
    journal.append(&[epoch("known", 2)], None).unwrap();
    drop(journal);
    let (journal, resumed) = Journal::resume(dir.path()).unwrap().unwrap();
    assert_eq!(epochs_of(&resumed, "known"), [0, 1, 2]);
    journal.finish().unwrap();
    assert!(Journal::resume(dir.path()).unwrap().is_none());
    assert_eq!(fs::read_dir(dir.path().join("journal")).unwrap().count(), 0);
}

#[test]
fn the_newest_unfinished_run_is_taken_up_first() {
    let dir = tempfile::tempdir().unwrap();
    assert!(unfinished(dir.path()).unwrap().is_empty());
    let ids: Vec<_> = [2, 3, 1].map(|day| run_id(day * 86_400_000, 0)).into();
    for id in &ids {
        Journal::create(dir.path(), &header(id)).unwrap();
    }
    fs::write(dir.path().join("journal/notes.txt"), "").unwrap();
    assert_eq!(unfinished(dir.path()).unwrap(), [&ids[1], &ids[0], &ids[2]].map(String::clone));
    assert_eq!(Journal::resume(dir.path()).unwrap().unwrap().1.id, ids[1]);
    assert!(Journal::create(dir.path(), &header(&ids[0])).is_err(), "a journal is not overwritten");
}

#[test]
fn wherever_the_file_ends_the_whole_lines_before_it_are_kept_and_appending_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let id = run_id(1_795_370_096_000, 1);
    let mut journal = Journal::create(dir.path(), &header(&id)).unwrap();
    (0..3).for_each(|n| journal.append(&[epoch("known", n)], None).unwrap());
    drop(journal);
    let whole = fs::read(epochs_file(dir.path(), &id)).unwrap();
    for length in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
        fs::write(epochs_file(dir.path(), &id), &whole[..length]).unwrap();
        let (mut journal, run) = Journal::resume(dir.path()).unwrap().unwrap();
        let lines = whole[..length].iter().filter(|byte| **byte == b'\n').count() as u32;
        assert_eq!(epochs_of(&run, "known"), (0..lines).collect::<Vec<_>>());
        assert!(run.notes.is_empty());
        journal.append(&[epoch("known", 9)], None).unwrap();
        let (_, run) = Journal::resume(dir.path()).unwrap().unwrap();
        assert_eq!(epochs_of(&run, "known"), (0..lines).chain([9]).collect::<Vec<_>>());
    }
}

#[test]
fn a_damaged_line_ends_the_replay_with_a_note_and_is_never_taken_for_another_number() {
    let dir = tempfile::tempdir().unwrap();
    let id = run_id(1_795_370_096_000, 1);
    let run = header(&id);
    let mut journal = Journal::create(dir.path(), &run).unwrap();
    (0..3).for_each(|n| journal.append(&[epoch("known", n)], None).unwrap());
    let whole = fs::read(epochs_file(dir.path(), &id)).unwrap();
    let line = whole.len() / 3;
    for position in line..2 * line - 1 {
        let mut damaged = whole.clone();
        damaged[position] ^= 1;
        let mut replayed = run.clone();
        assert_eq!(replay(&damaged, &mut replayed), line, "byte {position}");
        assert_eq!(epochs_of(&replayed, "known"), [0]);
        assert!(replayed.notes[0].starts_with("the journal was damaged in line 2 ("), "{:?}", replayed.notes);
    }
    let mut elsewhere = epoch("known", 3);
    elsewhere.suite = 1;
    journal.append(&[elsewhere], None).unwrap();
    let (_, resumed) = Journal::resume(dir.path()).unwrap().unwrap();
    assert!(resumed.notes[0].contains("line 4 (there is no suite 1)"), "{:?}", resumed.notes);
    assert_eq!(fs::read(epochs_file(dir.path(), &id)).unwrap(), whole, "the damaged line is cut off");
}

#[test]
fn a_journal_that_cannot_be_used_is_named_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let id = run_id(1_795_370_096_000, 1);
    Journal::create(dir.path(), &header(&id)).unwrap();
    let path = dir.path().join("journal").join(&id).join(HEADER);
    for (text, cause) in [
        ("{", "`header.json`: EOF"),
        (
            r#"{"format": 7}"#,
            "`header.json`: written by a newer cargo-rqs (format 7, this one reads up to 3)",
        ),
        (
            &serde_json::to_string(&header(&run_id(1000, 1))).unwrap(),
            "its header belongs to `19700101T000001Z-00000001`",
        ),
    ] {
        fs::write(&path, text).unwrap();
        let failure = Journal::resume(dir.path()).unwrap_err();
        assert!(failure.message.contains(&id) && failure.hint.is_some(), "{failure}");
        assert!(failure.causes[0].starts_with(cause), "{failure}");
    }
}

#[test]
fn an_id_that_is_no_run_id_and_a_file_in_place_of_the_folder_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(Journal::create(dir.path(), &header("../../x")).is_err());
    fs::write(dir.path().join("journal"), "").unwrap();
    let failure = Journal::create(dir.path(), &header(&run_id(1, 1))).unwrap_err();
    assert!(failure.message.starts_with("cannot write the run's journal"), "{failure}");
}

#[test]
fn a_full_disk_leaves_what_was_journalled_and_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let id = run_id(1, 1);
    let mut journal = Journal::create(dir.path(), &header(&id)).unwrap();
    journal.append(&[epoch("known", 0)], None).unwrap();
    let on_disk =
        std::mem::replace(&mut journal.epochs, OpenOptions::new().write(true).open("/dev/full").unwrap());
    let failure = journal.append(&[epoch("known", 1)], None).unwrap_err();
    assert!(failure.causes[0].contains("No space left on device"), "{failure}");
    journal.epochs = on_disk;
    journal.append(&[epoch("known", 1)], None).unwrap();
    assert_eq!(epochs_of(&Journal::resume(dir.path()).unwrap().unwrap().1, "known"), [0, 1]);
}

/// Appends epochs and says each number once it is safe, until it is killed; only the test below starts it.
#[test]
#[ignore = "a helper process of the test below"]
fn child_that_journals() {
    let Ok(dir) = std::env::var("RQS_TEST_JOURNAL_DIR") else { return };
    let resumed = Journal::resume(Path::new(&dir)).unwrap();
    let (mut journal, run) = resumed.unwrap_or_else(|| {
        let run = header(&run_id(1_795_370_096_000, 1));
        (Journal::create(Path::new(&dir), &run).unwrap(), run)
    });
    for number in epochs_of(&run, "known").len() as u32.. {
        journal.append(&[epoch("known", number), epoch("other", number)], None).unwrap();
        println!("\nsafe {number}");
    }
}

#[test]
fn no_epoch_that_was_reported_safe_is_lost_when_the_run_is_killed_again_and_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut epochs_seen = 0;
    for round in 0..40 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "host::journal::tests::child_that_journals", "--ignored", "--nocapture"])
            .env("RQS_TEST_JOURNAL_DIR", dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(5 + round * 13 % 31));
        child.kill().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let safe = said.filter_map(|line| line.strip_prefix("safe ")?.parse::<usize>().ok()).last();
        child.wait().unwrap();
        let Some((_, run)) = Journal::resume(dir.path()).unwrap() else { continue };
        let known = epochs_of(&run, "known");
        assert_eq!(known, (0..known.len() as u32).collect::<Vec<_>>());
        assert!(
            known.len() > safe.unwrap_or(0) || safe.is_none(),
            "{safe:?} was safe, {} are there",
            known.len()
        );
        assert!(run.notes.is_empty(), "{:?}", run.notes);
        epochs_seen = known.len();
    }
    assert!(epochs_seen > 0, "no child lived long enough to write");
}
