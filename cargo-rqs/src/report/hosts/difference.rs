//! Two environments against each other, and the newest probes of both side by side.

use std::fmt::Write;

use super::{labelled, probe};
use crate::analysis::environments::{Difference, EnvironmentComparison};
use crate::analysis::readings;
use crate::model::environment::Environment;
use crate::model::probe::ProbeRecord;
use crate::report::escape::{markdown_code, visible};
use crate::report::numbers;
use crate::report::paint::{Paint, Tone};
use crate::report::table::{self, Align, Line};

/// One of two hosts that are set side by side.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// What the user called it.
    pub name: &'a str,
    /// Its environment.
    pub environment: &'a Environment,
    /// Its newest probe.
    pub probe: Option<&'a ProbeRecord>,
}

/// The comparison for a terminal, with a line break at its end.
pub fn text(sides: [Side<'_>; 2], comparison: &EnvironmentComparison, paint: Paint) -> String {
    let mut text = table::render(&names(sides), &[Align::Left; 3], None, paint);
    let (verdict, tone) = verdict(comparison);
    let _ = writeln!(text, "\n{}", paint.tone(tone, &verdict));
    text += &differences(comparison.decisive.iter(), paint);
    let _ = writeln!(text, "\n{}", paint.tone(Tone::Strong, &metadata_heading(comparison)));
    text += &differences(comparison.metadata.iter().filter(|it| !it.is_momentary()), paint);
    let momentary = comparison.metadata.iter().filter(|it| it.is_momentary());
    let momentary: Vec<String> = momentary.map(|it| labelled(&it.field, "").0).collect();
    if !momentary.is_empty() {
        let line = format!("  and, as at any two moments: {}", momentary.join(", "));
        let _ = writeln!(text, "{}", paint.tone(Tone::Quiet, &visible(&line)));
    }
    text += &probes(sides, paint);
    text
}

fn names(sides: [Side<'_>; 2]) -> Vec<Line> {
    let side = |letter: &str, side: Side<'_>| {
        let facts = &side.environment.comparability;
        let release = facts.toolchain.get("release").map_or("unknown", String::as_str);
        let name = if is_fingerprint_of(side) { String::new() } else { format!("{}: ", visible(side.name)) };
        let what = format!(
            "{name}{}, {} cores, {}, rustc {}",
            visible(&facts.cpu_model),
            facts.usable_cores,
            visible(&facts.virtualisation),
            visible(release)
        );
        let fingerprint: String = side.environment.fingerprint().chars().take(16).collect();
        Line::Cells(vec![
            (letter.to_owned(), Tone::Strong),
            (fingerprint, Tone::Normal),
            (what, Tone::Normal),
        ])
    };
    vec![side("A", sides[0]), side("B", sides[1])]
}

fn is_fingerprint_of(side: Side<'_>) -> bool {
    side.environment.fingerprint().starts_with(side.name)
}

fn verdict(comparison: &EnvironmentComparison) -> (String, Tone) {
    let same = comparison.same_decisive;
    match comparison.decisive.len() {
        0 => (format!("comparable: all {same} facts that decide are the same"), Tone::Good),
        n => {
            let all = n + same;
            (format!("not comparable: {n} of {all} facts that decide differ"), Tone::Bad)
        }
    }
}

fn metadata_heading(comparison: &EnvironmentComparison) -> String {
    let (n, same) = (comparison.metadata.len(), comparison.same_metadata);
    match n {
        0 => format!("metadata: all {same} entries are the same"),
        n => format!("metadata: {n} of {} entries differ, none of which decides", n + same),
    }
}

/// A field in three lines at most, because values may be long: both values, and the effect.
fn differences<'a>(differences: impl Iterator<Item = &'a Difference>, paint: Paint) -> String {
    let mut lines = Vec::new();
    for difference in differences {
        let (label, first) = shown(difference, &difference.first);
        let (_, second) = shown(difference, &difference.second);
        let cells = |label: &str, side: &str, value: String, tone| {
            Line::Cells(vec![(label.to_owned(), Tone::Normal), (side.to_owned(), Tone::Quiet), (value, tone)])
        };
        lines.push(cells(&format!("  {label}"), "A", first, Tone::Normal));
        lines.push(cells("", "B", second, Tone::Normal));
        lines.push(cells("", "", difference.effect.to_owned(), Tone::Quiet));
    }
    table::render(&lines, &[Align::Left; 3], None, paint)
}

fn shown(difference: &Difference, value: &Option<String>) -> (String, String) {
    let (label, value) = match value {
        Some(value) => labelled(&difference.field, value),
        None => (labelled(&difference.field, "").0, "not told".to_owned()),
    };
    (visible(&label), if value.is_empty() { "none".to_owned() } else { visible(&value) })
}

/// What both probes measured, where there are two; how to get one, where one is missing.
fn probes(sides: [Side<'_>; 2], paint: Paint) -> String {
    let [first, second] = match sides.map(|side| side.probe) {
        [Some(first), Some(second)] if first.id != second.id => [first, second],
        [Some(_), Some(_)] | [None, None] => return String::new(),
        [first, _] => {
            let missing = if first.is_none() { "A" } else { "B" };
            return format!(
                "\nno probe of {missing} is stored; `cargo rqs env bench` makes one on that host\n"
            );
        }
    };
    let ages = [first, second].map(|probe| numbers::date_time(probe.started_unix_s));
    let mut text = format!("\n{}\n", paint.tone(Tone::Strong, "the newest probes"));
    let titles = ["", "A", "B", "B / A"].map(|title| (title.to_owned(), Tone::Quiet)).to_vec();
    let mut lines = vec![Line::Cells(titles)];
    for reading in &first.readings {
        let Some(other) = second.readings.iter().find(|other| other.name == reading.name) else { continue };
        let ratio = readings::ratio(reading, other).map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        let values = [reading, other].map(|it| probe::value(it).unwrap_or_default());
        let cells = [
            format!("  {}", visible(&probe::label(&reading.name))),
            values[0].clone(),
            values[1].clone(),
            ratio,
        ];
        lines.push(Line::Cells(cells.map(|cell| (cell, Tone::Normal)).to_vec()));
    }
    let [first_noise, second_noise] = [first, second].map(crate::analysis::noise::of_probe);
    for noise in &first_noise {
        let Some(other) = second_noise.iter().find(|other| other.benchmark == noise.benchmark) else {
            continue;
        };
        let values = [noise.sd, other.sd].map(probe::spread);
        let ratio = if noise.sd > 0.0 { format!("{:.2}", other.sd / noise.sd) } else { String::new() };
        let cells =
            [format!("  noise, {}", visible(&noise.benchmark)), values[0].clone(), values[1].clone(), ratio];
        lines.push(Line::Cells(cells.map(|cell| (cell, Tone::Normal)).to_vec()));
    }
    let dates = [String::from("  probed"), ages[0].clone(), ages[1].clone()].map(|cell| (cell, Tone::Quiet));
    lines.push(Line::Cells(dates.to_vec()));
    text += &table::render(&lines, &[Align::Left, Align::Right, Align::Right, Align::Right], None, paint);
    text
}

/// The comparison for a comment on GitHub, with a line break at its end.
pub fn markdown(sides: [Side<'_>; 2], comparison: &EnvironmentComparison) -> String {
    let mut text = format!("### Environments: {}\n\n", verdict(comparison).0);
    for (letter, side) in ["A", "B"].into_iter().zip(sides) {
        let facts = &side.environment.comparability;
        let fingerprint: String = side.environment.fingerprint().chars().take(16).collect();
        let _ = writeln!(
            text,
            "- **{letter}** {} {}",
            markdown_code(&fingerprint),
            markdown_code(&facts.cpu_model)
        );
    }
    let mut table = |title: &str, differences: &[Difference]| {
        if differences.is_empty() {
            return;
        }
        let _ = write!(text, "\n{title}\n\n| field | A | B | effect |\n|---|---|---|---|\n");
        for difference in differences {
            let [first, second] =
                [&difference.first, &difference.second].map(|value| shown(difference, value).1);
            let label = shown(difference, &None).0;
            let cells = [&label, &first, &second].map(|cell| markdown_code(cell)).join(" | ");
            let _ = writeln!(text, "| {cells} | {} |", difference.effect);
        }
    };
    table("These differences make results incomparable:", &comparison.decisive);
    table("These are good to know:", &comparison.metadata);
    text
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::analysis::environments::compare;

    fn shown(other: &Environment, probes: [Option<&ProbeRecord>; 2], render: Render) -> String {
        let environment = samples::environment();
        let fingerprint = environment.fingerprint();
        let sides = [
            Side { name: &fingerprint[..8], environment: &environment, probe: probes[0] },
            Side { name: "here", environment: other, probe: probes[1] },
        ];
        render(sides, &compare(&environment, other))
    }

    type Render = fn([Side<'_>; 2], &EnvironmentComparison) -> String;
    const PLAIN: Render = |sides, comparison| text(sides, comparison, Paint::Plain);

    #[test]
    fn differences_are_shown_with_their_effect_and_probes_side_by_side() {
        let (a, mut b) = (samples::probe(0), samples::probe(25));
        b.id = "20261123T175456Z-000000ab".to_owned();
        let shown = shown(&samples::other_environment(), [Some(&a), Some(&b)], PLAIN);
        assert_eq!(shown, include_str!("../expected/environments.txt"));
    }

    #[test]
    fn equal_environments_are_comparable_and_one_probe_is_not_shown_twice() {
        let probe = samples::probe(0);
        let shown = shown(&samples::environment(), [Some(&probe), Some(&probe)], PLAIN);
        assert!(shown.contains("comparable: all 13 facts that decide are the same"), "{shown}");
        assert!(!shown.contains("the newest probes"), "{shown}");
    }

    #[test]
    fn a_missing_probe_is_named_with_the_way_to_get_one() {
        let probe = samples::probe(0);
        let shown = shown(&samples::other_environment(), [Some(&probe), None], PLAIN);
        assert!(
            shown.ends_with("no probe of B is stored; `cargo rqs env bench` makes one on that host\n"),
            "{shown}"
        );
    }

    #[test]
    fn markdown_escapes_what_others_wrote() {
        let mut other = samples::other_environment();
        other.comparability.kernel = "6.1 | <b>`".to_owned();
        let shown = shown(&other, [None, None], markdown);
        assert!(shown.contains("<code>6&#46;1 &#124; &#60;b&#62;&#96;</code>"), "{shown}");
        assert!(shown.contains("### Environments: not comparable: 3 of"), "{shown}");
    }
}
