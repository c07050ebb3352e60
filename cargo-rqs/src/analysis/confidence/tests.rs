//! The t test martingale against its definition, against statrs and against exact enumeration.

use proptest::prelude::*;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::*;

const XS: [f64; 8] = [0.012, 0.018, 0.009, 0.021, 0.015, 0.011, 0.019, 0.016];

/// The formula as it stands in the paper, without care for overflow.
fn plain_e_value(xs: &[f64], theta: f64) -> f64 {
    let n = xs.len() as f64;
    let mean = xs.iter().sum::<f64>() / n;
    let sd = (xs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    let (nu, c, tau) = (n - 1.0, 1.0 / (1.0 + n), (mean - theta) * n.sqrt() / sd);
    c.sqrt() * ((1.0 + tau * tau / nu) / (1.0 + c * tau * tau / nu)).powf(n / 2.0)
}

/// The density ratio it stands for: effect sizes drawn from N(0, 1), by the trapezoidal rule, with the scale
/// integrated out over the right Haar measure.
fn integrated_e_value(xs: &[f64]) -> f64 {
    let n = xs.len() as f64;
    let (sum, squares) = (xs.iter().sum::<f64>(), xs.iter().map(|x| x * x).sum::<f64>());
    let (steps, reach) = (600, 8.0);
    let mut total = 0.0;
    let mut null = 0.0;
    for i in 0..=steps {
        let ln_scale = -3.0 + 9.0 * f64::from(i) / f64::from(steps);
        let scale = ln_scale.exp();
        let weight = (-n * ln_scale - squares / (2.0 * scale * scale)).exp();
        null += weight;
        for j in 0..=steps {
            let effect = -reach + 2.0 * reach * f64::from(j) / f64::from(steps);
            let ln_ratio = effect * sum / scale - n * effect * effect / 2.0 - effect * effect / 2.0;
            total += weight * ln_ratio.exp() / (2.0 * std::f64::consts::PI).sqrt()
                * (2.0 * reach / f64::from(steps));
        }
    }
    total / null
}

#[test]
fn the_evidence_is_the_formula_of_the_paper() {
    for theta in [-0.01, 0.0, 0.005, 0.015, 0.03] {
        let ratio = ln_e_value(&XS, theta) - plain_e_value(&XS, theta).ln();
        assert!(ratio.abs() < 1e-9, "theta {theta}: {ratio}");
    }
}

#[test]
fn the_evidence_is_the_likelihood_ratio_of_the_gaussian_mixture() {
    let xs = [0.4, -0.1, 0.3, 0.6, 0.2];
    let ratio = ln_e_value(&xs, 0.0) - integrated_e_value(&xs).ln();
    assert!(ratio.abs() < 1e-3, "{ratio}");
}

#[test]
fn the_half_width_is_the_known_one() {
    // Worked by hand: n = 10, alpha = 0.01, K = (sqrt(11) / 0.01)^(1/5) = 3.19256, h/s = sqrt(0.9 * 2.19256 / 0.70977).
    assert!((half_width(10, 1.0, 0.01) - 1.66740).abs() < 1e-4, "{}", half_width(10, 1.0, 0.01));
    assert_eq!(half_width(5, 1.0, 0.01), f64::INFINITY, "five epochs can never be enough at 1 %");
    assert!(half_width(6, 1.0, 0.01).is_finite());
}

#[test]
fn values_that_are_all_equal_have_no_width_once_there_are_enough() {
    let few = interval(&[0.1; 5], 0.01);
    assert_eq!((few.sd, few.half_width), (0.0, f64::INFINITY));
    let enough = interval(&[0.1; 6], 0.01);
    assert_eq!((enough.mean, enough.sd, enough.half_width), (0.1, 0.0, 0.0));
    assert!(ln_e_value(&[0.1; 6], 0.0) > 100f64.ln());
    assert!(ln_e_value(&[0.1; 6], 0.1) < 0.0);
}

#[test]
fn nothing_is_known_from_no_value_or_one() {
    assert_eq!(interval(&[], 0.01), Interval { mean: 0.0, sd: 0.0, half_width: f64::INFINITY, n: 0 });
    assert_eq!(interval(&[0.3], 0.01), Interval { mean: 0.3, sd: 0.0, half_width: f64::INFINITY, n: 1 });
    assert_eq!(ln_e_value(&[0.3], 0.0), 0.0);
}

#[test]
fn a_thousand_epochs_do_not_overflow() {
    let xs: Vec<f64> = (0..1000).map(|i| 1.0 + 1e-9 * f64::from(i % 7)).collect();
    assert!(ln_e_value(&xs, 0.0).is_finite());
    assert!(ln_e_value(&xs, 0.0) > 1000.0);
    assert!(interval(&xs, 1e-6).half_width < 1e-8);
}

proptest! {
    #[test]
    fn the_end_of_the_interval_is_where_the_evidence_reaches_one_over_alpha(
        xs in prop::collection::vec(-0.2f64..0.2, 8..40), alpha in 0.001f64..0.2,
    ) {
        let found = interval(&xs, alpha);
        prop_assume!(found.half_width.is_finite() && found.sd > 1e-6);
        for end in [found.mean - found.half_width, found.mean + found.half_width] {
            let evidence = ln_e_value(&xs, end);
            prop_assert!((evidence + alpha.ln()).abs() < 1e-6, "{evidence} at {end}");
        }
    }

    #[test]
    fn the_t_interval_of_a_single_look_lies_inside(
        xs in prop::collection::vec(-0.2f64..0.2, 2..40), alpha in 0.001f64..0.2,
    ) {
        let found = interval(&xs, alpha);
        let n = xs.len() as f64;
        let quantile = StudentsT::new(0.0, 1.0, n - 1.0).unwrap().inverse_cdf(1.0 - alpha / 2.0);
        prop_assert!(quantile * found.sd / n.sqrt() <= found.half_width);
    }

    #[test]
    fn more_epochs_of_the_same_spread_narrow_the_interval(n in 2usize..500, alpha in 1e-6f64..0.2) {
        prop_assert!(half_width(n + 1, 1.0, alpha) <= half_width(n, 1.0, alpha));
    }

    #[test]
    fn moving_and_scaling_the_values_moves_and_scales_the_interval(
        xs in prop::collection::vec(-0.2f64..0.2, 8..20), shift in -1.0f64..1.0, scale in 0.1f64..10.0,
    ) {
        let (was, is) = (interval(&xs, 0.05), interval(&xs.iter().map(|x| shift + scale * x).collect::<Vec<_>>(), 0.05));
        prop_assert!((is.mean - (shift + scale * was.mean)).abs() < 1e-9);
        prop_assert!((is.half_width - scale * was.half_width).abs() < 1e-9);
    }

    #[test]
    fn more_evidence_is_a_smaller_sign_flip_p_value(xs in prop::collection::vec(-1.0f64..1.0, 10)) {
        // The exact test flips the sign of every value in all ways; the evidence must order these ways as the
        // distance of their mean from 0 does, because that makes the two tests agree on what is more extreme.
        let flipped = |mask: u32| -> Vec<f64> {
            xs.iter().enumerate().map(|(i, x)| if mask >> i & 1 == 1 { -x } else { *x }).collect()
        };
        let observed = ln_e_value(&xs, 0.0);
        let total: f64 = xs.iter().sum();
        let by_evidence = (0..1024).filter(|mask| ln_e_value(&flipped(*mask), 0.0) >= observed - 1e-9).count();
        let by_mean = (0..1024).filter(|mask| flipped(*mask).iter().sum::<f64>().abs() >= total.abs() - 1e-12).count();
        prop_assert_eq!(by_evidence, by_mean);
    }
}
