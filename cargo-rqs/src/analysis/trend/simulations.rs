//! Seeded simulations: how often change points are found where there are none, and how soon and where one is found.

use super::*;
use crate::analysis::verdict::simulations::Noise;

type Draw = fn(&mut Noise) -> f64;

const SERIES: u32 = 2000;
const POINTS: usize = 60;

fn series(draw: impl FnMut() -> f64, points: usize) -> Vec<f64> {
    std::iter::repeat_with(draw).take(points).collect()
}

/// Neighbours correlate by so much; the deviation is one.
fn autoregressive(noise: &mut Noise, correlation: f64, points: usize) -> Vec<f64> {
    let mut value = noise.normal();
    let mut next = || {
        value = correlation * value + (1.0 - correlation * correlation).sqrt() * noise.normal();
        value
    };
    series(&mut next, points)
}

/// Every change counts, so that only the p value keeps false ones away.
fn rules() -> Rules {
    Rules { least_change: 0.0, ..Rules::default() }
}

fn flagged(mut one: impl FnMut() -> Vec<f64>) -> f64 {
    let hits = (0..SERIES).filter(|_| !change_points(&one(), &rules()).is_empty()).count();
    hits as f64 / f64::from(SERIES)
}

/// At most one in a hundred stationary series.
#[test]
fn stationary_series_have_no_change_points() {
    let mut noise = Noise { state: 11 };
    let shapes: [(&str, Draw); 3] =
        [("normal", Noise::normal), ("laplace", Noise::laplace), ("contaminated", Noise::contaminated)];
    for (name, draw) in shapes {
        let rate = flagged(|| series(|| draw(&mut noise), POINTS));
        println!("{name}: {rate}");
        assert!(rate <= 0.01, "{name}: {rate}");
    }
    for correlation in [0.2, 0.4, 0.6] {
        let rate = flagged(|| autoregressive(&mut noise, correlation, POINTS));
        println!("neighbours correlate by {correlation}: {rate}");
        assert!(rate <= 0.01, "neighbours correlate by {correlation}: {rate}");
    }
}

/// A shift of three deviations: where it is found in a long series, and how many points it takes at the end of one.
#[test]
fn a_shift_of_three_deviations_is_found_within_three_points() {
    let mut noise = Noise { state: 12 };
    let mut shifted = |before: usize, after: usize| {
        let mut values = series(|| noise.normal(), before + after);
        values[before..].iter_mut().for_each(|value| *value += 3.0);
        values
    };
    let place = |values: &[f64]| change_points(values, &rules()).first().map(|point| point.at);
    let near = (0..SERIES).filter(|_| place(&shifted(40, 20)).is_some_and(|at| at.abs_diff(40) <= 3)).count();
    println!("near its place: {near} of {SERIES}");
    assert!(near as f64 >= 0.99 * f64::from(SERIES), "{near}");
    for (after, least) in [(3, 0.5), (4, 0.7), (5, 0.8)] {
        let found = (0..SERIES).filter(|_| place(&shifted(40, after)).is_some()).count() as f64;
        println!("found with {after} points: {}", found / f64::from(SERIES));
        assert!(found >= least * f64::from(SERIES), "{after} points: {found}");
    }
}
