//! A run record to what is said about all of it; a pure function of the record.

use super::epoch;
use super::ledger::{self, LedgerSummary};
use super::row::{self, Row};
use super::summary::{self, Summary};
use super::verdict;
use crate::model::ByRole;
use crate::model::failure::Exit;
use crate::model::policy::{Budget, Policy};
use crate::model::record::{BenchmarkRecord, RunRecord, SuiteRecord};

/// Everything that a run says, ready to be reported.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The suites in the order of the record.
    pub suites: Vec<SuiteComparison>,
    /// The run as a whole.
    pub summary: Summary,
    /// What happened on the machine meanwhile; `None` for records without a ledger.
    pub ledger: Option<LedgerSummary>,
}

impl Comparison {
    /// All rows, suite by suite.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.suites.iter().flat_map(|suite| &suite.rows)
    }
}

/// What is said about one suite.
#[derive(Clone, Debug, PartialEq)]
pub struct SuiteComparison {
    /// Package and bench target, `package::target`.
    pub name: String,
    /// The benchmark harness on each side; empty where the suite is missing.
    pub harness: ByRole<String>,
    /// Whether both executables are the same code.
    pub identical: bool,
    /// Its benchmarks in the order of the record.
    pub rows: Vec<Row>,
}

/// Judges every benchmark of a record.
pub fn compare(record: &RunRecord) -> Comparison {
    let alpha = alpha_per_benchmark(&record.suites, &record.policy);
    let suites: Vec<SuiteComparison> = record
        .suites
        .iter()
        .map(|suite| SuiteComparison {
            name: suite.name.clone(),
            harness: suite.harness.clone(),
            identical: suite.identical,
            rows: suite
                .benchmarks
                .iter()
                .map(|benchmark| {
                    row::row(suite.identical || benchmark.identical, benchmark, &record.policy, alpha)
                })
                .collect(),
        })
        .collect();
    let rows: Vec<&Row> = suites.iter().flat_map(|suite| &suite.rows).collect();
    let summary = summary::summarise(&rows, alpha);
    Comparison { suites, summary, ledger: ledger::summarise(&record.ledger) }
}

/// Which benchmarks need another epoch: for each suite, in the order given, the indices of its benchmarks that are
/// neither settled, nor out of budget, nor without numbers on one side. A run asks this after every epoch; a report
/// of its record comes to the same verdicts.
pub fn unsettled(suites: &[SuiteRecord], policy: &Policy, budget: &Budget) -> Vec<Vec<usize>> {
    let alpha = alpha_per_benchmark(suites, policy);
    let needs_more = |suite: &SuiteRecord, benchmark: &BenchmarkRecord| {
        is_measured(suite, benchmark)
            && benchmark.failure.is_none()
            && benchmark.epochs.len() < budget.max_epochs as usize
            && !verdict::is_settled(&verdict::judge(&log_ratios(benchmark), policy, alpha), policy)
    };
    suites
        .iter()
        .map(|suite| {
            (0..suite.benchmarks.len()).filter(|&i| needs_more(suite, &suite.benchmarks[i])).collect()
        })
        .collect()
}

/// The share of the suite's false-alarm chance that each measured benchmark gets. It depends on which benchmarks
/// exist only, so it is the same from the first epoch to the last report.
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

fn is_measured(suite: &SuiteRecord, benchmark: &BenchmarkRecord) -> bool {
    !suite.identical && !benchmark.identical && benchmark.presence.is_both()
}

/// The log-ratios of a benchmark's usable epochs, in time order.
pub fn log_ratios(benchmark: &BenchmarkRecord) -> Vec<f64> {
    benchmark
        .epochs
        .iter()
        .filter_map(|sample| epoch::log_ratio(sample).estimate.ok())
        .map(|e| e.log_ratio)
        .collect()
}

/// What the process exits with: a regression weighs most, more work than the policy's gate lets through like one, then a benchmark that failed, then having had nothing to
/// compare; inconclusive and unmeasured benchmarks count only when asked for.
pub fn exit(comparison: &Comparison, policy: &Policy, fail_on_inconclusive: bool) -> Exit {
    let counts = &comparison.summary.counts;
    let compared = counts.measured() + counts.identical + counts.not_measured;
    let stopped_by_gate = policy.gate_on_instructions && comparison.summary.work.more > 0;
    let ungated = if policy.gate_on_instructions { comparison.summary.work.not_counted } else { 0 };
    if counts.regressed > 0 || stopped_by_gate {
        Exit::Regression
    } else if counts.failed > 0 {
        Exit::Incomplete
    } else if compared == 0 {
        Exit::NothingToRun
    } else if fail_on_inconclusive && counts.inconclusive + counts.not_measured + ungated > 0 {
        Exit::Inconclusive
    } else {
        Exit::Clean
    }
}

#[cfg(test)]
mod tests;
