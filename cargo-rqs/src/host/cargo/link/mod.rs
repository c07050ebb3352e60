//! Links of benchmark executables: kept while they are built, so that they can be repeated later, in another order.
//!
//! Where the linker puts code and data changes how fast it runs. [`capture`] keeps the inputs and the arguments of every
//! link of a benchmark executable without changing anything of the build; [`relink`] repeats a link with its sections in
//! an order that a seed draws.

pub(super) mod capture;
mod relink;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use relink::{Relinker, relink_all};

use super::BuiltSuite;
use crate::model::failure::{OrFail, Outcome};

/// Describes a kept link in its folder.
const DESCRIPTION: &str = "link.json";

/// One link, as it was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Link {
    /// The program that the compiler called to link, as the compiler was told.
    linker: PathBuf,
    /// Where it was called.
    directory: PathBuf,
    /// Its arguments, those of argument files in their places.
    arguments: Vec<String>,
    /// Its environment, as far as linkers look at it.
    environment: Vec<(String, String)>,
    /// Files that were kept.
    inputs: Vec<Input>,
    /// Which paths become which afterwards, as in the executable that is stored.
    relocation: Vec<(PathBuf, PathBuf)>,
    /// Hash of the code that came out, before any path became another.
    code_hash: String,
}

/// A file that was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Input {
    /// What the arguments call it.
    original: String,
    /// Where it is now, relative to the folder of the link.
    kept: PathBuf,
}

/// What an executable was linked from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkInputs {
    /// Objects and archives, those of the standard library included, in the order of the link.
    pub files: Vec<PathBuf>,
    /// The program that links, and all other arguments of the link in their order, without its output and without where libraries are searched.
    pub settings: Vec<String>,
    /// Directories searched before the system's own that hold one of the libraries which are linked by name, or that are
    /// gone, so that it cannot be told. Those of the toolchain are left out.
    pub shadowing: Vec<PathBuf>,
}

/// What a suite's executable was linked from; `None` where its link was not kept.
///
/// # Errors
/// When what was kept cannot be read.
pub fn link_inputs(suite: &BuiltSuite) -> Outcome<Option<LinkInputs>> {
    let Some(folder) = &suite.link else { return Ok(None) };
    let link = Link::read(folder)?;
    let output = link.output().unwrap_or_default();
    let file = |argument: &String| match link.kept(argument, folder) {
        Some(kept) => Some(kept),
        None => Some(PathBuf::from(argument))
            .filter(|path| !argument.starts_with('-') && argument != output && path.is_file()),
    };
    let mut inputs = LinkInputs {
        files: Vec::new(),
        settings: vec![link.linker.to_string_lossy().into_owned()],
        shadowing: Vec::new(),
    };
    let mut arguments = link.arguments.iter();
    while let Some(argument) = arguments.next() {
        let searched = match argument.strip_prefix("-L") {
            Some("") => arguments.next().map(String::as_str),
            rest => rest,
        };
        if let Some(directory) = searched {
            inputs.shadowing.extend(is_own(directory).then(|| directory.into()));
        } else if let Some(file) = file(argument) {
            inputs.files.push(file);
        } else if argument == "-o" {
            arguments.next();
        } else {
            inputs.settings.push(argument.clone());
        }
    }
    let named: Vec<&str> = inputs.settings.iter().filter_map(|setting| setting.strip_prefix("-l")).collect();
    inputs.shadowing.retain(|directory| may_hold(directory, &named));
    Ok(Some(inputs))
}

/// Whether a directory holds one of these libraries, or cannot be looked into.
fn may_hold(directory: &Path, libraries: &[&str]) -> bool {
    let Ok(entries) = std::fs::read_dir(directory) else { return true };
    entries.into_iter().any(|entry| {
        let Ok(entry) = entry else { return true };
        let name = entry.file_name().to_string_lossy().into_owned();
        let library =
            name.strip_prefix("lib").and_then(|name| name.split_once(".so").or(name.split_once(".a")));
        library.is_some_and(|(library, _)| libraries.contains(&library))
    })
}

/// Whether a directory of libraries is none of the compiler's: of its toolchain, or one that it makes for each link.
fn is_own(directory: &str) -> bool {
    !directory.contains("/lib/rustlib/") && !directory.ends_with("/raw-dylibs")
}

impl Link {
    fn read(folder: &Path) -> Outcome<Link> {
        let path = folder.join(DESCRIPTION);
        let failed = || format!("cannot read `{}`", path.display());
        let text = std::fs::read(&path).or_fail(failed)?;
        serde_json::from_slice(&text).or_fail(failed)
    }

    /// What it was linked to.
    fn output(&self) -> Option<&str> {
        let place = self.arguments.iter().position(|argument| argument == "-o")?;
        self.arguments.get(place + 1).map(String::as_str)
    }

    /// Where a file is now that was kept under this name.
    fn kept(&self, original: &str, folder: &Path) -> Option<PathBuf> {
        self.inputs.iter().find(|input| input.original == original).map(|input| folder.join(&input.kept))
    }
}
