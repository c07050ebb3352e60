//! `env restore`: puts back every setting that a tuning changed, exactly as it was read before.

use std::path::Path;

use crate::host::terminal::Terminal;
use crate::host::tuning::{Restored, Workbench};
use crate::model::failure::{Exit, Outcome};
use crate::trial::conditions::say_restored;

/// Puts everything back.
///
/// # Errors
/// When the journal cannot be read, or a setting could not be put back; then the journal stays.
pub fn run(sysroot: &Path, terminal: &mut Terminal) -> Outcome<Exit> {
    let workbench = Workbench::of(sysroot);
    if let Some(standing) = workbench.standing()?
        && standing.owner_lives
        && standing.journal.purpose == crate::model::tuning::Purpose::Run
    {
        terminal.say(&format!(
            "warning: process {} is measuring with these settings; its numbers will change",
            standing.journal.pid
        ));
    }
    let restored = workbench.restore(None)?;
    if restored == Restored::Nothing {
        terminal.say("nothing to restore: no setting is changed");
    }
    say_restored(&restored, terminal)?;
    Ok(Exit::Clean)
}
