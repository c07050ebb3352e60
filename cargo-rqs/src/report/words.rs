//! The sentences that every report shares. They hold words and numbers of our own only, never a name that others
//! wrote, so each report may print them as they are.

use std::borrow::Cow;

use super::numbers::{self, count, percent};
use super::paint::Tone;
use super::{Details, counters, layouts, ledger, policies};
use crate::analysis::comparison::Comparison;
use crate::analysis::row::{Finding, Outlook, Row};
use crate::analysis::steadiness::Steadiness;
use crate::analysis::summary::{Counts, Summary};
use crate::analysis::verdict::{Judgement, Verdict};
use crate::model::record::{LockSource, Placement, RunRecord};
use crate::model::{ByRole, Engine, Role};

/// Log-ratios of single epochs that spread further than this get a remark, ...
const WIDE_SPREAD: f64 = 0.02;
/// ... if that is also this share of the change.
const WIDE_SHARE: f64 = 0.25;

/// The verdict in words, and how it stands out.
pub fn verdict(row: &Row) -> (Cow<'static, str>, Tone) {
    if let Some(over) = &row.over_layouts {
        return layouts::verdict(row, over);
    }
    let (word, tone) = match &row.finding {
        Finding::Measured(judgement, _) => match judgement.verdict {
            Verdict::Regressed => ("regressed", Tone::Bad),
            Verdict::Improved => ("improved", Tone::Good),
            Verdict::Unchanged => ("unchanged", Tone::Normal),
            Verdict::Inconclusive => ("inconclusive", Tone::Caution),
        },
        Finding::Identical => ("unchanged (identical code)", Tone::Quiet),
        Finding::Added => ("added", Tone::Quiet),
        Finding::Removed => ("removed", Tone::Quiet),
        Finding::Failed(_) => ("failed", Tone::Bad),
        Finding::NotMeasured => ("not measured", Tone::Caution),
    };
    (word.into(), tone)
}

/// The verdict of a benchmark in words, with what somebody accepted told apart.
pub fn outcome(row: &Row) -> (Cow<'static, str>, Tone) {
    let (word, tone) = verdict(row);
    if !row.standing.is_accepted() {
        return (word, tone);
    }
    let accepted = match word.strip_suffix(')') {
        Some(bracketed) => format!("{bracketed}, accepted)"),
        None => format!("{word} (accepted)"),
    };
    let slower = row.judgement().is_some_and(|judgement| judgement.verdict == Verdict::Regressed);
    (accepted.into(), if slower { Tone::Caution } else { tone })
}

/// How many benchmarks of each finding, the worst first, those that there are none of left out.
pub fn counts(counts: &Counts) -> Vec<(String, Tone)> {
    [
        (counts.regressed, "regressed", Tone::Bad),
        (counts.failed, "failed", Tone::Bad),
        (counts.accepted, "regressed (accepted)", Tone::Caution),
        (counts.layout_sensitive, "layout-sensitive", Tone::Caution),
        (counts.inconclusive, "inconclusive", Tone::Caution),
        (counts.not_measured, "not measured", Tone::Caution),
        (counts.improved, "improved", Tone::Good),
        (counts.layout_artefact, "layout artefact", Tone::Normal),
        (counts.unchanged, "unchanged", Tone::Normal),
        (counts.identical, "unchanged (identical code)", Tone::Normal),
        (counts.added, "added", Tone::Normal),
        (counts.removed, "removed", Tone::Normal),
    ]
    .into_iter()
    .filter(|(n, ..)| *n > 0)
    .map(|(n, word, tone)| (format!("{} {word}", numbers::grouped(n as u64)), tone))
    .collect()
}

/// The epochs that were used: `8`, or `8 of 10` when some were discarded, and those over other layouts: `8 + 12`; empty
/// when there were none.
pub fn epochs(row: &Row) -> String {
    let as_built = match (row.log_ratios.len(), row.discarded.len()) {
        (0, 0) => String::new(),
        (used, 0) => used.to_string(),
        (used, discarded) => format!("{used} of {}", used + discarded),
    };
    match row.layouts.len() {
        0 => as_built,
        layouts => format!("{as_built} + {layouts}"),
    }
}

/// What a reader should know of a benchmark beside its verdict.
pub fn remarks(row: &Row, summary: &Summary, details: Details) -> Vec<String> {
    let mut remarks = Vec::new();
    match &row.finding {
        Finding::Measured(judgement, Some(outlook)) => remarks.push(outlook_in_words(judgement, outlook)),
        Finding::NotMeasured => remarks.push(match row.discarded.first() {
            Some((_, reason)) => {
                format!("all {} discarded; the first: {reason}", count(row.discarded.len() as u64, "epoch"))
            }
            None => "the budget was spent before its first epoch".to_owned(),
        }),
        _ => {}
    }
    remarks.extend(super::code::remark(row));
    remarks.extend(layouts::remark(row));
    remarks.extend(super::work::remark(row));
    remarks.extend(spread_in_words(row));
    let decided = matches!(&row.finding, Finding::Measured(_, None));
    remarks.extend(row.steadiness.and_then(|class| unsteadiness_in_words(class, decided)).map(str::to_owned));
    if summary.engines.len() > 1 {
        remarks.extend(row.engines.iter().filter(|engine| **engine != Engine::Turns).map(|engine| {
            format!("measured {}, which is less precise than sample by sample", engine_in_words(*engine))
        }));
    }
    remarks.extend(counters::counted(row));
    remarks.extend(counters::resources(row, details.resources));
    remarks
}

/// What differs between epochs, and not within one, is where stack, heap and pages lie.
fn spread_in_words(row: &Row) -> Option<String> {
    // What is said of the change stands on other epochs then.
    if row.over_layouts.is_some() {
        return None;
    }
    let judgement = row.judgement().filter(|judgement| judgement.verdict != Verdict::Unchanged)?;
    if judgement.interval.sd < WIDE_SPREAD.max(WIDE_SHARE * judgement.interval.mean.abs()) {
        return None;
    }
    let lowest = row.log_ratios.iter().copied().reduce(f64::min)?;
    let highest = row.log_ratios.iter().copied().reduce(f64::max)?;
    Some(format!(
        "single epochs gave {} to {}: it differs from process to process, by its place in memory for instance",
        numbers::change(lowest.exp_m1()),
        numbers::change(highest.exp_m1())
    ))
}

/// A drift that both sides share leaves their ratio alone: where there is a verdict all the same, it is not worth a line.
fn unsteadiness_in_words(steadiness: Steadiness, decided: bool) -> Option<&'static str> {
    match steadiness {
        Steadiness::Flat => None,
        Steadiness::NoSteadyState if decided => None,
        Steadiness::WarmUp => Some("it still warmed up while it was measured: slower at first"),
        Steadiness::SlowDown => Some("it became slower while it was measured"),
        Steadiness::NoSteadyState => Some("it never settled while it was measured"),
    }
}

fn outlook_in_words(judgement: &Judgement, outlook: &Outlook) -> String {
    let seen = match outlook.smallest_visible_change {
        Some(change) => format!("a slow-down of {} or more would have been seen", percent(change)),
        None => "too few epochs to see any change".to_owned(),
    };
    match outlook.epochs_still_needed {
        Some(more) => format!("{seen}; about {} would decide it", count(more as u64, "more epoch")),
        None if judgement.interval.n < 2 => format!("{seen}; one alone says nothing of the noise"),
        None => format!("{seen}; too noisy here for any number of epochs to decide it"),
    }
}

/// What the process that measured did, benchmark after benchmark.
fn engine_in_words(engine: Engine) -> &'static str {
    match engine {
        Engine::Turns => "sample by sample",
        Engine::Alternation => "benchmark by benchmark",
    }
}

/// How the run was made: labels and sentences.
pub fn circumstances(record: &RunRecord, comparison: &Comparison) -> Vec<(&'static str, String)> {
    let summary = &comparison.summary;
    let mut lines = Vec::new();
    let measured = summary.counts.measured() as u64;
    if let Some(change) = summary.geometric_mean_change {
        let over = format!("over {}", count(measured, "measured benchmark"));
        lines.push(("geometric mean", format!("{} {over}", numbers::change(change))));
    }
    lines.extend(super::code::summary(comparison).map(|text| ("code", text)));
    if !summary.engines.is_empty() {
        let engines: Vec<_> = summary.engines.iter().map(|engine| engine_in_words(*engine)).collect();
        lines.push(("alternating", format!("{}; {}", engines.join(" and "), placement(&record.placement))));
        lines.push(("false alarms", policies::false_alarms(&record.policy)));
        lines.extend(policies::summary(comparison).map(|text| ("policy", text)));
        let machine = comparison.ledger.as_ref().map(ledger::short).filter(|machine| !machine.is_empty());
        let machine = machine.map(|machine| format!("; {machine}")).unwrap_or_default();
        lines.push(("disturbance", disturbance(summary) + &machine));
        let missing = record.counters.as_ref().and_then(counters::missing);
        lines.extend(missing.map(|missing| ("counters", missing)));
        lines.extend(layouts::circumstances(record, &summary.counts).map(|layout| ("layout", layout)));
    }
    if let Some(counting) = &record.counting {
        lines.push((
            "instructions",
            super::work::summary(
                counting,
                &summary.work,
                &record.policy,
                policies::instructions_fail(comparison),
            ),
        ));
    }
    let same = record.dependencies.baseline == record.dependencies.candidate;
    // The graph holds the target itself, so a new version of the target alone makes another graph.
    let graphs =
        if same { "equal on both sides" } else { "not equal (the target's own version counts as well)" };
    lines.push(("dependencies", format!("{graphs}; {}", locks(&record.locks))));
    lines
}

/// How processes were placed.
pub(super) fn placement(placement: &Placement) -> String {
    let cores: Vec<String> = placement.bench_cpus.iter().map(u32::to_string).collect();
    let bench = match cores.len() {
        0 => "not pinned to a core".to_owned(),
        1 => format!("on core {}", cores[0]),
        _ => format!("on cores {}", cores.join(", ")),
    };
    let coordinator =
        placement.coordinator_cpu.map(|core| format!(", coordinator on core {core}")).unwrap_or_default();
    let scheduling = if placement.scheduling == "fifo" { "real-time" } else { "normal" };
    let aslr = if placement.aslr_off { "off" } else { "on" };
    format!("{bench}{coordinator}; {scheduling} scheduling; address randomisation {aslr}")
}

fn disturbance(summary: &Summary) -> String {
    let ledger = [
        (summary.disturbance.involuntary_switches, "involuntary switch", "involuntary switches"),
        (summary.disturbance.major_faults, "major fault", "major faults"),
        (summary.disturbance.steal_ticks, "stolen tick", "stolen ticks"),
    ];
    let causes: Vec<String> = ledger
        .into_iter()
        .filter(|(n, ..)| *n > 0)
        .map(|(n, one, many)| format!("{} {}", numbers::grouped(n), if n == 1 { one } else { many }))
        .collect();
    let causes = if causes.is_empty() { String::new() } else { format!(" ({})", causes.join(", ")) };
    format!(
        "{} of {} dropped{causes}; {} of {} discarded",
        numbers::grouped(summary.dropped_blocks),
        count(summary.blocks, "block"),
        numbers::grouped(summary.discarded_epochs),
        count(summary.epochs, "epoch")
    )
}

fn locks(locks: &ByRole<LockSource>) -> String {
    let source = |lock: LockSource| match lock {
        LockSource::Committed => "from the committed lockfile",
        LockSource::Shared => "resolved once for this run",
        LockSource::Own => "resolved on its own, because the shared resolution does not fit it",
    };
    if locks.baseline == locks.candidate {
        return source(locks.baseline).to_owned();
    }
    format!("{} {}, {} {}", Role::Baseline, source(locks.baseline), Role::Candidate, source(locks.candidate))
}

/// What weakens the whole run, each with its effect and the way out.
pub fn warnings(summary: &Summary) -> Vec<String> {
    let mut warnings = Vec::new();
    if summary.host_unusable {
        warnings.push(format!(
            "{} of {} were too disturbed to use: this host is too busy to be trusted; close what else runs or use a quieter one",
            numbers::grouped(summary.discarded_epochs),
            count(summary.epochs, "epoch")
        ));
    }
    if let [engine @ Engine::Alternation, ..] = summary.engines[..] {
        warnings.push(format!(
            "no benchmark could be measured sample by sample, only {}: more noise remains, so more epochs are needed",
            engine_in_words(engine)
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn epochs_that_differ_widely_are_told_with_their_range_and_others_are_not() {
        let told = |comparison: &Comparison| -> Vec<String> {
            let remarks =
                comparison.rows().flat_map(|row| remarks(row, &comparison.summary, Details::default()));
            remarks.filter(|remark| remark.starts_with("single epochs gave")).collect()
        };
        let (_, scattered) = samples::scattered();
        assert!(
            told(&scattered)[0].starts_with("single epochs gave -8.00% to +10.00%: "),
            "{:?}",
            told(&scattered)
        );
        assert!(told(&samples::calm().1).is_empty());
    }
}
