//! `fsck`: whether the results folder is sound.

use super::{paint, store_of};
use crate::host::terminal::Terminal;
use crate::model::failure::{Exit, Outcome};
use crate::report::soundness;
use crate::trial::Surroundings;

/// Looks at every record. Exits with 100 when something is wrong.
///
/// # Errors
/// When the folder cannot be listed.
pub fn run(json: bool, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let store = store_of(around);
    let found = store.soundness(&mut |number| {
        if number % 100 == 0 && number > 0 {
            terminal.status(&format!("{number} files looked at"));
        }
    })?;
    terminal.clear_status();
    let folder = store.folder().to_string_lossy();
    terminal.result(&match json {
        true => soundness::json(&folder, &found),
        false => soundness::text(&folder, &found, paint(terminal)),
    })?;
    Ok(if found.faults.is_empty() { Exit::Clean } else { Exit::Regression })
}
