//! How benchmarks moved over revisions: for a terminal, for programs, and as a page with plots.

mod json;
mod page;
mod plot;
mod svg;
#[cfg(test)]
mod tests;
mod text;

pub use json::{csv, render as json, schema};
pub use page::render as page;
pub use svg::render as svg;
pub use text::render as text;

use crate::analysis::confidence::Interval;
use crate::analysis::trend::{Change, Known, Point, Trend};
use crate::model::metric::Metric;
use crate::report::numbers;

/// What is looked at over history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The time of an iteration relative to the first revision, from one measured against the other.
    Time,
    /// A metric of the revisions by itself.
    Metric(Metric),
}

/// A benchmark over the revisions.
#[derive(Clone, Debug)]
pub struct Series {
    /// `suite::benchmark`.
    pub name: String,
    /// Its points.
    pub points: Vec<Point>,
    /// What is said about them.
    pub trend: Trend,
}

/// Everything that is told.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What is looked at.
    pub of: Of,
    /// Fingerprint of the environment.
    pub environment: String,
    /// Fingerprints of other environments that have runs of these benchmarks, and how many.
    pub others: Vec<(String, usize)>,
    /// The benchmarks.
    pub series: Vec<Series>,
}

impl Of {
    /// Its name.
    fn name(self) -> &'static str {
        match self {
            Of::Time => "time",
            Of::Metric(metric) => metric.name(),
        }
    }

    /// A value, of which that of the first revision is the base.
    fn value(self, value: f64) -> String {
        match self {
            Of::Time => numbers::change(value.exp_m1()),
            Of::Metric(_) => super::query::digits(value.exp()),
        }
    }

    /// The value in the unit of its name; for time the ratio to the first revision.
    fn plain(self, value: f64) -> f64 {
        value.exp()
    }
}

/// How a change is told.
fn change(change: &Change) -> String {
    match change.known {
        Known::Measured(half_width) => {
            let interval = Interval { mean: change.by, sd: 0.0, half_width, n: 0 };
            format!("{}, measured in alternation", numbers::change_with_interval(&interval))
        }
        Known::FromSeries(p) => {
            format!("{} by the series, p {}", numbers::change(change.by.exp_m1()), small(p))
        }
    }
}

fn small(p: f64) -> String {
    if p < 1e-9 { "below 1e-9".to_owned() } else { format!("{p:.0e}") }
}

/// What is said besides changes, in sentences.
fn remarks(series: &Series, of: Of) -> Vec<String> {
    let trend = &series.trend;
    let mut remarks = Vec::new();
    if let Some(drift) = trend.drift {
        let per_ten = |slope: f64| numbers::change((10.0 * slope).exp_m1());
        remarks.push(format!(
            "drifts by {} in ten revisions ({} to {})",
            per_ten(drift.slope),
            per_ten(drift.lowest),
            per_ten(drift.highest)
        ));
    }
    for anomaly in &trend.anomalies {
        let point = &series.points[anomaly.at];
        remarks.push(format!(
            "{} stands out: {} where {} was expected",
            point.revision.spec,
            of.value(point.value),
            of.value(anomaly.expected)
        ));
    }
    if let Some(forecast) = &trend.forecast
        && let (Some(value), Some(lowest), Some(highest)) =
            (forecast.values.first(), forecast.lowest.first(), forecast.highest.first())
    {
        remarks.push(format!(
            "the next revision is expected at {} ({} to {}, 95%)",
            of.value(*value),
            of.value(*lowest),
            of.value(*highest)
        ));
    }
    if let Some(crossing) = trend.crossing {
        let after = |revisions: usize| match revisions {
            1 => "with the next revision".to_owned(),
            several => format!("in {several} revisions"),
        };
        remarks.push(match (crossing.expected, crossing.earliest) {
            (Some(expected), Some(earliest)) => {
                format!("the limit is crossed {}, at the earliest {}", after(expected), after(earliest))
            }
            (None, Some(earliest)) => format!("the limit is crossed {} at the earliest", after(earliest)),
            _ => "the limit is not crossed within a hundred revisions".to_owned(),
        });
    }
    for change in &trend.changes {
        if let (Known::FromSeries(_), Some(before)) = (change.known, change.at.checked_sub(1)) {
            let ends = [before, change.at].map(|at| series.points[at].revision.spec.as_str());
            remarks.push(format!(
                "`cargo rqs bench --baseline {} --candidate {}` shows whether {} brought it",
                ends[0], ends[1], ends[1]
            ));
        }
    }
    remarks
}
