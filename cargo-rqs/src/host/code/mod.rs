//! Reads what executables were linked from, so that the code which their benchmarks reach can be compared.
//!
//! [`Inputs`] are the objects and archives of one link; [`Inputs::graph`] gives everything of them that is within reach of
//! what the loader enters. [`Executable`] is what came out of the link: it says which functions stand at places in the
//! file, and which symbols shared libraries may call.
//!
//! The symbols are resolved as linkers do where that is beyond doubt. Where it would depend on which members of archives
//! the linker took, or where anything is of a kind that is not known here, the place is unclear, and whoever reaches it
//! is not known to be the same. Members of archives that were not taken can add to what is within reach, and so to what
//! has to be the same, but never hide anything.

#![expect(clippy::disallowed_methods, reason = "this room reads objects, archives and executables")]

mod executable;
mod graph;
mod objects;
mod relocations;
mod sections;
mod unwinding;

use std::path::{Path, PathBuf};

pub use executable::Executable;

use crate::analysis::code::Graph;
use crate::model::failure::{OrFail, Outcome};

/// Objects and archives in the order of their link, in memory.
pub struct Inputs {
    files: Vec<(PathBuf, Vec<u8>)>,
}

impl Inputs {
    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn read(files: &[PathBuf]) -> Outcome<Inputs> {
        let read = |path: &PathBuf| -> Outcome<(PathBuf, Vec<u8>)> {
            let bytes = std::fs::read(path).or_fail(|| format!("cannot read `{}`", path.display()))?;
            Ok((path.clone(), bytes))
        };
        Ok(Inputs { files: files.iter().map(read).collect::<Outcome<_>>()? })
    }

    /// Everything that is within reach of `main`, of initialisers and finalisers, and of the `exported` symbols. Without
    /// `main` the link is none of a program.
    ///
    /// # Errors
    /// Why the inputs as a whole are not understood.
    pub fn graph(&self, exported: &[String]) -> Result<Graph, String> {
        let files = self.files.iter().map(|(path, bytes)| (name_of(path), &bytes[..]));
        let objects = objects::Objects::parse(files)?;
        graph::build(&objects, exported)
    }
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
