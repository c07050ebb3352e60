//! Ways between revisions, what is said along them, and the causes that are left.

use super::samples::{benchmark, revision, run};
use super::way::Link;
use super::*;
use crate::analysis::dependencies::{GraphDifference, Need, Standing};
use crate::analysis::verdict::Verdict;
use crate::model::ByRole;
use crate::model::Role;
use crate::model::history::{RunOutline, Step};
use crate::model::policy::{Class, Policy};
use crate::model::revision::Revision;

fn revisions() -> [Revision; 4] {
    ["a", "b", "c", "d"].map(|digit| revision(&format!("v{digit}"), digit))
}

fn meant(revision: &Revision) -> Meant {
    Meant { revision: revision.id.clone(), run: None }
}

fn way(runs: &[RunOutline], from: &Revision, to: &Revision) -> Result<Way, NoWay> {
    find(runs, [&meant(from), &meant(to)])
}

fn links(expected: &[(usize, bool)]) -> Result<Way, NoWay> {
    Ok(Way::Chain(expected.iter().map(|(run, reversed)| Link { run: *run, reversed: *reversed }).collect()))
}

#[test]
fn a_run_of_both_is_better_than_a_chain_and_a_new_one_than_an_old_one() {
    let [a, b, c, d] = &revisions();
    let runs = [
        run(0, "1", [b, c]),
        run(1, "1", [a, b]),
        run(2, "1", [a, c]),
        run(3, "1", [a, c]),
        run(4, "1", [c, d]),
    ];
    assert_eq!(way(&runs, a, c), links(&[(2, false)]));
    assert_eq!(way(&runs, c, a), links(&[(2, true)]));
    assert_eq!(way(&runs, a, d), links(&[(2, false), (4, false)]));
    assert_eq!(way(&runs, d, b), links(&[(4, true), (0, true)]));
}

#[test]
fn a_chain_stays_in_one_environment() {
    let [a, b, c, d] = &revisions();
    let runs = [run(0, "1", [a, b]), run(1, "2", [b, c]), run(2, "2", [a, b])];
    assert_eq!(way(&runs, a, c), links(&[(2, false), (1, false)]));
    let apart = [run(0, "1", [a, b]), run(1, "2", [c, d])];
    assert_eq!(way(&apart, a, c), Err(NoWay::Apart([0, 1])));
    assert_eq!(way(&runs, a, d), Err(NoWay::Unmeasured(1)));
}

#[test]
fn what_no_chain_connects_is_set_side_by_side() {
    let [a, b, c, d] = &revisions();
    let runs = [run(0, "1", [a, b]), run(1, "1", [c, d])];
    let sides = [Point { run: 0, role: Role::Baseline }, Point { run: 1, role: Role::Candidate }];
    assert_eq!(way(&runs, a, d), Ok(Way::Separate(sides)));
}

#[test]
fn runs_that_are_named_are_those_that_are_taken() {
    let [a, b, ..] = &revisions();
    let runs = [run(0, "1", [a, b]), run(1, "1", [a, b]), run(2, "2", [a, b])];
    let named = |run: usize| Meant { revision: b.id.clone(), run: Some(run) };
    let candidate = |run| Point { run, role: Role::Candidate };
    assert_eq!(find(&runs, [&named(1), &named(0)]), Ok(Way::Separate([candidate(1), candidate(0)])));
    assert_eq!(find(&runs, [&named(2), &named(0)]), Err(NoWay::Apart([2, 0])));
    assert_eq!(find(&runs, [&meant(a), &named(2)]), links(&[(2, false)]));
}

#[test]
fn changes_add_up_along_a_chain_and_so_do_the_squares_of_their_uncertainty() {
    let [a, b, c, _] = &revisions();
    let mut runs = vec![run(0, "1", [c, b]), run(1, "1", [a, b])];
    runs[0].benchmarks.push(benchmark("new", 0.5));
    runs[0].benchmarks[2].exists = ByRole::new(true, false);
    runs[0].benchmarks[1].step = Some(Step::NONE);
    runs[1].benchmarks.push(benchmark("old", 0.5));
    let compared = compare(&runs, &way(&runs, a, c).unwrap());
    let Said::Judged(interval, verdict) = compared[0].said else { panic!("{compared:?}") };
    assert!(interval.mean.abs() < 1e-12 && (interval.half_width - 0.004 * 2f64.sqrt()).abs() < 1e-12);
    assert_eq!(verdict, Verdict::Unchanged);
    assert!(compared[0].ns[0].is_some() && compared[0].ns[1].is_none());
    let Said::Judged(interval, _) = compared[1].said else { panic!() };
    assert_eq!((interval.half_width, interval.n), (0.004, 8));
    assert_eq!(compared[2].key.id, "new");
    assert_eq!([compared[2].said, compared[3].said], [Said::Only(1), Said::Only(0)]);
}

#[test]
fn what_is_informational_or_not_judged_fails_nothing() {
    let [a, b, c, d] = &revisions();
    let mut runs = vec![run(0, "1", [a, b]), run(1, "1", [c, d])];
    let fails = |runs: &[RunOutline], to: &Revision| {
        compare(runs, &way(runs, a, to).unwrap()).iter().map(Compared::fails).collect::<Vec<_>>()
    };
    assert_eq!((fails(&runs, b), fails(&runs, d)), (vec![true, false], vec![false, false]));
    runs[0].benchmarks[0].policy.class = Class::Informational;
    assert_eq!(fails(&runs, b), [false, false]);
}

#[test]
fn the_same_code_all_along_is_no_change_for_sure() {
    let none = compared::judge(&[Step::NONE, Step::NONE], &Policy::USUAL);
    assert_eq!(none, Said::Identical);
    let step = Step { mean: 0.03, half_width: 0.01, epochs: 9 };
    let Said::Judged(interval, verdict) = compared::judge(&[Step::NONE, step], &Policy::USUAL) else {
        panic!()
    };
    assert_eq!((interval.mean, interval.n, verdict), (0.03, 9, Verdict::Regressed));
}

#[test]
fn separate_runs_are_shown_and_not_judged() {
    let [a, b, c, d] = &revisions();
    let mut runs = vec![run(0, "1", [a, b]), run(1, "1", [c, d])];
    runs[1].benchmarks[1].levels = None;
    let compared = compare(&runs, &way(&runs, a, d).unwrap());
    let Said::Shown(interval) = compared[0].said else { panic!() };
    assert!((interval.mean - 0.05).abs() < 1e-12, "{interval:?}");
    assert_eq!(compared[1].said, Said::NotMeasured);
}

#[test]
fn the_only_thing_that_differs_is_the_likeliest_cause() {
    let paths = ["src/lib.rs", "build.rs", "benches/data.txt", "Cargo.lock", "README.md", ".github/ci.yml"];
    let sources = Files::of(paths);
    assert_eq!(sources, Files { sources: 3, lockfiles: 1, others: 2 });
    let same = GraphDifference { same: 9, ..GraphDifference::default() };
    let first = |files, dependencies, in_alternation| likely(files, dependencies, in_alternation)[0];
    assert_eq!(first(Some(sources), Some(&same), true), Likely { cause: Cause::Code, weight: Weight::Only });
    let mut other = same.clone();
    other.features.push(crate::analysis::dependencies::FeatureChange {
        name: "memchr".into(),
        version: "2.7.4".into(),
        on: vec!["std".into()],
        off: Vec::new(),
        standing: Standing { member: false, direct: true, need: Some(Need::Run) },
    });
    assert!(!other.of_what_is_run().is_none());
    let mut tests_only = other.clone();
    tests_only.features[0].standing.need = Some(Need::Dev);
    assert!(tests_only.of_what_is_run().is_none() && !tests_only.is_none());
    let documents = Files { others: 1, ..Files::default() };
    let only = Likely { cause: Cause::Dependencies, weight: Weight::Only };
    assert_eq!(first(Some(documents), Some(&other), true), only);
    let both = likely(Some(sources), Some(&other), true);
    assert_eq!(both.iter().filter(|it| it.weight == Weight::Possible).count(), 2);
    assert_eq!(first(None, Some(&same), true), Likely { cause: Cause::Code, weight: Weight::Unknown });
    let apart = first(Some(documents), Some(&same), false);
    assert_eq!(apart, Likely { cause: Cause::Environment, weight: Weight::Only });
}
