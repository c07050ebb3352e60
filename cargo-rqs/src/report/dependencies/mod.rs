//! Dependency graphs: one in short, two against each other, and what this machine keeps of one.

pub mod difference;
pub mod integrity;
pub mod json;
mod markdown;

use crate::analysis::dependencies::{self, Need, Outline, Standing};
use crate::model::dependencies::{Dependency, DependencyGraph};
use crate::report::escape::visible;
use crate::report::numbers::count;
use crate::report::paint::{Paint, Tone};
use crate::report::table::{self, Align, Line};

pub use markdown::{difference as markdown_difference, difference_of as markdown_difference_of};

/// Licences that are told one by one; the rest is added up.
const MOST_LICENCES: usize = 8;

/// A graph in short and its packages: those that the workspace names, or all. `name` is what the user called it, `path`
/// where it is stored.
pub fn graph(name: &str, graph: &DependencyGraph, path: Option<&str>, all: bool, paint: Paint) -> String {
    let outline = dependencies::outline(graph);
    let mut facts = facts(&outline);
    facts.push(("fingerprint", graph.fingerprint()));
    facts.extend(path.map(|path| ("record", visible(path))));
    let lines: Vec<Line> = facts
        .into_iter()
        .map(|(label, text)| Line::Cells(vec![(format!("  {label}"), Tone::Quiet), (text, Tone::Normal)]))
        .collect();
    let title = format!("dependencies of {}", visible(name));
    let mut text =
        paint.tone(Tone::Strong, &title) + "\n" + &table::render(&lines, &[Align::Left; 2], None, paint);
    let shown = |standing: &Standing| !standing.member && (all || standing.direct);
    let placed = graph.packages.iter().zip(dependencies::standings(graph)).filter(|(_, it)| shown(it));
    let mut lines: Vec<Line> = placed.map(|(package, standing)| package_line(package, standing)).collect();
    if !lines.is_empty() {
        let titles = ["package", "version", "needed", "licence", "Rust", "source"];
        lines.insert(0, Line::Cells(titles.map(|title| (title.to_owned(), Tone::Quiet)).to_vec()));
        text += &format!("\n{}", table::render(&lines, &[Align::Left; 6], None, paint));
    }
    text
}

fn facts(outline: &Outline) -> Vec<(&'static str, String)> {
    let Outline { packages, members, direct, run, build, dev, .. } = outline;
    let transitive = packages - members - direct;
    let mut facts = vec![(
        "packages",
        format!("{packages}: {members} of the workspace, {direct} that it names, {transitive} behind those"),
    )];
    if run + build + dev > 0 {
        facts.push((
            "needed",
            format!("to run {run}, only to build {build}, only for tests and benchmarks {dev}"),
        ));
    }
    if !outline.licences.is_empty() {
        facts.push(("licences", licences(outline)));
    }
    let sources: Vec<String> =
        outline.sources.iter().map(|(kind, number)| format!("{kind} {number}")).collect();
    if !sources.is_empty() {
        facts.push(("sources", sources.join(", ")));
    }
    facts.extend(rust(outline).map(|text| ("Rust", text)));
    let several = outline.several.iter();
    let several: Vec<String> =
        several.map(|(name, versions)| visible(&format!("{name} {}", versions.join(" and ")))).collect();
    if !several.is_empty() {
        facts.push(("several", several.join(", ")));
    }
    facts
}

fn rust(outline: &Outline) -> Option<String> {
    let needed = visible(outline.rust_version.as_ref()?);
    let of: Vec<String> = outline.rust_version_of.iter().take(3).map(|it| visible(it)).collect();
    let more = outline.rust_version_of.len() - of.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let promised = match &outline.promised_rust_version {
        Some(promised) if outline.breaks_promise() => {
            format!("; the workspace promises to build with {} and does not", visible(promised))
        }
        Some(promised) => format!("; the workspace promises {}", visible(promised)),
        None => String::new(),
    };
    Some(format!("{needed} or later, for {}{more}{promised}", of.join(", ")))
}

fn licences(outline: &Outline) -> String {
    let named = |(licence, number): &(Option<String>, usize)| match licence {
        Some(licence) => format!("{} {number}", visible(licence)),
        None => format!("none told {number}"),
    };
    let mut shown: Vec<String> = outline.licences.iter().take(MOST_LICENCES).map(named).collect();
    let rest: usize = outline.licences.iter().skip(MOST_LICENCES).map(|(_, number)| number).sum();
    if rest > 0 {
        shown.push(format!("others {rest}"));
    }
    shown.join(", ")
}

fn package_line(package: &Dependency, standing: Standing) -> Line {
    let source = match dependencies::kind_of_source(package) {
        "registry" => String::new(),
        "path" => "path".to_owned(),
        _ => visible(package.source.as_deref().unwrap_or_default()),
    };
    let optional = |text: Option<String>| text.map(|text| visible(&text)).unwrap_or_default();
    let cells = [
        visible(&package.name),
        visible(&package.version),
        standing_words(standing),
        optional(dependencies::licence(package)),
        optional(package.rust_version.clone()),
        source,
    ];
    Line::Cells(cells.map(|cell| (cell, Tone::Normal)).to_vec())
}

/// How a package stands in its graph, in a few words.
fn standing_words(standing: Standing) -> String {
    let place = match standing {
        Standing { member: true, .. } => "of the workspace",
        Standing { direct: true, .. } => "direct",
        Standing { .. } => "transitive",
    };
    let need = match standing.need {
        Some(Need::Run) => ", run",
        Some(Need::Build) => ", build",
        Some(Need::Dev) => ", dev",
        None => "",
    };
    format!("{place}{need}")
}

/// `3 packages`, for titles.
fn packages(number: usize) -> String {
    count(number as u64, "package")
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
