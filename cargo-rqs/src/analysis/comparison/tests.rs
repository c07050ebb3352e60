//! Records made by hand, and what is said about them.

use super::super::epoch::Discard;
use super::super::layout::LayoutOutcome;
use super::super::row::Outlook;
use super::*;
use crate::model::acceptance::{AcceptedSize, AppliedAcceptance};
use crate::model::policy::Mode;
use crate::model::record::{LayoutPass, LayoutSample, LockSource, Placement, Presence};
use crate::model::revision::{Revision, RevisionKind};
use crate::model::{
    BenchmarkFailure, BenchmarkKey, Block, BlockOrder, Disturbance, Engine, EpochSample, Role, Turn,
};

fn epoch(number: u32, baseline_ns: u64, candidate_ns: u64, disturbed: usize) -> EpochSample {
    let turn = |elapsed_ns| Turn { iterations: 1000, elapsed_ns };
    let blocks = (0..10).map(|i| Block {
        order: BlockOrder::Baab,
        turns: ByRole::new([turn(baseline_ns); 2], [turn(candidate_ns); 2]),
        disturbance: Disturbance { steal_ticks: u32::from(i < disturbed), ..Disturbance::default() },
    });
    EpochSample {
        epoch: number,
        engine: Engine::Turns,
        spawned_first: Role::Baseline,
        warmed_first: Role::Baseline,
        warm_up: ByRole::new(turn(1), turn(1)),
        helper_threads: false,
        handover_ns: 0,
        counters: None,
        resources: None,
        blocks: blocks.collect(),
    }
}

/// `n` epochs whose candidate takes `percent` of the baseline's time, give or take 0.1 %.
fn epochs(n: u32, percent: u64) -> Vec<EpochSample> {
    (0..n)
        .map(|i| epoch(i, 1_000_000, percent * 10_000 + if i % 2 == 0 { 1000 } else { 0 } - 500, 0))
        .collect()
}

fn benchmark(id: &str, epochs: Vec<EpochSample>) -> BenchmarkRecord {
    let key = BenchmarkKey { id: id.into(), occurrence: 0 };
    BenchmarkRecord { epochs, ..BenchmarkRecord::new(key, Presence::Both) }
}

fn suite(benchmarks: Vec<BenchmarkRecord>) -> SuiteRecord {
    let both = |text: &str| ByRole::new(text.to_owned(), text.to_owned());
    SuiteRecord {
        name: "json::parse".into(),
        harness: both("criterion 0.5.1"),
        executables: both("00"),
        identical: false,
        benchmarks,
    }
}

fn record(suites: Vec<SuiteRecord>) -> RunRecord {
    let revision = || Revision {
        spec: "v1".into(),
        kind: RevisionKind::Commit,
        id: "0".repeat(40),
        summary: String::new(),
        committed_unix_s: None,
    };
    RunRecord {
        arguments: Vec::new(),
        format: RunRecord::FORMAT,
        id: "20261122T101500Z-1a2b3c4d".into(),
        tool: "0.1.0".into(),
        started_unix_s: 0,
        finished_unix_s: 0,
        revisions: ByRole::from_fn(|_| revision()),
        locks: ByRole::from_fn(|_| LockSource::Committed),
        environment: String::new(),
        dependencies: ByRole::default(),
        policy: Policy::default(),
        budget: Budget { max_epochs: 20, time_budget_ms: 0, epoch_us: 0, seed: 0 },
        placement: Placement::default(),
        counting: None,
        counters: None,
        ledger: Vec::new(),
        notes: Vec::new(),
        suites,
        profiling: None,
        layouts: None,
        parts: Vec::new(),
    }
}

fn only(benchmark: BenchmarkRecord) -> Comparison {
    compare(&record(vec![suite(vec![benchmark])]))
}

#[test]
fn slower_faster_and_alike_are_told_apart() {
    for (percent, verdict) in [(105, Verdict::Regressed), (95, Verdict::Improved), (100, Verdict::Unchanged)]
    {
        let comparison = only(benchmark("a", epochs(8, percent)));
        let row = &comparison.suites[0].rows[0];
        let judgement = row.judgement().unwrap();
        assert_eq!(judgement.verdict, verdict);
        assert!((judgement.interval.change() - (percent as f64 / 100.0 - 1.0)).abs() < 1e-5);
        let typical = row.typical_ns.unwrap();
        assert!((typical.baseline - 1000.0).abs() < 1e-9);
        assert!((typical.candidate - percent as f64 * 10.0).abs() <= 0.5);
        assert_eq!((row.log_ratios.len(), row.blocks, row.dropped), (8, 80, 0));
    }
}

#[test]
fn an_inconclusive_benchmark_says_what_could_be_seen_and_what_is_needed() {
    let comparison = only(benchmark("a", epochs(3, 105)));
    let Finding::Measured(judgement, Some(outlook)) = &comparison.suites[0].rows[0].finding else { panic!() };
    assert_eq!(judgement.verdict, Verdict::Inconclusive);
    assert_eq!(*outlook, Outlook { smallest_visible_change: None, epochs_still_needed: Some(3) });
}

#[test]
fn a_benchmark_that_was_not_compared_says_why() {
    let failure =
        BenchmarkFailure { role: Role::Candidate, what: "panicked".into(), stderr_tail: String::new() };
    let failed = BenchmarkRecord { failure: Some(failure.clone()), ..benchmark("a", epochs(2, 100)) };
    let added = BenchmarkRecord { presence: Presence::Added, ..benchmark("a", vec![]) };
    let removed = BenchmarkRecord { presence: Presence::Removed, ..benchmark("a", vec![]) };
    for (record, finding) in [
        (failed, Finding::Failed(failure)),
        (added, Finding::Added),
        (removed, Finding::Removed),
        (benchmark("a", vec![]), Finding::NotMeasured),
    ] {
        assert_eq!(only(record).suites[0].rows[0].finding, finding);
    }
    let identical = SuiteRecord { identical: true, ..suite(vec![benchmark("a", vec![])]) };
    assert_eq!(compare(&record(vec![identical])).suites[0].rows[0].finding, Finding::Identical);
}

#[test]
fn discarded_epochs_are_counted_and_left_out() {
    let mut samples = epochs(6, 100);
    samples.extend((6..10).map(|i| epoch(i, 1_000_000, 9_000_000, 4)));
    let comparison = only(benchmark("a", samples));
    let row = &comparison.suites[0].rows[0];
    assert_eq!(row.discarded, (6..10).map(|i| (i, Discard::Disturbed)).collect::<Vec<_>>());
    assert_eq!((row.log_ratios.len(), row.dropped, row.disturbance.steal_ticks), (6, 16, 16));
    assert_eq!((comparison.summary.epochs, comparison.summary.discarded_epochs), (10, 4));
    assert!(comparison.summary.host_unusable, "4 of 10 is more than 30 %");
}

#[test]
fn the_false_alarm_chance_is_shared_by_the_benchmarks_that_can_be_measured() {
    let added = BenchmarkRecord { presence: Presence::Added, ..benchmark("c", vec![]) };
    let identical = SuiteRecord { identical: true, ..suite(vec![benchmark("d", vec![])]) };
    let suites = vec![suite(vec![benchmark("a", vec![]), benchmark("b", vec![]), added]), identical];
    assert_eq!(alpha_per_benchmark(&suites, &Policy::default()), 0.005);
    assert_eq!(alpha_per_benchmark(&[], &Policy::default()), 0.01);
}

#[test]
fn only_what_is_undecided_within_budget_needs_another_epoch() {
    let failure =
        BenchmarkFailure { role: Role::Baseline, what: "panicked".into(), stderr_tail: String::new() };
    let suites = vec![
        SuiteRecord { identical: true, ..suite(vec![benchmark("same", vec![])]) },
        suite(vec![
            benchmark("slower", epochs(12, 105)),
            benchmark("new", vec![]),
            benchmark("young", epochs(3, 105)),
            BenchmarkRecord { failure: Some(failure), ..benchmark("broken", epochs(3, 105)) },
            BenchmarkRecord { presence: Presence::Removed, ..benchmark("gone", vec![]) },
            benchmark(
                "spent",
                (0..20).map(|i| epoch(i, 1_000_000, 700_000 + 60_000 * u64::from(i % 11), 0)).collect(),
            ),
        ]),
    ];
    let record = record(suites);
    assert_eq!(unsettled(&record.suites, &record.policy, &record.budget), [vec![], vec![1, 2]]);
}

#[test]
fn a_run_that_stops_at_the_first_decision_is_reported_with_that_decision() {
    for percent in [95, 100, 105] {
        let mut record = record(vec![suite(vec![benchmark("a", vec![]), benchmark("b", vec![])])]);
        let all = epochs(20, percent);
        while let open = unsettled(&record.suites, &record.policy, &record.budget)
            && !open[0].is_empty()
        {
            for &i in &open[0] {
                let epochs = &mut record.suites[0].benchmarks[i].epochs;
                epochs.push(all[epochs.len()].clone());
            }
        }
        let comparison = compare(&record);
        assert_eq!(comparison.summary.counts.inconclusive, 0);
        assert!(comparison.rows().all(|row| (6..20).contains(&row.log_ratios.len())));
    }
}

#[test]
fn the_geometric_mean_is_over_the_measured_benchmarks() {
    let benchmarks =
        vec![benchmark("a", epochs(8, 200)), benchmark("b", epochs(8, 50)), benchmark("c", vec![])];
    let summary = compare(&record(vec![suite(benchmarks)])).summary;
    assert!(summary.geometric_mean_change.unwrap().abs() < 1e-6);
    assert_eq!(only(benchmark("c", vec![])).summary.geometric_mean_change, None);
}

#[test]
fn the_exit_code_follows_the_worst_finding() {
    let failure =
        BenchmarkFailure { role: Role::Candidate, what: "panicked".into(), stderr_tail: String::new() };
    let calm = || benchmark("calm", epochs(8, 100));
    let faster = || benchmark("faster", epochs(8, 95));
    let slower = || benchmark("slower", epochs(8, 105));
    let open = || benchmark("open", epochs(3, 105));
    let broken = || BenchmarkRecord { failure: Some(failure.clone()), ..benchmark("broken", vec![]) };
    let added = || BenchmarkRecord { presence: Presence::Added, ..benchmark("added", vec![]) };
    let removed = || BenchmarkRecord { presence: Presence::Removed, ..benchmark("removed", vec![]) };
    let with = |class: Class, mut benchmark: BenchmarkRecord| {
        benchmark.policy.class = Some(class);
        benchmark
    };
    for (benchmarks, lax, strict) in [
        (vec![], Exit::NothingToRun, Exit::NothingToRun),
        (vec![added(), removed()], Exit::NothingToRun, Exit::NothingToRun),
        (vec![calm()], Exit::Clean, Exit::Clean),
        (vec![calm(), faster()], Exit::Clean, Exit::Clean),
        (vec![calm(), open()], Exit::Clean, Exit::Inconclusive),
        (vec![benchmark("none", vec![])], Exit::Clean, Exit::Inconclusive),
        (vec![calm(), open(), broken()], Exit::Incomplete, Exit::Incomplete),
        (vec![calm(), open(), broken(), slower()], Exit::Regression, Exit::Regression),
        (vec![with(Class::Critical, open())], Exit::Inconclusive, Exit::Inconclusive),
        (vec![calm(), with(Class::Critical, removed())], Exit::Inconclusive, Exit::Inconclusive),
        (vec![with(Class::Informational, slower()), calm()], Exit::Clean, Exit::Clean),
        (vec![with(Class::Informational, open()), calm()], Exit::Clean, Exit::Clean),
        (vec![with(Class::Informational, broken()), calm()], Exit::Clean, Exit::Clean),
    ] {
        let comparison = compare(&record(vec![suite(benchmarks)]));
        let counts = &comparison.summary.counts;
        let asked = FailOn { inconclusive: true, ..FailOn::default() };
        assert_eq!(exit(&comparison, &Policy::USUAL, FailOn::default()), lax, "{counts:?}");
        assert_eq!(exit(&comparison, &Policy::USUAL, asked), strict, "{counts:?}");
    }
    let identical = SuiteRecord { identical: true, ..suite(vec![benchmark("same", vec![])]) };
    assert_eq!(
        exit(
            &compare(&record(vec![identical])),
            &Policy::USUAL,
            FailOn { inconclusive: true, layout_sensitive: true }
        ),
        Exit::Clean
    );
}

#[test]
fn each_benchmark_is_judged_and_settled_by_its_own_thresholds() {
    let own = |margin: f64, floor: f64| {
        let mut benchmark = benchmark("a", epochs(8, 103));
        (benchmark.policy.margin, benchmark.policy.floor) = (Some(margin), Some(floor));
        benchmark
    };
    let judged = |benchmark: BenchmarkRecord| {
        let record = record(vec![suite(vec![benchmark])]);
        let open = unsettled(&record.suites, &record.policy, &record.budget);
        (compare(&record).suites[0].rows[0].judgement().unwrap().verdict, open[0].len())
    };
    assert_eq!(judged(benchmark("a", epochs(8, 103))), (Verdict::Regressed, 0));
    assert_eq!(judged(own(0.05, 0.04)), (Verdict::Unchanged, 0));
    assert_eq!(judged(own(0.03, 0.03)), (Verdict::Inconclusive, 1));
}

#[test]
fn in_report_mode_discoveries_lend_each_other_a_wider_level() {
    let benchmarks = || (0..4).map(|k| benchmark(&format!("{k}"), epochs(8, if k < 3 { 105 } else { 100 })));
    let mut record = record(vec![suite(benchmarks().collect())]);
    record.policy.mode = Mode::Report;
    let comparison = compare(&record);
    let alphas: Vec<f64> = comparison.rows().map(|row| row.judgement().unwrap().alpha).collect();
    assert_eq!(alphas, [0.0075, 0.0075, 0.0075, 0.0025]);
    assert_eq!((comparison.summary.counts.regressed, comparison.summary.counts.unchanged), (3, 1));
    // What is surely below the floor is no discovery and lends nothing.
    record.policy.floor = 0.06;
    let alphas: Vec<f64> = compare(&record).rows().map(|row| row.judgement().unwrap().alpha).collect();
    assert_eq!(alphas, [0.0025; 4]);
}

#[test]
fn an_accepted_regression_is_counted_apart_and_passes() {
    let mut slower = benchmark("slower", epochs(8, 105));
    slower.acceptances.push(AppliedAcceptance {
        id: "20261122T101500Z-1a2b3c4d".into(),
        author: "Zoë".into(),
        reason: "checks more".into(),
        expires_unix_s: None,
        size: AcceptedSize { log_mean: 0.05, log_half_width: 0.01, alpha: 0.01, epochs: 8 },
    });
    let comparison = compare(&record(vec![suite(vec![slower, benchmark("calm", epochs(8, 100))])]));
    let counts = &comparison.summary.counts;
    assert_eq!((counts.regressed, counts.accepted, counts.unchanged, counts.measured()), (0, 1, 1, 2));
    assert_eq!(
        exit(&comparison, &Policy::USUAL, FailOn { inconclusive: true, layout_sensitive: true }),
        Exit::Clean
    );
}

/// Eight epochs as built, and so many pairs of other layouts, of which every second one takes `spread` percent more.
fn over_layouts(as_built: u64, pairs: u32, percent: u64, spread: u64) -> BenchmarkRecord {
    let layout = |i: u32| LayoutSample {
        seeds: ByRole::new(2 * i + 1, 2 * i + 2),
        sample: epoch(8 + i, 1_000_000, (percent + u64::from(i % 2) * spread) * 10_000, 0),
    };
    let layouts = (0..pairs).map(layout).collect();
    BenchmarkRecord { layouts, ..benchmark("a", epochs(8, as_built)) }
}

#[test]
fn layouts_have_the_final_word_of_a_change() {
    use LayoutOutcome::*;
    for (benchmark, verdict, outcome) in [
        (over_layouts(110, 12, 108, 1), Verdict::Regressed, Some(Robust)),
        (over_layouts(90, 12, 92, 1), Verdict::Improved, Some(Robust)),
        (over_layouts(110, 12, 100, 0), Verdict::Unchanged, Some(Artefact)),
        (over_layouts(110, 24, 90, 25), Verdict::Inconclusive, Some(Sensitive)),
        // Too few so far: what was found as built stands.
        (over_layouts(110, 12, 90, 25), Verdict::Regressed, None),
        (over_layouts(110, 0, 100, 0), Verdict::Regressed, None),
        // Nothing had changed, so layouts were not asked.
        (over_layouts(100, 12, 120, 1), Verdict::Unchanged, None),
    ] {
        let mut record = record(vec![suite(vec![benchmark])]);
        record.layouts = Some(LayoutPass { most: 24, ..LayoutPass::default() });
        let comparison = compare(&record);
        let row = comparison.rows().next().unwrap();
        assert_eq!(row.judgement().unwrap().verdict, verdict);
        assert_eq!(row.over_layouts.map(|over| over.outcome), outcome);
        let as_built = row.over_layouts.map(|over| over.as_built.verdict.is_change());
        assert!(as_built.unwrap_or(true));
        let counts = comparison.summary.counts;
        assert_eq!(counts.regressed + counts.improved, usize::from(verdict.is_change()));
        assert_eq!(counts.measured(), 1);
        if let (Some(typical), Some(judgement)) = (row.typical_ns, row.judgement()) {
            assert!((typical.candidate / typical.baseline - judgement.interval.mean.exp()).abs() < 1e-9);
        }
    }
}

#[test]
fn in_report_mode_what_layouts_take_back_lends_nothing_to_what_they_confirm() {
    let shown = |percents: [u64; 3]| {
        let benchmarks = percents.map(|percent| over_layouts(110, 12, percent, u64::from(percent > 100)));
        let mut record = record(vec![suite(benchmarks.to_vec())]);
        record.policy.mode = Mode::Report;
        record.layouts = Some(LayoutPass { most: 12, ..LayoutPass::default() });
        let alpha = |row: &Row| (row.judgement().unwrap().alpha * 3.0 * 1e4).round() / 1e4;
        let as_built = |row: &Row| (row.over_layouts.unwrap().as_built.alpha * 3.0 * 1e4).round() / 1e4;
        compare(&record).rows().map(|row| (as_built(row), alpha(row))).collect::<Vec<_>>()
    };
    assert_eq!(shown([108, 108, 108]), [(0.03, 0.03); 3]);
    assert_eq!(shown([108, 100, 100]), [(0.03, 0.01); 3]);
}

#[test]
fn another_pair_of_layouts_is_wanted_until_they_have_decided() {
    let wanted = |benchmark: BenchmarkRecord, most: u32| {
        comparison_of_one(unconfirmed(&[suite(vec![benchmark])], &Policy::USUAL, most, Varied::Changed))
    };
    assert!(wanted(over_layouts(110, 0, 100, 0), 24));
    assert!(!wanted(over_layouts(110, 0, 100, 0), 0));
    assert!(wanted(over_layouts(110, 3, 110, 1), 24));
    assert!(!wanted(over_layouts(110, 12, 110, 1), 24));
    assert!(wanted(over_layouts(110, 12, 90, 25), 24));
    assert!(!wanted(over_layouts(110, 24, 90, 25), 24));
    assert!(!wanted(over_layouts(100, 0, 100, 0), 24));
}

fn comparison_of_one(found: Vec<Vec<usize>>) -> bool {
    found == [vec![0]]
}

#[test]
fn a_slow_down_that_depends_on_the_layout_fails_a_run_when_asked_to() {
    let exits = |benchmark: BenchmarkRecord, class: Option<Class>| {
        let mut benchmark = benchmark;
        benchmark.policy.class = class;
        let mut record = record(vec![suite(vec![benchmark])]);
        record.layouts = Some(LayoutPass { most: 24, ..LayoutPass::default() });
        let asked = FailOn { layout_sensitive: true, ..FailOn::default() };
        let comparison = compare(&record);
        [FailOn::default(), asked].map(|fail_on| exit(&comparison, &Policy::USUAL, fail_on))
    };
    let sensitive = || over_layouts(110, 24, 90, 25);
    assert_eq!(exits(sensitive(), None), [Exit::Clean, Exit::Regression]);
    assert_eq!(exits(sensitive(), Some(Class::Informational)), [Exit::Clean, Exit::Clean]);
    assert_eq!(exits(sensitive(), Some(Class::Critical)), [Exit::Inconclusive, Exit::Regression]);
    assert_eq!(exits(over_layouts(90, 24, 90, 25), None), [Exit::Clean, Exit::Clean]);
    assert_eq!(exits(over_layouts(110, 12, 100, 0), None), [Exit::Clean, Exit::Clean]);
}
