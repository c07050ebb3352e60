//! Two dependency graphs against each other, for a terminal.

use super::{packages, standing_words};
use crate::analysis::dependencies::{
    Change, FeatureChange, GraphDifference, Replaced, Several, Step, TextChange, What,
};
use crate::model::dependencies::DependencyGraph;
use crate::model::revision::Revision;
use crate::report::escape::visible;
use crate::report::paint::{Paint, Tone};
use crate::report::table::{self, Align, Line};

/// One of two graphs that are set side by side.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// What the user called it.
    pub name: &'a str,
    /// The revision, where it is one.
    pub revision: Option<&'a Revision>,
    /// The graph.
    pub graph: &'a DependencyGraph,
}

/// Lines under a title.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) tone: Tone,
    /// A few texts each, already safe to show.
    pub(super) rows: Vec<Vec<String>>,
}

/// The difference, with a line break at its end.
pub fn text(sides: [Side<'_>; 2], difference: &GraphDifference, paint: Paint) -> String {
    let head: Vec<Line> =
        ["A", "B"].into_iter().zip(sides).map(|(letter, side)| head(letter, side)).collect();
    table::render(&head, &[Align::Left; 4], None, paint) + "\n" + &body(difference, paint)
}

/// The difference without its ends: what there is to say in one line, and the lists.
fn body(difference: &GraphDifference, paint: Paint) -> String {
    format!("{}\n", paint.tone(tone(difference), &headline(difference))) + &lists(difference, paint)
}

/// The lists alone.
pub fn lists(difference: &GraphDifference, paint: Paint) -> String {
    let mut text = String::new();
    for section in sections(difference) {
        text += &format!("\n{}\n", paint.tone(section.tone, section.title));
        let columns = section.rows.iter().map(Vec::len).max().unwrap_or_default();
        let line = |row: &Vec<String>| {
            let mut cells: Vec<_> = row.iter().map(|cell| (cell.clone(), Tone::Normal)).collect();
            cells[0].0 = format!("  {}", cells[0].0);
            cells.resize(columns, (String::new(), Tone::Normal));
            Line::Cells(cells)
        };
        let lines: Vec<Line> = section.rows.iter().map(line).collect();
        text += &table::render(&lines, &vec![Align::Left; columns], None, paint);
    }
    text
}

fn head(letter: &str, side: Side<'_>) -> Line {
    let fingerprint: String = side.graph.fingerprint().chars().take(12).collect();
    let name = match side.revision {
        Some(revision) if side.name != revision.id => format!("{} ({})", side.name, revision.short_id()),
        _ => side.name.to_owned(),
    };
    Line::Cells(vec![
        (letter.to_owned(), Tone::Strong),
        (visible(&name), Tone::Normal),
        (packages(side.graph.packages.len()), Tone::Normal),
        (fingerprint, Tone::Quiet),
    ])
}

/// What there is to say in one line.
pub fn headline(difference: &GraphDifference) -> String {
    if difference.is_none() {
        return format!("equal: all {} are the same", packages(difference.same));
    }
    let parts = [
        (difference.replaced.len(), "replaced under the same version"),
        (difference.changed.len(), "changed"),
        (difference.added.len(), "added"),
        (difference.removed.len(), "removed"),
        (difference.own.len(), "of the workspace changed"),
        (difference.licences.len(), "with another licence"),
        (difference.features.len(), "with other features"),
        (difference.rust_versions.len(), "that need another Rust"),
        (difference.same, "the same"),
    ];
    let said = parts.iter().filter(|(number, _)| *number > 0);
    said.map(|(number, what)| format!("{number} {what}")).collect::<Vec<_>>().join(", ")
}

fn tone(difference: &GraphDifference) -> Tone {
    match () {
        () if difference.has_other_bytes() => Tone::Bad,
        () if difference.is_none() => Tone::Good,
        () => Tone::Strong,
    }
}

/// Everything that differs, what matters most first.
pub(super) fn sections(difference: &GraphDifference) -> Vec<Section> {
    fn section<T>(title: &'static str, tone: Tone, items: &[T], row: fn(&T) -> Vec<String>) -> Section {
        Section { title, tone, rows: items.iter().map(row).collect() }
    }
    let mut sections = vec![
        section(
            "replaced: other content under the same version, which for a published one must never happen",
            Tone::Bad,
            &difference.replaced,
            replaced,
        ),
        section("changed", Tone::Strong, &difference.changed, change),
        section("added", Tone::Strong, &difference.added, what),
        section("removed", Tone::Strong, &difference.removed, what),
        section("packages of the workspace", Tone::Strong, &difference.own, change),
        section("licences", Tone::Strong, &difference.licences, text_change),
        section("features", Tone::Strong, &difference.features, features),
        section("Rust that is needed", Tone::Strong, &difference.rust_versions, text_change),
        section("several versions at once in B", Tone::Strong, &difference.several, several),
    ];
    sections.retain(|section| !section.rows.is_empty());
    sections
}

fn replaced(it: &TextChange<Replaced>) -> Vec<String> {
    let what = match it.kind {
        Replaced::Checksum => "checksum",
        Replaced::Source => "source",
        Replaced::Commit => "commit",
    };
    // A few digits tell two checksums apart; the whole ones are in the records.
    let short = |text: &Option<String>| match it.kind {
        Replaced::Checksum => text.as_ref().map(|text| text.chars().take(12).chain(['…']).collect()),
        Replaced::Source | Replaced::Commit => text.clone(),
    };
    vec![named(&it.name, &it.version), what.to_owned(), arrow(&short(&it.before), &short(&it.after))]
}

fn change(it: &Change) -> Vec<String> {
    let step = match it.step {
        Step::Downgrade => "downgrade",
        Step::Major => "major",
        Step::Minor => "minor",
        Step::Patch => "patch",
    };
    let mut row = vec![
        visible(&it.name),
        format!("{} → {}", visible(&it.before), visible(&it.after)),
        step.to_owned(),
        standing_words(it.standing),
    ];
    if it.source_before.is_some() {
        row.push(format!("source {}", arrow(&it.source_before, &it.source_after)));
    }
    row
}

fn what(it: &What) -> Vec<String> {
    let licence = it.licence.as_ref().map(|licence| visible(licence)).unwrap_or_default();
    let source = it.source.as_deref().filter(|source| source.starts_with("git+")).map(visible);
    vec![named(&it.name, &it.version), standing_words(it.standing), licence, source.unwrap_or_default()]
}

fn text_change(it: &TextChange) -> Vec<String> {
    vec![named(&it.name, &it.version), arrow(&it.before, &it.after)]
}

fn features(it: &FeatureChange) -> Vec<String> {
    let on = it.on.iter().map(|feature| format!("+{}", visible(feature)));
    let off = it.off.iter().map(|feature| format!("-{}", visible(feature)));
    vec![named(&it.name, &it.version), on.chain(off).collect::<Vec<_>>().join(" ")]
}

fn several(it: &Several) -> Vec<String> {
    let before = match &it.before {
        before if *before == it.after => "as in A".to_owned(),
        before if before.is_empty() => "none in A".to_owned(),
        before => format!("in A {}", visible(&before.join(", "))),
    };
    vec![visible(&it.name), visible(&it.after.join(", ")), before]
}

fn named(name: &str, version: &str) -> String {
    visible(&format!("{name} {version}"))
}

fn arrow(before: &Option<String>, after: &Option<String>) -> String {
    let shown = |text: &Option<String>| text.as_ref().map_or("none".to_owned(), |text| visible(text));
    format!("{} → {}", shown(before), shown(after))
}
