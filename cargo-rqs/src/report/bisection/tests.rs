//! What is printed, against expected output.

use super::*;
use crate::analysis::bisection::record_tests::{chain, measurement, play};
use crate::analysis::bisection::{Step, conclude};
use crate::model::bisection::{BisectionRecord, Purpose, Skipped};
use crate::model::record::LayoutSample;
use crate::model::{ByRole, Counted, Counts};
use crate::report::paint::Paint;

const PATH: &str = "results/bisections/2026/11/20261122T101500Z-1a2b3c4d.json";

/// Found among nine, with words of others that would like to steer a terminal.
fn found() -> BisectionRecord {
    let mut record = chain(9, 0.03);
    record.not_varied = None;
    record.commits[5].summary = "Do \u{1b}[31m<b>more</b> | work".into();
    record.commits[5].author = "Eve `x` <eve@example.org>".into();
    record.commits[7].tree = record.commits[6].tree.clone();
    assert!(matches!(play(&mut record, 6, 0.03), Step::Found(_)));
    record.measured.push(measurement(Purpose::Check, 5, 6, 0.029));
    record
}

/// A block of commits that do not build, not measured by itself yet.
fn block() -> BisectionRecord {
    let mut record = chain(6, -0.03);
    let skip = |number: usize| Skipped {
        commit: record.commits[number].id.clone(),
        reason: "failed to build: error[E0308]: mismatched types".into(),
    };
    record.skipped = vec![skip(2), skip(3)];
    assert!(matches!(play(&mut record, 4, -0.03), Step::Found(_)));
    record.notes.push("a note\u{7}".into());
    record
}

fn text_of(record: &BisectionRecord, path: Option<&str>) -> String {
    text(record, &conclude(record), path, Paint::Plain)
}

#[test]
fn a_commit_that_was_found_is_told_with_what_it_rests_on() {
    let record = found();
    assert_eq!(text_of(&record, Some(PATH)), include_str!("../expected/bisection-found.txt"));
    assert_eq!(markdown(&record, &conclude(&record)), include_str!("../expected/bisection-found.md"));
    assert_eq!(trail(&record, &conclude(&record)), include_str!("../expected/bisection-found.log"));
}

#[test]
fn commits_that_cannot_be_told_apart_and_a_spent_budget_are_told() {
    let record = block();
    assert_eq!(text_of(&record, None), include_str!("../expected/bisection-block.txt"));
    assert_eq!(trail(&record, &conclude(&record)), include_str!("../expected/bisection-block.log"));
}

#[test]
fn ends_that_do_not_differ_are_told_with_the_way_out() {
    let text = text_of(&chain(3, 0.0), Some(PATH));
    assert!(text.contains("no benchmark differs for sure between both ends"), "{text}");
    assert!(text.contains("cargo rqs bench --thorough"), "{text}");
    let mut varied = chain(3, 0.0);
    let benchmark = &mut varied.ends[0].benchmarks[0];
    let sample = benchmark.epochs[0].clone();
    benchmark.layouts = vec![LayoutSample { seeds: ByRole::new(1, 2), sample }];
    let text = text_of(&varied, Some(PATH));
    assert!(text.contains("`--by instructions`"), "{text}");
    let counts = Counted::Counts(Counts::default());
    varied.ends[0].benchmarks[0].counts = Some(ByRole::new(counts.clone(), counts));
    let text = text_of(&varied, Some(PATH));
    assert!(text.contains("neither time nor counted instructions differ"), "{text}");
}

#[test]
fn programs_get_the_answer_the_chances_and_the_trail() {
    let record = found();
    let text = json(&record, &conclude(&record), Some(PATH));
    assert!(!text.contains('\u{1b}'));
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["outcome"], "found");
    assert_eq!(report["found"]["commits"][0], record.commits[5].id);
    assert_eq!(report["by_itself"]["baseline"], record.commits[4].id);
    assert_eq!(report["commits"].as_array().unwrap().len(), 9);
    assert_eq!(report["commits"][7]["same_as"], record.commits[6].id);
    let chances: f64 =
        report["commits"].as_array().unwrap().iter().map(|c| c["chance"].as_f64().unwrap()).sum();
    assert!((chances - 1.0).abs() < 1e-9);
    assert!(report["trail"].as_str().unwrap().starts_with("git bisect start\n# bad: ["));
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    for field in report.as_object().unwrap().keys() {
        assert!(schema["properties"].get(field).is_some(), "{field} has no schema");
    }
}

#[test]
fn chances_are_never_rounded_to_none_or_to_all() {
    assert_eq!([0.0, 1e-6, 0.5, 0.9999, 1.0].map(chance), ["0%", "<0.1%", "50.0%", ">99.9%", "100%"]);
}
