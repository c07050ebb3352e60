//! A run as a comment on GitHub: regressions first, what did not change folded away, every foreign word escaped.

use std::fmt::Write;

use super::escape::{html_block, markdown_code as code};
use super::flame::told;
use super::numbers;
use super::{Details, causes, code as reached, policies, words};
use crate::analysis::comparison::Comparison;
use crate::analysis::row::{Finding, Row};
use crate::analysis::standing::Ruling;
use crate::analysis::verdict::Verdict;
use crate::model::ByRole;
use crate::model::record::RunRecord;

/// A row and the name of its suite.
type Named<'a> = (&'a str, &'a Row);

/// The whole comment. `record_path` says where the record lies.
pub fn render(record: &RunRecord, comparison: &Comparison, record_path: &str) -> String {
    let mut rows: Vec<Named> = comparison
        .suites
        .iter()
        .flat_map(|suite| suite.rows.iter().map(|row| (suite.name.as_str(), row)))
        .collect();
    rows.sort_by_key(|(_, row)| rank_of(row));
    let calm = rows.partition_point(|(_, row)| rank_of(row) < FIRST_CALM_RANK);
    let (news, calm) = rows.split_at(calm);
    let several = comparison.suites.len() > 1;

    let counts: Vec<String> =
        words::counts(&comparison.summary.counts).into_iter().map(|(text, _)| text).collect();
    let outcome = if counts.is_empty() { "no benchmarks to compare".to_owned() } else { counts.join(", ") };
    let mut sections = vec![format!("### Benchmarks: {outcome}"), revisions(record)];
    sections.extend(
        words::warnings(&comparison.summary).into_iter().map(|warning| format!("> **Warning:** {warning}")),
    );
    let found: Vec<String> =
        causes::sentences(comparison, code).into_iter().map(|sentence| format!("- {sentence}")).collect();
    sections.extend((!found.is_empty()).then(|| found.join("\n")));
    if !news.is_empty() {
        sections.push(table(news, several));
    }
    sections.extend(remarks(&rows, comparison));
    sections.extend(news.iter().filter_map(failure));
    if !calm.is_empty() {
        sections.push(folded(
            &format!("{} without news", numbers::count(calm.len() as u64, "benchmark")),
            &table(calm, several),
        ));
    }
    sections.push(folded("How it was measured", &circumstances(record, comparison, record_path)));
    sections.join("\n\n") + "\n"
}

/// From this rank on, rows are folded away.
const FIRST_CALM_RANK: u8 = 5;

/// Whatever fails the run is news.
fn rank_of(row: &Row) -> u8 {
    let rank = rank(&row.finding);
    if row.standing.ruling == Ruling::Passes { rank } else { rank.min(FIRST_CALM_RANK - 1) }
}

fn rank(finding: &Finding) -> u8 {
    match finding {
        Finding::Measured(judgement, _) => match judgement.verdict {
            Verdict::Regressed => 0,
            Verdict::Inconclusive => 2,
            Verdict::Improved => 4,
            Verdict::Unchanged => 5,
        },
        Finding::Failed(_) => 1,
        Finding::NotMeasured => 3,
        Finding::Identical => 6,
        Finding::Added => 7,
        Finding::Removed => 8,
    }
}

fn revisions(record: &RunRecord) -> String {
    let sides: Vec<String> = record
        .revisions
        .iter()
        .map(|(role, it)| format!("{role} {} ({})", code(&it.spec), code(it.short_id())))
        .collect();
    sides.join(" against ")
}

fn table(rows: &[Named], several: bool) -> String {
    let (suite_title, suite_rule) = if several { ("| suite ", "|:--") } else { ("", "") };
    let mut text = format!(
        "{suite_title}| benchmark | baseline | candidate | change | verdict | epochs |\n{suite_rule}|:--|--:|--:|--:|:--|--:|"
    );
    for (suite, row) in rows {
        let suite = if several { format!("| {} ", code(suite)) } else { String::new() };
        // Writing to a string cannot fail.
        let _ = write!(text, "\n{suite}| {} |", cells(row).join(" | "));
    }
    text
}

fn cells(row: &Row) -> [String; 6] {
    let times = row.typical_ns.map(|typical| typical.map(numbers::time)).unwrap_or_default();
    let change = row.judgement().map(|judgement| numbers::change_with_interval(&judgement.interval));
    let (verdict, _) = words::outcome(row);
    let loud = row.standing.ruling != Ruling::Passes;
    let verdict = if loud { format!("**{verdict}**") } else { verdict.into_owned() };
    [
        code(&row.key.to_string()),
        times.baseline,
        times.candidate,
        change.unwrap_or_default(),
        verdict,
        words::epochs(row),
    ]
}

/// One list of everything that is to be known beside the verdicts.
fn remarks(rows: &[Named], comparison: &Comparison) -> Option<String> {
    let lines: Vec<String> = rows
        .iter()
        .flat_map(|(_, row)| {
            let name = code(&row.key.to_string());
            let changed: Vec<String> = reached::changed(row).iter().map(|name| code(name)).collect();
            let changed = (!changed.is_empty()).then(|| format!("changed: {}", changed.join(", ")));
            let found = told::of_row(row).into_iter().map(|(name, part)| format!("{} {part}", code(name)));
            let remarks =
                words::remarks(row, &comparison.summary, Details::default()).into_iter().chain(found);
            let remarks = changed.into_iter().chain(remarks).chain(policies::remarks(row, code));
            remarks.map(move |remark| format!("- {name}: {remark}"))
        })
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn failure((_, row): &Named) -> Option<String> {
    let Finding::Failed(failure) = &row.finding else { return None };
    let what =
        format!("{} failed on the {}: {}", code(&row.key.to_string()), failure.role, code(&failure.what));
    if failure.stderr_tail.trim().is_empty() {
        return Some(what);
    }
    Some(format!("{what}\n\n{}", html_block(&failure.stderr_tail)))
}

fn circumstances(record: &RunRecord, comparison: &Comparison, record_path: &str) -> String {
    let mut lines: Vec<String> = words::circumstances(record, comparison)
        .into_iter()
        .map(|(label, text)| format!("- {label}: {text}"))
        .collect();
    lines.extend(
        comparison
            .suites
            .iter()
            .map(|suite| format!("- suite {}: {}", code(&suite.name), harness(&suite.harness))),
    );
    lines.push(format!("- environment: {}", code(&record.environment)));
    lines.push(format!(
        "- record: {}, run {} of cargo rqs {}",
        code(record_path),
        code(&record.id),
        code(&record.tool)
    ));
    lines.extend(
        record
            .profiling
            .iter()
            .map(|pass| format!("- profiles: {}, {}", code(&pass.artifacts), told::effort(pass))),
    );
    lines.extend(record.notes.iter().map(|note| format!("- note: {}", code(note))));
    lines.join("\n")
}

/// The benchmark harness, for each side when they differ.
fn harness(harness: &ByRole<String>) -> String {
    if harness.baseline == harness.candidate {
        return code(&harness.baseline);
    }
    let sides = harness.iter().filter(|(_, name)| !name.is_empty());
    sides.map(|(role, name)| format!("{role} {}", code(name))).collect::<Vec<_>>().join(", ")
}

fn folded(title: &str, content: &str) -> String {
    format!("<details><summary>{title}</summary>\n\n{content}\n\n</details>")
}

#[cfg(test)]
mod tests;
