//! Metrics of many runs, one line each.

use schemars::JsonSchema;
use serde::Serialize;

use super::escape::visible;
use super::json::pretty;
use super::numbers::date_time;
use super::paint::{Paint, Tone};
use super::table::{self, Align, Line};
use crate::model::Role;
use crate::model::metric::Metric;

/// One metric of one side of a benchmark in a run.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Row {
    /// Id of the run.
    pub run: String,
    /// When the run started, in seconds since 1970.
    pub started_unix_s: u64,
    /// Fingerprint of the environment.
    pub environment: String,
    /// Which side it is.
    pub side: Role,
    /// The revision as it was typed.
    pub revision: String,
    /// What the revision was, 40 hex digits.
    pub revision_id: String,
    /// The suite.
    pub suite: String,
    /// The benchmark.
    pub benchmark: String,
    /// The metric.
    pub metric: Metric,
    /// Its value, in the unit of its name.
    pub value: f64,
}

/// The rows for a terminal, with a line break at its end.
pub fn text(rows: &[Row], unusable: &[(String, String)], paint: Paint) -> String {
    let titles = ["run", "started", "revision", "side", "benchmark", "metric", "value"];
    let mut lines = vec![Line::Cells(titles.map(|title| (title.to_owned(), Tone::Quiet)).to_vec())];
    lines.extend(rows.iter().map(|row| {
        let cells = [
            visible(&row.run),
            date_time(row.started_unix_s),
            visible(&row.revision),
            side(row.side).to_owned(),
            visible(&format!("{}::{}", row.suite, row.benchmark)),
            row.metric.name().to_owned(),
            digits(row.value),
        ];
        Line::Cells(cells.map(|cell| (cell, Tone::Normal)).to_vec())
    }));
    let mut text = match rows.is_empty() {
        true => "no run has what was asked for; `cargo rqs list` lists the runs\n".to_owned(),
        false => {
            let aligns = [[Align::Left; 6].as_slice(), &[Align::Right]].concat();
            table::render(&lines, &aligns, None, paint)
        }
    };
    for (id, cause) in unusable {
        text += &format!("{} cannot be read: {}\n", visible(id), visible(cause));
    }
    text
}

/// The rows as comma-separated values with a title line (RFC 4180, with plain line breaks).
pub fn csv(rows: &[Row]) -> String {
    let mut text =
        "run,started_unix_s,environment,side,revision,revision_id,suite,benchmark,metric,value\n".to_owned();
    for row in rows {
        let fields = [
            &row.run,
            &row.started_unix_s.to_string(),
            &row.environment,
            side(row.side),
            &row.revision,
            &row.revision_id,
            &row.suite,
            &row.benchmark,
            row.metric.name(),
            &row.value.to_string(),
        ];
        text += &fields.map(field).join(",");
        text.push('\n');
    }
    text
}

/// What `query --format json` prints.
#[derive(Serialize, JsonSchema)]
struct QueryReport<'a> {
    /// Version of this format.
    format: u32,
    /// The rows, newest run first.
    rows: &'a [Row],
    /// Runs that cannot be read, with the causes.
    unusable: &'a [(String, String)],
}

/// The rows for programs, with a line break at its end.
pub fn json(rows: &[Row], unusable: &[(String, String)]) -> String {
    pretty(&QueryReport { format: 1, rows, unusable })
}

/// The JSON Schema of what [`json`] prints.
pub fn schema() -> String {
    format!("{:#}\n", schemars::schema_for!(QueryReport<'_>).as_value())
}

fn side(role: Role) -> &'static str {
    match role {
        Role::Baseline => "baseline",
        Role::Candidate => "candidate",
    }
}

/// A value with six significant digits.
pub(super) fn digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let before_point = value.abs().log10().floor() as i32 + 1;
    let decimals = (6 - before_point).clamp(0, 12) as usize;
    format!("{value:.decimals$}")
}

/// One field, in quotes where it needs them. Nothing in it acts upon a terminal.
pub(super) fn field(text: &str) -> String {
    let text = visible(text);
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::Value;

    use super::*;

    pub fn row(benchmark: &str, metric: Metric, value: f64) -> Row {
        Row {
            run: "20261124T164306Z-23c579ad".to_owned(),
            started_unix_s: 1_795_538_586,
            environment: "ab".repeat(32),
            side: Role::Candidate,
            revision: "v1.2.0".to_owned(),
            revision_id: "cd".repeat(20),
            suite: "json::parse".to_owned(),
            benchmark: benchmark.to_owned(),
            metric,
            value,
        }
    }

    fn rows() -> Vec<Row> {
        vec![
            row("small", Metric::LatencyMsP50, 0.001_234_567_8),
            row("a \"quoted\", \u{1b}[31mname", Metric::ThroughputOpsSec, 1_234_567.8),
            row("small", Metric::ErrorRate, 0.0),
        ]
    }

    #[test]
    fn rows_are_told_in_columns() {
        let unusable = [("20200101T000000Z-00000000".to_owned(), "corrupted record".to_owned())];
        assert_eq!(text(&rows(), &unusable, Paint::Plain), include_str!("expected/query.txt"));
        assert!(text(&[], &[], Paint::Plain).starts_with("no run has what was asked for"));
    }

    #[test]
    fn fields_that_need_quotes_have_them() {
        assert_eq!(csv(&rows()), include_str!("expected/query.csv"));
    }

    #[test]
    fn six_digits_are_kept_whatever_the_size() {
        assert_eq!(digits(0.001_234_567_8), "0.00123457");
        assert_eq!(digits(1_234_567.8), "1234568");
        assert_eq!(digits(12.345_678_9), "12.3457");
        assert_eq!(digits(0.0), "0");
    }

    #[test]
    fn every_field_that_is_printed_is_in_the_schema() {
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        let Value::Object(fields) = serde_json::from_str(&json(&rows(), &[])).unwrap() else { panic!() };
        for name in fields.keys() {
            assert!(schema["properties"].get(name).is_some(), "`{name}` is missing");
        }
    }
}
