//! `list`: the runs that are recorded, newest first, and the calibrations after them.

use std::path::Path;

use super::paint;
use crate::analysis::comparison;
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::model::date::Days;
use crate::model::failure::{Exit, Outcome};
use crate::report::calibration;
use crate::report::runs::{self, Outline, Run};

/// Which runs are listed; what is absent does not restrict.
#[derive(Clone, Debug)]
pub struct ListOptions {
    /// The revision of one side as it was typed then, or the beginning of what it was.
    pub revision: Option<String>,
    /// The beginning of the environment's fingerprint.
    pub environment: Option<String>,
    /// The days on which runs have to have started.
    pub days: Days,
    /// So many of the newest runs that are left.
    pub last: Option<usize>,
    /// Whether they are listed for programs.
    pub json: bool,
}

/// Lists the runs, and the calibrations where nothing restricts the runs.
///
/// # Errors
/// When the directory of results cannot be listed; a record that cannot be read is listed with its cause.
pub fn run(options: &ListOptions, results: &Path, terminal: &mut Terminal) -> Outcome<Exit> {
    let store = Store::open(results);
    let entries = store.list_runs(|record| Outline {
        started_unix_s: record.started_unix_s,
        counts: comparison::compare(&record).summary.counts,
        environment: record.environment,
        revisions: record.revisions,
    })?;
    let listed = entries.into_iter().map(|entry| Run { id: entry.id, outline: entry.outline });
    let wanted = listed.filter(|run| run.outline.as_ref().map_or(true, |outline| options.wants(outline)));
    let listed: Vec<Run> = wanted.take(options.last.unwrap_or(usize::MAX)).collect();
    if options.json {
        terminal.result(&runs::json(&listed))?;
        return Ok(Exit::Clean);
    }
    let mut text = match listed.is_empty() && options.restricts() {
        true => "no run is like that; `cargo rqs list` lists them all\n".to_owned(),
        false => runs::render(&listed, terminal.result_width(), paint(terminal)),
    };
    if !options.restricts() {
        let calibrations = store.calibration_ids()?.into_iter().map(|id| {
            let record = store.read_calibration(&id).map_err(|failure| failure.causes.join("; "));
            (id, record)
        });
        text += &calibration::list(&calibrations.collect::<Vec<_>>(), paint(terminal));
    }
    terminal.result(&text)?;
    Ok(Exit::Clean)
}

impl ListOptions {
    fn restricts(&self) -> bool {
        self.revision.is_some()
            || self.environment.is_some()
            || self.days != Days::default()
            || self.last.is_some()
    }

    fn wants(&self, outline: &Outline) -> bool {
        let sides = [&outline.revisions.baseline, &outline.revisions.candidate];
        self.revision.as_ref().is_none_or(|name| sides.iter().any(|side| side.is_named(name)))
            && self.environment.as_ref().is_none_or(|start| outline.environment.starts_with(start))
            && self.days.contains(outline.started_unix_s)
    }
}
