//! Trends for programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::Answer;
use crate::analysis::trend::{Known, Point};
use crate::model::revision::Revision;
use crate::report::json::pretty;
use crate::report::query::field;

/// What `trend --format json` prints.
#[derive(Serialize, JsonSchema)]
struct TrendReport<'a> {
    /// Version of this format.
    format: u32,
    /// `time` for the ratio to the first revision, else the metric.
    of: &'static str,
    /// Fingerprint of the environment.
    environment: &'a str,
    /// The benchmarks.
    series: Vec<SeriesReport<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct SeriesReport<'a> {
    /// `suite::benchmark`.
    benchmark: &'a str,
    /// The revisions, in the order of history.
    points: Vec<PointReport<'a>>,
    /// Where the level changed.
    changes: Vec<ChangeReport<'a>>,
    /// Whether the last level drifts; null where that is not sure.
    drift: Option<DriftReport>,
    /// Points that stand out, as numbers among the points.
    anomalies: Vec<usize>,
    /// The next revisions; empty where there are too few points.
    forecast: Vec<ForecastReport>,
    /// Revisions until the limit is crossed; null without a limit, or beyond a hundred.
    crossed_in: Option<usize>,
    /// The same at the earliest.
    crossed_in_at_least: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
struct PointReport<'a> {
    /// The revision.
    revision: &'a Revision,
    /// The value, in the unit of its name; for time the ratio to the first revision.
    value: f64,
    /// For time: the ratio to the point before, measured in alternation, and what it is within.
    step: Option<[f64; 3]>,
}

#[derive(Serialize, JsonSchema)]
struct ChangeReport<'a> {
    /// The first point at the new level.
    at: usize,
    /// Its revision as it was typed.
    revision: &'a str,
    /// 0.02 is two percent more.
    change: f64,
    /// The chance of such a difference without a change; null where it was measured in alternation.
    p: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
struct DriftReport {
    /// From one revision to the next: 0.001 is a thousandth more.
    change: f64,
    /// It is not less, with 95 % confidence.
    lowest: f64,
    /// It is not more.
    highest: f64,
}

#[derive(Serialize, JsonSchema)]
struct ForecastReport {
    /// The value that is expected.
    value: f64,
    /// With 95 % it is not less.
    lowest: f64,
    /// With 95 % it is not more.
    highest: f64,
}

/// The whole answer, with a line break at its end.
pub fn render(answer: &Answer) -> String {
    let plain = |value: f64| answer.of.plain(value);
    let point = |point: &Point| -> [f64; 3] {
        let step = point.step.map_or((0.0, 0.0), |step| (step.mean, step.half_width));
        [step.0.exp(), (step.0 - step.1).exp(), (step.0 + step.1).exp()]
    };
    let series = answer.series.iter().map(|series| {
        let trend = &series.trend;
        let forecast = trend.forecast.iter().flat_map(|forecast| {
            let ends = forecast.lowest.iter().zip(&forecast.highest);
            forecast.values.iter().zip(ends).map(|(value, (lowest, highest))| ForecastReport {
                value: plain(*value),
                lowest: plain(*lowest),
                highest: plain(*highest),
            })
        });
        SeriesReport {
            benchmark: &series.name,
            points: series
                .points
                .iter()
                .map(|it| PointReport {
                    revision: &it.revision,
                    value: plain(it.value),
                    step: it.step.map(|_| point(it)),
                })
                .collect(),
            changes: trend
                .changes
                .iter()
                .map(|change| ChangeReport {
                    at: change.at,
                    revision: &series.points[change.at].revision.spec,
                    change: change.by.exp_m1(),
                    p: match change.known {
                        Known::FromSeries(p) => Some(p),
                        Known::Measured(_) => None,
                    },
                })
                .collect(),
            drift: trend.drift.map(|drift| DriftReport {
                change: drift.slope.exp_m1(),
                lowest: drift.lowest.exp_m1(),
                highest: drift.highest.exp_m1(),
            }),
            anomalies: trend.anomalies.iter().map(|anomaly| anomaly.at).collect(),
            forecast: forecast.collect(),
            crossed_in: trend.crossing.and_then(|crossing| crossing.expected),
            crossed_in_at_least: trend.crossing.and_then(|crossing| crossing.earliest),
        }
    });
    pretty(&TrendReport {
        format: 1,
        of: answer.of.name(),
        environment: &answer.environment,
        series: series.collect(),
    })
}

/// The points as comma-separated values with a title line.
pub fn csv(answer: &Answer) -> String {
    let mut text = "benchmark,revision,revision_id,committed_unix_s,of,value\n".to_owned();
    for series in &answer.series {
        for point in &series.points {
            let revision = &point.revision;
            let fields = [
                series.name.as_str(),
                &revision.spec,
                &revision.id,
                &revision.committed_unix_s.map(|it| it.to_string()).unwrap_or_default(),
                answer.of.name(),
                &answer.of.plain(point.value).to_string(),
            ];
            text += &fields.map(field).join(",");
            text.push('\n');
        }
    }
    text
}

/// The JSON Schema of what [`render`] prints.
pub fn schema() -> String {
    format!("{:#}\n", schemars::schema_for!(TrendReport<'_>).as_value())
}
