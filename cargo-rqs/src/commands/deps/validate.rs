//! `deps validate`: whether the packages that cargo keeps on this machine are those that the lockfile names.

use super::{Resolving, revision};
use crate::commands::paint;
use crate::host::terminal::Terminal;
use crate::model::Role;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::integrity::{ArchiveCheck, Found};
use crate::report::dependencies::{integrity, json};
use crate::report::escape::visible;
use crate::trial::Surroundings;

/// What `deps validate` was asked to do.
#[derive(Clone, Debug)]
pub struct ValidateOptions {
    /// The revision whose lockfile counts.
    pub revision: String,
    /// How it is resolved.
    pub resolving: Resolving,
    /// Whether JSON is printed instead of text.
    pub json: bool,
}

/// Checks archives and unpacked files. Exits with 100 when one is not what the lockfile names.
///
/// # Errors
/// When the revision cannot be resolved, or a package cannot be read.
pub fn run(options: &ValidateOptions, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let spec = revision(&options.revision)?;
    let trees = options.resolving.lay_out([&spec, &spec], around, terminal)?;
    let found = trees
        .resolved(Role::Baseline)?
        .integrity(&mut |package| terminal.status(&format!("checking {}", visible(package))));
    terminal.clear_status();
    terminal.result(&match options.json {
        true => json::integrity(&options.revision, &found),
        false => integrity::text(&options.revision, &found, paint(terminal)),
    })?;
    if found.archives.iter().any(ArchiveCheck::is_tampered) {
        return Ok(Exit::Regression);
    }
    let unreadable =
        found.archives.iter().filter(|check| matches!(check.found, Found::Unreadable(_))).count();
    match unreadable {
        0 => Ok(Exit::Clean),
        number => Err(Failure::incomplete(format!("{number} of the packages could not be read"))
            .hint("make cargo's registry folder readable, or let cargo download the packages again")),
    }
}
