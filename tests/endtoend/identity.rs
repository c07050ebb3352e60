//! What a change in one function says of benchmarks that do not reach it.

use crate::program::{Report, has};
use crate::repository::Repository;

/// The benchmarks with the kinds of identity that were found.
fn kinds(report: &Report) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    report.benchmarks().map(|benchmark| (text(&benchmark["id"]), text(&benchmark["code"]["is"]))).collect()
}

#[test]
fn a_change_in_one_function_is_measured_only_where_it_is_reached() {
    let repository = Repository::get();
    let (ran, report) = repository.judged("kinds", "kinds-slower", &[]);
    let found = kinds(&report);
    let found: Vec<(&str, &str)> = found.iter().map(|(id, kind)| (id.as_str(), kind.as_str())).collect();
    let expected =
        [("mix", "different"), ("sum", "identical"), ("sum of mixed", "different"), ("words", "identical")];
    assert_eq!(found, expected, "{:#}", report.0["notes"]);
    for id in ["sum", "words"] {
        assert_eq!(report.verdict(id), "identical");
        assert_eq!(report.benchmark(id)["log_ratios"], serde_json::json!([]), "{id} is not measured");
    }
    assert_eq!(report.verdict("mix"), "regressed");
    assert_eq!(report.benchmark("mix")["code"]["changed"], serde_json::json!(["zoo::mix"]));
    assert_eq!(report.0["suites"][0]["identical"], false);
    assert_eq!(report.0["summary"]["identical"], 2);
    // Two benchmarks share the chance of a false alarm.
    assert_eq!(report.0["summary"]["alpha_per_benchmark"], 0.005);
    ran.exited(100);
}

#[test]
fn lines_that_move_change_nothing_and_are_told() {
    let repository = Repository::get();
    let (ran, report) = repository.judged("kinds", "kinds-lines", &[]);
    for (id, kind) in kinds(&report) {
        assert!(kind == "identical" || kind == "identical_but_for_panic_locations", "{id} is {kind}");
        assert_eq!(report.verdict(&id), "identical");
    }
    assert_eq!(report.benchmark("sum")["code"]["is"], "identical_but_for_panic_locations");
    ran.exited(0);
    let text = repository.bench(&["--baseline", "kinds", "--candidate", "kinds-lines"]).exited(0);
    assert!(text.stdout.contains("but for the line numbers of panics"), "{}", text.stdout);
}

#[test]
fn what_reaches_the_same_code_executes_the_same() {
    if !has("valgrind") {
        return;
    }
    let repository = Repository::get();
    let options = ["^kinds::|sum|words", "--measure-identical", "--max-epochs", "2", "--counts", "always"];
    let (_, report) = repository.judged("kinds", "kinds-slower", &options);
    for id in ["sum", "words"] {
        let benchmark = report.benchmark(id);
        assert_eq!(benchmark["code"]["is"], "identical", "{benchmark:#}");
        let work = &benchmark["work"]["counted"]["instructions"];
        assert!(work["baseline"].is_number(), "{benchmark:#}");
        assert_eq!(work["baseline"], work["candidate"], "{benchmark:#}");
    }
}
