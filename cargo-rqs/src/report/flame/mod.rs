//! Profiles as a folder of artifacts that can be published as it is, and as a table for a terminal. All as strings and
//! bytes; names that others wrote are made safe wherever they are shown or become a file's name.

mod names;
mod page;
mod speedscope;
mod svg;
mod tables;
pub mod told;

use super::escape::visible;
use super::numbers;
use crate::analysis::flame::{FunctionTable, Profiled, Unit};
use crate::model::profile::{ProfileEngine, Stack};
use crate::model::revision::Revision;
use crate::model::{ByRole, Role};

pub use tables::{functions_json, text};

/// The page that everything is linked from.
pub const PAGE: &str = "index.html";
/// The list of everything for programs; a folder that holds it is one of ours.
pub const LIST: &str = "profiles.json";

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Its path in the folder, of plain letters.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What the profiles belong to.
#[derive(Clone, Copy, Debug)]
pub struct Heading<'a> {
    /// The run's id.
    pub run: &'a str,
    /// Both revisions.
    pub revisions: &'a ByRole<Revision>,
    /// What the reader should know, for example what was left out.
    pub notes: &'a [String],
}

/// The whole folder.
///
/// # Errors
/// In words, when a picture cannot be drawn.
pub fn artifacts(heading: &Heading<'_>, profiles: &[Profiled]) -> Result<Vec<Artifact>, String> {
    let folders =
        names::folders(profiles.iter().map(|profile| (profile.suite.as_str(), profile.key.to_string())));
    let mut files = Vec::new();
    for (profile, folder) in profiles.iter().zip(&folders) {
        let mut add = |name: &str, bytes: Vec<u8>| {
            files.push(Artifact { path: format!("{folder}/{name}"), bytes });
        };
        for role in Role::BOTH {
            add(&format!("{role}.svg"), svg::side(profile, role)?);
            add(&format!("{role}.folded"), folded(profile.stacks.get(role)).into_bytes());
        }
        add("difference.svg", svg::difference(profile, Role::Candidate)?);
        add("difference-by-baseline.svg", svg::difference(profile, Role::Baseline)?);
        add("functions.json", tables::functions_json(profile).into_bytes());
        add("speedscope.json", speedscope::render(profile).into_bytes());
    }
    files.push(Artifact { path: PAGE.into(), bytes: page::render(heading, profiles, &folders).into_bytes() });
    files.push(Artifact { path: LIST.into(), bytes: tables::list(heading, profiles, &folders).into_bytes() });
    Ok(files)
}

/// Stacks in the format that flamegraph tools read: `frame;frame weight`, the outermost first.
fn folded(stacks: &[Stack]) -> String {
    stacks.iter().map(|stack| format!("{} {}\n", joined(&stack.frames), stack.weight)).collect()
}

/// Frames with semicolons between. Types such as `[u8; 4]` hold one themselves.
fn joined(frames: &[String]) -> String {
    frames.iter().map(|frame| visible(frame).replace(';', ",")).collect::<Vec<_>>().join(";")
}

/// What a weight counts.
fn counted(engine: ProfileEngine) -> &'static str {
    if engine.samples() { "samples" } else { "instructions" }
}

/// An amount in the table's unit.
fn amount(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Nanoseconds if value == 0.0 => "0".into(),
        Unit::Nanoseconds => numbers::time(value),
        Unit::Instructions => instructions(value),
        Unit::Share => format!("{:.1}%", value * 100.0),
    }
}

/// A change with its sign in the table's unit; parts of the whole change by points.
fn signed(change: f64, unit: Unit) -> String {
    let sign = if change < 0.0 { "-" } else { "+" };
    match unit {
        _ if change == 0.0 => "0".into(),
        Unit::Instructions if change.abs() < 0.05 => "0".into(),
        Unit::Nanoseconds => format!("{sign}{}", numbers::time(change.abs())),
        Unit::Instructions => format!("{sign}{}", instructions(change.abs())),
        Unit::Share => format!("{:+.1} pp", change * 100.0),
    }
}

fn instructions(value: f64) -> String {
    if value < 0.05 {
        return "0".into();
    }
    let whole = value >= 100.0 || value.fract() < 1e-9;
    if whole { numbers::grouped(value.round() as u64) } else { format!("{value:.1}") }
}

/// What the numbers of a table are.
fn unit_in_words(profile: &Profiled) -> &'static str {
    match profile.table.scale.unit {
        Unit::Nanoseconds if profile.rough => {
            "time for one iteration, roughly, as it went while it was sampled"
        }
        Unit::Nanoseconds => "time for one iteration",
        Unit::Instructions => "instructions for one iteration",
        Unit::Share => "part of the whole; nothing is known of an iteration",
    }
}

/// A change, with its noise where there is some, and whether it stands out of it; nothing for a function that has no
/// part on either side.
fn change_with_noise(table: &FunctionTable, weight: &ByRole<u64>) -> (String, bool) {
    if *weight == ByRole::default() {
        return (String::new(), false);
    }
    let (change, noise) = (table.change(weight), table.noise(weight));
    let shown = signed(change, table.scale.unit);
    let with_noise = match shown.split_once(' ') {
        Some((digits, unit)) if noise > 0.0 => {
            format!("{digits} ± {} {unit}", two_digits(noise / size_of_unit(unit)))
        }
        _ => shown,
    };
    (with_noise, table.stands_out(weight))
}

/// A number that is itself an estimate, with two significant digits.
fn two_digits(value: f64) -> String {
    let decimals = (1.0 - value.log10().floor()).clamp(0.0, 4.0) as usize;
    format!("{value:.decimals$}")
}

/// How much of a table's unit one of a shown unit is.
fn size_of_unit(shown: &str) -> f64 {
    match shown {
        "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "pp" => 0.01,
        _ => 1.0,
    }
}

/// How the stacks were taken, in a sentence.
fn how(profile: &Profiled) -> String {
    let side = |role: Role| {
        let side = profile.sides.get(role);
        let all = side.weight + side.outside;
        let outside = if all == 0 { 0.0 } else { side.outside as f64 / all as f64 };
        let lost =
            if side.lost > 0 { format!(", {} lost", numbers::grouped(side.lost)) } else { String::new() };
        format!(
            "{} {} on the {role} ({} outside of the routine{lost})",
            numbers::grouped(side.weight),
            counted(profile.engine),
            numbers::percent(outside)
        )
    };
    let mut text = format!("{}: {}, {}", profile.engine, side(Role::Baseline), side(Role::Candidate));
    if profile.with_set_up {
        text += "; set-up of each batch is among them, although it is not timed";
    }
    text
}

#[cfg(test)]
mod tests;
