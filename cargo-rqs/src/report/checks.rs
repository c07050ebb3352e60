//! The conditions of the host to text: the worst first, each with what is wanted, what it does, and what mends it.

mod json;

#[cfg(test)]
mod tests;

pub use json::{render as json, schema};

use super::escape::visible;
use super::numbers;
use super::paint::{Paint, Tone};
use super::table::{self, Align, Line};
use crate::model::check::{Check, Status};
use crate::model::cores::Cores;
use crate::model::item::Item;

/// Warnings before a run, besides the one that counts the rest.
const MOST_WARNINGS: usize = 3;

/// The checks as a table, in the order given, with a summary. `failed` are those that fail a demand.
pub fn render(checks: &[Check], cores: &Cores, failed: &[Item], paint: Paint) -> String {
    let place = match cores.is_empty() {
        true => "benchmarks that are not pinned to any core".to_owned(),
        false => format!("benchmarks on core {cores}"),
    };
    let mut lines = vec![Line::Across(format!("conditions for {place}"), Tone::Strong), blank()];
    let mut last = None;
    for check in checks {
        // Conditions with something to explain stand apart; those that are well follow each other closely.
        if last.is_some_and(|last| last != check.status) && check.status == Status::Ok {
            lines.push(blank());
        }
        lines.extend(rows(check, failed.contains(&check.item)));
        last = Some(check.status);
    }
    let shown = table::render(&lines, &[Align::Left; 3], None, paint);
    format!("{shown}\n{}", summary(checks, failed, paint))
}

fn blank() -> Line {
    Line::Across(String::new(), Tone::Normal)
}

fn rows(check: &Check, fails: bool) -> Vec<Line> {
    let (word, tone) = word(check.status);
    let item = check.item.id().to_owned();
    let item_tone = if check.status == Status::Ok { Tone::Normal } else { Tone::Strong };
    let row = |status: (String, Tone), item: (String, Tone), text: String, tone| {
        Line::Cells(vec![status, item, (text, tone)])
    };
    let nothing = || (String::new(), Tone::Normal);
    let mut value = visible(&check.value);
    if check.status == Status::Ok {
        return vec![row((word.into(), tone), (item, item_tone), value, Tone::Quiet)];
    }
    value.push_str(&format!("; wanted: {}", check.item.wanted()));
    let mut rows = vec![row((word.into(), tone), (item, item_tone), value, Tone::Normal)];
    rows.push(row(nothing(), nothing(), check.item.effect().to_owned(), Tone::Quiet));
    if let Some(mend) = &check.mend {
        rows.push(row(nothing(), nothing(), format!("to mend: {}", visible(mend)), Tone::Normal));
    }
    if fails {
        rows.push(row(nothing(), nothing(), "this was required".into(), Tone::Bad));
    }
    rows
}

/// The word for a status and its tone.
fn word(status: Status) -> (&'static str, Tone) {
    match status {
        Status::Blocker => ("blocker", Tone::Bad),
        Status::Unknown => ("unknown", Tone::Caution),
        Status::Note => ("note", Tone::Caution),
        Status::Ok => ("ok", Tone::Good),
    }
}

fn summary(checks: &[Check], failed: &[Item], paint: Paint) -> String {
    let count = |status| checks.iter().filter(|check| check.status == status).count();
    let mut parts = Vec::new();
    for (status, noun) in [(Status::Blocker, "blocker"), (Status::Note, "note")] {
        let (count, (_, tone)) = (count(status) as u64, word(status));
        parts.extend((count > 0).then(|| paint.tone(tone, &numbers::count(count, noun))));
    }
    let unknown = count(Status::Unknown);
    parts.extend((unknown > 0).then(|| paint.tone(Tone::Caution, &format!("{unknown} unknown"))));
    parts.push(format!("{} ok", count(Status::Ok)));
    let mut text = parts.join(", ");
    let tunable: Vec<&Check> = checks.iter().filter(|check| check.tunable).collect();
    if let Some(mend) = tunable.first().and_then(|check| check.mend.as_deref()) {
        text.push_str(&format!("; `{mend}` mends {} of them until `env restore`", tunable.len()));
    }
    text.push('\n');
    if !failed.is_empty() {
        let names: Vec<&str> = failed.iter().map(|item| item.id()).collect();
        text.push_str(&paint.tone(Tone::Bad, &format!("not met: {}", names.join(", "))));
        text.push('\n');
    }
    text
}

/// What is said before a run: the most important blockers, one line each, and where to read more.
pub fn warnings(checks: &[Check]) -> Vec<String> {
    let blockers: Vec<&Check> = checks.iter().filter(|check| check.status == Status::Blocker).collect();
    let line = |check: &&Check| {
        let (item, value) = (check.item, visible(&check.value));
        format!("warning: {item}: {value}; {}", item.effect())
    };
    let mut lines: Vec<String> = blockers.iter().take(MOST_WARNINGS).map(line).collect();
    if !lines.is_empty() {
        let more = blockers.len() - lines.len();
        let more = if more > 0 { format!("{more} more; ") } else { String::new() };
        lines.push(format!("note: {more}`cargo rqs env check` says more of the host, and what mends it"));
    }
    lines
}

/// One failed demand, for an error's list of causes.
pub fn cause(check: &Check) -> String {
    let mend = check.mend.as_ref().map_or(String::new(), |mend| format!("; to mend: {}", visible(mend)));
    format!("{}: {}; wanted: {}{mend}", check.item, visible(&check.value), check.item.wanted())
}
