//! A run record to what is said about all of it; a pure function of the record.

use super::gate;
use super::layout::{self, LayoutOutcome, OverLayouts};
use super::ledger::{self, LedgerSummary};
use super::levels::{self, Level, is_measured};
pub use super::levels::{alpha_per_benchmark, log_ratios, measured_benchmarks};
use super::row::{self, Finding, Row};
use super::standing::Ruling;
use super::summary::{self, Summary};
use super::verdict::{self, Verdict};
use super::work::Work;
use crate::model::ByRole;
use crate::model::failure::Exit;
use crate::model::policy::{Budget, Class, Policy};
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
    let most_layouts = record.layouts.as_ref().map_or(0, |pass| pass.most);
    let levels = levels::levels(&record.suites, &record.policy);
    let suites: Vec<SuiteComparison> = record
        .suites
        .iter()
        .zip(&levels)
        .map(|(suite, levels)| SuiteComparison {
            name: suite.name.clone(),
            harness: suite.harness.clone(),
            identical: suite.identical,
            rows: suite
                .benchmarks
                .iter()
                .zip(levels)
                .map(|(benchmark, level)| {
                    let own = record.policy.with(&benchmark.policy);
                    let of_epochs = level.of_epochs(benchmark);
                    let row = row::row(suite.identical || benchmark.identical, benchmark, &own, of_epochs);
                    let row = row.confirmed(benchmark, level.shown, most_layouts, &own);
                    let standing = gate::standing(&row, &benchmark.acceptances, record.started_unix_s);
                    Row { standing, ..row }
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
    let levels = levels::levels(suites, policy);
    let needs_more = |suite: &SuiteRecord, benchmark: &BenchmarkRecord, level: Level| {
        let own = policy.with(&benchmark.policy);
        is_measured(suite, benchmark)
            && benchmark.failure.is_none()
            && benchmark.epochs.len() < budget.max_epochs as usize
            && !verdict::is_settled(&verdict::judge(&log_ratios(benchmark), &own, level.as_built), &own)
    };
    let of_suite = |(suite, levels): (&SuiteRecord, &Vec<Level>)| {
        (0..levels.len()).filter(|&i| needs_more(suite, &suite.benchmarks[i], levels[i])).collect()
    };
    suites.iter().zip(&levels).map(of_suite).collect()
}

/// Which benchmarks are measured over other layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Varied {
    /// Those that changed as built: to be confirmed.
    Changed,
    /// All: the layout as built may have hidden a change.
    All,
}

/// Which benchmarks need another pair of layouts, `most` at most: for each suite, in the order given, the indices of its
/// benchmarks.
pub fn unconfirmed(suites: &[SuiteRecord], policy: &Policy, most: u32, varied: Varied) -> Vec<Vec<usize>> {
    let levels = levels::levels(suites, policy);
    let needs_more = |suite: &SuiteRecord, benchmark: &BenchmarkRecord, level: Level| {
        let own = policy.with(&benchmark.policy);
        is_measured(suite, benchmark) && benchmark.failure.is_none() && {
            let as_built = verdict::judge(&log_ratios(benchmark), &own, level.as_built);
            (varied == Varied::All || as_built.verdict.is_change())
                && layout::needs_more(level.shown, benchmark, most, &own)
        }
    };
    let of_suite = |(suite, levels): (&SuiteRecord, &Vec<Level>)| {
        (0..levels.len()).filter(|&i| needs_more(suite, &suite.benchmarks[i], levels[i])).collect()
    };
    suites.iter().zip(&levels).map(of_suite).collect()
}

/// What fails a run beside regressions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailOn {
    /// Something stays inconclusive or unmeasured.
    pub inconclusive: bool,
    /// Something is slower as built, and layouts differ by too much to say whether it is slower.
    pub layout_sensitive: bool,
}

/// What the process exits with: a regression that the policy lets fail the run weighs most, more work than its gate lets
/// through like one, then a benchmark that failed, then having had nothing to compare. Inconclusive and unmeasured
/// benchmarks count where they are critical, and all but informational ones when asked for; so does a slow-down that depends on
/// the layout. One that layouts do not show is none.
pub fn exit(comparison: &Comparison, policy: &Policy, fail_on: FailOn) -> Exit {
    let counts = &comparison.summary.counts;
    let compared = counts.measured() + counts.identical + counts.not_measured;
    let any = |ruling: Ruling| comparison.rows().any(|row| row.standing.ruling == ruling);
    let is_open = |row: &Row| {
        let ungated = policy.gate_on_instructions && matches!(row.work, Some(Work::NotCounted(..)));
        let undecided = match &row.finding {
            Finding::Measured(judgement, _) => judgement.verdict == Verdict::Inconclusive,
            finding => *finding == Finding::NotMeasured,
        };
        row.standing.policy.class != Class::Informational
            && row.over_layouts.is_none()
            && (undecided || ungated)
    };
    let depends_on_layout = |row: &Row| {
        row.standing.policy.class != Class::Informational
            && row.over_layouts.is_some_and(|OverLayouts { outcome, as_built, .. }| {
                outcome == LayoutOutcome::Sensitive && as_built.verdict == Verdict::Regressed
            })
    };
    if any(Ruling::Regressed) || (fail_on.layout_sensitive && comparison.rows().any(depends_on_layout)) {
        Exit::Regression
    } else if any(Ruling::Broken) {
        Exit::Incomplete
    } else if compared == 0 {
        Exit::NothingToRun
    } else if any(Ruling::Undecided) || (fail_on.inconclusive && comparison.rows().any(is_open)) {
        Exit::Inconclusive
    } else {
        Exit::Clean
    }
}

#[cfg(test)]
mod tests;
