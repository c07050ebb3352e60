//! Where the level of a series changed: E-divisive (Matteson and James 2014) with Student's test for significance and a
//! second pass over weak change points, as in Hunter (Fleming and others 2023).
//!
//! The first pass splits the series again and again at the best place, as long as a split is at least weakly significant:
//! a change may hide another one until the series is split there. The second pass takes the least significant ones back,
//! one after the other, until every one that is left separates its neighbours significantly.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::autocorrelation::{self, inflation, of_neighbours};
use super::energy::best_split;
use super::{mean, median};

/// When a change of level counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// The largest p value of a change point.
    pub p: f64,
    /// The smallest change that counts, as a difference of the values.
    pub least_change: f64,
    /// The fewest points on either side.
    pub least_points: usize,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { p: 1e-4, least_change: 0.005, least_points: 3 }
    }
}

/// How much weaker a change point of the first pass may be.
const WEAK: f64 = 10.0;

/// Parts of so many points have to agree in themselves.
const MOST_OF_SHORT: usize = 6;
/// So many deviations from its median a value counts as it is.
const FAR: f64 = 4.0;
/// A median absolute deviation times this is a standard deviation, for normal values.
pub(super) const TO_DEVIATION: f64 = 1.482_602_218_505_602;

/// A place where the level of a series changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChangePoint {
    /// The first point at the new level.
    pub at: usize,
    /// The level before, a median.
    pub before: f64,
    /// The level since, a median.
    pub after: f64,
    /// The chance of such a difference without a change.
    pub p: f64,
}

/// The change points of a series of finite values, in their order.
pub fn change_points(values: &[f64], rules: &Rules) -> Vec<ChangePoint> {
    let mut borders = weak(values, rules);
    // The one is too large by chance at times, the other too small where there are too many borders yet.
    let of_series = (autocorrelation::of_series(values) + of_neighbours(&parts(values, &borders))) / 2.0;
    loop {
        let found: Vec<ChangePoint> =
            (0..borders.len()).map(|number| judge(values, &borders, number, of_series)).collect();
        let is_small = |point: &ChangePoint| (point.after - point.before).abs() < rules.least_change;
        let doubtful = found.iter().enumerate().filter(|(_, point)| point.p > rules.p || is_small(point));
        // The least significant first: without it, its neighbours have more to stand on.
        match doubtful.max_by(|(_, one), (_, other)| one.p.total_cmp(&other.p)) {
            None => return found,
            Some((number, _)) => drop(borders.remove(number)),
        }
    }
}

/// Borders that are at least weakly significant, in their order.
fn weak(values: &[f64], rules: &Rules) -> Vec<usize> {
    let (mut borders, mut open) = (Vec::new(), vec![(0, values.len())]);
    while let Some((start, end)) = open.pop() {
        let Some(split) = best_split(&values[start..end], rules.least_points) else { continue };
        let at = start + split.at;
        let parts = [&values[start..at], &values[at..end]];
        // What neighbours have in common is taken into account in the end: here, a change that is still to be found would
        // be taken for it.
        if p_value(parts, 0.0) <= rules.p * WEAK {
            borders.push(at);
            open.extend([(start, at), (at, end)]);
        }
    }
    borders.sort_unstable();
    borders
}

/// What lies between the borders.
fn parts<'a>(values: &'a [f64], borders: &[usize]) -> Vec<&'a [f64]> {
    let starts = [0].into_iter().chain(borders.iter().copied());
    let ends = borders.iter().copied().chain([values.len()]);
    starts.zip(ends).map(|(start, end)| &values[start..end]).collect()
}

/// A border with the levels on both its sides, up to the next ones.
fn judge(values: &[f64], borders: &[usize], number: usize, of_series: f64) -> ChangePoint {
    let at = borders[number];
    let start = if number == 0 { 0 } else { borders[number - 1] };
    let end = borders.get(number + 1).copied().unwrap_or(values.len());
    let (before, after) = (&values[start..at], &values[at..end]);
    let parts = [before, after];
    let correlation = of_neighbours(&parts).max(of_series);
    let p = if agrees(parts) { p_value(parts, correlation) } else { 1.0 };
    ChangePoint { at, before: median(before), after: median(after), p }
}

/// Whether every point of a short part lies on its own side of the other: a few outliers make no level.
fn agrees([before, after]: [&[f64]; 2]) -> bool {
    let [short, long] = if before.len() < after.len() { [before, after] } else { [after, before] };
    if short.len() > MOST_OF_SHORT {
        return true;
    }
    let level = median(long);
    let deviations: Vec<f64> = long.iter().map(|value| (value - level).abs()).collect();
    let scale = median(&deviations) * TO_DEVIATION;
    short.iter().all(|value| value - level > scale) || short.iter().all(|value| level - value > scale)
}

/// One of two parts, with what lies far from its median brought nearer: a single outlier would hide every change.
fn clipped(parts: [&[f64]; 2], which: usize) -> Vec<f64> {
    let medians = parts.map(median);
    let of = |part: usize| parts[part].iter().map(move |value| (value - medians[part]).abs());
    let deviations: Vec<f64> = of(0).chain(of(1)).collect();
    let far = FAR * median(&deviations) * TO_DEVIATION;
    let center = medians[which];
    let clip = |value: &f64| if far > 0.0 { value.max(center - far).min(center + far) } else { *value };
    parts[which].iter().map(clip).collect()
}

/// The chance of means so far apart in two parts of one level: Student's test with a common variance, which three new
/// points do not have to estimate by themselves, and with what neighbours have in common.
fn p_value([before, after]: [&[f64]; 2], correlation: f64) -> f64 {
    let (before, after) = (clipped([before, after], 0), clipped([before, after], 1));
    let (before, after) = (&before[..], &after[..]);
    let (a, b) = (before.len() as f64, after.len() as f64);
    let (mean_before, mean_after) = (mean(before), mean(after));
    let squares = |part: &[f64], mean: f64| part.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
    let freedom = a + b - 2.0;
    if freedom < 1.0 {
        return 1.0;
    }
    let variance = (squares(before, mean_before) + squares(after, mean_after)) / freedom;
    let difference = (mean_after - mean_before).abs();
    if variance <= 0.0 {
        // All points of each part are equal, as instruction counts are.
        return if difference > 0.0 { 0.0 } else { 1.0 };
    }
    let factors = [inflation(before.len(), correlation), inflation(after.len(), correlation)];
    let error = (variance * (factors[0] / a + factors[1] / b)).sqrt();
    let freedom = ((a / factors[0] + b / factors[1]) - 2.0).max(1.0);
    match StudentsT::new(0.0, 1.0, freedom) {
        Ok(student) => 2.0 * student.sf(difference / error),
        Err(_) => 1.0,
    }
}
