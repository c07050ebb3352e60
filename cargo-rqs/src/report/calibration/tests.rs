//! The reports against what they are expected to be.

use serde_json::{Value, json};

use super::*;
use crate::report::escape;

const PATH: &str = "results/calibrations/2026/11/x.json";

fn paths() -> [Cow<'static, str>; 1] {
    [PATH.into()]
}

#[test]
fn a_calibration_is_shown_with_rates_bounds_and_what_follows() {
    let shown = render(&samples::known_changes(0), &paths(), Paint::Plain);
    assert_eq!(shown, include_str!("../expected/calibration.txt"));
    let shown = markdown::render(&samples::known_changes(0), &paths());
    assert_eq!(shown, include_str!("../expected/calibration.md"));
}

#[test]
fn more_false_alarms_than_promised_stand_out() {
    let shown = render(&samples::known_changes(4), &paths(), Paint::Ansi);
    let last = shown.lines().rev().find(|line| line.contains("false alarms in")).unwrap();
    assert!(last.contains("more than the 0.50% that are promised") && last.contains("\x1b[1;31m"), "{last}");
}

#[test]
fn more_work_that_was_called_faster_is_told() {
    let mut record = samples::known_changes(0);
    assert!(!render(&record, &paths(), Paint::Plain).contains("called it faster"));
    let changed = record.rounds.iter_mut().find(|round| round.sides.more_per_mille().is_some()).unwrap();
    changed.verdicts[0].said = crate::model::calibration::Said::Improved;
    for shown in [render(&record, &paths(), Paint::Plain), markdown::render(&record, &paths())] {
        assert!(shown.contains("1 of 36 verdicts on more work called it faster"), "{shown}");
    }
}

#[test]
fn one_alarm_in_many_is_no_breach() {
    let shown = render(&samples::known_changes(0), &paths(), Paint::Plain);
    assert!(shown.contains("0.50% are promised, which 598 verdicts without an alarm would prove"), "{shown}");
}

#[test]
fn names_of_others_do_nothing_in_any_format() {
    let record = samples::own();
    let shown = [
        render(&record, &["x\x1b[0m".into()], Paint::Plain),
        markdown::render(&record, &["x\x1b[0m".into()]),
        json::render(&record, &["x\x1b[0m".into()]),
    ];
    for text in &shown {
        assert!(!text.chars().any(|c| c != '\n' && escape::acts(c)), "{text}");
    }
    assert!(shown[0].contains("took 59 s, interrupted"));
    assert!(!shown[1].contains("<script>") && !shown[1].contains("<b>"));
}

#[test]
fn a_calibration_without_the_same_code_says_what_it_does_not_know() {
    let mut record = samples::known_changes(0);
    record.rounds.retain(|round| round.sides.more_per_mille().is_some());
    let shown = render(&record, &paths(), Paint::Plain);
    assert!(
        shown.contains("of false alarms nothing is known") && !shown.contains("false alarms   at most"),
        "{shown}"
    );
}

#[test]
fn the_json_report_agrees_with_its_schema_and_holds_the_rates() {
    let several = json::render(&samples::known_changes(1), &["one".into(), "two".into()]);
    let several: Value = serde_json::from_str(&several).unwrap();
    assert_eq!((&several["record"], &several["more_records"][0]), (&json!("one"), &json!("two")));
    let report: Value = serde_json::from_str(&json::render(&samples::known_changes(1), &paths())).unwrap();
    let schema: Value = serde_json::from_str(&json::schema()).unwrap();
    let described = schema["properties"].as_object().unwrap();
    let printed = report.as_object().unwrap();
    assert!(printed.keys().all(|name| described.contains_key(name)));
    assert!(
        schema["required"]
            .as_array()
            .unwrap()
            .iter()
            .all(|name| printed.contains_key(name.as_str().unwrap()))
    );
    assert_eq!(
        (&report["same"]["changes"]["events"], &report["same"]["changes"]["tries"]),
        (&2.into(), &36.into())
    );
    assert_eq!(report["power"][1]["found"]["events"], 18);
    assert_eq!(report["benchmarks"][1]["id"], "sort/100us");
    assert_eq!(report["promised"], 0.005);
}

#[test]
fn progress_tells_rounds_alarms_and_the_time_that_is_left() {
    let calibration = calibration::calibrate(&samples::known_changes(0));
    assert_eq!(
        progress(&calibration, 45, 121.7),
        "calibrating: 45 rounds, 0 false alarms in 36 verdicts, about 2 min 01 s left"
    );
}
