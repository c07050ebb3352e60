//! What is found out: changes, no changes, identical code, benchmarks of one side.

use crate::repository::Repository;

#[test]
fn a_slow_down_is_regressed_and_exits_with_100() {
    let repository = Repository::get();
    let (ran, report) = repository.judged("v1", "slower", &[]);
    assert_eq!(report.verdict("mix/changed"), "regressed");
    assert_ne!(report.verdict("mix/steady"), "regressed");
    let change = &report.benchmark("mix/changed")["change"];
    let estimate = change["estimate"].as_f64().unwrap();
    assert!((0.25..0.35).contains(&estimate), "a slow-down of 30 % was taken for {estimate}");
    assert!(change["low"].as_f64().unwrap() > 0.03, "{change:#}");
    ran.exited(100);
}

#[test]
fn a_speed_up_is_improved_and_exits_with_0() {
    let repository = Repository::get();
    let (ran, report) = repository.judged("slower", "v1", &["^speed::|mix/changed"]);
    assert_eq!(report.verdicts(), [("mix/changed", "improved")]);
    ran.exited(0);
}

#[test]
fn benchmarks_of_one_side_are_added_or_removed() {
    let repository = Repository::get();
    let (_, report) = repository.judged("v1", "slower", &["mix/(old|new)"]);
    assert_eq!(report.verdicts(), [("mix/new", "added"), ("mix/old", "removed")]);
}

#[test]
fn equal_revisions_are_identical_code_and_nothing_is_measured() {
    let repository = Repository::get();
    for candidate in ["v1", "v1-readme"] {
        let (ran, report) = repository.judged("v1", candidate, &[]);
        let verdicts: Vec<_> = report.verdicts();
        assert_eq!(
            verdicts,
            ["mix/steady", "mix/changed", "mix/old"].map(|id| (id, "identical")),
            "{candidate}"
        );
        assert_eq!(
            (&report.0["summary"]["epochs"], report.0["suites"][0]["identical"].as_bool()),
            (&0.into(), Some(true))
        );
        ran.exited(0);
    }
    let text = repository.bench(&["--baseline", "v1", "--candidate", "v1-readme"]).exited(0);
    assert!(text.stdout.contains("3 unchanged (identical code)"), "{}", text.stdout);
}

#[test]
fn identical_code_can_be_measured_all_the_same_and_raises_no_alarm() {
    let repository = Repository::get();
    let (ran, report) = repository.judged("v1", "v1-readme", &["--measure-identical"]);
    assert_eq!(report.benchmarks().count(), 3);
    for benchmark in report.benchmarks() {
        assert!(!benchmark["log_ratios"].as_array().unwrap().is_empty(), "{benchmark:#}");
        assert!(matches!(benchmark["verdict"].as_str(), Some("unchanged" | "inconclusive")), "{benchmark:#}");
    }
    ran.exited(0);
}

#[test]
fn the_sides_may_lock_different_versions_of_criterion() {
    let repository = Repository::get();
    for (baseline, candidate, harnesses) in [
        ("criterion-0.3", "criterion-0.8", ["criterion 0.3.3", "criterion 0.8.2"]),
        ("v1", "criterion-0.4", ["criterion 0.5.1", "criterion 0.4.0"]),
    ] {
        let (ran, report) = repository.judged(baseline, candidate, &["mix/(steady|changed)"]);
        let suite = &report.0["suites"][0];
        assert_eq!([&suite["harness"]["baseline"], &suite["harness"]["candidate"]], harnesses);
        for benchmark in report.benchmarks() {
            assert!(
                !matches!(benchmark["verdict"].as_str(), Some("failed" | "not_measured")),
                "{benchmark:#}"
            );
            assert_eq!(benchmark["engines"][0], "turns");
            let change = benchmark["change"]["estimate"].as_f64().unwrap();
            assert!(
                change.abs() < 0.1,
                "{candidate} does the same work as {baseline}, which was taken for {change}"
            );
        }
        assert_eq!(report.benchmarks().count(), 2, "{ran:#?}");
    }
}
