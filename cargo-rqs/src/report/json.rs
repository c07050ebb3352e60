//! A run for programs: a stable format with the raw numbers, what was derived from them, and the verdicts as words.

mod format;
mod policies;
mod used;

use self::format::{
    AmountWord, BenchmarkReport, ChangeReport, DiscardReport, FORMAT, LayoutWord, LayoutsReport,
    OutlookReport, Report, SteadinessWord, SuiteReport, SummaryReport, VerdictWord, WorkReport,
};
use super::{Details, escape};
use crate::analysis::comparison::Comparison;
use crate::analysis::layout::LayoutOutcome;
use crate::analysis::row::{Finding, Row};
use crate::analysis::standing::Ruling;
use crate::analysis::steadiness::Steadiness;
use crate::analysis::verdict::{Judgement, Verdict};
use crate::analysis::work::{Amount, Partial, Work};
use crate::model::CountedEvent;
use crate::model::record::RunRecord;

/// The whole report, with a line break at its end. `record_path` says where the record lies.
pub fn render(record: &RunRecord, comparison: &Comparison, record_path: &str, details: Details) -> String {
    let report = Report {
        format: FORMAT,
        run: &record.id,
        tool: &record.tool,
        record: record_path,
        started_unix_s: record.started_unix_s,
        finished_unix_s: record.finished_unix_s,
        revisions: &record.revisions,
        locks: &record.locks,
        environment: &record.environment,
        dependencies: &record.dependencies,
        policy: &record.policy,
        placement: &record.placement,
        counting: record.counting.as_ref(),
        counters: record.counters.as_ref(),
        notes: &record.notes,
        profiling: record.profiling.as_ref(),
        layouts: record.layouts.as_ref(),
        summary: summary(comparison),
        findings: policies::findings(comparison),
        disturbances: comparison.ledger.as_ref().map(used::ledger),
        ledger: details.ledger.then_some(&record.ledger),
        suites: comparison
            .suites
            .iter()
            .map(|suite| SuiteReport {
                name: &suite.name,
                harness: &suite.harness,
                identical: suite.identical,
                benchmarks: suite.rows.iter().map(benchmark).collect(),
            })
            .collect(),
    };
    // Types with string keys only always serialise.
    inert(&serde_json::to_string_pretty(&report).unwrap_or_default()) + "\n"
}

/// The JSON Schema of the report, with a line break at its end.
pub fn schema() -> String {
    format!("{:#}\n", schemars::schema_for!(Report).as_value())
}

/// A report as JSON, with a line break at its end. Its type has maps with text for keys only, so it always serialises.
pub(in crate::report) fn pretty<T: serde::Serialize>(report: &T) -> String {
    inert(&serde_json::to_string_pretty(report).unwrap_or_default()) + "\n"
}

/// JSON leaves a few characters as they are that a terminal or an editor would act upon. In JSON text they can stand
/// within strings only, so they may be written as escapes.
pub(in crate::report) fn inert(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            c if c != '\n' && escape::acts(c) => {
                shown.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
            }
            c => shown.push(c),
        }
    }
    shown
}

fn summary(comparison: &Comparison) -> SummaryReport {
    let (summary, counts) = (&comparison.summary, &comparison.summary.counts);
    SummaryReport {
        regressed: counts.regressed,
        accepted: counts.accepted,
        improved: counts.improved,
        unchanged: counts.unchanged,
        identical: counts.identical,
        inconclusive: counts.inconclusive,
        failed: counts.failed,
        added: counts.added,
        removed: counts.removed,
        not_measured: counts.not_measured,
        robust: counts.robust,
        layout_artefact: counts.layout_artefact,
        layout_sensitive: counts.layout_sensitive,
        geometric_mean_change: summary.geometric_mean_change,
        alpha_per_benchmark: summary.alpha_per_benchmark,
        engines: summary.engines.clone(),
        blocks: summary.blocks,
        dropped_blocks: summary.dropped_blocks,
        involuntary_switches: summary.disturbance.involuntary_switches,
        major_faults: summary.disturbance.major_faults,
        steal_ticks: summary.disturbance.steal_ticks,
        epochs: summary.epochs,
        discarded_epochs: summary.discarded_epochs,
        host_unusable: summary.host_unusable,
    }
}

fn benchmark(row: &Row) -> BenchmarkReport<'_> {
    let outlook = match &row.finding {
        Finding::Measured(_, outlook) => outlook.as_ref(),
        _ => None,
    };
    BenchmarkReport {
        id: &row.key.id,
        occurrence: row.key.occurrence,
        verdict: verdict(row),
        fails_run: row.standing.ruling != Ruling::Passes,
        policy: &row.standing.own,
        acceptance: policies::acceptance(&row.standing),
        typical_ns: row.typical_ns,
        change: row.judgement().map(change),
        outlook: outlook.map(|outlook| OutlookReport {
            smallest_visible_change: outlook.smallest_visible_change,
            epochs_still_needed: outlook.epochs_still_needed,
        }),
        failure: match &row.finding {
            Finding::Failed(failure) => Some(failure),
            _ => None,
        },
        log_ratios: &row.log_ratios,
        discarded: row
            .discarded
            .iter()
            .map(|(epoch, reason)| DiscardReport { epoch: *epoch, reason: reason.to_string() })
            .collect(),
        engines: &row.engines,
        blocks: row.blocks,
        dropped_blocks: row.dropped,
        code: row.code.as_ref(),
        profile: row.profile.as_ref(),
        steadiness: row.steadiness.map(|class| match class {
            Steadiness::Flat => SteadinessWord::Flat,
            Steadiness::WarmUp => SteadinessWord::WarmUp,
            Steadiness::SlowDown => SteadinessWord::SlowDown,
            Steadiness::NoSteadyState => SteadinessWord::NoSteadyState,
        }),
        work: row.work.as_ref().map(work),
        layouts: (!row.layouts.is_empty()).then(|| layouts(row)),
        counters: used::counters(&row.used),
        resources: row.used.resources.as_ref().map(used::resources),
    }
}

fn work(work: &Work) -> WorkReport {
    match work {
        Work::Counted(counted) => {
            let [instructions, data_reads, data_writes, branches] = counted.per_iteration;
            let change = counted.change(CountedEvent::Instructions);
            WorkReport::Counted {
                amount: match counted.amount {
                    Amount::More => AmountWord::More,
                    Amount::Same => AmountWord::Same,
                    Amount::Less => AmountWord::Less,
                },
                instructions_change: change.is_finite().then_some(change),
                instructions,
                data_reads,
                data_writes,
                branches,
                helper_threads: counted.partial == Some(Partial::HelperThreads),
                whole_samples: counted.partial == Some(Partial::WholeSamples),
            }
        }
        Work::NotCounted(role, why) => WorkReport::NotCounted {
            role: *role,
            reason: why.map_or_else(|| "its counts contradict themselves".to_owned(), |why| why.to_string()),
        },
    }
}

fn layouts(row: &Row) -> LayoutsReport<'_> {
    LayoutsReport {
        outcome: row.over_layouts.map(|over| match over.outcome {
            LayoutOutcome::Robust => LayoutWord::Robust,
            LayoutOutcome::Artefact => LayoutWord::Artefact,
            LayoutOutcome::Sensitive => LayoutWord::Sensitive,
        }),
        as_built: row.over_layouts.map(|over| change(&over.as_built)),
        pairs_still_needed: row.over_layouts.and_then(|over| over.pairs_still_needed),
        log_ratios: &row.layouts,
    }
}

fn verdict(row: &Row) -> VerdictWord {
    match row.over_layouts.map(|over| over.outcome) {
        Some(LayoutOutcome::Artefact) => return VerdictWord::LayoutArtefact,
        Some(LayoutOutcome::Sensitive) => return VerdictWord::LayoutSensitive,
        Some(LayoutOutcome::Robust) | None => {}
    }
    match &row.finding {
        Finding::Measured(judgement, _) => match judgement.verdict {
            Verdict::Regressed => VerdictWord::Regressed,
            Verdict::Improved => VerdictWord::Improved,
            Verdict::Unchanged => VerdictWord::Unchanged,
            Verdict::Inconclusive => VerdictWord::Inconclusive,
        },
        Finding::Identical => VerdictWord::Identical,
        Finding::Added => VerdictWord::Added,
        Finding::Removed => VerdictWord::Removed,
        Finding::Failed(_) => VerdictWord::Failed,
        Finding::NotMeasured => VerdictWord::NotMeasured,
    }
}

fn change(judgement: &Judgement) -> ChangeReport {
    let interval = &judgement.interval;
    let known = interval.half_width.is_finite();
    ChangeReport {
        estimate: interval.change(),
        low: known.then(|| interval.lowest_change()),
        high: known.then(|| interval.highest_change()).filter(|high| high.is_finite()),
        alpha: judgement.alpha,
        log_mean: interval.mean,
        log_sd: interval.sd,
        log_half_width: known.then_some(interval.half_width),
        ln_e_value: judgement.ln_evidence,
    }
}

#[cfg(test)]
mod tests;
