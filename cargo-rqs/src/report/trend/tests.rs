//! What is printed, against expected output.

use super::*;
use crate::analysis::history::samples::{benchmark, revision, run};
use crate::analysis::trend as past;
use crate::model::history::RunOutline;
use crate::model::revision::Revision;
use crate::report::paint::Paint;
use crate::report::samples::assert_expected;

fn releases(number: usize) -> Vec<Revision> {
    let release = |n: usize| Revision {
        committed_unix_s: Some(1_795_000_000 + n as i64 * 86_400),
        summary: if n == 2 { "Do \u{1b}[31m<b>more</b>".into() } else { format!("Release {n}") },
        ..revision(&format!("v1.{n}"), &format!("{n:02x}f"))
    };
    (0..number).map(release).collect()
}

/// Benchmarks that were measured from release to release.
fn times() -> Answer {
    let releases = releases(14);
    let step = |n: usize| if n == 1 { 0.05 } else { 0.001 * (n % 3) as f64 };
    let names = ["small", "large <i>", "faster", "same"];
    let of = |n: usize| {
        let mut run = run(14 - n as u64, "1", [&releases[n], &releases[n + 1]]);
        let benchmarks = names.iter().enumerate();
        run.benchmarks = benchmarks
            .map(|(place, name)| {
                benchmark(name, if place == 2 { -step(n) } else { step(n) * (place < 3) as u8 as f64 })
            })
            .collect();
        run
    };
    let mut runs: Vec<RunOutline> = (0..13).map(of).collect();
    runs.reverse();
    let series = runs[0].benchmarks.iter().map(|benchmark| {
        let points = past::chained(&runs, &releases, &benchmark.suite, &benchmark.key);
        let trend = past::look(&points, Some(0.08));
        Series { name: format!("{}::{}", benchmark.suite, benchmark.key), points, trend }
    });
    Answer {
        of: Of::Time,
        environment: "1".repeat(64),
        others: vec![("2".repeat(64), 3)],
        series: series.collect(),
    }
}

/// A metric that rises once and stands out once.
fn metric() -> Answer {
    let releases = releases(30);
    let value = |n: usize| {
        let wobble = [0.001, -0.001, 0.0005, 0.0][n % 4];
        20f64.ln() + wobble + if n >= 20 { 0.1 } else { 0.0 } + if n == 12 { 0.3 } else { 0.0 }
    };
    let points: Vec<Point> = releases
        .into_iter()
        .enumerate()
        .map(|(n, revision)| Point { revision, value: value(n), step: None })
        .collect();
    let trend = past::look(&points, None);
    let series = vec![Series { name: "json::parse::small".into(), points, trend }];
    Answer { of: Of::Metric(Metric::MemoryMb), environment: "1".repeat(64), others: Vec::new(), series }
}

fn first(answer: &Answer) -> Answer {
    Answer { series: answer.series[..1].to_vec(), ..answer.clone() }
}

#[test]
fn one_benchmark_has_a_plot_and_many_are_told_as_events() {
    assert_expected("trend-one.txt", &text(&first(&times()), None, Paint::Plain));
    assert_expected("trend-many.txt", &text(&times(), None, Paint::Plain));
    assert_expected("trend-metric.txt", &text(&metric(), Some(80), Paint::Plain));
}

#[test]
fn pictures_and_pages_hold_no_markup_of_others_and_load_nothing() {
    assert_expected("trend.svg", &svg(&first(&times())));
    let shown = [svg(&times()), page(&times()), page(&metric())];
    for text in shown {
        assert!(!text.contains("<b>") && !text.contains("<i>") && !text.contains('\u{1b}'));
        let links = text.matches("http").count();
        assert_eq!(links, text.matches("http://www.w3.org/2000/svg").count(), "nothing but the name space");
    }
}

#[test]
fn programs_get_points_changes_and_forecasts_and_every_field_is_in_the_schema() {
    let report: serde_json::Value = serde_json::from_str(&json(&metric())).unwrap();
    let series = &report["series"][0];
    assert_eq!(series["changes"][0]["at"], 20);
    assert_eq!(series["anomalies"][0], 12);
    assert!((series["points"][0]["value"].as_f64().unwrap() - 20.02).abs() < 0.01);
    assert_eq!(series["forecast"].as_array().unwrap().len(), 5);
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    for field in report.as_object().unwrap().keys() {
        assert!(schema["properties"].get(field).is_some(), "{field} has no schema");
    }
    let csv = csv(&times());
    assert_eq!(csv.lines().count(), 1 + 4 * 14);
    assert!(csv.starts_with("benchmark,revision,revision_id,committed_unix_s,of,value\n"));
}
