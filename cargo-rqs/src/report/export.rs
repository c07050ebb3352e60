//! Metrics in the formats of other tools.
//!
//! OpenMetrics: the text format of version 1.0.0 (openmetrics.io), one gauge for each metric. Bencher Metric Format: the JSON
//! adapter of Bencher (bencher.dev), measures as in its documentation, others by our names. github-action-benchmark: its tools
//! `customSmallerIsBetter` and `customBiggerIsBetter`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde_json::{Value, json};

use super::escape::visible;
use super::json::inert;
use super::query::Row;
use crate::model::Role;
use crate::model::metric::Metric;

/// Every row as a JSON object in a line of its own.
pub fn json_lines(rows: &[Row]) -> String {
    let line = |row: &Row| inert(&serde_json::to_string(row).unwrap_or_default()) + "\n";
    rows.iter().map(line).collect()
}

/// OpenMetrics text: gauges with the time of their run, of one series in the order of time.
pub fn open_metrics(rows: &[Row]) -> String {
    let mut families: BTreeMap<Metric, BTreeSet<(String, u64, String)>> = BTreeMap::new();
    for row in rows {
        let family = families.entry(row.metric).or_default();
        // Of two runs within a second the newer one counts: rows are newest first.
        let labels = labels(row);
        let is_there = family.range((labels.clone(), row.started_unix_s, String::new())..).next();
        if is_there.is_none_or(|it| (&it.0, it.1) != (&labels, row.started_unix_s)) {
            family.insert((labels, row.started_unix_s, number(row.value)));
        }
    }
    let mut text = String::new();
    for (metric, samples) in families {
        let name = format!("rqs_{}", metric.name());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# TYPE {name} gauge\n# HELP {name} {}", help(metric));
        for (labels, unix_s, value) in samples {
            let _ = writeln!(text, "{name}{{{labels}}} {value} {unix_s}");
        }
    }
    text + "# EOF\n"
}

fn number(value: f64) -> String {
    match value {
        value if value.is_nan() => "NaN".to_owned(),
        value if value.is_infinite() => if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned(),
        value => value.to_string(),
    }
}

fn labels(row: &Row) -> String {
    let side = match row.side {
        Role::Baseline => "baseline",
        Role::Candidate => "candidate",
    };
    let labels = [
        ("suite", row.suite.as_str()),
        ("benchmark", &row.benchmark),
        ("revision", &row.revision),
        ("revision_id", &row.revision_id),
        ("side", side),
        ("environment", &row.environment),
    ];
    // Nothing in a name acts upon a terminal.
    let escaped = |text: &str| visible(text).replace('\\', "\\\\").replace('"', "\\\"");
    labels.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).join(",")
}

fn help(metric: Metric) -> &'static str {
    match metric {
        Metric::LatencyMsAvg => "Milliseconds of an iteration over all iterations.",
        Metric::LatencyMsP50 => "Milliseconds of an iteration that half of all turns do not exceed.",
        Metric::LatencyMsP95 => "Milliseconds of an iteration that 95 in 100 turns do not exceed.",
        Metric::LatencyMsP99 => "Milliseconds of an iteration that 99 in 100 turns do not exceed.",
        Metric::ThroughputOpsSec => "Iterations in a second.",
        Metric::ErrorRate => "1 where the benchmark failed, else 0.",
        Metric::CpuPercent => "Processor time of all threads for a hundred of wall time.",
        Metric::MemoryMb => "Peak of resident memory in megabytes.",
        Metric::DiskIoMbps => "Megabytes from and to storage in a second.",
        Metric::NetworkMbps => "Megabytes through the socket calls in a second.",
        Metric::Instructions => "Instructions of an iteration, counted on an emulated processor.",
    }
}

/// The newest value of each metric of each benchmark, of the candidate where it has one. Rows are given newest run first.
fn newest(rows: &[Row]) -> BTreeMap<String, BTreeMap<Metric, &Row>> {
    let mut newest: BTreeMap<String, BTreeMap<Metric, &Row>> = BTreeMap::new();
    for row in rows {
        let metrics = newest.entry(format!("{}::{}", row.suite, row.benchmark)).or_default();
        let place = metrics.entry(row.metric).or_insert(row);
        if place.run == row.run && row.side == Role::Candidate {
            *place = row;
        }
    }
    newest
}

/// Bencher Metric Format. Its measure `latency` is in nanoseconds, `throughput` in operations a second.
pub fn bencher(rows: &[Row]) -> String {
    let measure = |(metric, row): (&Metric, &&Row)| -> Option<(&str, Value)> {
        let (name, value) = match metric {
            Metric::LatencyMsP50 => ("latency", row.value * 1e6),
            Metric::ThroughputOpsSec => ("throughput", row.value),
            other => (other.name(), row.value),
        };
        value.is_finite().then(|| (name, json!({ "value": value })))
    };
    let benchmarks: BTreeMap<String, BTreeMap<&str, Value>> = newest(rows)
        .iter()
        .map(|(name, metrics)| (name.clone(), metrics.iter().filter_map(measure).collect()))
        .collect();
    lines(&json!(benchmarks))
}

/// The two files of github-action-benchmark: what is better when smaller, and what when bigger.
pub fn github_action_benchmark(rows: &[Row]) -> [String; 2] {
    let newest = newest(rows);
    let file = |bigger: bool| {
        let all = newest.iter().flat_map(|(name, metrics)| metrics.iter().map(move |it| (name, it)));
        let wanted = all.filter(|(_, (metric, row))| {
            (**metric == Metric::ThroughputOpsSec) == bigger && row.value.is_finite()
        });
        let entry = |(name, (metric, row)): (&String, (&Metric, &&Row))| {
            json!({
                "name": format!("{name} {}", metric.name()),
                "unit": unit(*metric),
                "value": row.value,
                "extra": format!("{} ({}), run {}", row.revision, row.revision_id, row.run),
            })
        };
        lines(&wanted.map(entry).collect::<Value>())
    };
    [file(false), file(true)]
}

fn unit(metric: Metric) -> &'static str {
    match metric {
        Metric::LatencyMsAvg | Metric::LatencyMsP50 | Metric::LatencyMsP95 | Metric::LatencyMsP99 => "ms",
        Metric::ThroughputOpsSec => "ops/s",
        Metric::ErrorRate => "errors",
        Metric::CpuPercent => "%",
        Metric::MemoryMb => "MB",
        Metric::DiskIoMbps | Metric::NetworkMbps => "MB/s",
        Metric::Instructions => "instructions",
    }
}

fn lines(value: &Value) -> String {
    inert(&format!("{value:#}")) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::query;
    use crate::report::samples::assert_expected;

    fn row(run: u64, side: Role, benchmark: &str, metric: Metric, value: f64) -> Row {
        Row {
            run: format!("2026112{run}T164306Z-23c579ad"),
            started_unix_s: 1_795_538_586 + run,
            environment: "ab".repeat(4),
            side,
            ..query::tests::row(benchmark, metric, value)
        }
    }

    fn rows() -> Vec<Row> {
        let odd = "a \"quoted\"\\\n\u{1b}[31mname";
        vec![
            row(2, Role::Baseline, "small", Metric::LatencyMsP50, 0.0125),
            row(2, Role::Candidate, "small", Metric::LatencyMsP50, 0.0120),
            row(2, Role::Candidate, "small", Metric::ThroughputOpsSec, 83_333.25),
            row(2, Role::Candidate, odd, Metric::MemoryMb, 3.5),
            row(1, Role::Candidate, "small", Metric::LatencyMsP50, 0.0115),
            row(1, Role::Candidate, "small", Metric::LatencyMsP50, 0.9),
        ]
    }

    #[test]
    fn each_format_is_what_the_other_tool_reads() {
        assert_expected("export.openmetrics", &open_metrics(&rows()));
        assert_expected("export-bencher.json", &bencher(&rows()));
        let [smaller, bigger] = github_action_benchmark(&rows());
        assert_expected("export-smaller.json", &smaller);
        assert_expected("export-bigger.json", &bigger);
        assert_expected("export.jsonl", &json_lines(&rows()));
    }

    #[test]
    fn lines_stay_lines_and_values_stay_values() {
        assert_eq!(json_lines(&rows()).lines().count(), rows().len());
        let text = open_metrics(&rows());
        let samples: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        // Of two values within a second there is one.
        assert_eq!(samples.len(), rows().len() - 1);
        assert!(samples.iter().all(|sample| sample.rsplit(' ').nth(1).unwrap().parse::<f64>().is_ok()));
        assert!(text.ends_with("# EOF\n"));
        assert_eq!([f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(number), ["NaN", "+Inf", "-Inf"]);
    }
}
