//! `deps capture`: the dependency graph of one revision, recorded and printed.

use super::{Resolving, write_schemas};
use crate::commands::{paint, store_of};
use crate::host::terminal::Terminal;
use crate::model::failure::{Exit, Outcome};
use crate::report::dependencies;
use crate::report::dependencies::json;
use crate::trial::Surroundings;

/// What `deps capture` was asked to do.
#[derive(Clone, Debug)]
pub struct CaptureOptions {
    /// The revision or record.
    pub revision: String,
    /// How it is resolved.
    pub resolving: Resolving,
    /// Whether the graph is recorded.
    pub store: bool,
    /// Whether all packages are shown instead of those that the workspace names.
    pub all: bool,
    /// Whether JSON is printed instead of text.
    pub json: bool,
}

/// Captures the graph, records it, and prints it.
///
/// # Errors
/// When the revision cannot be resolved, or the record cannot be written.
pub fn run(options: &CaptureOptions, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let found = options.resolving.graph(&options.revision, around, terminal)?;
    let path = match options.store {
        false => None,
        true => {
            let store = store_of(around);
            let fingerprint = store.write_dependencies(&found.graph)?;
            write_schemas(&store)?;
            Some(store.dependencies_path(&fingerprint).to_string_lossy().into_owned())
        }
    };
    terminal.result(&match options.json {
        true => json::graph(found.side(), path.as_deref()),
        false => {
            dependencies::graph(&found.name, &found.graph, path.as_deref(), options.all, paint(terminal))
        }
    })?;
    Ok(Exit::Clean)
}
