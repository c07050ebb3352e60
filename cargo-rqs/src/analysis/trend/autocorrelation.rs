//! How much neighbouring points of a series have in common. Runs of one afternoon resemble each other more than those of
//! two months, and a test that takes them for independent finds changes in any long series.

/// The largest correlation of neighbours that is believed; beyond it a series is a random walk and no level is known.
const LARGEST: f64 = 0.95;

/// Fewer points tell nothing of their neighbours.
const FEWEST_OF_SERIES: usize = 16;
/// The part of all differences that is used.
const KEPT: f64 = 0.85;
/// Correlations up to this, divided by the root of the number of points, come by chance.
const BY_CHANCE: f64 = 0.5;

/// The correlation of neighbours in the residuals of some parts, each around its own mean, corrected for what estimating
/// the means takes away (Kendall 1954). Zero where it might as well be chance.
pub(super) fn of_neighbours(parts: &[&[f64]]) -> f64 {
    let (mut products, mut squares, mut points) = (0.0, 0.0, 0);
    for part in parts.iter().filter(|part| part.len() > 1) {
        let mean = super::mean(part);
        products += part.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum::<f64>();
        squares += part.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        points += part.len();
    }
    let n = points as f64;
    if points < 8 || squares <= 0.0 {
        return 0.0;
    }
    let raw = products / squares;
    let corrected = (raw * n + parts.len() as f64) / (n - 3.0 * parts.len() as f64).max(1.0);
    if corrected < 1.0 / n.sqrt() { 0.0 } else { corrected.min(LARGEST) }
}

/// The correlation of neighbours in a series whose level may change: from how much farther apart points are that are two
/// places from each other than neighbours are. A new level or an outlier makes a few differences large, and these are left
/// out. Zero where it might as well be chance.
pub(super) fn of_series(values: &[f64]) -> f64 {
    if values.len() < FEWEST_OF_SERIES {
        return 0.0;
    }
    let spread = |lag: usize| -> f64 {
        let mut squares: Vec<f64> =
            (lag..values.len()).map(|at| (values[at] - values[at - lag]).powi(2)).collect();
        squares.sort_by(f64::total_cmp);
        let kept = (squares.len() as f64 * KEPT) as usize;
        squares[..kept].iter().sum::<f64>() / kept as f64
    };
    let (next, after_next) = (spread(1), spread(2));
    if next <= 0.0 {
        return 0.0;
    }
    let correlation = after_next / next - 1.0;
    if correlation < BY_CHANCE / (values.len() as f64).sqrt() { 0.0 } else { correlation.min(LARGEST) }
}

/// By how much the variance of the mean of so many points is larger than if they were independent, when neighbours
/// correlate so and others accordingly less (a first-order autoregressive series).
pub(super) fn inflation(points: usize, correlation: f64) -> f64 {
    let (mut factor, mut power) = (1.0, 1.0);
    for lag in 1..points {
        power *= correlation;
        if power < 1e-6 {
            break;
        }
        factor += 2.0 * (1.0 - lag as f64 / points as f64) * power;
    }
    factor
}
