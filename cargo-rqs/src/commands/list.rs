//! `list`: the runs that are recorded, newest first, and the calibrations after them.

use std::path::Path;

use super::paint;
use crate::analysis::comparison;
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::model::failure::{Exit, Outcome};
use crate::report::calibration;
use crate::report::runs::{self, Outline, Run};

/// Lists the runs and the calibrations.
///
/// # Errors
/// When the directory of results cannot be listed; a record that cannot be read is listed with its cause.
pub fn run(results: &Path, terminal: &mut Terminal) -> Outcome<Exit> {
    let store = Store::open(results);
    let entries = store.list_runs(|record| Outline {
        started_unix_s: record.started_unix_s,
        counts: comparison::compare(&record).summary.counts,
        baseline: record.revisions.baseline.spec,
        candidate: record.revisions.candidate.spec,
    })?;
    let listed: Vec<Run> =
        entries.into_iter().map(|entry| Run { id: entry.id, outline: entry.outline }).collect();
    let mut text = runs::render(&listed, terminal.result_width(), paint(terminal));
    let calibrations = store.calibration_ids()?.into_iter().map(|id| {
        let record = store.read_calibration(&id).map_err(|failure| failure.causes.join("; "));
        (id, record)
    });
    text += &calibration::list(&calibrations.collect::<Vec<_>>(), paint(terminal));
    terminal.result(&text)?;
    Ok(Exit::Clean)
}
