//! `schema`: prints the JSON Schema of what people and programs read and write.

use crate::host::terminal::Terminal;
use crate::model::config;
use crate::model::failure::{Exit, Outcome};
use crate::report::{history, json, query, runs, soundness, trend};

/// A schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// Of `rqs.toml`.
    Config,
    /// Of what `--format json` prints.
    Report,
    /// Of what `fsck --format json` prints.
    Soundness,
    /// Of what `query --format json` prints.
    Query,
    /// Of what `compare --format json` prints.
    Comparison,
    /// Of what `trend --format json` prints.
    Trend,
    /// Of what `list --format json` prints.
    List,
}

/// Prints a schema.
///
/// # Errors
/// When standard output cannot be written.
pub fn run(schema: Schema, terminal: &mut Terminal) -> Outcome<Exit> {
    terminal.result(&match schema {
        Schema::Config => config::schema(),
        Schema::Report => json::schema(),
        Schema::Soundness => soundness::schema(),
        Schema::Query => query::schema(),
        Schema::Comparison => history::schema(),
        Schema::Trend => trend::schema(),
        Schema::List => runs::schema(),
    })?;
    Ok(Exit::Clean)
}
