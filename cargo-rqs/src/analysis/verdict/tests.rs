//! The rule as a table, and what must hold for all values.

use proptest::prelude::*;

use super::*;

const POLICY: Policy = Policy::USUAL;

/// Values with exactly this mean and standard deviation.
fn values(mean: f64, sd: f64, n: usize) -> Vec<f64> {
    let step = sd * ((n - 1) as f64 / n as f64).sqrt();
    assert!(n.is_multiple_of(2));
    (0..n).map(|i| mean + if i % 2 == 0 { step } else { -step }).collect()
}

fn swapped(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Regressed => Verdict::Improved,
        Verdict::Improved => Verdict::Regressed,
        other => other,
    }
}

#[test]
fn the_rule_as_a_table() {
    use Verdict::*;
    for (mean, half_width, verdict) in [
        (0.02, 0.01, Regressed),
        (-0.02, 0.01, Improved),
        (0.02, 0.02, Inconclusive),
        (0.02, 0.03, Inconclusive),
        (0.0, 0.009, Unchanged),
        (0.0, 0.011, Inconclusive),
        (0.004, 0.001, Unchanged), // surely slower, but by less than the floor
        (0.004, 0.008, Inconclusive),
        (0.007, 0.001, Regressed), // above the floor, though within the margin
        (-0.007, 0.001, Improved),
        (0.5, f64::INFINITY, Inconclusive),
        (0.0, f64::INFINITY, Inconclusive),
        (0.0, 0.0, Unchanged),
    ] {
        assert_eq!(decide(mean, half_width, &POLICY), verdict, "{mean} ± {half_width}");
    }
}

#[test]
fn a_change_is_settled_when_the_interval_says_by_how_much_or_enough_was_spent_on_it() {
    // At six epochs the interval is 12 standard deviations wide to either side, at ten two.
    for (mean, sd, n, settled) in [
        (0.3, 0.02, 6, false),
        (0.3, 0.02, 10, true),
        (0.05, 0.0005, 6, true),
        (0.02, 0.004, 10, true), // known to the margin, though not to a quarter of itself
        (0.3, 0.2, 22, false),
        (0.3, 0.2, 24, true),
        (0.0, 0.0001, 8, true),
        (0.0, 0.1, 24, false),
    ] {
        let judgement = judge(&values(mean, sd, n), &POLICY, 0.01);
        assert_eq!(is_settled(&judgement, &POLICY), settled, "{mean} {sd} {n}: {judgement:?}");
    }
}

#[test]
fn fewer_than_six_epochs_are_never_enough_at_one_percent() {
    assert_eq!(judge(&[0.5; 5], &POLICY, 0.01).verdict, Verdict::Inconclusive);
    assert_eq!(judge(&[0.5; 6], &POLICY, 0.01).verdict, Verdict::Regressed);
}

#[test]
fn the_smallest_visible_change_is_the_half_width_but_never_below_the_floor() {
    let wide = judge(&values(0.0, 0.02, 10), &POLICY, 0.01);
    let seen = smallest_visible_change(&wide, &POLICY).unwrap();
    assert!((seen - wide.interval.half_width.exp_m1()).abs() < 1e-12);
    let shown = judge(&values(seen.ln_1p() + 1e-9, 0.02, 10), &POLICY, 0.01);
    assert_eq!(shown.verdict, Verdict::Regressed, "a change of that size is shown");
    let narrow = judge(&values(0.0, 0.0001, 10), &POLICY, 0.01);
    assert!((smallest_visible_change(&narrow, &POLICY).unwrap() - 0.005).abs() < 1e-12);
    assert_eq!(smallest_visible_change(&judge(&[0.1, 0.2], &POLICY, 0.01), &POLICY), None);
}

#[test]
fn the_forecast_is_the_first_number_of_epochs_that_decides() {
    let now = judge(&values(0.02, 0.02, 10), &POLICY, 0.01);
    assert_eq!(now.verdict, Verdict::Inconclusive);
    let more = epochs_still_needed(&now, &POLICY).unwrap();
    let at = |n: usize| decide(0.02, confidence::half_width(n, 0.02, 0.01), &POLICY);
    assert_eq!((at(10 + more - 1), at(10 + more)), (Verdict::Inconclusive, Verdict::Regressed));
}

#[test]
fn there_is_no_forecast_without_a_spread_or_beyond_reason() {
    assert_eq!(epochs_still_needed(&judge(&[0.1], &POLICY, 0.01), &POLICY), None);
    assert_eq!(epochs_still_needed(&judge(&values(0.0, 5.0, 10), &POLICY, 0.01), &POLICY), None);
    assert_eq!(epochs_still_needed(&judge(&[0.5; 6], &POLICY, 0.01), &POLICY), Some(0));
}

proptest! {
    #[test]
    fn swapping_the_roles_negates_the_verdict(xs in prop::collection::vec(-0.03f64..0.05, 1..30), alpha in 0.001f64..0.1) {
        let negated: Vec<f64> = xs.iter().map(|x| -x).collect();
        let (one, other) = (judge(&xs, &POLICY, alpha), judge(&negated, &POLICY, alpha));
        prop_assert_eq!(one.verdict, swapped(other.verdict));
        prop_assert_eq!(one.interval.mean, -other.interval.mean);
        prop_assert_eq!(one.interval.half_width, other.interval.half_width);
    }

    #[test]
    fn the_order_of_the_epochs_does_not_matter(xs in prop::collection::vec(-0.03f64..0.05, 2..30)) {
        let reversed: Vec<f64> = xs.iter().rev().copied().collect();
        let (one, other) = (judge(&xs, &POLICY, 0.01), judge(&reversed, &POLICY, 0.01));
        prop_assert!((one.interval.mean - other.interval.mean).abs() < 1e-12);
        prop_assert!((one.ln_evidence - other.ln_evidence).abs() < 1e-6);
    }

    #[test]
    fn scaling_the_values_with_the_thresholds_changes_nothing(
        mean in -0.03f64..0.03, half_width in 0.0f64..0.03, scale in 0.1f64..10.0,
    ) {
        let scaled = |x: f64| (scale * x.ln_1p()).exp_m1();
        let policy = Policy { margin: scaled(POLICY.margin), floor: scaled(POLICY.floor), ..POLICY };
        prop_assert_eq!(decide(mean, half_width, &POLICY), decide(scale * mean, scale * half_width, &policy));
    }

    #[test]
    fn a_larger_alpha_never_undoes_a_decision(
        xs in prop::collection::vec(-0.02f64..0.03, 2..40), alpha in 0.0001f64..0.01, more in 1.0f64..20.0,
    ) {
        let (strict, lax) = (judge(&xs, &POLICY, alpha), judge(&xs, &POLICY, alpha * more));
        if strict.verdict != Verdict::Inconclusive {
            prop_assert_eq!(strict.verdict, lax.verdict);
        }
    }

    #[test]
    fn a_slowdown_added_to_every_epoch_never_makes_a_better_verdict(
        xs in prop::collection::vec(-0.03f64..0.03, 2..30), slower in 0.0f64..0.05,
    ) {
        let moved: Vec<f64> = xs.iter().map(|x| x + slower).collect();
        let (before, after) = (judge(&xs, &POLICY, 0.01).verdict, judge(&moved, &POLICY, 0.01).verdict);
        if before == Verdict::Regressed {
            prop_assert_eq!(after, Verdict::Regressed);
        }
        if after == Verdict::Improved {
            prop_assert_eq!(before, Verdict::Improved);
        }
    }

    #[test]
    fn an_alarm_means_that_the_evidence_reached_one_over_alpha(
        xs in prop::collection::vec(-0.02f64..0.04, 2..30), alpha in 0.001f64..0.1,
    ) {
        let judgement = judge(&xs, &POLICY, alpha);
        if matches!(judgement.verdict, Verdict::Regressed | Verdict::Improved) {
            prop_assert!(judgement.ln_evidence >= -alpha.ln() - 1e-9);
        }
    }
}
