//! A series to everything that is said about it.

use augurs_core::prelude::*;
use augurs_ets::AutoETS;

use super::series::Point;
use super::{Anomaly, ChangePoint, Drift, Rules, anomalies, change_points, drift};

/// The fewest points at one level that a forecast is made from.
const FEWEST_FOR_A_FORECAST: usize = 10;
/// Revisions that are looked ahead for a plot.
const AHEAD: usize = 5;
/// Revisions that are looked ahead for the place where a limit is crossed.
const FAR_AHEAD: usize = 100;
/// How sure a prediction interval is.
const PREDICTION: f64 = 0.95;
/// The largest p value of a drift that is told.
const P_OF_DRIFT: f64 = 0.01;

/// What is said about a series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trend {
    /// Where its level changed.
    pub changes: Vec<Change>,
    /// Whether the last level drifts.
    pub drift: Option<Drift>,
    /// Points that stand out.
    pub anomalies: Vec<Anomaly>,
    /// Where the next revisions are expected.
    pub forecast: Option<Forecast>,
    /// After how many revisions a limit is crossed, if the series goes on as it does: by the forecast itself, and at the
    /// earliest by its interval.
    pub crossing: Option<Crossing>,
}

/// A change of level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The first point at the new level.
    pub at: usize,
    /// The difference of the values.
    pub by: f64,
    /// How it is known.
    pub known: Known,
}

/// How a change is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Known {
    /// It was measured against the point before, in alternation: it is within `by ±` this.
    Measured(f64),
    /// The series says so; the chance of such a difference without a change.
    FromSeries(f64),
}

/// Where the next points are expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// The values.
    pub values: Vec<f64>,
    /// The lower ends of the prediction interval.
    pub lowest: Vec<f64>,
    /// The upper ends.
    pub highest: Vec<f64>,
}

/// When a limit is crossed; `None` where that is not within a hundred revisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// By the forecast itself.
    pub expected: Option<usize>,
    /// At the earliest.
    pub earliest: Option<usize>,
}

/// Looks at a series whose points were measured against one another, or, where they were not, at their values. `limit`
/// is the value that is not to be exceeded.
pub fn look(points: &[Point], limit: Option<f64>) -> Trend {
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let is_chain = points.iter().any(|point| point.step.is_some());
    let changes = if is_chain { measured(points) } else { from_series(&values) };
    let borders: Vec<usize> = changes.iter().map(|change| change.at).collect();
    let level = &values[borders.last().copied().unwrap_or(0)..];
    let forecast = forecast(level, FAR_AHEAD);
    let crossing = limit.zip(forecast.as_ref()).map(|(limit, forecast)| Crossing {
        expected: forecast.values.iter().position(|value| *value > limit).map(|place| place + 1),
        earliest: forecast.highest.iter().position(|value| *value > limit).map(|place| place + 1),
    });
    Trend {
        drift: drift(level).filter(|drift| drift.p <= P_OF_DRIFT && drift.slope != 0.0),
        // The steps of a chain have intervals of their own.
        anomalies: if is_chain {
            Vec::new()
        } else {
            anomalies(&values, &borders, Rules::default().least_change)
        },
        forecast: forecast.map(|forecast| Forecast {
            values: forecast.values.into_iter().take(AHEAD).collect(),
            lowest: forecast.lowest.into_iter().take(AHEAD).collect(),
            highest: forecast.highest.into_iter().take(AHEAD).collect(),
        }),
        changes,
        crossing,
    }
}

fn measured(points: &[Point]) -> Vec<Change> {
    let change = |(at, point): (usize, &Point)| {
        let step = point.step.filter(|step| step.verdict.is_change())?;
        Some(Change { at, by: step.mean, known: Known::Measured(step.half_width) })
    };
    points.iter().enumerate().filter_map(change).collect()
}

fn from_series(values: &[f64]) -> Vec<Change> {
    let change = |point: ChangePoint| Change {
        at: point.at,
        by: point.after - point.before,
        known: Known::FromSeries(point.p),
    };
    change_points(values, &Rules::default()).into_iter().map(change).collect()
}

/// The next points, by exponential smoothing without seasons (Hyndman and Khandakar 2008); `None` where there are too few
/// points or no model fits.
fn forecast(values: &[f64], ahead: usize) -> Option<Forecast> {
    if values.len() < FEWEST_FOR_A_FORECAST || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    if values.iter().all(|value| *value == values[0]) {
        let same = vec![values[0]; ahead];
        return Some(Forecast { values: same.clone(), lowest: same.clone(), highest: same });
    }
    let found = AutoETS::non_seasonal().fit(values).ok()?.predict(ahead, PREDICTION).ok()?;
    let intervals = found.intervals?;
    let forecast = Forecast { values: found.point, lowest: intervals.lower, highest: intervals.upper };
    let all = [&forecast.values, &forecast.lowest, &forecast.highest];
    all.iter()
        .all(|part| part.len() == ahead && part.iter().all(|value| value.is_finite()))
        .then_some(forecast)
}
