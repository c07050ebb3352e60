//! Slow drift: a slope that no single point shows. The median of all slopes (Theil 1950, Sen 1968), and the test of Mann
//! (1945) and Kendall, both indifferent to outliers.

use statrs::distribution::{ContinuousCDF, Normal};

use super::autocorrelation::{inflation, of_neighbours};
use super::median;

/// The fewest points that have a slope.
const FEWEST: usize = 8;
/// Longer series are taken as medians of neighbours: all pairs of so many points are enough for a slope.
const MOST: usize = 400;
/// Two-sided 95 %.
const QUANTILE: f64 = 1.959_963_984_540_054;

/// A slope.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// Change from one point to the next.
    pub slope: f64,
    /// The lowest slope that is believable with 95 %.
    pub lowest: f64,
    /// The highest.
    pub highest: f64,
    /// The chance of such an order of points without a slope.
    pub p: f64,
}

/// The drift of a series of finite values at one level; `None` where it is too short.
pub fn drift(values: &[f64]) -> Option<Drift> {
    if values.len() < FEWEST {
        return None;
    }
    let size = values.len().div_ceil(MOST);
    let thinned: Vec<f64> = values.chunks(size).map(median).collect();
    let n = thinned.len();
    let mut slopes = Vec::with_capacity(n * (n - 1) / 2);
    let (mut ups, mut downs) = (0u64, 0u64);
    for (i, one) in thinned.iter().enumerate() {
        for (j, other) in thinned.iter().enumerate().skip(i + 1) {
            slopes.push((other - one) / (j - i) as f64);
            ups += u64::from(other > one);
            downs += u64::from(other < one);
        }
    }
    slopes.sort_by(f64::total_cmp);
    let slope = median(&slopes);
    let rest: Vec<f64> = thinned.iter().enumerate().map(|(i, value)| value - slope * i as f64).collect();
    // An order of points that resemble their neighbours varies more.
    let spread = (variance_of_order(&thinned) * inflation(n, of_neighbours(&[&rest]))).sqrt();
    let order = ups as f64 - downs as f64;
    let score = (order.abs() - 1.0).max(0.0) / spread;
    let p = if spread > 0.0 { Normal::standard().sf(score) * 2.0 } else { 1.0 };
    let pairs = slopes.len() as f64;
    let place = |rank: f64| slopes[(rank.max(0.0) as usize).min(slopes.len() - 1)];
    let (lowest, highest) =
        (place((pairs - QUANTILE * spread) / 2.0), place((pairs + QUANTILE * spread) / 2.0));
    let per_point = |slope: f64| slope / size as f64;
    Some(Drift {
        slope: per_point(slope),
        lowest: per_point(lowest),
        highest: per_point(highest),
        p: p.min(1.0),
    })
}

/// The variance of (pairs that rise - pairs that fall) without a slope, given how many points are equal.
fn variance_of_order(values: &[f64]) -> f64 {
    let term = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let ties: f64 = sorted.chunk_by(|one, other| one == other).map(|tied| term(tied.len() as f64)).sum();
    (term(values.len() as f64) - ties) / 18.0
}
