//! From records to what is said: which commits count as known, what is measured next, and how it ends.

use std::collections::BTreeMap;

use super::*;
use crate::model::bisection::{BisectionRecord, Commit, Measurement, Purpose, Skipped, Subject, Yardstick};
use crate::model::failure::Exit;
use crate::model::policy::Policy;
use crate::model::record::{BenchmarkRecord, LayoutSample, Placement, Presence, SuiteRecord};
use crate::model::revision::{Revision, RevisionKind};
use crate::model::{
    BenchmarkKey, Block as TurnBlock, BlockOrder, ByRole, Counted, Counts, Disturbance, Engine, EpochSample,
    Role, Turn,
};

fn id(number: usize) -> String {
    format!("{number:04x}{}", "0".repeat(36))
}

fn key() -> BenchmarkKey {
    BenchmarkKey { id: "sum".into(), occurrence: 0 }
}

/// Epochs of about this log-ratio, a tenth of a percent apart.
fn epochs(mean: f64) -> Vec<EpochSample> {
    let epoch = |number: u32| {
        let wobble = [-0.001, 0.001, 0.0005, -0.0005][number as usize % 4];
        let turn = |ratio: f64| Turn { iterations: 1000, elapsed_ns: (1e7 * (ratio / 2.0).exp()) as u64 };
        let (before, after) = (turn(-mean - wobble), turn(mean + wobble));
        let block = TurnBlock {
            order: BlockOrder::Abba,
            turns: ByRole::new([before, before], [after, after]),
            disturbance: Disturbance::default(),
        };
        EpochSample {
            epoch: number,
            engine: Engine::Turns,
            spawned_first: Role::Baseline,
            warmed_first: Role::Baseline,
            warm_up: ByRole::new(before, before),
            helper_threads: false,
            handover_ns: 0,
            counters: None,
            resources: None,
            blocks: vec![block; 4],
        }
    };
    (0..12).map(epoch).collect()
}

fn benchmark(mean: f64) -> BenchmarkRecord {
    BenchmarkRecord { epochs: epochs(mean), ..BenchmarkRecord::new(key(), Presence::Both) }
}

fn counted(instructions: u64) -> Counted {
    let mut counts = Counts::default();
    counts.push(1, [instructions, 10, 10, 10]);
    Counted::Counts(counts)
}

/// A chain of commits 1 to `commits` behind the good end 0, both ends compared.
pub fn chain(commits: usize, whole: f64) -> BisectionRecord {
    let commit = |number: usize| Commit {
        id: id(number),
        tree: id(1000 + number),
        parents: vec![id(number - 1)],
        author: "Zoë Keeper <zoe@example.org>".into(),
        authored_unix_s: 1_795_000_000,
        summary: format!("Change {number}"),
    };
    let revision = |spec: &str, number: usize| Revision {
        spec: spec.into(),
        kind: RevisionKind::Commit,
        id: id(number),
        summary: format!("Change {number}"),
        committed_unix_s: Some(1_795_000_000),
    };
    let suite = SuiteRecord {
        name: "zoo::speed".into(),
        harness: ByRole::default(),
        executables: ByRole::default(),
        identical: false,
        benchmarks: vec![benchmark(whole)],
    };
    let mut record = BisectionRecord {
        format: BisectionRecord::FORMAT,
        id: "20261122T101500Z-1a2b3c4d".into(),
        tool: "0.1.0".into(),
        arguments: Vec::new(),
        started_unix_s: 1_795_342_500,
        finished_unix_s: 1_795_342_625,
        elapsed_ms: 125_000,
        good: revision("v1", 0),
        bad: revision("v2", commits),
        first_parent: false,
        by: Yardstick::Time,
        commits: (1..=commits).map(commit).collect(),
        environment: "e".repeat(64),
        placement: Placement::default(),
        policy: Policy::USUAL,
        confidence: 0.95,
        seed: 7,
        ends: vec![suite],
        subject: None,
        code: BTreeMap::new(),
        measured: Vec::new(),
        skipped: Vec::new(),
        not_varied: Some("its linker cannot".into()),
        notes: Vec::new(),
    };
    record.subject = strongest(&record, record.by);
    record
}

pub fn measurement(purpose: Purpose, before: usize, after: usize, mean: f64) -> Measurement {
    Measurement {
        purpose,
        baseline: id(before),
        candidate: id(after),
        layout: None,
        complete: true,
        epochs: epochs(mean),
        layouts: Vec::new(),
        failure: None,
        counts: None,
    }
}

/// Measures what is asked for until the search ends; commits from `culprit` on have the change.
pub fn play(record: &mut BisectionRecord, culprit: usize, change: f64) -> Step {
    loop {
        match State::of(record).unwrap().next() {
            // Candidate k is the commit k + 1.
            Step::Measure(candidate) => {
                let mean = if candidate + 1 >= culprit { change } else { 0.0 };
                record.measured.push(measurement(Purpose::Search, 0, candidate + 1, mean));
            }
            step => return step,
        }
    }
}

#[test]
fn the_benchmark_that_differs_most_surely_is_bisected_and_the_others_are_named() {
    let mut record = chain(4, 0.03);
    assert_eq!(record.subject, Some(Subject { suite: "zoo::speed".into(), key: key() }));
    let other = BenchmarkKey { id: "product".into(), occurrence: 0 };
    record.ends[0].benchmarks.push(BenchmarkRecord { key: other.clone(), ..benchmark(-0.2) });
    record.subject = strongest(&record, record.by);
    assert_eq!(record.subject.as_ref().unwrap().key, other);
    let others = conclude(&record).others;
    assert_eq!(others.len(), 1);
    assert_eq!(others[0].0, "zoo::speed::sum");
}

#[test]
fn ends_that_do_not_differ_are_no_case_for_a_search() {
    let record = chain(4, 0.0);
    assert_eq!(record.subject, None);
    let conclusion = conclude(&record);
    assert_eq!((conclusion.ending, conclusion.exit()), (Ending::NoChange, Exit::Inconclusive));
}

/// One epoch of this log-ratio for each pair of other layouts.
fn layouts(mean: f64) -> Vec<LayoutSample> {
    let pair = |sample: EpochSample| LayoutSample {
        seeds: ByRole::new(sample.epoch + 1, sample.epoch + 1001),
        sample,
    };
    epochs(mean).into_iter().map(pair).collect()
}

#[test]
fn a_change_that_the_layout_as_built_hides_is_a_case_and_one_that_it_makes_is_none() {
    let mut hidden = chain(4, 0.0);
    hidden.ends[0].benchmarks[0].layouts = layouts(0.03);
    hidden.subject = strongest(&hidden, hidden.by);
    let whole = State::of(&hidden).unwrap().evidence().whole;
    assert!((whole.mean - 0.03).abs() < 0.001, "{whole:?}");
    let mut made = chain(4, 0.03);
    made.ends[0].benchmarks[0].layouts = layouts(0.0);
    assert_eq!(strongest(&made, made.by), None);
    // When the time was over after a few pairs, what was built has to do.
    made.ends[0].benchmarks[0].layouts.truncate(3);
    assert_eq!(strongest(&made, made.by).unwrap().key, key());
}

#[test]
fn what_a_commit_does_by_itself_is_read_over_layouts() {
    let mut record = chain(16, 0.03);
    play(&mut record, 6, 0.03);
    let check = |as_built, over_layouts| Measurement {
        layouts: layouts(over_layouts),
        ..measurement(Purpose::Check, 5, 6, as_built)
    };
    record.measured.push(check(-0.01, 0.03));
    assert_eq!(conclude(&record).ending, Ending::Found);
    record.measured.pop();
    record.measured.push(check(0.03, 0.0));
    assert_eq!(conclude(&record).ending, Ending::NotConfirmed);
}

#[test]
fn a_commit_is_found_once_it_is_likely_enough_and_shows_the_change_by_itself() {
    let mut record = chain(16, 0.03);
    let Step::Found(block) = play(&mut record, 6, 0.03) else { panic!("not found") };
    assert_eq!(block.commits, [5]);
    assert_eq!(conclude(&record).ending, Ending::Open);
    let state = State::of(&record).unwrap();
    assert_eq!(state.check_of(&block), Some((5, Some(4))));
    record.measured.push(measurement(Purpose::Check, 5, 6, 0.03));
    let conclusion = conclude(&record);
    assert_eq!((conclusion.ending, conclusion.exit()), (Ending::Found, Exit::Clean));
    assert!(!conclusion.explains_a_part());
    record.measured.pop();
    record.measured.push(measurement(Purpose::Check, 5, 6, 0.0));
    assert_eq!(conclude(&record).ending, Ending::NotConfirmed);
    record.measured.pop();
    record.measured.push(measurement(Purpose::Check, 5, 6, 0.015));
    let part = conclude(&record);
    assert!(part.ending == Ending::Found && part.explains_a_part());
}

#[test]
fn a_change_to_the_better_is_found_in_the_same_way() {
    let mut record = chain(16, -0.05);
    assert!(matches!(play(&mut record, 11, -0.05), Step::Found(block) if block.commits == [10]));
}

#[test]
fn skipped_commits_are_not_asked_for_again_and_stay_in_the_answer() {
    let mut record = chain(6, 0.03);
    record.skipped =
        [3, 4].map(|number| Skipped { commit: id(number), reason: "it does not build".into() }).to_vec();
    let Step::Found(block) = play(&mut record, 4, 0.03) else { panic!("not found") };
    // The third, fourth and fifth commit.
    assert_eq!(block.commits, [2, 3, 4]);
    assert_eq!(State::of(&record).unwrap().check_of(&block), Some((4, Some(1))));
    assert!(matches!(conclude(&record).commits[2].known, Known::Skipped(_)));
}

#[test]
fn equal_sources_and_equal_code_are_known_without_measuring() {
    let mut record = chain(5, 0.03);
    record.commits[1].tree = record.commits[0].tree.clone();
    record.code =
        BTreeMap::from([(id(0), "a".into()), (id(2), "a".into()), (id(5), "b".into()), (id(4), "b".into())]);
    let state = State::of(&record).unwrap();
    assert_eq!(state.next(), Step::Measure(2));
    let conclusion = conclude(&record);
    assert_eq!(conclusion.commits[1].known, Known::SameAs(None));
    assert_eq!(conclusion.commits[1].chance_after, Some(0.0));
    let likely: Vec<usize> = (0..5).filter(|commit| conclusion.commits[*commit].chance > 0.0).collect();
    assert_eq!(likely, [2, 3]);
    // The fourth commit is the bad end's code, and that is told although it is the first of its kind.
    assert_eq!(conclusion.commits[3].known, Known::SameAs(Some(4)));
    assert!(conclusion.commits[3].looked_at && !conclusion.commits[2].looked_at);
}

#[test]
fn a_commit_between_the_levels_is_measured_again_in_another_layout_where_there_are_any() {
    let mut record = chain(2, 0.03);
    record.measured.push(measurement(Purpose::Search, 0, 1, 0.015));
    assert_eq!(State::of(&record).unwrap().next(), Step::Exhausted);
    record.not_varied = None;
    assert!(matches!(State::of(&record).unwrap().next(), Step::Measure(_)));
    for seed in 1..6 {
        let again = measurement(Purpose::Search, 0, 1, 0.029);
        record.measured.push(Measurement { layout: Some(seed), ..again });
    }
    let found = State::of(&record).unwrap().next();
    assert!(matches!(&found, Step::Found(block) if block.commits == [0]), "{found:?}");
    assert!(matches!(conclude(&record).commits[0].known, Known::Measured(_, 6)));
}

#[test]
fn counted_instructions_decide_after_log2_commits_although_others_change_a_little() {
    let mut record = chain(32, 0.0);
    record.by = Yardstick::Instructions;
    record.ends[0].benchmarks[0].counts = Some(ByRole::new(counted(10_000), counted(10_400)));
    record.subject = strongest(&record, record.by);
    let step = loop {
        match State::of(&record).unwrap().next() {
            Step::Measure(candidate) => {
                let after = if candidate >= 20 { 10_400 } else { 10_003 };
                let counts = Some(ByRole::new(counted(10_000), counted(after)));
                let measurement = measurement(Purpose::Search, 0, candidate + 1, 0.0);
                record.measured.push(Measurement { epochs: Vec::new(), counts, ..measurement });
            }
            step => break step,
        }
    };
    assert!(matches!(&step, Step::Found(block) if block.commits == [20]), "{step:?}");
    assert!(record.measured.len() <= 6, "{}", record.measured.len());
}

#[test]
fn what_layouts_hide_from_time_is_open_and_counts_may_tell_it() {
    let mut record = chain(4, 0.03);
    let benchmark = &mut record.ends[0].benchmarks[0];
    let pairs = layouts(0.2).into_iter().chain(layouts(-0.2)).chain(layouts(0.1)).chain(layouts(-0.1));
    benchmark.layouts = pairs.collect();
    assert_eq!(strongest(&record, Yardstick::Time), None);
    assert_eq!(undecided(&record), [("zoo::speed".to_owned(), key())]);
    assert_eq!(strongest(&record, Yardstick::Instructions), None);
    record.ends[0].benchmarks[0].counts = Some(ByRole::new(counted(10_000), counted(10_300)));
    assert_eq!(strongest(&record, Yardstick::Instructions).unwrap().key, key());
    // What is equal for sure is no case for counting.
    assert_eq!(undecided(&chain(4, 0.0)), []);
    assert_eq!(undecided(&chain(4, 0.03)), []);
}

#[test]
fn work_is_the_yardstick_where_it_changed_as_much_as_the_time() {
    let mut record = chain(4, 0.03);
    assert!(!work_tells_more(&record), "not counted");
    for (after, tells) in [(10_000, false), (10_100, false), (10_200, true), (9_800, true)] {
        record.ends[0].benchmarks[0].counts = Some(ByRole::new(counted(10_000), counted(after)));
        assert_eq!(work_tells_more(&record), tells, "{after}");
    }
    record.subject = None;
    assert!(work_tells_more(&record));
}

#[test]
fn what_was_found_by_counts_is_not_confirmed_when_its_time_is_the_same() {
    let mut record = chain(2, 0.03);
    record.by = Yardstick::Instructions;
    let counts = || Some(ByRole::new(counted(10_000), counted(10_300)));
    record.ends[0].benchmarks[0].counts = counts();
    let search = measurement(Purpose::Search, 0, 1, 0.0);
    record.measured.push(Measurement { counts: counts(), epochs: Vec::new(), ..search });
    for (time, ending) in [(0.03, Ending::Found), (-0.03, Ending::Found), (0.0, Ending::NotConfirmed)] {
        let check = measurement(Purpose::Check, 0, 1, time);
        record.measured.push(Measurement { counts: counts(), ..check });
        let conclusion = conclude(&record);
        assert_eq!(conclusion.ending, ending, "{time}");
        assert!(conclusion.check.unwrap().time.is_some());
        record.measured.pop();
    }
}

#[test]
fn commits_beside_the_good_end_do_not_contain_it() {
    let mut record = chain(4, 0.03);
    record.commits[1].parents = vec![id(77)];
    record.commits[3].parents.push(id(2));
    record.commits[2].parents = vec![id(1)];
    assert_eq!(contain_the_good_end(&record), [true, false, true, true]);
}
