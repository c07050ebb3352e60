//! What is said of a pair, and the rules of tools that leave judging to another program or to people.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// What a tool says of the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It is slower.
    Regressed,
    /// It is faster.
    Improved,
    /// Neither was shown.
    NoChange,
}

impl What {
    /// As it is written down.
    pub fn name(self) -> &'static str {
        match self {
            What::Regressed => "regressed",
            What::Improved => "improved",
            What::NoChange => "no change",
        }
    }

    /// A change that counts, or none.
    pub fn of(counts: bool, change: f64) -> What {
        match counts {
            false => What::NoChange,
            true if change > 0.0 => What::Regressed,
            true => What::Improved,
        }
    }
}

/// What was said, and the change that was seen: 0.01 is one percent slower.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Said {
    /// What was said.
    pub what: What,
    /// The change, where the tool tells it.
    pub change: Option<f64>,
}

/// Changes of a median that people take for one: the noise threshold of Criterion and of Tango.
const CARED_ABOUT: f64 = 0.01;

/// Two medians beside each other, as a reader of two tables compares them.
pub fn by_eye(baseline: f64, candidate: f64) -> Said {
    let change = candidate / baseline - 1.0;
    Said { what: What::of(change.abs() > CARED_ABOUT, change), change: Some(change) }
}

/// Welch's t test at 5 %, as `scripts/welch_ttest.py` of hyperfine applies it to its exported times.
pub fn welch(baseline: &[f64], candidate: &[f64]) -> Option<Said> {
    const LEVEL: f64 = 0.05;
    let (a, b) = (Moments::of(baseline)?, Moments::of(candidate)?);
    let change = b.mean / a.mean - 1.0;
    let (va, vb) = (a.variance / a.n, b.variance / b.n);
    let t = (b.mean - a.mean) / (va + vb).sqrt();
    let freedom = (va + vb).powi(2) / (va * va / (a.n - 1.0) + vb * vb / (b.n - 1.0));
    let p = match t.is_finite() && freedom.is_finite() {
        true => 2.0 * StudentsT::new(0.0, 1.0, freedom).ok()?.cdf(-t.abs()),
        // Values without any spread differ, or they do not.
        false => f64::from(u8::from(a.mean == b.mean)),
    };
    Some(Said { what: What::of(p < LEVEL, change), change: Some(change) })
}

/// asv's rule: the medians differ by a factor, and a Mann-Whitney U test at 0.002 tells the samples apart
/// (`asv/_stats.py` and `_is_result_better` of `asv/commands/compare.py`). `None` with so few samples that asv would
/// count exactly instead.
pub fn asv(baseline: &[f64], candidate: &[f64], factor: f64) -> Option<Said> {
    const LEVEL: f64 = 0.002;
    const APPROXIMATED_ABOVE: usize = 20;
    if baseline.len().max(candidate.len()) <= APPROXIMATED_ABOVE {
        return None;
    }
    let (a, b) = (median(baseline)?, median(candidate)?);
    let is_different = mann_whitney(baseline, candidate)? < LEVEL;
    let by_factor = a < b / factor || b < a / factor;
    Some(Said { what: What::of(is_different && by_factor, b - a), change: Some(b / a - 1.0) })
}

/// The p-value of the two-sided Mann-Whitney U test by its normal approximation, ties counted for the null hypothesis.
fn mann_whitney(x: &[f64], y: &[f64]) -> Option<f64> {
    let mut sorted = y.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (mut below, mut ties) = (0, 0);
    for value in x {
        let less = sorted.partition_point(|other| other < value);
        below += less;
        ties += sorted.partition_point(|other| other <= value) - less;
    }
    let (m, n) = (x.len() as f64, y.len() as f64);
    let (low, high, middle) = (below as f64, (below + ties) as f64, m * n / 2.0);
    let u = if low > middle { low } else { high.min(middle) };
    let z = -(u - middle).abs() / (m * n * (m + n + 1.0) / 12.0).sqrt();
    Some(2.0 * Normal::new(0.0, 1.0).ok()?.cdf(z))
}

/// The middle value; `None` without values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some((lower + upper) / 2.0)
}

struct Moments {
    n: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    fn of(values: &[f64]) -> Option<Moments> {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (values.len() > 1).then_some(Moments { n, mean, variance })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Deviations of 21 values around a base.
    fn around(base: f64, spread: f64) -> Vec<f64> {
        (-10..=10).map(|k| base + spread * f64::from(k)).collect()
    }

    #[test]
    fn welch_agrees_with_a_worked_example() {
        // scipy.stats.ttest_ind([1..5], [2, 4, 6, 8, 10], equal_var=False): t = -1.897, 5.88 degrees of freedom, p = 0.107.
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(welch(&a, &b).unwrap().what, What::NoChange);
        // With 9 more on one side t = -9.49: p < 0.001.
        let far = b.map(|value| value + 12.0);
        assert_eq!(welch(&a, &far).unwrap().what, What::Regressed);
        assert_eq!(welch(&far, &a).unwrap().what, What::Improved);
        assert_eq!(welch(&[1.0, 1.0], &[1.0, 1.0]).unwrap().what, What::NoChange);
        assert_eq!(welch(&[1.0, 1.0], &[2.0, 2.0]).unwrap().what, What::Regressed);
        assert_eq!(welch(&[1.0], &a), None);
    }

    #[test]
    fn asv_wants_both_the_factor_and_the_test() {
        let base = around(100.0, 0.1);
        let said = |candidate: &[f64], factor| asv(&base, candidate, factor).unwrap().what;
        assert_eq!(said(&around(105.0, 0.1), 1.1), What::NoChange);
        assert_eq!(said(&around(105.0, 0.1), 1.01), What::Regressed);
        assert_eq!(said(&around(95.0, 0.1), 1.01), What::Improved);
        assert_eq!(said(&around(105.0, 10.0), 1.01), What::NoChange);
        assert_eq!(asv(&base[..20], &base[..20], 1.1), None);
    }

    #[test]
    fn a_u_test_of_interleaved_values_sees_nothing_and_ties_count_for_no_difference() {
        let (odd, even): (Vec<f64>, Vec<f64>) =
            (0..50).map(|k| (2.0 * f64::from(k), 2.0 * f64::from(k) + 1.0)).unzip();
        assert!(mann_whitney(&odd, &even).unwrap() > 0.8);
        assert_eq!(mann_whitney(&odd, &odd).unwrap(), 1.0);
        // U = 0 of 2500, sd = sqrt(2500 * 101 / 12) = 145.06: z = -8.617.
        let above: Vec<f64> = odd.iter().map(|value| value + 1000.0).collect();
        assert!(mann_whitney(&odd, &above).unwrap() < 1e-16);
        assert_eq!(mann_whitney(&odd, &above), mann_whitney(&above, &odd));
    }

    #[test]
    fn people_see_differences_of_more_than_a_percent() {
        assert_eq!(by_eye(100.0, 100.9).what, What::NoChange);
        assert_eq!(by_eye(100.0, 101.1).what, What::Regressed);
        assert_eq!(by_eye(100.0, 98.9).what, What::Improved);
        assert_eq!(median(&[3.0, 1.0, 2.0, 10.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }
}
