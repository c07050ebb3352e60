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

use crate::host::cargo::{Configured, Toolchain};
use crate::host::environment::{self, Subject};
use crate::host::revisions::Target;
use crate::host::store::Store;
use crate::model::environment::Environment;
use crate::model::failure::{Exit, Outcome};
use crate::report::hosts::json;
use crate::trial::{Places, Surroundings};

/// The environment of the package in the user's directory, or of the machine alone where there is no package.
struct Here {
    environment: Environment,
    places: Option<Places>,
}

/// Captures the environment as `bench` would record it.
fn here(toolchain: Option<&str>, around: &Surroundings<'_>) -> Outcome<Here> {
    let target = match Target::discover(around.current_dir) {
        Ok(target) => Some(target),
        // There is no package here; a repository that cannot be opened is another matter.
        Err(failure) if failure.exit == Exit::Usage => None,
        Err(failure) => return Err(failure),
    };
    let dir = target.as_ref().map_or(around.current_dir, Target::manifest_dir);
    let toolchain = Toolchain::resolve(toolchain, dir)?;
    let configured = match &target {
        Some(target) => Configured::of_package(target.repository_root().unwrap_or(dir), dir, &toolchain)?,
        None => Configured::of_directory(dir, &toolchain)?,
    };
    let places = target.as_ref().map(|target| Places::of(target, around.results, around.current_dir));
    let environment = environment::capture(&Subject {
        toolchain: &toolchain.facts(),
        cargo_version: &toolchain.cargo_version,
        target: &configured.target,
        profile: &configured.profile,
        rustflags: &configured.rustflags,
        linker: Some(&configured.linker),
        work_dir: places.as_ref().map_or(dir, |places| &places.work),
    })?;
    Ok(Here { environment, places })
}

/// Writes what the JSON of these commands looks like.
fn write_schemas(store: &Store) -> Outcome<()> {
    json::schemas().iter().try_for_each(|(kind, schema)| store.write_schema(kind, schema))
}
