//! `list`: the runs that are recorded, newest first.

use std::path::Path;

use super::paint;
use crate::analysis::comparison;
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::model::failure::{Exit, Outcome};
use crate::report::runs::{self, Outline, Run};

/// Lists the runs.
///
/// # Errors
/// When the directory of results cannot be listed; a record that cannot be read is listed with its cause.
pub fn run(results: &Path, terminal: &mut Terminal) -> Outcome<Exit> {
    let store = Store::open(results);
    let mut listed = Vec::new();
    for entry in store.list_runs()? {
        // The entry's own record leaves the epochs out, which the verdicts need.
        let outline =
            entry.outline.and_then(|_| store.find_run(&entry.id).map_err(|failure| failure.message));
        let outline = outline.map(|record| Outline {
            started_unix_s: record.started_unix_s,
            baseline: record.revisions.baseline.spec.clone(),
            candidate: record.revisions.candidate.spec.clone(),
            counts: comparison::compare(&record).summary.counts,
        });
        listed.push(Run { id: entry.id, outline });
    }
    terminal.result(&runs::render(&listed, terminal.result_width(), paint(terminal)))?;
    Ok(Exit::Clean)
}
