//! The guardian that `bench --tune` starts: it waits for the end of the run, and puts back what the run did not.

use std::path::Path;

use crate::host::terminal::Terminal;
use crate::host::tuning::{Workbench, await_end_of_owner};
use crate::model::failure::{Exit, Outcome};
use crate::trial::conditions::say_restored;

/// Waits for the process at the other end of standard input, then restores the journal `id` if it is still there.
///
/// # Errors
/// When a setting could not be put back.
pub fn run(id: &str, sysroot: &Path, terminal: &mut Terminal) -> Outcome<Exit> {
    await_end_of_owner()?;
    say_restored(&Workbench::of(sysroot).restore(Some(id))?, terminal)?;
    Ok(Exit::Clean)
}
