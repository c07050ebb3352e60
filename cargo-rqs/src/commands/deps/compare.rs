//! `deps compare`: how two dependency graphs differ.

use super::Resolving;
use crate::analysis::dependencies;
use crate::commands::{Format, paint};
use crate::host::terminal::Terminal;
use crate::model::failure::{Exit, Outcome};
use crate::report::dependencies::{difference, json, markdown_difference};
use crate::trial::Surroundings;

/// What `deps compare` was asked to do.
#[derive(Clone, Debug)]
pub struct CompareOptions {
    /// The two revisions or records.
    pub names: [String; 2],
    /// How they are resolved.
    pub resolving: Resolving,
    /// How the difference is printed.
    pub format: Format,
}

/// Compares the graphs that two names mean. Exits with 100 when a published version has other bytes than before.
///
/// # Errors
/// When a name means nothing, a revision cannot be resolved, or a record cannot be used.
pub fn run(options: &CompareOptions, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let [first, second] = &options.names;
    let [first, second] = options.resolving.graphs([first, second], around, terminal)?;
    let found = dependencies::compare(&first.graph, &second.graph);
    let sides = [first.side(), second.side()];
    terminal.result(&match options.format {
        Format::Text => difference::text(sides, &found, paint(terminal)),
        Format::Json => json::difference(sides, &found),
        Format::Markdown => markdown_difference(sides, &found),
    })?;
    Ok(if found.has_other_bytes() { Exit::Regression } else { Exit::Clean })
}
