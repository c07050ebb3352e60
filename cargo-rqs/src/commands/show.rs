//! `show`: prints a stored run as `bench` printed it, from its raw integers alone.

use std::path::Path;

use super::{Output, print_run};
use crate::analysis::comparison;
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::model::failure::{Exit, Outcome};

/// Prints the run that `query` names: an id, the beginning of one, a path, or `latest`.
///
/// # Errors
/// When there is no such run, or its record is damaged.
pub fn run(query: &str, results: &Path, output: Output, terminal: &mut Terminal) -> Outcome<Exit> {
    let store = Store::open(results);
    let record = store.find_run(query)?;
    let path = store.path_of(query, &record);
    print_run(terminal, output, &record, &comparison::compare(&record), &path)?;
    Ok(Exit::Clean)
}
