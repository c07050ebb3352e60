//! `show`: prints a stored run or calibration as it was printed first, from what was recorded alone.

use std::path::Path;

use super::{Output, print_calibration, print_run};
use crate::analysis::comparison;
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::model::failure::{Exit, Outcome};

/// Prints the run or calibration that `query` names: an id, the beginning of one, a path, or `latest`.
///
/// # Errors
/// When there is no such run, or its record is damaged.
pub fn run(query: &str, results: &Path, output: Output, terminal: &mut Terminal) -> Outcome<Exit> {
    let store = Store::open(results);
    // Ids begin with the moment, so the beginning of one may mean both; a run is what most people mean.
    let found = store.find_run(query);
    if matches!(&found, Err(failure) if failure.exit == Exit::Usage || is_path(query))
        && let Some((calibration, path)) = store.find_calibration(query)?
    {
        print_calibration(terminal, output.format, &calibration, &[path])?;
        return Ok(Exit::Clean);
    }
    let record = found?;
    let path = store.path_of(query, &record);
    print_run(terminal, output, &record, &comparison::compare(&record), &path)?;
    Ok(Exit::Clean)
}

fn is_path(query: &str) -> bool {
    query.contains(std::path::is_separator) || query.ends_with(".json")
}
