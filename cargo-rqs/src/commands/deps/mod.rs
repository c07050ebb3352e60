//! `deps`: the dependency graph of a revision, against another one, and what this machine keeps of it.

pub mod capture;
pub mod compare;
pub mod validate;

use super::store_of;
use crate::host::cargo::{BuildOptions, Resolved};
use crate::host::lock::RunLock;
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::model::Role;
use crate::model::dependencies::DependencyGraph;
use crate::model::failure::{Failure, Outcome};
use crate::model::revision::{Revision, RevisionSpec};
use crate::report::dependencies::difference::Side;
use crate::report::dependencies::json;
use crate::report::escape::visible;
use crate::trial::prepare::LaidOut;
use crate::trial::{Sides, Surroundings, find_target};

/// How dependencies are resolved.
#[derive(Clone, Debug)]
pub struct Resolving {
    /// Features and what else reaches cargo.
    pub options: BuildOptions,
    /// The toolchain, if not the active one.
    pub toolchain: Option<String>,
}

/// A graph with what the user called it.
struct Named {
    name: String,
    revision: Option<Revision>,
    graph: DependencyGraph,
}

impl Named {
    fn side(&self) -> Side<'_> {
        Side { name: &self.name, revision: self.revision.as_ref(), graph: &self.graph }
    }
}

impl Resolving {
    /// The graph that a name means: a record, or else a revision.
    fn graph(&self, name: &str, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Named> {
        match meant(name, around)? {
            Meant::Stored(graph) => Ok(stored(name, graph)),
            Meant::Revision(spec) => {
                self.lay_out([&spec, &spec], around, terminal)?.graph(name, Role::Baseline)
            }
        }
    }

    /// The graphs that two names mean. Two revisions are resolved together, so that they share what neither settles.
    fn graphs(
        &self,
        [first, second]: [&str; 2],
        around: &Surroundings<'_>,
        terminal: &mut Terminal,
    ) -> Outcome<[Named; 2]> {
        match [meant(first, around)?, meant(second, around)?] {
            [Meant::Revision(one), Meant::Revision(other)] => {
                let trees = self.lay_out([&one, &other], around, terminal)?;
                Ok([trees.graph(first, Role::Baseline)?, trees.graph(second, Role::Candidate)?])
            }
            _ => Ok([self.graph(first, around, terminal)?, self.graph(second, around, terminal)?]),
        }
    }

    fn lay_out(
        &self,
        [first, second]: [&RevisionSpec; 2],
        around: &Surroundings<'_>,
        terminal: &mut Terminal,
    ) -> Outcome<Trees> {
        let (target, places) = find_target(around)?;
        let lock = RunLock::acquire(&places.work)?;
        let sides = Sides {
            baseline: first.clone(),
            candidate: Some(second.clone()),
            benches_from_candidate: false,
            toolchain: self.toolchain.clone(),
            build: self.options.clone(),
        };
        let laid_out = sides.lay_out(&target, &places, terminal)?;
        laid_out.notes().iter().for_each(|note| terminal.say(&format!("note: {}", visible(note))));
        Ok(Trees { laid_out, _lock: lock })
    }
}

/// Source trees with their lockfiles, which nobody else changes meanwhile.
struct Trees {
    laid_out: LaidOut,
    _lock: RunLock,
}

impl Trees {
    fn resolved(&self, role: Role) -> Outcome<Resolved> {
        self.laid_out.dependencies(role)
    }

    fn graph(&self, name: &str, role: Role) -> Outcome<Named> {
        let revision = Some(self.laid_out.revision(role).clone());
        Ok(Named { name: name.to_owned(), revision, graph: self.resolved(role)?.graph() })
    }
}

/// What a name stands for.
enum Meant {
    Stored(DependencyGraph),
    Revision(RevisionSpec),
}

fn meant(name: &str, around: &Surroundings<'_>) -> Outcome<Meant> {
    match store_of(around).find_dependencies(name)? {
        Some(graph) => Ok(Meant::Stored(graph)),
        None => revision(name).map(Meant::Revision),
    }
}

fn revision(name: &str) -> Outcome<RevisionSpec> {
    name.parse().map_err(|what: String| {
        Failure::usage(what)
            .hint("name a revision such as `v1.2.0` or `workdir`, a run's id, or the path of a record")
    })
}

fn stored(name: &str, graph: DependencyGraph) -> Named {
    Named { name: name.to_owned(), revision: None, graph }
}

/// Writes what the JSON of these commands looks like.
fn write_schemas(store: &Store) -> Outcome<()> {
    json::schemas().iter().try_for_each(|(kind, schema)| store.write_schema(kind, schema))
}
