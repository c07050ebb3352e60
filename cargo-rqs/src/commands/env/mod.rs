//! `env`: the machine and the toolchain as they are, against others, and what they can do; its conditions, which settings
//! are changed for a run, and how they are put back.

pub mod bench;
pub mod capture;
pub mod check;
pub mod compare;
pub mod guard;
pub mod restore;
pub mod status;
pub mod tune;

use super::here;
use crate::host::store::Store;
use crate::model::failure::Outcome;
use crate::report::hosts::json;
use crate::trial::Surroundings;

/// Writes what the JSON of these commands looks like.
fn write_schemas(store: &Store) -> Outcome<()> {
    json::schemas().iter().try_for_each(|(kind, schema)| store.write_schema(kind, schema))
}
