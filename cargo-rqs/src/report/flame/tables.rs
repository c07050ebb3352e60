//! The functions of a profile: for a terminal, and for programs.

use serde_json::{Value, json};

use super::{Heading, amount, change_with_noise, how, signed, unit_in_words};
use crate::analysis::flame::{FunctionRow, Profiled, Unit};
use crate::model::{ByRole, Role};
use crate::report::escape::visible;
use crate::report::json::inert;
use crate::report::numbers;
use crate::report::paint::{Paint, Tone};
use crate::report::table::{self, Align, Line};

/// Functions that a terminal shows.
const SHOWN: usize = 12;
/// Smaller parts of both sides are summed up.
const LEAST_SHARE: f64 = 0.002;
/// Columns where no terminal sets a limit.
const WIDEST: usize = 160;
const CHARGED: &str =
    "a function's numbers include what the standard library, the system and the kernel do for it";
const ALIGNS: [Align; 7] =
    [Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Right, Align::Right];

/// One profile for a terminal.
pub fn text(profile: &Profiled, width: Option<usize>, paint: Paint) -> String {
    let name = format!("{}::{}", profile.suite, profile.key);
    let mut text = format!("{}\n", paint.tone(Tone::Strong, &visible(&name)));
    let whole = profile.table.scale.whole;
    if profile.table.scale.unit != Unit::Share {
        let unit = profile.table.scale.unit;
        text += &format!(
            "  {}: {} to {}, {}\n",
            unit_in_words(profile),
            amount(whole.baseline, unit),
            amount(whole.candidate, unit),
            signed(profile.table.whole_change(), unit)
        );
    }
    text += &format!("  {}\n", how(profile));
    text.extend(profile.refused.iter().map(|why| format!("  {}\n", visible(why))));
    let titles = ["function", "baseline", "candidate", "change", "with all it calls", "candidate", "change"];
    let mut lines = vec![Line::Cells(titles.map(|title| (title.to_owned(), Tone::Quiet)).to_vec())];
    // What only serves others is in their numbers, and what is next to nothing comes last.
    let table = &profile.table;
    let charged = table.rows.iter().filter(|row| row.charged != ByRole::default());
    let is_seen =
        |row: &&FunctionRow| Role::BOTH.iter().any(|role| table.share(&row.charged, *role) >= LEAST_SHARE);
    let (seen, mut more): (Vec<&FunctionRow>, Vec<&FunctionRow>) = charged.partition(is_seen);
    let (shown, rest) = seen.split_at(seen.len().min(SHOWN));
    more.extend(rest);
    lines.extend(shown.iter().map(|row| line(profile, row)));
    if !more.is_empty() {
        let rest: f64 = more.iter().map(|row| profile.table.change(&row.charged)).sum();
        let rest = signed(rest, profile.table.scale.unit);
        let all = numbers::count(more.len() as u64, "more function");
        lines.push(Line::Across(format!("{all} together: {rest}"), Tone::Quiet));
    }
    lines.push(Line::Across(CHARGED.into(), Tone::Quiet));
    text + &table::render(&lines, &ALIGNS, Some(width.unwrap_or(WIDEST)), paint)
}

fn line(profile: &Profiled, row: &FunctionRow) -> Line {
    let table = &profile.table;
    let value = |weight, role| {
        let value = table.value(weight, role);
        if value == 0.0 { String::new() } else { amount(value, table.scale.unit) }
    };
    let (own, stands_out) = change_with_noise(table, &row.charged);
    let tone = if stands_out { Tone::Normal } else { Tone::Quiet };
    let total = signed(table.change(&row.total), table.scale.unit);
    Line::Cells(vec![
        (visible(&row.name), tone),
        (value(&row.charged, Role::Baseline), tone),
        (value(&row.charged, Role::Candidate), tone),
        (own, if stands_out { Tone::Strong } else { Tone::Quiet }),
        (value(&row.total, Role::Baseline), tone),
        (value(&row.total, Role::Candidate), tone),
        (total, tone),
    ])
}

/// One profile for programs: every function with its raw weights and what was derived from them.
pub fn functions_json(profile: &Profiled) -> String {
    inert(&format!("{:#}\n", functions(profile)))
}

fn functions(profile: &Profiled) -> Value {
    let table = &profile.table;
    let unit = match table.scale.unit {
        Unit::Nanoseconds => "ns_per_iteration",
        Unit::Instructions => "instructions_per_iteration",
        Unit::Share => "share",
    };
    let part = |weight: &ByRole<u64>| {
        let side = |role: Role| {
            json!({
                "weight": weight.get(role),
                "share": table.share(weight, role),
                "value": table.value(weight, role),
            })
        };
        json!({
            "baseline": side(Role::Baseline),
            "candidate": side(Role::Candidate),
            "change": table.change(weight),
            "noise": table.noise(weight),
        })
    };
    let row = |row: &FunctionRow| json!({ "function": row.name, "self": part(&row.own), "charged": part(&row.charged), "total": part(&row.total) });
    json!({
        "format": 1,
        "suite": profile.suite,
        "benchmark": profile.key,
        "engine": profile.engine,
        "refused": profile.refused,
        "set_up_included": profile.with_set_up,
        "unit": unit,
        "rough": profile.rough,
        "whole": { "baseline": table.scale.whole.baseline, "candidate": table.scale.whole.candidate, "change": table.whole_change() },
        "sides": profile.sides,
        "functions": table.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

/// What the folder holds, for programs.
pub(super) fn list(heading: &Heading<'_>, profiles: &[Profiled], folders: &[String]) -> String {
    let entry = |(profile, folder): (&Profiled, &String)| json!({ "suite": profile.suite, "benchmark": profile.key, "engine": profile.engine, "folder": folder });
    let profiles: Vec<Value> = profiles.iter().zip(folders).map(entry).collect();
    let list = json!({
        "format": 1,
        "tool": concat!("cargo-rqs ", env!("CARGO_PKG_VERSION")),
        "run": heading.run,
        "revisions": heading.revisions,
        "notes": heading.notes,
        "profiles": profiles,
    });
    inert(&format!("{list:#}\n"))
}
