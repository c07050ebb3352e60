//! The level that each benchmark is judged at: its chance of a false alarm, or in report mode its place among what was
//! found.
//!
//! **Gate mode** gives each of `m` benchmarks `alpha / m`, so the chance of any false alarm is at most `alpha`, whatever
//! the benchmarks have to do with each other (Bonferroni).
//!
//! **Report mode** is e-BH: Wang and Ramdas, "False discovery rate control with e-values", JRSS B 84 (2022). With the
//! e-values in falling order and `k` the largest number for which `e_(k) >= m / (q k)`, those `k` benchmarks are the
//! discoveries, and of all discoveries the expected share of false ones is at most `q` (their theorem 2, for e-values
//! that depend on each other in any way). Intervals that are given because something was found have to be wider; at the
//! level `q k / m` the expected share of intervals of discoveries that miss the truth is at most `q` (e-BY: Xu, Wang and
//! Ramdas, "Post-selection inference for e-value based confidence intervals", 2022). As an e-value of at least `1 / a`
//! is an interval at the level `a` without zero in it, every discovery has an interval that excludes no change. All
//! others are judged at `q / m`, as in gate mode.
//!
//! A change below the floor is shown as none, however sure it is. Leaving such benchmarks out of the discoveries
//! afterwards would void the guarantee; their e-value is taken as 0 beforehand instead, which makes it no larger.
//!
//! What changed is measured anew over other layouts (see `layout`), and then shown by what those say. e-BH is then applied
//! to the evidence that the verdicts shown rest on: a discovery of the first pass lends nothing once layouts take it back.
//!
//! The papers' e-values may be taken whenever one likes. Ours is one for all rules of stopping that look at the values
//! without their scale (see `confidence`); a run's rule looks at sizes as well, and for it the share was simulated.

use super::{confidence, epoch, layout};
use crate::model::policy::{Mode, Policy};
use crate::model::record::{BenchmarkRecord, SuiteRecord};

/// What a benchmark is judged at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Over the executables as they were built, which tells whether it has to be confirmed over other layouts.
    pub as_built: f64,
    /// For the verdict that is shown.
    pub shown: f64,
}

impl Level {
    /// What the epochs over the executables as they were built are judged at: they give the verdict that is shown where
    /// there are no others.
    pub fn of_epochs(&self, benchmark: &BenchmarkRecord) -> f64 {
        if layout::estimates(benchmark).is_empty() { self.shown } else { self.as_built }
    }
}

/// The levels of each benchmark, suite by suite; those of benchmarks which are not measured mean nothing.
pub fn levels(suites: &[SuiteRecord], policy: &Policy) -> Vec<Vec<Level>> {
    let as_built = by_evidence(suites, policy, log_ratios);
    let shown = by_evidence(suites, policy, |benchmark| match &layout::estimates(benchmark)[..] {
        [] => log_ratios(benchmark),
        over_layouts => over_layouts.iter().map(|estimate| estimate.log_ratio).collect(),
    });
    let both = |(as_built, shown): (Vec<f64>, Vec<f64>)| {
        as_built.into_iter().zip(shown).map(|(as_built, shown)| Level { as_built, shown }).collect()
    };
    as_built.into_iter().zip(shown).map(both).collect()
}

/// The levels that follow from these values of each benchmark.
fn by_evidence(
    suites: &[SuiteRecord],
    policy: &Policy,
    values: fn(&BenchmarkRecord) -> Vec<f64>,
) -> Vec<Vec<f64>> {
    let base = alpha_per_benchmark(suites, policy);
    let mut levels: Vec<Vec<f64>> = suites.iter().map(|suite| vec![base; suite.benchmarks.len()]).collect();
    if policy.mode == Mode::Report {
        let measured = || {
            let all = suites.iter().enumerate().flat_map(|(at, suite)| {
                suite.benchmarks.iter().enumerate().map(move |(k, benchmark)| (at, k, suite, benchmark))
            });
            all.filter(|(_, _, suite, benchmark)| is_measured(suite, benchmark))
        };
        let evidence: Vec<f64> =
            measured().map(|(.., benchmark)| ln_evidence(benchmark, &values(benchmark), policy)).collect();
        let found = discoveries(&evidence, policy.alpha);
        let level = base * found.iter().filter(|found| **found).count() as f64;
        for ((suite, benchmark, ..), _) in measured().zip(&found).filter(|(_, found)| **found) {
            levels[suite][benchmark] = level;
        }
    }
    levels
}

/// The level of a benchmark if everything turned out well: in report mode, if all were discoveries.
pub fn largest(suites: &[SuiteRecord], policy: &Policy) -> f64 {
    match policy.mode {
        Mode::Gate => alpha_per_benchmark(suites, policy),
        Mode::Report => policy.alpha,
    }
}

/// The logarithm of the evidence of some values that a benchmark has changed by more than its floor.
fn ln_evidence(benchmark: &BenchmarkRecord, xs: &[f64], run: &Policy) -> f64 {
    let floor = run.with(&benchmark.policy).floor.ln_1p();
    let mean = confidence::interval(xs, run.alpha).mean;
    let counts = benchmark.failure.is_none() && mean.abs() > floor;
    if counts { confidence::ln_e_value(xs, 0.0) } else { f64::NEG_INFINITY }
}

/// e-BH over natural logarithms of e-values: which of them are discoveries.
fn discoveries(ln_e_values: &[f64], q: f64) -> Vec<bool> {
    let m = ln_e_values.len() as f64;
    let mut falling = ln_e_values.to_vec();
    falling.sort_by(|a, b| b.total_cmp(a));
    let enough = |k: usize| (m / (q * k as f64)).ln();
    let most = (1..=falling.len()).rev().find(|k| falling[k - 1] >= enough(*k));
    ln_e_values.iter().map(|ln_e| most.is_some_and(|k| *ln_e >= enough(k))).collect()
}

/// The share of the run's chance of a false alarm that each measured benchmark gets. It depends on which benchmarks
/// exist only, so it is the same from the first epoch to the last report. In report mode it is the share of what is not
/// found changed.
pub fn alpha_per_benchmark(suites: &[SuiteRecord], policy: &Policy) -> f64 {
    policy.alpha / measured_benchmarks(suites).max(1) as f64
}

/// How many benchmarks have to be measured: they exist on both sides and are not the same code.
pub fn measured_benchmarks(suites: &[SuiteRecord]) -> usize {
    suites
        .iter()
        .map(|suite| suite.benchmarks.iter().filter(|benchmark| is_measured(suite, benchmark)).count())
        .sum()
}

/// Whether a benchmark has to be measured.
pub fn is_measured(suite: &SuiteRecord, benchmark: &BenchmarkRecord) -> bool {
    !suite.identical && !benchmark.identical && benchmark.presence.is_both()
}

/// The log-ratios of a benchmark's usable epochs, in time order.
pub fn log_ratios(benchmark: &BenchmarkRecord) -> Vec<f64> {
    let used = epoch::log_ratios(&benchmark.epochs).into_iter().filter_map(|value| value.estimate.ok());
    used.map(|estimate| estimate.log_ratio).collect()
}

#[cfg(test)]
mod tests;
