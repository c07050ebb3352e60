//! Whether a benchmark had settled when its blocks were taken.

use super::centre::median;

/// How far two stretches of an epoch may lie apart in their times and still count as level.
const LEVEL: f64 = 0.005;
/// With fewer blocks than this, nothing is said.
const FEWEST_BLOCKS: usize = 8;

/// How a benchmark's times moved within its epochs, the calmest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Steadiness {
    /// It stayed level.
    Flat,
    /// It was slower at first: caches, allocators or lazy set-up were still warming up.
    WarmUp,
    /// It got slower: state that grows, or a processor that throttles.
    SlowDown,
    /// It was still moving at the end.
    NoSteadyState,
}

/// The steadiness of a benchmark: what more than half of its epochs show; without such a majority it is flat when at
/// least half of them are, and otherwise has no steady state.
pub fn of_benchmark(epochs: &[Steadiness]) -> Option<Steadiness> {
    let count = |class: Steadiness| epochs.iter().filter(|epoch| **epoch == class).count();
    let half = epochs.len().div_ceil(2);
    match epochs {
        [] => None,
        _ if count(Steadiness::Flat) >= half => Some(Steadiness::Flat),
        _ => [Steadiness::WarmUp, Steadiness::SlowDown]
            .into_iter()
            .find(|class| 2 * count(*class) > epochs.len())
            .or(Some(Steadiness::NoSteadyState)),
    }
}

/// The steadiness of one side in one epoch, from the logarithms of its blocks' times in time order: compares the first
/// quarter with the second half, and the two quarters of that half with each other. `None` for too few blocks.
pub fn of_levels(levels: &[f64]) -> Option<Steadiness> {
    let n = levels.len();
    if n < FEWEST_BLOCKS {
        return None;
    }
    let (first, second_half) = (&levels[..n / 4], &levels[n / 2..]);
    let (third, last) = second_half.split_at(second_half.len() / 2);
    if step(third, last) != 0.0 {
        return Some(Steadiness::NoSteadyState);
    }
    Some(match step(first, second_half) {
        down if down < 0.0 => Steadiness::WarmUp,
        up if up > 0.0 => Steadiness::SlowDown,
        _ => Steadiness::Flat,
    })
}

/// How far the second stretch lies above the first; 0 when that is below the limit or could well be noise.
fn step(before: &[f64], after: &[f64]) -> f64 {
    let (Some(before_centre), Some(after_centre)) = (median(before), median(after)) else {
        return 0.0;
    };
    let residuals: Vec<f64> = before
        .iter()
        .map(|x| (x - before_centre).abs())
        .chain(after.iter().map(|x| (x - after_centre).abs()))
        .collect();
    // 1.4826 makes a median absolute deviation a standard deviation, 1.2533 is the error of a median against that
    // of a mean; three such errors are taken for more than noise.
    let spread = 1.4826 * median(&residuals).unwrap_or(0.0);
    let error = 1.2533 * spread * (1.0 / before.len() as f64 + 1.0 / after.len() as f64).sqrt();
    let step = after_centre - before_centre;
    if step.abs() > LEVEL.max(3.0 * error) { step } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(shape: impl Fn(usize) -> f64) -> Vec<f64> {
        // A ripple of 0.1 % that is no trend.
        (0..40).map(|i| shape(i) + 0.001 * [0.0, 0.7, -0.4, 0.9, -1.0][i % 5]).collect()
    }

    #[test]
    fn each_class_is_told_by_its_shape() {
        assert_eq!(of_levels(&levels(|_| 5.0)), Some(Steadiness::Flat));
        assert_eq!(of_levels(&levels(|i| if i < 12 { 5.03 } else { 5.0 })), Some(Steadiness::WarmUp));
        assert_eq!(of_levels(&levels(|i| if i < 12 { 4.97 } else { 5.0 })), Some(Steadiness::SlowDown));
        assert_eq!(of_levels(&levels(|i| 5.0 + 0.002 * i as f64)), Some(Steadiness::NoSteadyState));
    }

    #[test]
    fn half_a_percent_is_level() {
        assert_eq!(of_levels(&levels(|i| if i < 12 { 5.004 } else { 5.0 })), Some(Steadiness::Flat));
    }

    #[test]
    fn wide_noise_is_not_taken_for_a_trend() {
        let noisy: Vec<f64> =
            (0..40).map(|i| 5.0 + 0.05 * [0.0, 0.7, -0.4, 0.9, -1.0, 0.2, -0.3][i % 7]).collect();
        assert_eq!(of_levels(&noisy), Some(Steadiness::Flat));
    }

    #[test]
    fn few_blocks_say_nothing() {
        assert_eq!(of_levels(&[5.0; 7]), None);
        assert_eq!(of_benchmark(&[]), None);
    }

    #[test]
    fn the_majority_of_the_epochs_decides() {
        use Steadiness::*;
        assert_eq!(of_benchmark(&[Flat, WarmUp]), Some(Flat));
        assert_eq!(of_benchmark(&[Flat, WarmUp, WarmUp]), Some(WarmUp));
        assert_eq!(of_benchmark(&[Flat, WarmUp, SlowDown]), Some(NoSteadyState));
    }
}
