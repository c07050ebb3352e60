//! `fsck`: whether the results folder is sound.

use super::{paint, store_of};
use crate::host::terminal::Terminal;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::soundness::Soundness;
use crate::report::soundness;
use crate::trial::Surroundings;

/// Looks at every record. Exits with 100 when something is wrong.
///
/// # Errors
/// When the folder cannot be listed, or holds nothing: a folder that was mistyped is not sound.
pub fn run(json: bool, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let store = store_of(around);
    let found = store.soundness(&mut |number| {
        if number % 100 == 0 && number > 0 {
            terminal.status(&format!("{number} files looked at"));
        }
    })?;
    terminal.clear_status();
    let folder = store.folder().to_string_lossy();
    if found == Soundness::default() {
        return Err(Failure::new(Exit::NothingToRun, format!("there is nothing in `{folder}`")).hint(
            "name another folder with `--results DIR`, or record a run with `cargo rqs bench --baseline REV`",
        ));
    }
    terminal.result(&match json {
        true => soundness::json(&folder, &found),
        false => soundness::text(&folder, &found, paint(terminal)),
    })?;
    Ok(if found.faults.is_empty() { Exit::Clean } else { Exit::Regression })
}
