//! Where a run stands, as one line; drawn between epochs only, never while a sample is taken.

use super::lanes::Open;
use crate::analysis::{comparison, verdict};
use crate::model::policy::{Budget, Policy};
use crate::model::record::SuiteRecord;
use crate::report::numbers;

/// Epochs that an even benchmark needs, for one whose spread is not known yet.
const USUAL_EPOCHS: usize = 12;

/// Benchmarks that still need epochs, and how long that may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// Benchmarks to measure in all.
    pub total: usize,
    /// Benchmarks that are settled or given up.
    pub done: usize,
    /// Seconds that the others will probably need together; `None` before the first epoch.
    pub left_s: Option<f64>,
}

impl Outlook {
    /// Predicts from what was measured so far and what an epoch of each open benchmark costs.
    pub fn of(
        suites: &[SuiteRecord],
        policy: &Policy,
        budget: &Budget,
        open: &[Open],
        costs_s: Option<&[f64]>,
    ) -> Outlook {
        let alpha = comparison::alpha_per_benchmark(suites, policy);
        let total = comparison::measured_benchmarks(suites);
        let epochs_left = |open: &Open| {
            let benchmarks = &suites[open.suite].benchmarks;
            let epochs = benchmarks.iter().find(|benchmark| benchmark.key == open.key);
            let xs = epochs.map(comparison::log_ratios).unwrap_or_default();
            let most = (budget.max_epochs as usize).saturating_sub(xs.len());
            let own = epochs.map(|benchmark| policy.with(&benchmark.policy)).unwrap_or(*policy);
            let judgement = verdict::judge(&xs, &own, alpha);
            let guess = verdict::epochs_still_needed(&judgement, &own).unwrap_or(USUAL_EPOCHS);
            guess.clamp(1, most.max(1)) as f64
        };
        let left_s = costs_s
            .map(|costs_s| open.iter().zip(costs_s).map(|(open, cost)| epochs_left(open) * cost).sum());
        Outlook { total, done: total.saturating_sub(open.len()), left_s }
    }

    /// The line, given the wall time so far.
    pub fn line(&self, elapsed_s: f64, budget: &Budget) -> String {
        let budget_left_s = budget.time_budget_ms as f64 / 1e3 - elapsed_s;
        let left = match self.left_s {
            Some(left_s) => {
                format!(", about {} left", numbers::duration(left_s.min(budget_left_s).max(0.0) as u64))
            }
            None => String::new(),
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
        let outlook = Outlook { total: 9, done: 4, left_s: Some(1000.0) };
        let line = outlook.line(50.0, &budget);
        assert!(line.starts_with("measuring: 4 of 9 benchmarks decided, about 10"), "{line}");
        let outlook = Outlook { left_s: None, ..outlook };
        assert_eq!(outlook.line(0.0, &budget), "measuring: 4 of 9 benchmarks decided");
    }
}
