//! A comparison for people at a terminal.

use super::{Answer, NOT_IN_ALTERNATION, by, cause, change, counts, dependencies, has_changes, remedy, word};
use crate::analysis::history::{Compared, Way};
use crate::model::revision::Revision;
use crate::report::dependencies::difference;
use crate::report::escape::visible;
use crate::report::numbers;
use crate::report::paint::{Paint, Tone};
use crate::report::table::{self, Align, Line};

/// The whole answer, with a line break at its end.
pub fn render(answer: &Answer<'_>, width: Option<usize>, paint: Paint) -> String {
    let environment: String = answer.environment.chars().take(16).collect();
    let head = [
        end("A", answer.names[0], answer.revisions[0]),
        end("B", answer.names[1], answer.revisions[1]),
        fact("measured", by(answer)),
        fact("environment", format!("{}, the same for both", visible(&environment))),
    ];
    let mut text = table::render(&head, &[Align::Left; 2], None, paint);
    text += &format!("\n{}", benchmarks(answer, width, paint));
    if matches!(answer.way, Way::Separate(_)) {
        text += &format!("\n{}\n", paint.tone(Tone::Caution, NOT_IN_ALTERNATION));
        text += &format!("{}\n", visible(&remedy(answer.names)));
    }
    if has_changes(answer.compared) {
        text += "\nlikely causes\n";
        for likely in answer.causes {
            text += &format!("  {}\n", visible(&cause(likely, answer)));
        }
    }
    if let Some(found) = answer.dependencies {
        text += &format!("\ndependencies: {}\n", dependencies(found));
        let run = found.of_what_is_run();
        if !run.is_none() {
            text += &difference::lists(&run, paint);
        }
        if !found.is_none() {
            text += &format!("  {}\n", visible(&format!("all of it: {}", deps_command(answer))));
        }
    }
    text += &format!("\n{}\n", paint.tone(Tone::Strong, &counts(answer.compared)));
    text
}

/// What tells everything of the dependencies.
fn deps_command(answer: &Answer<'_>) -> String {
    let [a, b] = answer.revisions.map(|revision| revision.spec.as_str());
    format!("`cargo rqs deps compare {a} {b}`")
}

fn end(label: &str, name: &str, revision: &Revision) -> Line {
    let id = revision.short_id();
    let id = if name == id { String::new() } else { format!(" ({id})") };
    fact(label, visible(&format!("{name}{id} {}", revision.summary)))
}

fn fact(label: &str, text: String) -> Line {
    Line::Cells(vec![(label.to_owned(), Tone::Quiet), (text, Tone::Normal)])
}

fn benchmarks(answer: &Answer<'_>, width: Option<usize>, paint: Paint) -> String {
    let mut lines = Vec::new();
    let mut suite = "";
    for benchmark in answer.compared {
        if benchmark.suite != suite {
            suite = &benchmark.suite;
            lines.push(Line::Cells(
                [visible(suite), "A".into(), "B".into(), "B against A".into(), String::new()]
                    .map(|title| (title, Tone::Quiet))
                    .to_vec(),
            ));
        }
        lines.push(row(benchmark));
    }
    let aligns = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Left];
    table::render(&lines, &aligns, width, paint)
}

fn row(benchmark: &Compared) -> Line {
    let [a, b] = benchmark.ns.map(|ns| ns.map(numbers::time).unwrap_or_default());
    let (word, tone) = word(&benchmark.said);
    Line::Cells(vec![
        (visible(&format!("  {}", benchmark.key)), Tone::Normal),
        (a, Tone::Normal),
        (b, Tone::Normal),
        (change(&benchmark.said), Tone::Normal),
        (word.to_owned(), tone),
    ])
}
