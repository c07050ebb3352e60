//! Change points, drift and anomalies of series whose truth is known.

use proptest::prelude::*;

use super::energy::best_split;
use super::*;
use crate::analysis::verdict::simulations::Noise;

/// Levels with so many points each, and noise of a deviation around them.
fn steps(levels: &[(f64, usize)], deviation: f64, seed: u64) -> Vec<f64> {
    let mut noise = Noise { state: seed };
    let points = levels.iter().flat_map(|&(level, points)| std::iter::repeat_n(level, points));
    points.map(|level| level + deviation * noise.normal()).collect()
}

fn places(values: &[f64]) -> Vec<usize> {
    change_points(values, &Rules::default()).iter().map(|point| point.at).collect()
}

#[test]
fn a_step_is_found_where_it_is_with_both_its_levels() {
    let found = change_points(&steps(&[(0.0, 30), (0.1, 20)], 0.01, 1), &Rules::default());
    let [point] = &found[..] else { panic!("{found:?}") };
    assert_eq!(point.at, 30);
    assert!(point.before.abs() < 0.01 && (point.after - 0.1).abs() < 0.01 && point.p < 1e-9, "{point:?}");
}

#[test]
fn a_change_that_was_undone_does_not_hide() {
    assert_eq!(places(&steps(&[(0.0, 30), (0.1, 12), (0.0, 30)], 0.01, 2)), [30, 42]);
    assert_eq!(places(&steps(&[(0.0, 20), (0.1, 20), (0.3, 20), (0.2, 20)], 0.01, 3)), [20, 40, 60]);
}

#[test]
fn counts_without_any_noise_change_in_one_point_of_three() {
    let counts: Vec<f64> = steps(&[(5.0, 10), (5.1, 3)], 0.0, 4);
    let found = change_points(&counts, &Rules::default());
    assert_eq!((found.len(), found[0].at, found[0].p), (1, 10, 0.0));
    assert_eq!(places(&[5.0; 40]), [0; 0]);
    assert_eq!(places(&[]), [0; 0]);
    assert_eq!(places(&[1.0, 2.0]), [0; 0]);
}

#[test]
fn a_change_below_the_least_is_none_however_sure() {
    let values = steps(&[(0.0, 100), (0.004, 100)], 0.0005, 5);
    assert_eq!(places(&values), [0; 0]);
    let rules = Rules { least_change: 0.002, ..Rules::default() };
    assert_eq!(change_points(&values, &rules).len(), 1);
}

#[test]
fn a_slope_is_told_with_its_interval_and_outliers_do_not_matter() {
    let mut noise = Noise { state: 6 };
    let mut values: Vec<f64> = (0..60).map(|i| 0.001 * f64::from(i) + 0.005 * noise.normal()).collect();
    values[50] = 9.0;
    let found = drift(&values).unwrap();
    assert!(found.lowest < 0.001 && 0.001 < found.highest && found.p < 1e-6, "{found:?}");
    assert!(found.highest - found.lowest < 0.0004, "{found:?}");
    let flat = drift(&steps(&[(0.0, 60)], 0.005, 7)).unwrap();
    assert!(flat.lowest < 0.0 && 0.0 < flat.highest && flat.p > 0.01, "{flat:?}");
    assert_eq!(drift(&[1.0; 7]), None);
    assert_eq!(drift(&[1.0; 20]).unwrap().p, 1.0);
}

#[test]
fn the_slope_of_a_long_series_is_that_of_one_point_to_the_next() {
    let values: Vec<f64> = (0..4000).map(|i| 0.001 * f64::from(i)).collect();
    let found = drift(&values).unwrap();
    assert!((found.slope - 0.001).abs() < 1e-9, "{found:?}");
}

#[test]
fn a_point_stands_out_alone_and_a_new_level_does_not_once_it_is_known() {
    let mut values = steps(&[(0.0, 40)], 0.01, 8);
    values[25] = 0.3;
    let found: Vec<usize> = anomalies(&values, &[], 0.005).iter().map(|it| it.at).collect();
    assert_eq!(found, [25]);
    let values = steps(&[(0.0, 30), (0.3, 20)], 0.01, 9);
    assert_eq!(anomalies(&values, &[30], 0.005), []);
    assert_eq!(anomalies(&values, &[], 0.005)[0].at, 30);
    assert_eq!(anomalies(&[1.0; 30], &[], 0.005), []);
}

/// The statistic as it is defined, in n² steps for each place.
fn by_definition(values: &[f64], at: usize) -> f64 {
    let distances = |one: &[f64], other: &[f64]| -> f64 {
        one.iter().flat_map(|a| other.iter().map(move |b| (a - b).abs())).sum()
    };
    let (left, right) = values.split_at(at);
    let (n, m) = (left.len() as f64, right.len() as f64);
    let within = |part: &[f64], size: f64| distances(part, part) / (size * (size - 1.0));
    n * m / (n + m) * (2.0 * distances(left, right) / (n * m) - within(left, n) - within(right, m))
}

proptest! {
    #[test]
    fn the_best_split_is_the_one_of_the_definition(values in proptest::collection::vec(-5i32..5, 4..40)) {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let found = best_split(&values, 2).unwrap();
        let largest = (2..=values.len() - 2).map(|at| by_definition(&values, at)).fold(f64::NEG_INFINITY, f64::max);
        prop_assert!((found.statistic - largest).abs() < 1e-9, "{} {largest}", found.statistic);
        prop_assert!((by_definition(&values, found.at) - largest).abs() < 1e-9);
    }

    #[test]
    fn neither_unit_nor_sign_matters(seed in any::<u64>(), shift in -3.0f64..3.0, flip in any::<bool>()) {
        let values = steps(&[(0.0, 15), (0.05, 10), (0.02, 25)], 0.01, seed);
        let sign = if flip { -1.0 } else { 1.0 };
        let other: Vec<f64> = values.iter().map(|value| sign * value + shift).collect();
        prop_assert_eq!(places(&values), places(&other));
    }

    #[test]
    fn whatever_the_values_borders_leave_room_and_nothing_panics(
        values in proptest::collection::vec(proptest::num::f64::NORMAL.prop_map(|it| it % 1e6), 0..60)
    ) {
        let found = places(&values);
        let borders: Vec<usize> = [0].into_iter().chain(found.clone()).chain([values.len()]).collect();
        prop_assert!(found.is_empty() || borders.windows(2).all(|pair| pair[1] - pair[0] >= 3));
        drift(&values);
        anomalies(&values, &found, 0.0);
    }
}

mod of_runs {
    //! Series from runs, and what is said about them.

    use super::*;
    use crate::analysis::history::samples::{benchmark, revision, run};
    use crate::model::ByRole;
    use crate::model::history::{RunOutline, Step};
    use crate::model::revision::Revision;

    /// Revisions a day apart.
    fn releases(number: usize) -> Vec<Revision> {
        let release = |n: usize| Revision {
            committed_unix_s: Some(1_795_000_000 + n as i64 * 86_400),
            ..revision(&format!("v1.{n}"), &format!("{n:02x}f"))
        };
        (0..number).map(release).collect()
    }

    /// Runs of neighbours, newest first, with these log-ratios.
    fn neighbours(releases: &[Revision], steps: &[f64]) -> Vec<RunOutline> {
        let of = |(n, step): (usize, &f64)| {
            let mut run = run((steps.len() - n) as u64, "1", [&releases[n], &releases[n + 1]]);
            run.benchmarks = vec![benchmark("small", *step)];
            run
        };
        let mut runs: Vec<RunOutline> = steps.iter().enumerate().map(of).collect();
        runs.reverse();
        runs
    }

    #[test]
    fn steps_of_neighbours_add_up_in_the_order_of_history() {
        let releases = releases(4);
        let mut runs = neighbours(&releases, &[0.0, 0.05, -0.01]);
        let key = runs[0].benchmarks[0].key.clone();
        assert_eq!(revisions(&runs, &runs[0].environment), releases);
        let points = chained(&runs, &releases, "json::parse", &key);
        let values: Vec<f64> = points.iter().map(|point| point.value).collect();
        assert_eq!(values, [0.0, 0.0, 0.05, 0.05 - 0.01]);
        let trend = look(&points, None);
        assert_eq!(trend.changes.iter().map(|change| change.at).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(trend.changes[0].known, Known::Measured(0.004));
        // What was not measured on the way is left out, and what comes behind it is reached by another run.
        runs[1].benchmarks[0].step = None;
        assert_eq!(chained(&runs, &releases, "json::parse", &key).len(), 2);
        runs[0].benchmarks[0].step = None;
        runs.push(run(9, "1", [&releases[1], &releases[3]]));
        let points = chained(&runs, &releases, "json::parse", &key);
        assert_eq!(
            points.iter().map(|point| point.revision.spec.as_str()).collect::<Vec<_>>(),
            ["v1.0", "v1.1", "v1.3",]
        );
        runs[1].benchmarks[0].step = Some(Step::NONE);
        assert_eq!(chained(&runs, &releases, "json::parse", &key)[2].step.unwrap().half_width, 0.0);
    }

    #[test]
    fn a_metric_has_one_value_for_each_revision() {
        let releases = releases(3);
        let pair = |a: usize, b: usize| ByRole::new(releases[a].clone(), releases[b].clone());
        let values = [
            (pair(0, 1), ByRole::new(Some(5.0), Some(6.0))),
            (pair(1, 0), ByRole::new(Some(8.0), Some(7.0))),
            (pair(0, 2), ByRole::new(Some(6.0), None)),
        ];
        let points = by_revision(&releases, &values);
        assert_eq!(points.iter().map(|point| point.value).collect::<Vec<_>>(), [6.0, 7.0]);
    }

    fn of_values(values: &[f64]) -> Vec<Point> {
        let releases = releases(values.len());
        let point = |(revision, value): (Revision, &f64)| Point { revision, value: *value, step: None };
        releases.into_iter().zip(values).map(point).collect()
    }

    #[test]
    fn a_forecast_follows_the_last_level_and_says_when_a_limit_is_crossed() {
        let mut noise = Noise { state: 21 };
        let mut rising: Vec<f64> = (0..40).map(|i| 0.01 * f64::from(i) + 0.002 * noise.normal()).collect();
        let trend = look(&of_values(&rising), Some(0.50));
        let forecast = trend.forecast.unwrap();
        assert!((forecast.values[0] - 0.40).abs() < 0.01, "{forecast:?}");
        assert!(forecast.lowest[4] < forecast.values[4] && forecast.values[4] < forecast.highest[4]);
        let crossing = trend.crossing.unwrap();
        assert!((9..=13).contains(&crossing.expected.unwrap()), "{crossing:?}");
        assert!(crossing.earliest <= crossing.expected);
        rising.truncate(9);
        assert_eq!(look(&of_values(&rising), Some(0.5)).forecast, None);
        let flat = look(&of_values(&[2.0; 12]), Some(3.0));
        assert_eq!((flat.forecast.unwrap().values[0], flat.crossing.unwrap().expected), (2.0, None));
    }

    #[test]
    fn the_next_value_lies_in_the_prediction_interval_about_as_often_as_promised() {
        let mut noise = Noise { state: 22 };
        let (mut inside, mut told) = (0, 0);
        for _ in 0..300 {
            let values: Vec<f64> = (0..31).map(|_| noise.normal()).collect();
            let Some(forecast) = look(&of_values(&values[..30]), None).forecast else { continue };
            told += 1;
            inside += u32::from((forecast.lowest[0]..=forecast.highest[0]).contains(&values[30]));
        }
        assert!(told > 250, "{told}");
        let share = f64::from(inside) / f64::from(told);
        assert!((0.90..=0.99).contains(&share), "{share}");
    }

    #[test]
    fn series_that_move_at_one_revision_are_one_event() {
        let releases = releases(4);
        let runs = neighbours(&releases, &[0.0, 0.05, -0.03]);
        let key = runs[0].benchmarks[0].key.clone();
        let points = chained(&runs, &releases, "json::parse", &key);
        let trend = look(&points, None);
        let found = events(&[(&points, &trend), (&points, &trend)]);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].revision.spec.as_str(), found[0].moved.len()), ("v1.2", 2));
        assert_eq!(found[1].moved[1].series, 1);
    }
}
