//! A rate from counted events, with exact bounds.

use statrs::distribution::{Beta, ContinuousCDF};

/// How sure each bound is by itself.
pub const CONFIDENCE: f64 = 0.95;

/// So many events in so many tries, and what that says of the rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Tries with the event.
    pub events: u64,
    /// All tries.
    pub tries: u64,
    /// The rate is at least this, with [`CONFIDENCE`].
    pub lower: f64,
    /// The rate is at most this, with [`CONFIDENCE`].
    pub upper: f64,
}

impl Rate {
    /// The rate of events in independent tries (Clopper, Pearson 1934): the rates at which so many events, or so few,
    /// have only the remaining probability. Of no tries, nothing is known.
    pub fn of(events: u64, tries: u64) -> Rate {
        let events = events.min(tries);
        let (k, n) = (events as f64, tries as f64);
        Rate {
            events,
            tries,
            lower: if events == 0 { 0.0 } else { beta_quantile(k, n - k + 1.0, 1.0 - CONFIDENCE) },
            upper: if events == tries { 1.0 } else { beta_quantile(k + 1.0, n - k, CONFIDENCE) },
        }
    }

    /// The share that was counted; `None` without tries.
    pub fn share(&self) -> Option<f64> {
        (self.tries > 0).then(|| self.events as f64 / self.tries as f64)
    }
}

/// Tries without any event that it takes to bound a rate by this.
pub fn tries_without_event(rate: f64) -> u64 {
    ((1.0 - CONFIDENCE).ln() / (-rate).ln_1p()).ceil() as u64
}

/// Halves the interval that holds the quantile until its ends are neighbours, because the library's own inverse gives
/// up at an accuracy that is too coarse for rates of one in ten thousand.
fn beta_quantile(a: f64, b: f64, share: f64) -> f64 {
    let Ok(beta) = Beta::new(a, b) else { return if share < 0.5 { 0.0 } else { 1.0 } };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if beta.cdf(middle) < share { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounds_agree_with_their_closed_forms() {
        let rate = Rate::of(0, 3000);
        assert!((rate.upper - (1.0 - 0.05f64.powf(1.0 / 3000.0))).abs() < 1e-12 && rate.lower == 0.0);
        assert!(
            rate.upper < 0.001,
            "three thousand verdicts without an alarm bound the rate by one in a thousand"
        );
        let all = Rate::of(10, 10);
        assert!((all.lower - 0.05f64.powf(0.1)).abs() < 1e-12 && all.upper == 1.0);
        let but_one = Rate::of(9, 10);
        assert!((but_one.upper - 0.95f64.powf(0.1)).abs() < 1e-12);
    }

    #[test]
    fn bounds_agree_with_published_ones() {
        // Each bound with 95 % is an end of the two-sided interval with 90 %: R's `binom.test(k, n, conf.level = 0.9)`.
        for (events, tries, lower, upper) in
            [(4, 20, 0.071_354, 0.401_028), (1, 10, 0.005_116, 0.394_163), (50, 100, 0.413_622, 0.586_378)]
        {
            let rate = Rate::of(events, tries);
            assert!((rate.lower - lower).abs() < 2e-6, "{rate:?}");
            assert!((rate.upper - upper).abs() < 2e-6, "{rate:?}");
        }
    }

    #[test]
    fn of_no_tries_nothing_is_known() {
        let rate = Rate::of(0, 0);
        assert_eq!((rate.lower, rate.upper, rate.share()), (0.0, 1.0, None));
    }

    #[test]
    fn the_tries_that_bound_a_rate_do_so_and_one_less_does_not() {
        for rate in [0.000_77, 0.001, 0.01, 0.3] {
            let tries = tries_without_event(rate);
            assert!(
                Rate::of(0, tries).upper <= rate && Rate::of(0, tries - 1).upper > rate,
                "{rate}: {tries}"
            );
        }
    }

    /// The probability of at most so many events, summed up term by term.
    fn at_most(events: u64, tries: u64, rate: f64) -> f64 {
        if rate > 0.5 {
            // The other tail, whose first term does not vanish.
            return if events >= tries { 1.0 } else { 1.0 - at_most(tries - events - 1, tries, 1.0 - rate) };
        }
        let mut term = (1.0 - rate).powf(tries as f64);
        let mut sum = term;
        for k in 0..events {
            term *= (tries - k) as f64 / (k + 1) as f64 * rate / (1.0 - rate);
            sum += term;
        }
        sum
    }

    proptest! {
        #[test]
        fn at_a_bound_the_events_have_just_the_remaining_probability(tries in 1u64..200, share in 0.0f64..1.0) {
            let events = (share * tries as f64) as u64;
            let rate = Rate::of(events, tries);
            let share = rate.share().unwrap();
            prop_assert!(rate.lower <= share && share <= rate.upper);
            if events < tries {
                prop_assert!((at_most(events, tries, rate.upper) - 0.05).abs() < 1e-6);
            }
            if events > 0 {
                prop_assert!((1.0 - at_most(events - 1, tries, rate.lower) - 0.05).abs() < 1e-6);
            }
        }
    }
}
