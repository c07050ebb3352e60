//! Whether the packages that cargo keeps on this machine are those that a lockfile names.

use std::path::{Path, PathBuf};

/// A package from a registry, looked at on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveCheck {
    /// Name of the package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 that the lockfile names.
    pub checksum: String,
    /// The archive as it was downloaded.
    pub archive: PathBuf,
    /// What was found.
    pub found: Found,
}

/// What was found of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The archive has the checksum, and the files that cargo compiles are those of the archive.
    Intact,
    /// The archive has another checksum: this one.
    OtherArchive(String),
    /// The archive is intact, and files that were unpacked from it are not what they were.
    OtherFiles(Vec<FileDifference>),
    /// There is no archive: cargo has not downloaded it, or takes the package from elsewhere.
    Missing,
    /// It cannot be read, for this reason.
    Unreadable(String),
}

/// A file that is not as it came out of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileDifference {
    /// Its content is another.
    Changed(PathBuf),
    /// It is gone.
    Gone(PathBuf),
    /// It was not in the archive.
    Added(PathBuf),
}

impl FileDifference {
    /// The file's place in the package.
    pub fn path(&self) -> &Path {
        match self {
            FileDifference::Changed(path) | FileDifference::Gone(path) | FileDifference::Added(path) => path,
        }
    }
}

/// All packages of a lockfile.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Integrity {
    /// Packages with a checksum, sorted by name and version.
    pub archives: Vec<ArchiveCheck>,
    /// Packages from git, as `name version`: the commit names their content.
    pub from_git: Vec<String>,
    /// Packages from a registry of which the lockfile names no checksum, as `name version`.
    pub without_checksum: Vec<String>,
}

impl ArchiveCheck {
    /// Whether something was found that must not be.
    pub fn is_tampered(&self) -> bool {
        matches!(self.found, Found::OtherArchive(_) | Found::OtherFiles(_))
    }
}
