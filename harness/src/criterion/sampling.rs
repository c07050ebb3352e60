//! Criterion's sampling rules, and how to make them give the iterations that we want.
//!
//! Criterion derives the iterations of its samples from the mean time of the warm-up and its configured measurement
//! time (`ActualSamplingMode::iteration_counts`, the same from 0.3.3 to 0.8). The probe can make the warm-up pretend
//! any duration, so the mean, and with it the number of iterations, is ours to choose, whatever budgets the
//! benchmark's own code sets.

use crate::contract::Turn;

/// How Criterion chooses between its two sampling modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Flat when linear sampling would take more than twice the measurement time.
    Auto,
    /// Samples of d, 2d, 3d, ... iterations.
    Linear,
    /// Samples of equal iterations.
    Flat,
}

/// What a benchmark's code and our command line configured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Warm-up time.
    pub warm_up_ns: f64,
    /// Measurement time.
    pub measurement_ns: f64,
    /// Number of samples.
    pub samples: u64,
    /// Sampling mode.
    pub mode: Mode,
}

/// A choice of iterations and the pretended warm-up that brings it about.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// What the warm-up pretends to have taken.
    pub pretended_ns: u64,
    /// Iterations of each sample.
    pub iterations: Vec<u64>,
}

/// Sum of 1..=n, the shape of linear sampling.
fn triangle(n: u64) -> f64 {
    (n * (n + 1) / 2) as f64
}

/// The iterations that Criterion will choose for a mean time per iteration.
pub fn iterations(config: &Config, mean_ns: f64) -> Vec<u64> {
    let n = config.samples;
    let step = (config.measurement_ns / mean_ns / triangle(n)).ceil() as u64;
    let expected_ns = triangle(n) * step as f64 * mean_ns;
    let flat = match config.mode {
        Mode::Auto => expected_ns > 2.0 * config.measurement_ns,
        Mode::Linear => false,
        Mode::Flat => true,
    };
    if flat {
        let each = ((config.measurement_ns / n as f64 / mean_ns).ceil() as u64).max(1);
        vec![each; n as usize]
    } else {
        (1..=n).map(|k| k * step.max(1)).collect()
    }
}

/// Chooses the iterations so that all samples together take about `wanted_ns`, as evenly as the mode allows.
///
/// `real_mean_ns` is what an iteration really takes, for both sides together, so that both get the same iterations.
/// `warm_up` is what this side has done so far: the pretended time must not be shorter, and must exceed the
/// configured warm-up time.
pub fn choose(config: &Config, wanted_ns: f64, real_mean_ns: f64, warm_up: Turn) -> Sampling {
    let n = config.samples;
    let (warm_up_iterations, elapsed_ns) = (warm_up.iterations.max(1) as f64, warm_up.elapsed_ns);
    let real_mean_ns = real_mean_ns.max(0.01);
    let each = (wanted_ns / n as f64 / real_mean_ns).round().max(1.0);
    // Auto turns flat exactly when the linear step is 1 and would overshoot twofold.
    let flat = match config.mode {
        Mode::Flat => true,
        Mode::Linear => false,
        Mode::Auto => each <= (n as f64 + 1.0) / 4.0,
    };
    // A quarter below the wanted whole number, so that Criterion's rounding up is never at an edge.
    let mean_ns = if flat {
        config.measurement_ns / n as f64 / (each - 0.25)
    } else {
        let step = (wanted_ns / triangle(n) / real_mean_ns).round().max(1.0);
        config.measurement_ns / triangle(n) / (step - 0.25)
    };
    let shortest_ns = shortest_ns(config).max(elapsed_ns as f64);
    let pretended_ns = (mean_ns * warm_up_iterations).max(shortest_ns);
    let pretended_ns = pretended_ns.min(9e18) as u64;
    Sampling { pretended_ns, iterations: iterations(config, pretended_ns as f64 / warm_up_iterations) }
}

/// How many calls a warm-up needs, so that it can pretend a time that brings flat samples of `each` iterations: it
/// cannot pretend less than the configured warm-up time, so it must have enough iterations to share that.
pub fn calls_for(config: &Config, each: u64) -> u32 {
    let mean_ns = config.measurement_ns / config.samples as f64 / (each as f64 - 0.25);
    let iterations = shortest_ns(config) / mean_ns;
    (iterations + 1.0).log2().ceil().clamp(0.0, 60.0) as u32
}

/// The shortest time that ends a warm-up.
fn shortest_ns(config: &Config) -> f64 {
    config.warm_up_ns * 1.001 + 1000.0
}

/// What a benchmark's sampling mode must be, when `config` predicted `expected_flat` and it turned out `flat`.
pub fn learn_mode(config: &Config, expected_flat: bool, flat: bool) -> Mode {
    match (expected_flat == flat, flat) {
        (true, _) => config.mode,
        (false, true) => Mode::Flat,
        (false, false) => Mode::Linear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: f64 = 1e9;

    fn config(mode: Mode) -> Config {
        Config { warm_up_ns: SECOND, measurement_ns: 1000.0 * SECOND, samples: 20, mode }
    }

    fn choose_after(config: &Config, calls: u32, elapsed_ns: u64) -> Sampling {
        let iterations = 2u64.pow(calls) - 1;
        choose(config, 20e6, elapsed_ns as f64 / iterations as f64, Turn { iterations, elapsed_ns })
    }

    #[test]
    fn a_fast_benchmark_gets_linear_samples_that_fill_the_wanted_time() {
        let sampling = choose_after(&config(Mode::Auto), 20, 10_000_000);
        let total: u64 = sampling.iterations.iter().sum();
        let real_mean = 10e6 / (2f64.powi(20) - 1.0);
        assert!((total as f64 * real_mean / 20e6 - 1.0).abs() < 0.02, "{total}");
        assert_eq!(sampling.iterations[1], 2 * sampling.iterations[0]);
    }

    #[test]
    fn a_slow_benchmark_gets_flat_samples() {
        let sampling = choose_after(&config(Mode::Auto), 4, 15 * 400_000);
        assert_eq!(sampling.iterations, vec![3; 20]);
        let slowest = choose_after(&config(Mode::Auto), 1, 100_000_000);
        assert_eq!(slowest.iterations, vec![1; 20]);
    }

    #[test]
    fn so_many_calls_are_enough_for_flat_samples_and_two_less_are_not() {
        let own = Config {
            warm_up_ns: 30.0 * SECOND,
            measurement_ns: 60.0 * SECOND,
            samples: 100,
            mode: Mode::Auto,
        };
        let calls = calls_for(&own, 2);
        let flat = |calls: u32| {
            let warm_up = Turn { iterations: (1 << calls) - 1, elapsed_ns: 1000 };
            let mean_ns = 1000.0 / warm_up.iterations as f64;
            choose(&own, 200.0 * mean_ns, mean_ns, warm_up).iterations
        };
        assert_eq!((calls, flat(calls)), (7, vec![2; 100]));
        assert_ne!(flat(calls - 2), vec![2; 100]);
        assert_eq!(calls_for(&Config { warm_up_ns: 0.0, ..own }, 2), 1);
    }

    #[test]
    fn a_budget_in_the_code_does_not_change_the_choice() {
        let own =
            Config { warm_up_ns: 0.5 * SECOND, measurement_ns: 3.0 * SECOND, samples: 100, mode: Mode::Auto };
        let sampling = choose_after(&own, 20, 10_000_000);
        let total: u64 = sampling.iterations.iter().sum();
        assert!((total as f64 * 10.0 / 1.048 / 20e6 - 1.0).abs() < 0.2, "{total}");
    }

    proptest! {
        #[test]
        fn criterion_never_measures_much_longer_than_wanted(
            calls in 1u32..30, mean in 0.3f64..1e6, samples in 10u64..300, measurement in 0.1f64..1000.0,
            mode in prop_oneof![Just(Mode::Auto), Just(Mode::Linear), Just(Mode::Flat)],
        ) {
            let config = Config { warm_up_ns: 0.3 * measurement * SECOND, measurement_ns: measurement * SECOND, samples, mode };
            let iterations_done = 2f64.powi(calls as i32) - 1.0;
            let wanted = 20e6;
            let sampling = choose_after(&config, calls, (mean * iterations_done) as u64);
            prop_assert_eq!(sampling.iterations.len() as u64, samples);
            prop_assert!(sampling.pretended_ns as f64 > config.warm_up_ns);
            let total = sampling.iterations.iter().sum::<u64>() as f64;
            let least = if mode == Mode::Linear { triangle(samples) } else { samples as f64 };
            // Rounding to whole steps costs at most half of the smallest linear plan, or a factor of two.
            prop_assert!(total <= 2.1 * (wanted / mean.max(0.01)).max(least), "{} {}", total, wanted / mean);
        }
    }
}
