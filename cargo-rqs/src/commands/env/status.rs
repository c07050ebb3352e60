//! `env status`: which settings of the host are changed, since when, and by whom.

use std::path::Path;

use crate::commands::paint;
use crate::host::terminal::Terminal;
use crate::host::tuning::{Standing, Workbench};
use crate::model::failure::{Exit, Outcome};
use crate::report::tuning;

/// Prints what is changed. Changes nothing.
///
/// # Errors
/// When the journal cannot be read.
pub fn run(sysroot: &Path, terminal: &mut Terminal) -> Outcome<Exit> {
    let text = match Workbench::of(sysroot).standing()? {
        None => "not tuned: no setting is changed\n".to_owned(),
        Some(standing) if standing.of_another_boot => {
            "not tuned: settings were changed before the last boot, and ended with it\n".to_owned()
        }
        Some(standing) => {
            let path = standing.path.to_string_lossy();
            let Standing { journal, changed, owner_lives, .. } = &standing;
            tuning::status(journal, changed, &path, *owner_lives, paint(terminal))
        }
    };
    terminal.result(&text)?;
    Ok(Exit::Clean)
}
