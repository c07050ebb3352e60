//! One environment for a terminal: what decides comparability first and clearly apart from what is only good to know.

use super::labelled;
use crate::analysis::environments::decisive_facts;
use crate::model::environment::Environment;
use crate::report::escape::visible;
use crate::report::paint::{Paint, Tone};
use crate::report::table::{self, Align, Line};

/// Kinds of metadata, and the beginnings of their fields' names; what fits none is about the system.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "hardware",
        &[
            "boost",
            "cache",
            "cpu",
            "disk",
            "energy",
            "frequency",
            "intel",
            "memory",
            "microcode",
            "numa",
            "smt",
            "swap_",
        ],
    ),
    ("software", &["allocator", "cargo", "git", "linker"]),
    ("variables, secrets masked", &["env."]),
    ("system", &[""]),
];

/// The environment, with a line break at its end. `stored` is the path of its file.
pub fn render(environment: &Environment, stored: Option<&str>, paint: Paint) -> String {
    let mut lines = vec![
        pair("environment", &environment.fingerprint(), Tone::Strong),
        pair("stored", stored.map_or("no", |path| path), Tone::Normal),
        heading("what decides: results are comparable only where all of this is the same"),
    ];
    lines.extend(decisive_facts(&environment.comparability).iter().map(|(name, value)| fact(name, value)));
    lines.push(heading("metadata: good to know, and no part of the fingerprint"));
    let group_of = |name: &str| {
        let fits = |(_, beginnings): &&(&str, &[&str])| beginnings.iter().any(|it| name.starts_with(it));
        GROUPS.iter().find(fits).map_or("system", |(group, _)| *group)
    };
    for (group, _) in GROUPS {
        let facts: Vec<Line> = environment
            .metadata
            .iter()
            .filter(|(name, _)| group_of(name) == group)
            .map(|(name, value)| fact(name, value))
            .collect();
        if !facts.is_empty() {
            lines.push(Line::Across(format!("  {group}"), Tone::Quiet));
            lines.extend(facts);
        }
    }
    table::render(&lines, &[Align::Left; 2], None, paint)
}

fn heading(text: &str) -> Line {
    Line::Across(format!("\n{text}"), Tone::Strong)
}

fn pair(name: &str, value: &str, tone: Tone) -> Line {
    Line::Cells(vec![(name.to_owned(), Tone::Quiet), (visible(value), tone)])
}

fn fact(name: &str, value: &str) -> Line {
    let (label, value) = labelled(name, value);
    let shown = if value.is_empty() { "none".to_owned() } else { visible(&value) };
    Line::Cells(vec![(format!("    {}", visible(&label)), Tone::Normal), (shown, Tone::Normal)])
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn an_environment_is_shown_with_what_decides_apart() {
        let shown = render(&samples::environment(), Some("results/environments/x.json"), Paint::Plain);
        assert_eq!(shown, include_str!("../expected/environment.txt"));
    }

    #[test]
    fn an_environment_that_is_not_stored_says_so() {
        let shown = render(&samples::environment(), None, Paint::Plain);
        let stored = shown.lines().find(|line| line.starts_with("stored")).unwrap();
        assert_eq!(stored.split_whitespace().collect::<Vec<_>>(), ["stored", "no"]);
    }
}
