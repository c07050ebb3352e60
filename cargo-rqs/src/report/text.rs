//! A run for people at a terminal, the same from `bench` and from `show`.

use super::escape::{visible, visible_lines};
use super::flame::told;
use super::numbers;
use super::paint::{Paint, Tone};
use super::table::{self, Align, Line};
use super::{Details, causes, code, ledger, policies, words};
use crate::analysis::comparison::{Comparison, SuiteComparison};
use crate::analysis::row::{Finding, Row};
use crate::model::ByRole;
use crate::model::record::RunRecord;
use crate::model::revision::{Revision, RevisionKind};

const ALIGNS: [Align; 6] = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Left, Align::Right];

/// The whole report. `record_path` says where the record lies; names are cut to fit `width` columns, when given.
pub fn render(
    record: &RunRecord,
    comparison: &Comparison,
    record_path: &str,
    details: Details,
    width: Option<usize>,
    paint: Paint,
) -> String {
    let mut text = header(record, comparison, paint);
    text.push('\n');
    let found = causes::sentences(comparison, visible);
    text.extend(
        found.iter().map(|sentence| format!("{} {sentence}\n", paint.tone(Tone::Strong, "finding:"))),
    );
    text.extend((!found.is_empty()).then_some('\n'));
    let lines = body(comparison, details);
    if !lines.is_empty() {
        text += &table::render(&lines, &ALIGNS, width, paint);
        text.push('\n');
    }
    text += &summary(record, comparison, record_path, paint);
    if details.ledger {
        text += &format!("\n{}", ledger::whole(record, paint));
    }
    text
}

fn header(record: &RunRecord, comparison: &Comparison, paint: Paint) -> String {
    let title = format!("cargo rqs {}, run {}", visible(&record.tool), visible(&record.id));
    let took = numbers::duration(record.finished_unix_s.saturating_sub(record.started_unix_s));
    let when = format!("{}, took {took}", numbers::date_time(record.started_unix_s));
    let mut lines: Vec<Line> =
        record.revisions.iter().map(|(role, it)| revision(&role.to_string(), it)).collect();
    if let [suite] = &comparison.suites[..] {
        lines.push(Line::Cells(vec![
            ("  suite".into(), Tone::Quiet),
            (visible(&suite.name), Tone::Normal),
            (harness(&suite.harness), Tone::Normal),
        ]));
    }
    let revisions = table::render(&lines, &[Align::Left; 4], None, paint);
    format!("{}, {when}\n{revisions}", paint.tone(Tone::Strong, &title))
}

fn revision(label: &str, revision: &Revision) -> Line {
    let about = match revision.kind {
        RevisionKind::Commit => visible(&revision.summary),
        RevisionKind::Files => "files that are in no commit".into(),
        RevisionKind::Published => "as published".into(),
    };
    Line::Cells(vec![
        (format!("  {label}"), Tone::Quiet),
        (visible(&revision.spec), Tone::Strong),
        (visible(revision.short_id()), Tone::Normal),
        (about, Tone::Quiet),
    ])
}

/// The benchmark harness, and both versions of it when they differ.
fn harness(harness: &ByRole<String>) -> String {
    match (harness.baseline.as_str(), harness.candidate.as_str()) {
        (one, other) if one == other => visible(one),
        ("", only) => format!("{} in the candidate only", visible(only)),
        (only, "") => format!("{} in the baseline only", visible(only)),
        (one, other) => format!("{} to {}", visible(one), visible(other)),
    }
}

fn body(comparison: &Comparison, details: Details) -> Vec<Line> {
    if comparison.rows().next().is_none() {
        return Vec::new();
    }
    let titles = ["benchmark", "baseline", "candidate", "change", "verdict", "epochs"];
    let mut lines = vec![Line::Cells(titles.map(|title| (title.to_owned(), Tone::Quiet)).to_vec())];
    let several = comparison.suites.len() > 1;
    for suite in &comparison.suites {
        if several {
            lines.push(Line::Across(String::new(), Tone::Normal));
            lines.push(Line::Across(suite_title(suite), Tone::Strong));
        }
        for row in &suite.rows {
            lines.push(cells(row));
            lines.extend(remarks(row, comparison, details));
        }
    }
    lines
}

fn suite_title(suite: &SuiteComparison) -> String {
    format!("{}  {}", visible(&suite.name), harness(&suite.harness))
}

fn cells(row: &Row) -> Line {
    let (verdict, tone) = words::outcome(row);
    let time = |ns: fn(&ByRole<f64>) -> f64| row.typical_ns.map(|typical| numbers::time(ns(&typical)));
    let change = row.judgement().map(|judgement| numbers::change_with_interval(&judgement.interval));
    Line::Cells(vec![
        (visible(&row.key.to_string()), Tone::Normal),
        (time(|typical| typical.baseline).unwrap_or_default(), Tone::Normal),
        (time(|typical| typical.candidate).unwrap_or_default(), Tone::Normal),
        (change.unwrap_or_default(), tone),
        (verdict.into_owned(), tone),
        (words::epochs(row), Tone::Quiet),
    ])
}

/// The lines under a row: what is to be known beside the verdict, and what a failed benchmark printed.
fn remarks(row: &Row, comparison: &Comparison, details: Details) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Finding::Failed(failure) = &row.finding {
        let what = format!("    on the {}: {}", failure.role, visible(&failure.what));
        lines.push(Line::Across(what, Tone::Bad));
        let printed = visible_lines(&failure.stderr_tail).map(|line| format!("    | {line}"));
        lines.extend(printed.map(|line| Line::Across(line.trim_end().to_owned(), Tone::Quiet)));
    }
    let words = words::remarks(row, &comparison.summary, details).into_iter();
    let words =
        words.chain(told::of_row(row).into_iter().map(|(name, part)| format!("{}: {part}", visible(name))));
    let changed: Vec<String> = code::changed(row).iter().map(|name| visible(name)).collect();
    let changed = (!changed.is_empty()).then(|| format!("changed: {}", changed.join(", ")));
    let remarks = changed.into_iter().chain(words).chain(policies::remarks(row, visible));
    lines.extend(remarks.map(|remark| Line::Across(format!("    {remark}"), Tone::Quiet)));
    lines
}

fn summary(record: &RunRecord, comparison: &Comparison, record_path: &str, paint: Paint) -> String {
    let counts = words::counts(&comparison.summary.counts);
    let counts: Vec<String> = counts.iter().map(|(text, tone)| paint.tone(*tone, text)).collect();
    let outcome = if counts.is_empty() { "no benchmarks to compare".to_owned() } else { counts.join(", ") };
    let mut facts: Vec<(&str, String)> = words::circumstances(record, comparison);
    facts.push(("environment", visible(record.environment.get(..12).unwrap_or(&record.environment))));
    facts.push(("record", visible(record_path)));
    facts.extend(
        record
            .profiling
            .iter()
            .map(|pass| ("profiles", format!("{}, {}", visible(&pass.artifacts), told::effort(pass)))),
    );
    let lines: Vec<Line> = facts
        .into_iter()
        .map(|(label, text)| Line::Cells(vec![(format!("  {label}"), Tone::Quiet), (text, Tone::Normal)]))
        .collect();
    let mut text = format!("{outcome}\n{}", table::render(&lines, &[Align::Left; 2], None, paint));
    for note in &record.notes {
        text += &format!("note: {}\n", visible(note));
    }
    for warning in words::warnings(&comparison.summary) {
        text += &format!("{}: {warning}\n", paint.tone(Tone::Caution, "warning"));
    }
    text
}

#[cfg(test)]
mod tests;
