//! Builds the benchmarks of a source tree with cargo, so that equal sources give equal executables on both sides.
//!
//! - Every tree is built at one and the same path, the *slot*, with one shared target directory; afterwards the path
//!   is replaced in the executables by that of the tree's own place, which has the same length. So no flag and no
//!   setting of the user is changed.
//! - Cargo cannot tell two trees at one path apart (file times may be older than the last build), so packages whose
//!   source is not fixed by name and version are cleaned before each build. Registry dependencies stay built.
//! - What was built is kept under a key of everything that went into it, and is then found again without a build.
//!
//! In which order: [`Place`] says where trees stand; [`agree`] settles the lockfiles of both; [`lookup`] finds what is
//! already built; for the rest, move the tree into the slot, call [`build`], and move it back.

#![expect(clippy::disallowed_methods, reason = "this room runs cargo and owns the files that it builds")]

mod archives;
mod artifacts;
mod build;
mod cache;
mod configured;
mod diagnostics;
mod executable;
mod graph;
mod link;
mod lock;
mod lockfile;
mod manifest;
mod options;
mod overlay;
mod place;
mod process;
mod resolved;
mod run_environment;
mod settings;
mod sources;
mod suites;
mod toolchain;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use crate::model::dependencies::DependencyGraph;

pub use build::build;
pub use cache::lookup;
pub use configured::Configured;
pub use link::{LinkInputs, link_inputs};
pub use link::{Relinker, relink_all};
pub use lock::{Lock, LockRequest, Tree, agree};
pub use options::BuildOptions;
pub use overlay::overlay_benches;
pub use place::Place;
pub use resolved::Resolved;
pub use toolchain::Toolchain;

/// One tree to build, and everything that decides what comes out.
#[derive(Clone, Copy, Debug)]
pub struct BuildRequest<'a> {
    /// The tree's own place. Absolute, without symbolic links.
    pub tree: &'a Path,
    /// The slot: a path beside it of the same length, where the tree stands while it is built.
    pub slot: &'a Path,
    /// Names the content of the tree, 40 hex digits.
    pub tree_id: &'a str,
    /// Directory of the manifest, relative to the tree; empty for its root.
    pub package: &'a Path,
    /// SHA-256 of the lockfile, from [`agree`].
    pub lock_sha256: &'a str,
    /// Where executables are kept; the shared target directory lies in it too.
    pub executables: &'a Path,
    /// The user's choices.
    pub options: &'a BuildOptions,
    /// The toolchain of the run.
    pub toolchain: &'a Toolchain,
    /// True once the user asks to stop.
    pub interrupted: &'a AtomicBool,
}

/// The benchmark executables of one tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Names everything that went into the build, 64 hex digits.
    pub key: String,
    /// What was built, sorted by name.
    pub suites: Vec<BuiltSuite>,
    /// What did not build although others did, sorted by name.
    pub broken: Vec<BrokenSuite>,
    /// What the reader should know, for example a bench target that was left out.
    pub notes: Vec<String>,
    /// Whether denied lints had to be let through. It changes no generated code.
    pub capped_lints: bool,
    /// The dependencies it was built with.
    pub dependencies: DependencyGraph,
    /// Flags from the environment and cargo's configuration that reached rustc.
    pub rustflags: Vec<String>,
    /// The platform it was built for.
    pub target: String,
    /// Cargo profile it was built with.
    pub profile: String,
}

impl Build {
    /// The suite of a name.
    pub fn suite(&self, name: &str) -> Option<&BuiltSuite> {
        self.suites.iter().find(|suite| suite.name == name)
    }
}

/// One benchmark executable, ready to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltSuite {
    /// `package::target` for a bench target, `package` for `#[bench]` functions in its library, and
    /// `package::bin/target` for those in its programs.
    pub name: String,
    /// The executable, in the store.
    pub executable: PathBuf,
    /// SHA-256 of the executable.
    pub sha256: String,
    /// SHA-256 of what can make a difference when it runs: the code and data that are loaded, the programs and shared
    /// libraries of the tree that it may use, and the tree's data files. Equal on both sides
    /// means that no difference between them can come from the sources.
    pub code_hash: String,
    /// Directory to run it in: the package's root in the tree's own place.
    pub cwd: PathBuf,
    /// Variables that cargo would set for it, to be put over those of this process.
    pub env: Vec<(String, String)>,
    /// Its benchmark harness and version, as `criterion 0.5.1`; `libtest` for the built-in one, `unknown` for others.
    pub harness: String,
    /// SHA-256 of what it may use beside itself: the programs and shared libraries of the tree, and its data files.
    /// Absent in builds of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surroundings: Option<String>,
    /// Folder of what it was linked from, in the store; absent where that could not be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<PathBuf>,
}

/// A benchmark executable that could not be built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenSuite {
    /// As in [`BuiltSuite::name`].
    pub name: String,
    /// The compiler's first error.
    pub reason: String,
}

#[cfg(test)]
mod tests;
