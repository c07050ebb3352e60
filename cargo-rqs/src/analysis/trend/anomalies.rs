//! Points that stand out from those before them, and only they: a new level is a change point instead.

use super::change_points::TO_DEVIATION;
use super::median;

/// Points before one that it is compared with, at most and at least.
const WINDOW: usize = 20;
const FEWEST: usize = 7;
/// How many scales away a point stands out. The scale of a few points is itself uncertain, so this is more than the five
/// that would do for a known one.
const FAR: f64 = 7.0;

/// A point that stands out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anomaly {
    /// Which.
    pub at: usize,
    /// The median of those before it.
    pub expected: f64,
    /// By how many standard deviations of theirs it is away.
    pub score: f64,
}

/// The points of a series of finite values that stand out from up to 20 before them at the same level. `borders` are the
/// first points of new levels, in their order. Differences below `least` never count.
pub fn anomalies(values: &[f64], borders: &[usize], least: f64) -> Vec<Anomaly> {
    let mut found: Vec<Anomaly> = Vec::new();
    for (at, value) in values.iter().enumerate() {
        let start = borders.iter().copied().filter(|border| *border <= at).max().unwrap_or(0);
        let stands_out = |place: &usize| found.iter().any(|anomaly| anomaly.at == *place);
        let before: Vec<f64> = (start..at)
            .rev()
            .filter(|place| !stands_out(place))
            .take(WINDOW)
            .map(|place| values[place])
            .collect();
        if before.len() < FEWEST {
            continue;
        }
        let expected = median(&before);
        let deviations: Vec<f64> = before.iter().map(|value| (value - expected).abs()).collect();
        let scale = median(&deviations) * TO_DEVIATION;
        let distance = (value - expected).abs();
        if distance >= least && distance > FAR * scale {
            found.push(Anomaly { at, expected, score: distance / scale });
        }
    }
    found
}
