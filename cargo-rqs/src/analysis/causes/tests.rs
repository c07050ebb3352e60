//! Runs made of changes and profiles, and the causes that are seen in them.

use proptest::prelude::*;

use super::super::confidence::Interval;
use super::super::epoch::DisturbanceSum;
use super::super::row::Finding;
use super::super::standing::Standing;
use super::super::used;
use super::super::verdict::Judgement;
use super::*;
use crate::model::ByRole;
use crate::model::policy::{BenchmarkPolicy, Policy};
use crate::model::profile::{FunctionWeight, ProfileEngine, ProfileRecord, ProfiledSide};

/// A row whose change is this; changes below 0.5 % count as none. `function` holds a part of the change.
fn row(id: &str, change: f64, function: Option<(&str, f64)>) -> Row {
    let verdict = match change {
        change if change > 0.005 => Verdict::Regressed,
        change if change < -0.005 => Verdict::Improved,
        _ => Verdict::Unchanged,
    };
    let interval = Interval { mean: change.ln_1p(), sd: 0.001, half_width: 0.002, n: 12 };
    let profile = function.map(|(name, part)| {
        let side = |weight: u64| ProfiledSide { weight, iterations: Some(1), ..ProfiledSide::default() };
        let more = (change * 1e9) as i64;
        let charged = ByRole::new(5_000_000_000, (5_000_000_000 + (part * more as f64) as i64) as u64);
        ProfileRecord {
            engine: ProfileEngine::Callgrind,
            sides: ByRole::new(side(10_000_000_000), side((10_000_000_000 + more) as u64)),
            wall_ms: 0,
            functions: vec![FunctionWeight { name: name.into(), charged }],
        }
    });
    Row {
        key: BenchmarkKey { id: id.into(), occurrence: 0 },
        finding: Finding::Measured(Judgement { verdict, interval, alpha: 0.01, ln_evidence: 9.0 }, None),
        typical_ns: None,
        log_ratios: Vec::new(),
        discarded: Vec::new(),
        engines: Vec::new(),
        blocks: 0,
        dropped: 0,
        disturbance: DisturbanceSum::default(),
        steadiness: None,
        work: None,
        profile,
        used: used::of_epochs(&[]),
        layouts: Vec::new(),
        over_layouts: None,
        code: None,
        standing: Standing::before_ruling(Policy::USUAL, BenchmarkPolicy::default()),
    }
}

fn suite(name: &str, rows: Vec<Row>) -> SuiteComparison {
    SuiteComparison { name: name.into(), harness: ByRole::default(), identical: false, rows }
}

fn of_changes(name: &str, changes: &[f64]) -> SuiteComparison {
    let rows = changes.iter().enumerate().map(|(k, change)| row(&format!("{name}{k}"), *change, None));
    suite(name, rows.collect())
}

fn moved(suites: &[SuiteComparison]) -> Vec<Together> {
    let together = |cause| match cause {
        Cause::Together(together) => Some(together),
        Cause::Function(_) => None,
    };
    causes(suites).into_iter().filter_map(together).collect()
}

#[test]
fn what_moved_together_is_one_cause_with_its_range() {
    let [found] = &moved(&[of_changes("a", &[0.031, 0.036, 0.039, 0.033])])[..] else { panic!() };
    assert_eq!((found.suite.as_deref(), found.verdict), (Some("a"), Verdict::Regressed));
    assert_eq!((found.benchmarks.len(), found.measured), (4, 4));
    assert!((found.changes[0] - 0.031).abs() < 1e-9 && (found.changes[1] - 0.039).abs() < 1e-9);
    let [found] = &moved(&[of_changes("a", &[-0.3, -0.25, -0.28])])[..] else { panic!() };
    assert_eq!(found.verdict, Verdict::Improved);
    assert!(found.changes[0] > found.changes[1], "the one nearer to none comes first");
}

#[test]
fn most_are_enough_and_what_stands_apart_is_left_out() {
    let [found] = &moved(&[of_changes("a", &[0.03, 0.2, 0.031, 0.032])])[..] else { panic!() };
    assert_eq!((found.benchmarks.len(), found.measured), (3, 4));
    assert!(found.benchmarks.iter().all(|name| name.key.id != "a1"));
    for too_few in [
        &[0.03, 0.03][..],
        &[0.03, 0.031, 0.032, 0.0, 0.001],
        &[0.02, 0.04, 0.08, 0.16],
        &[0.03, 0.031, -0.03, -0.031],
        &[],
    ] {
        assert!(moved(&[of_changes("a", too_few)]).is_empty(), "{too_few:?}");
    }
}

#[test]
fn what_holds_for_the_run_is_not_told_of_its_suites_again() {
    let found = moved(&[of_changes("a", &[0.03, 0.032, 0.031]), of_changes("b", &[0.03, 0.034])]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].suite.as_deref(), found[0].benchmarks.len()), (None, 5));
    let found = moved(&[of_changes("a", &[0.03, 0.032, 0.031]), of_changes("b", &[0.0, -0.2, -0.21, -0.22])]);
    let suites: Vec<_> = found.iter().map(|it| (it.suite.as_deref(), it.verdict)).collect();
    assert_eq!(suites, [(Some("a"), Verdict::Regressed), (Some("b"), Verdict::Improved)]);
}

#[test]
fn a_function_that_holds_most_of_several_changes_is_named_once() {
    let rows = vec![
        row("one", 0.05, Some(("json::escape", 0.9))),
        row("two", 0.30, Some(("json::escape", 0.6))),
        row("half", 0.05, Some(("json::escape", 0.4))),
        row("faster", -0.05, Some(("json::escape", 0.9))),
        row("same", 0.0, Some(("json::escape", 0.9))),
        row("other", 0.05, Some(("json::parse", 0.9))),
    ];
    let found = causes(&[suite("a", rows)]);
    let [Cause::Function(found)] = &found[..] else { panic!("{found:?}") };
    assert_eq!((found.function.as_str(), found.verdict), ("json::escape", Verdict::Regressed));
    let ids: Vec<&str> = found.benchmarks.iter().map(|name| name.key.id.as_str()).collect();
    assert_eq!(ids, ["one", "two"]);
}

proptest! {
    #[test]
    fn a_cause_is_true_of_every_benchmark_it_names_and_no_benchmark_is_in_two_of_a_kind(
        suites in prop::collection::vec(prop::collection::vec((-0.1f64..0.1, 0usize..3, 0.0f64..1.0), 0..8), 0..4),
    ) {
        let functions = ["f", "g", "h"];
        let suites: Vec<SuiteComparison> = suites.into_iter().enumerate().map(|(at, rows)| {
            let rows = rows.into_iter().enumerate().map(|(k, (change, function, part))| {
                row(&format!("{k}"), change, Some((functions[function], part)))
            });
            suite(&format!("s{at}"), rows.collect())
        }).collect();
        let judged = |name: &Named| {
            let suite = suites.iter().find(|suite| suite.name == name.suite).unwrap();
            *suite.rows.iter().find(|row| row.key == name.key).unwrap().judgement().unwrap()
        };
        let mut seen: [Vec<Named>; 2] = Default::default();
        for cause in causes(&suites) {
            let (kind, verdict, names) = match &cause {
                Cause::Together(it) => {
                    prop_assert!(it.benchmarks.len() >= 3 && it.benchmarks.len() * 4 >= it.measured * 3);
                    prop_assert!(it.changes[1].abs() <= 1.5 * it.changes[0].abs() * (1.0 + 1e-12));
                    let holds = it.benchmarks.iter().map(|name| judged(name).interval.change().abs());
                    let (low, high) = (it.changes[0].abs(), it.changes[1].abs());
                    prop_assert!(holds.into_iter().all(|change| (low..=high).contains(&change)));
                    (0, it.verdict, &it.benchmarks)
                }
                Cause::Function(it) => {
                    prop_assert!(it.benchmarks.len() >= 2);
                    (1, it.verdict, &it.benchmarks)
                }
            };
            for name in names {
                prop_assert_eq!(judged(name).verdict, verdict);
                prop_assert!(!seen[kind].contains(name), "{name:?} twice");
                seen[kind].push(name.clone());
            }
        }
    }
}
