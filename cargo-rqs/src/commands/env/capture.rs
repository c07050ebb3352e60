//! `env capture`: records the machine, its software, the toolchain and the variables that matter.

use super::{Surroundings, here, write_schemas};
use crate::commands::paint;
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::model::failure::{Exit, Outcome};
use crate::report::hosts;

/// What `env capture` was asked to do.
#[derive(Clone, Debug)]
pub struct CaptureOptions {
    /// Whether the environment is recorded.
    pub store: bool,
    /// The toolchain, if not the active one.
    pub toolchain: Option<String>,
    /// Whether JSON is printed instead of text.
    pub json: bool,
}

/// Captures the environment, records it, and prints it. Outside of a package there is no folder for results, so it is
/// recorded only where one was named.
///
/// # Errors
/// When a fact that decides comparability cannot be read, or the record cannot be written.
pub fn run(options: &CaptureOptions, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let found = here(options.toolchain.as_deref(), around)?;
    let named = around.results.map(|typed| around.current_dir.join(typed));
    let results = found.places.as_ref().map(|places| places.results.clone()).or(named);
    if found.places.is_none() {
        terminal.say(match &results {
            Some(_) => "note: there is no package here; flags and toolchain are those of this directory",
            None => {
                "note: there is no package here; flags and toolchain are those of this directory, and nothing is \
                 recorded without `--results DIR`"
            }
        });
    }
    let path = match results.filter(|_| options.store) {
        Some(results) => {
            let store = Store::open(&results);
            let fingerprint = store.write_environment(&found.environment)?;
            write_schemas(&store)?;
            Some(store.environment_path(&fingerprint).to_string_lossy().into_owned())
        }
        None => None,
    };
    let shown = match options.json {
        true => hosts::json::environment(&found.environment, path.as_deref()),
        false => hosts::environment::render(&found.environment, path.as_deref(), paint(terminal)),
    };
    terminal.result(&shown)?;
    Ok(Exit::Clean)
}
