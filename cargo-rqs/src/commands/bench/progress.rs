//! Where a run stands, as one line; drawn between epochs only, never while a sample is taken.

use crate::analysis::{comparison, verdict};
use crate::model::policy::{Budget, Policy};
use crate::model::record::SuiteRecord;
use crate::report::numbers;

/// Benchmarks that still need epochs, and how many more that may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Benchmarks to measure in all.
    pub total: usize,
    /// Benchmarks that are decided or given up.
    pub done: usize,
    /// Epochs that the others will probably need, added up.
    pub epochs_left: usize,
}

impl Outlook {
    /// Predicts from what was measured so far.
    pub fn of(suites: &[SuiteRecord], policy: &Policy, budget: &Budget) -> Outlook {
        let alpha = comparison::alpha_per_benchmark(suites, policy);
        let total = comparison::measured_benchmarks(suites);
        let (mut undecided, mut epochs_left) = (0, 0);
        for (suite, indices) in suites.iter().zip(comparison::undecided(suites, policy, budget)) {
            for index in indices {
                let xs = comparison::log_ratios(&suite.benchmarks[index]);
                let most = (budget.max_epochs as usize).saturating_sub(xs.len());
                let judgement = verdict::judge(&xs, policy, alpha);
                // Before the spread is known: what an even benchmark needs.
                let guess = verdict::epochs_still_needed(&judgement, policy).unwrap_or(12);
                epochs_left += guess.clamp(1, most.max(1));
                undecided += 1;
            }
        }
        Outlook { total, done: total.saturating_sub(undecided), epochs_left }
    }

    /// The line, given the wall time so far and that of all benchmark epochs so far.
    pub fn line(&self, elapsed_s: f64, benchmark_epochs: usize, budget: &Budget) -> String {
        let each_s = if benchmark_epochs == 0 { 0.0 } else { elapsed_s / benchmark_epochs as f64 };
        let budget_left_s = budget.time_budget_ms as f64 / 1e3 - elapsed_s;
        let left_s = (each_s * self.epochs_left as f64).min(budget_left_s).max(0.0);
        let left = if benchmark_epochs == 0 {
            String::new()
        } else {
            format!(", about {} left", numbers::duration(left_s as u64))
        };
        format!("measuring: {} of {} benchmarks decided{left}", self.done, self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_never_exceeds_the_budget() {
        let budget = Budget { max_epochs: 40, time_budget_ms: 60_000, epoch_us: 10_000, seed: 1 };
        let outlook = Outlook { total: 9, done: 4, epochs_left: 1000 };
        let line = outlook.line(50.0, 50, &budget);
        assert!(line.starts_with("measuring: 4 of 9 benchmarks decided, about 10"), "{line}");
        assert_eq!(outlook.line(0.0, 0, &budget), "measuring: 4 of 9 benchmarks decided");
    }
}
