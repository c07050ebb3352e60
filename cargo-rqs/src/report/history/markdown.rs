//! A comparison for a comment on a pull request.

use std::fmt::Write;

use super::{Answer, NOT_IN_ALTERNATION, by, cause, change, command, counts, has_changes, word};
use crate::analysis::history::Way;
use crate::report::dependencies::markdown_difference_of;
use crate::report::escape::markdown_code;
use crate::report::numbers;

/// The whole answer, with a line break at its end.
pub fn render(answer: &Answer<'_>) -> String {
    let [a, b] = answer.names.map(markdown_code);
    let mut text =
        format!("### {a} to {b}: {}\n\nMeasured: {}\n", counts(answer.compared), markdown_code(&by(answer)));
    if matches!(answer.way, Way::Separate(_)) {
        let _ = writeln!(
            text,
            "\n**{NOT_IN_ALTERNATION}.** {} measures both in alternation.",
            markdown_code(&command(answer.names))
        );
    }
    text += "\n| benchmark | A | B | B against A | |\n|---|--:|--:|--:|---|\n";
    for benchmark in answer.compared {
        let name = markdown_code(&format!("{}::{}", benchmark.suite, benchmark.key));
        let [a, b] = benchmark.ns.map(|ns| ns.map(numbers::time).unwrap_or_default());
        let _ = writeln!(
            text,
            "| {name} | {a} | {b} | {} | {} |",
            change(&benchmark.said),
            word(&benchmark.said).0
        );
    }
    if let Some(found) = answer.dependencies.filter(|found| !found.is_none()) {
        text += &format!("\n{}", markdown_difference_of(["A", "B"], found));
    }
    if has_changes(answer.compared) {
        text += "\nLikely causes:\n\n";
        for likely in answer.causes {
            let _ = writeln!(text, "- {}", markdown_code(&cause(likely, answer)));
        }
    }
    text
}
