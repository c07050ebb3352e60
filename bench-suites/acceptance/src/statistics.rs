//! Order statistics, and the exact bound on a rate from counted events.

/// The value below which a share of the values lies, by the nearest rank; 0 without values.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

/// The middle value.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The largest rate that `events` in `tries` still agree with, with the given confidence (Clopper, Pearson 1934),
/// one-sided: the rate at which so few events have only the remaining probability.
pub fn upper_bound(events: u64, tries: u64, confidence: f64) -> f64 {
    if events >= tries {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if at_most(events, tries, middle) > 1.0 - confidence { low = middle } else { high = middle }
    }
    high
}

/// The probability of at most so many events in independent tries of one rate.
fn at_most(events: u64, tries: u64, rate: f64) -> f64 {
    let mut term = (1.0 - rate).powf(tries as f64);
    let mut sum = term;
    for k in 0..events {
        term *= (tries - k) as f64 / (k + 1) as f64 * rate / (1.0 - rate);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_agree_with_their_closed_forms() {
        // Without any event the bound is 1 - (1 - confidence)^(1 / tries).
        assert!((upper_bound(0, 100, 0.95) - (1.0 - 0.05f64.powf(0.01))).abs() < 1e-9);
        // With all but one it is confidence^(1 / tries).
        assert!((upper_bound(9, 10, 0.95) - 0.95f64.powf(0.1)).abs() < 1e-9);
        assert_eq!(upper_bound(3, 3, 0.95), 1.0);
    }

    #[test]
    fn quantiles_are_values_that_occurred() {
        let values: Vec<f64> = (1..=20).map(f64::from).collect();
        assert_eq!((median(&values), quantile(&values, 0.95), quantile(&values, 1.0)), (10.0, 19.0, 20.0));
        assert_eq!(median(&[]), 0.0);
    }
}
