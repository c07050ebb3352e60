//! The dependencies of a tree as its lockfile settles them, without a build.

use std::ffi::OsString;

use cargo_metadata::{Metadata, MetadataCommand};

use super::archives;
use super::graph;
use super::lock::Tree;
use super::lockfile::{LockedPackage, locked_packages};
use super::options::BuildOptions;
use super::process;
use super::toolchain::Toolchain;
use crate::model::dependencies::DependencyGraph;
use crate::model::failure::{OrFail, Outcome};
use crate::model::integrity::Integrity;

/// What cargo and the lockfile tell of a tree.
pub struct Resolved {
    metadata: Metadata,
    locked: Vec<LockedPackage>,
}

impl Resolved {
    /// Asks cargo. The tree stands at its place, with the lockfile that [`super::agree`] put there.
    ///
    /// # Errors
    /// When cargo cannot load the packages.
    pub fn of(tree: Tree<'_>, options: &BuildOptions, toolchain: &Toolchain) -> Outcome<Resolved> {
        let platform = options.target.as_ref().unwrap_or(&toolchain.host);
        let mut arguments = ["metadata", "--locked", "--format-version", "1", "--filter-platform", platform]
            .map(OsString::from)
            .to_vec();
        arguments.extend(options.feature_selection());
        let mut command = toolchain.cargo(&tree.root.join(tree.package));
        command.args(arguments).args(options.general());
        let text = process::capture_text(command)?;
        let metadata =
            MetadataCommand::parse(text).or_fail(|| "cannot understand what `cargo metadata` says".into())?;
        let locked = lockfile(&metadata)?;
        Ok(Resolved { metadata, locked })
    }

    /// The graph for the platform, with the features that were chosen.
    pub fn graph(&self) -> DependencyGraph {
        graph::dependency_graph(&self.metadata, &self.locked)
    }

    /// Compares what cargo keeps of the packages on this machine with the lockfile. `progress` gets the name of each.
    pub fn integrity(&self, progress: &mut dyn FnMut(&str)) -> Integrity {
        archives::check(&self.metadata, &self.locked, progress)
    }
}

/// The packages of the lockfile beside some metadata.
pub(super) fn lockfile(metadata: &Metadata) -> Outcome<Vec<LockedPackage>> {
    let file = metadata.workspace_root.join("Cargo.lock");
    let text = std::fs::read_to_string(&file).or_fail(|| format!("cannot read `{file}`"))?;
    locked_packages(&text)
}
