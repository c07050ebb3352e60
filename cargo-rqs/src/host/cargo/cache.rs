//! Keeps built executables under a key of everything that went into them, and gives them out only when intact.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::model::failure::{OrFail, Outcome};
use crate::model::fingerprint;

use super::run_environment::append_present_search_path;
use super::{Build, BuildRequest, settings};

/// Version of the layout; counts up when an older folder must not be used any more. Since 2 the links are kept, since
/// 3 the licences of the dependencies.
const FORMAT: u32 = 3;
/// Describes a folder.
const DESCRIPTION: &str = "build.json";

/// A file of a folder and its hash.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredFile {
    /// Its place.
    pub(super) path: PathBuf,
    /// SHA-256 of its content.
    pub(super) sha256: String,
}

#[derive(Serialize, Deserialize)]
struct Description {
    format: u32,
    /// Whether everything that was asked for is there.
    complete: bool,
    build: Build,
    files: Vec<StoredFile>,
}

/// What is to be known of a folder.
pub(super) struct Described<'a> {
    /// The suites.
    pub(super) build: &'a Build,
    /// The files that must be intact.
    pub(super) files: Vec<StoredFile>,
    /// Whether everything that was asked for could be built.
    pub(super) complete: bool,
}

/// Finds what is already built for a request. Touches neither the tree nor the slot.
///
/// A folder that is damaged counts as not there, and so does one in which a benchmark is missing because it did not
/// build: the reason may be gone, such as a full disk.
///
/// # Errors
/// When cargo's configuration around the tree cannot be read.
pub fn lookup(request: &BuildRequest<'_>) -> Outcome<Option<Build>> {
    let key = key(request)?;
    Ok(read_intact(&folder(request, &key)).filter(|build| build.key == key).map(|mut build| {
        build.suites.iter_mut().for_each(|suite| append_present_search_path(&mut suite.env));
        build
    }))
}

/// The key of a request: 64 hex digits.
pub(super) fn key(request: &BuildRequest<'_>) -> Outcome<String> {
    Ok(fingerprint::of_json(&json!({
        "format": FORMAT,
        "tool": env!("CARGO_PKG_VERSION"),
        "tree": [request.tree_id, &request.tree.to_string_lossy(), &request.slot.to_string_lossy()],
        "package": request.package,
        "lock": request.lock_sha256,
        "executables": request.executables,
        "toolchain": [&request.toolchain.rustc_version, &request.toolchain.cargo_version],
        "sysroot": request.toolchain.sysroot,
        "options": request.options,
        "variables": settings::build_variables(),
        "configuration": settings::outside_configuration(request.tree, request.options)?,
    })))
}

/// The folder of a key.
pub(super) fn folder(request: &BuildRequest<'_>, key: &str) -> PathBuf {
    request.executables.join(key)
}

/// The target directory that all trees share. Its path is as long as that of any folder, so that one can be replaced
/// by the other.
pub(super) fn target_directory(request: &BuildRequest<'_>) -> PathBuf {
    // Executables to be looked into have one of their own, so that neither kind makes cargo build the other anew.
    let kind = if request.options.instrumented { "1" } else { "0" };
    request.executables.join(kind.repeat(64))
}

/// Describes a complete folder and puts it into its final place, all at once.
///
/// # Errors
/// When the files cannot be written.
pub(super) fn publish(filled: tempfile::TempDir, described: Described<'_>, place: &Path) -> Outcome<()> {
    let failed = || format!("cannot store the built executables in `{}`", place.display());
    let Described { build, files, complete } = described;
    let description = Description { format: FORMAT, complete, build: build.clone(), files };
    let text = serde_json::to_vec_pretty(&description).or_fail(failed)?;
    std::fs::write(filled.path().join(DESCRIPTION), text).or_fail(failed)?;
    if place.exists() {
        std::fs::remove_dir_all(place).or_fail(failed)?;
    }
    std::fs::rename(filled.path(), place).or_fail(failed)?;
    // The directory has moved, so there is nothing left to be removed.
    drop(filled.keep());
    Ok(())
}

fn read_intact(folder: &Path) -> Option<Build> {
    let text = std::fs::read(folder.join(DESCRIPTION)).ok()?;
    let description: Description = serde_json::from_slice(&text).ok()?;
    let intact = |file: &StoredFile| {
        std::fs::read(&file.path).is_ok_and(|content| fingerprint::of_bytes(&content) == file.sha256)
    };
    let listed =
        |suite: &super::BuiltSuite| description.files.iter().any(|file| file.path == suite.executable);
    let usable =
        description.format == FORMAT && description.complete && description.build.suites.iter().all(listed);
    (usable && description.files.iter().all(intact)).then_some(description.build)
}
