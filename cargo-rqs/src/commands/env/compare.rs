//! `env compare`: how two environments differ, and whether their results may be compared.

use super::{Surroundings, here};
use crate::analysis::environments;
use crate::commands::{Format, Output, paint, store_of};
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::model::environment::Environment;
use crate::model::failure::{Exit, Outcome};
use crate::model::probe::ProbeRecord;
use crate::report::hosts::difference::{self, Side};
use crate::report::hosts::json;

/// Compares the environments that two names mean. Exits with 6 when results of both are not comparable.
///
/// # Errors
/// Usage when a name means none or several; otherwise when a record cannot be used.
pub fn run(
    names: [&str; 2],
    output: Output,
    around: &Surroundings<'_>,
    terminal: &mut Terminal,
) -> Outcome<Exit> {
    let store = store_of(around);
    let [first, second] = [find(names[0], &store, around)?, find(names[1], &store, around)?];
    let [first_probe, second_probe] = [probe(&store, &first)?, probe(&store, &second)?];
    let comparison = environments::compare(&first, &second);
    let sides = [
        Side { name: names[0], environment: &first, probe: first_probe.as_ref() },
        Side { name: names[1], environment: &second, probe: second_probe.as_ref() },
    ];
    terminal.result(&match output.format {
        Format::Text => difference::text(sides, &comparison, paint(terminal)),
        Format::Json => json::difference(sides, &comparison),
        Format::Markdown => difference::markdown(sides, &comparison),
    })?;
    Ok(if comparison.is_comparable() { Exit::Clean } else { Exit::NotComparable })
}

fn find(name: &str, store: &Store, around: &Surroundings<'_>) -> Outcome<Environment> {
    if name == "here" { Ok(here(None, around)?.environment) } else { store.find_environment(name) }
}

fn probe(store: &Store, environment: &Environment) -> Outcome<Option<ProbeRecord>> {
    store.newest_probe(&environment.fingerprint())
}
