//! The JSON against an expected one and against its schema.

use serde_json::Value;

use super::super::samples;
use super::*;

const PATH: &str = "results/runs/2026/11/20261122T101500Z-1a2b3c4d.json";

fn shown((record, comparison): (RunRecord, Comparison)) -> String {
    render(&record, &comparison, PATH, Details::default())
}

/// The value with every fraction rounded to nine digits, because the last ones differ between mathematical libraries.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => format!("{:.8e}", number.as_f64().unwrap()).into(),
        Value::Array(values) => values.into_iter().map(rounded).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, rounded(value))).collect(),
        other => other,
    }
}

#[test]
fn a_calm_run() {
    let read = |text: &str| rounded(serde_json::from_str(text).unwrap());
    assert_eq!(read(&shown(samples::calm())), read(include_str!("../expected/calm.json")));
}

#[test]
fn the_verdicts_are_the_words_of_the_format() {
    let report: Value = serde_json::from_str(&shown(samples::stormy())).unwrap();
    assert_eq!(report["format"], 1);
    let words: Vec<&str> = report["suites"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|suite| suite["benchmarks"].as_array().unwrap())
        .map(|benchmark| benchmark["verdict"].as_str().unwrap())
        .collect();
    let expected = [
        "regressed",
        "unchanged",
        "improved",
        "inconclusive",
        "inconclusive",
        "inconclusive",
        "unchanged",
        "failed",
        "identical",
        "added",
        "removed",
        "identical",
        "identical",
        "not_measured",
        "not_measured",
    ];
    assert_eq!(words, expected);
}

#[test]
fn what_layouts_say_of_a_change_stands_beside_the_change_as_built() {
    let report: Value = serde_json::from_str(&shown(samples::relinked())).unwrap();
    let rows = report["suites"][0]["benchmarks"].as_array().unwrap();
    let words = |name: &str| -> Vec<String> {
        let word = |row: &Value| match name {
            "verdict" => row["verdict"].as_str().unwrap_or("-").to_owned(),
            field => row["layouts"][field].as_str().unwrap_or("-").to_owned(),
        };
        rows.iter().map(word).collect()
    };
    let verdicts = [
        "regressed",
        "regressed",
        "improved",
        "layout_artefact",
        "layout_sensitive",
        "regressed",
        "regressed",
        "unchanged",
    ];
    assert_eq!(words("verdict"), verdicts);
    let outcomes = ["robust", "robust", "robust", "artefact", "sensitive", "robust", "-", "-"];
    assert_eq!(words("outcome"), outcomes);
    let robust = &rows[0];
    let near = |value: &Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 0.002;
    assert!(
        near(&robust["change"]["estimate"], 0.05) && near(&robust["layouts"]["as_built"]["estimate"], 0.054)
    );
    assert_eq!(robust["layouts"]["log_ratios"].as_array().unwrap().len(), 10);
    let summary = &report["summary"];
    assert_eq!([&summary["robust"], &summary["layout_artefact"], &summary["layout_sensitive"]], [4, 1, 1]);
    assert_eq!(report["layouts"]["relinked"], 48);
}

#[test]
fn policies_acceptances_and_causes_are_told_to_programs() {
    let report: Value = serde_json::from_str(&shown(samples::governed())).unwrap();
    assert_eq!((&report["policy"]["mode"], &report["summary"]["accepted"]), (&"report".into(), &1.into()));
    let row = |suite: usize, benchmark: usize| &report["suites"][suite]["benchmarks"][benchmark];
    assert_eq!(row(0, 0)["policy"]["owner"], "@all \u{1b}[31m`|");
    assert_eq!(row(1, 5)["policy"]["class"], "critical");
    let effects = [1, 2, 3].map(|k| &row(0, k)["acceptance"]["effect"]);
    assert_eq!(effects, ["applied", "exceeded", "expired"]);
    assert_eq!(
        (&row(0, 1)["acceptance"]["author"], &row(0, 1)["verdict"]),
        (&"Zoë <zoe@example.org>".into(), &"regressed".into())
    );
    let fails: Vec<bool> = (0..2)
        .flat_map(|suite| report["suites"][suite]["benchmarks"].as_array().unwrap())
        .map(|row| row["fails_run"].as_bool().unwrap())
        .collect();
    assert_eq!(fails, [true, false, true, true, false, true, true, true, false, true]);
    let findings = report["findings"].as_array().unwrap();
    let kinds: Vec<&str> = findings.iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["moved_together", "function"]);
    assert_eq!((&findings[0]["suite"], &findings[0]["direction"]), (&"json::parse".into(), &"slower".into()));
    assert_eq!(findings[1]["benchmarks"].as_array().unwrap().len(), 4);
}

#[test]
fn names_come_back_as_they_were_but_cannot_act_on_a_terminal() {
    let (record, comparison) = samples::stormy();
    let text = render(&record, &comparison, PATH, Details::default());
    assert!(!text.chars().any(|c| c != '\n' && escape::acts(c)));
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        report["suites"][0]["benchmarks"][1]["id"],
        Value::from(record.suites[0].benchmarks[1].key.id.clone())
    );
}

#[test]
fn what_is_not_known_is_null_and_never_a_number() {
    let report: Value = serde_json::from_str(&shown(samples::stormy())).unwrap();
    let single = &report["suites"][0]["benchmarks"][5];
    assert_eq!(single["id"], "single");
    assert_eq!([&single["change"]["low"], &single["change"]["log_half_width"]], [&Value::Null; 2]);
    assert_eq!(single["outlook"]["smallest_visible_change"], Value::Null);
}

#[test]
fn the_schema_names_every_field_that_is_written() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let report: Value = serde_json::from_str(&shown(samples::stormy())).unwrap();
    let fields =
        |schema: &Value| schema["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let written: Vec<String> = report.as_object().unwrap().keys().cloned().collect();
    assert!(written.iter().all(|field| fields(&schema).contains(field)), "{written:?}");
    // Only a run that was profiled says so, and one that varies the layout.
    let unwritten: Vec<String> =
        fields(&schema).into_iter().filter(|field| !written.contains(field)).collect();
    assert_eq!(unwritten, ["layouts", "profiling"]);
    let benchmark = fields(&schema["$defs"]["BenchmarkReport"]);
    for suite in report["suites"].as_array().unwrap() {
        for row in suite["benchmarks"].as_array().unwrap() {
            assert!(row.as_object().unwrap().keys().all(|key| benchmark.contains(key)), "{row}");
        }
    }
}

#[test]
fn counters_resources_and_the_ledger_are_numbers_that_a_program_can_use() {
    let (record, comparison) = samples::with_counters();
    let text = render(&record, &comparison, PATH, Details { ledger: true, ..Details::default() });
    let report: Value = serde_json::from_str(&text).unwrap();
    let row = &report["suites"][0]["benchmarks"][0];
    let instructions = &row["counters"]["per_iteration"]["instructions"];
    assert_eq!((&instructions["baseline"], &instructions["candidate"]), (&12_000.0.into(), &12_600.0.into()));
    assert!((instructions["change"].as_f64().unwrap() - 0.05).abs() < 1e-9);
    assert_eq!(row["counters"]["instructions_per_cycle"]["baseline"], 2.0);
    assert_eq!(row["resources"]["memory_mb"]["candidate"], 6.0);
    assert_eq!(row["resources"]["memory_changed_notably"], true);
    assert_eq!(report["counters"]["missing"]["dtlb_misses"], "not_there");
    assert_eq!(report["disturbances"]["worst"]["epoch"], 1);
    assert_eq!(report["ledger"].as_array().unwrap().len(), 2);
    assert_eq!(report["ledger"][0]["steal_ticks"], 0);
}
