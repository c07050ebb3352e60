//! One resolution of the dependencies for both sides: dependency drift alone can move a benchmark by ten per cent.
//!
//! - A lockfile that a revision commits is kept.
//! - Without one, the other side's committed lockfile is used, else one resolution is made in the candidate's tree and
//!   used for both. Cargo adapts it where a side has other requirements, and keeps every version that still fits.
//! - A resolution is stored under a hash of all manifests it was made from (`locks/<hash>.lock`), so that a later run
//!   with the same manifests measures with the same dependencies, whatever was published in between.
//!
//! Lockfiles are written into extracted trees only, never into the user's repository. Beside each one that did not
//! come with its revision lies the original (empty for none), so that the tree can be told from a pristine one.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::model::failure::{Failure, OrFail, Outcome};
use crate::model::fingerprint;
use crate::model::record::LockSource;
use crate::model::{ByRole, Role};

use super::lockfile::{differences, locked_packages, united};
use super::options::BuildOptions;
use super::process;
use super::toolchain::Toolchain;

/// Keeps what the revision committed while another lockfile stands in its place.
const ORIGINAL: &str = "Cargo.lock.committed";

/// A source tree and the package in it.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a> {
    /// The extracted tree.
    pub root: &'a Path,
    /// Directory of the manifest, relative to the root; empty for the root.
    pub package: &'a Path,
}

/// What the resolution needs beside the trees.
#[derive(Clone, Copy, Debug)]
pub struct LockRequest<'a> {
    /// The toolchain of the run.
    pub toolchain: &'a Toolchain,
    /// The user's choices.
    pub options: &'a BuildOptions,
    /// Directory of stored resolutions, `target/rqs/locks`.
    pub store: &'a Path,
}

/// The lockfile that now stands in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Where it came from.
    pub source: LockSource,
    /// SHA-256 of its content.
    pub sha256: String,
    /// What a reader of the result should know, for example which versions differ.
    pub notes: Vec<String>,
}

/// Puts lockfiles into both trees, which stand at their final places, and says where each came from.
///
/// # Errors
/// When cargo cannot resolve the dependencies of a side, or when `--locked` finds no lockfile that fits.
pub fn agree(trees: ByRole<Tree<'_>>, request: LockRequest<'_>) -> Outcome<ByRole<Lock>> {
    let files = ByRole::try_from_fn(|role| LockFile::find(*trees.get(role), request))?;
    let same_tree = files.baseline.path == files.candidate.path;
    files.candidate.restore()?;
    files.baseline.restore()?;

    // The side that leads is the one whose lockfile is committed, else the candidate.
    let leader =
        if files.candidate.exists() || !files.baseline.exists() { Role::Candidate } else { Role::Baseline };
    let follower = if leader == Role::Candidate { Role::Baseline } else { Role::Candidate };
    let leading = files.get(leader).lead(request).map_err(|failure| of_side(failure, leader))?;
    let following = match same_tree {
        true => leading.clone(),
        false => {
            let example = files.get(leader).read()?;
            files
                .get(follower)
                .follow(&example, leader, request)
                .map_err(|failure| of_side(failure, follower))?
        }
    };
    Ok(match leader {
        Role::Candidate => ByRole::new(following, leading),
        Role::Baseline => ByRole::new(leading, following),
    })
}

fn of_side(failure: Failure, role: Role) -> Failure {
    failure.within(format!("cannot fix the dependency versions of the {}", name(role)))
}

fn name(role: Role) -> &'static str {
    match role {
        Role::Baseline => "baseline",
        Role::Candidate => "candidate",
    }
}

/// The place of a tree's lockfile.
struct LockFile<'a> {
    tree: Tree<'a>,
    path: PathBuf,
}

impl<'a> LockFile<'a> {
    fn find(tree: Tree<'a>, request: LockRequest<'_>) -> Outcome<Self> {
        let dir = tree.root.join(tree.package);
        let arguments = ["locate-project", "--workspace", "--message-format", "plain"].map(OsString::from);
        let root = run(request, &dir, arguments.to_vec())?;
        let root = Path::new(root.trim()).parent().map(Path::to_owned);
        let root = root.ok_or_else(|| Failure::incomplete("cargo names no workspace"))?;
        Ok(LockFile { tree, path: root.join("Cargo.lock") })
    }

    fn exists(&self) -> bool {
        self.path.is_file()
    }

    fn read(&self) -> Outcome<String> {
        std::fs::read_to_string(&self.path).or_fail(|| format!("cannot read `{}`", self.path.display()))
    }

    fn write(&self, content: &str) -> Outcome<()> {
        std::fs::write(&self.path, content).or_fail(|| format!("cannot write `{}`", self.path.display()))
    }

    /// Makes the tree as it was extracted.
    fn restore(&self) -> Outcome<()> {
        let original = self.path.with_file_name(ORIGINAL);
        let failed = || format!("cannot restore `{}`", self.path.display());
        match std::fs::read(&original) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error).or_fail(failed),
            Ok(content) if !content.is_empty() => std::fs::write(&self.path, content).or_fail(failed)?,
            Ok(_) => remove_if_there(&self.path).or_fail(failed)?,
        }
        std::fs::remove_file(&original).or_fail(failed)
    }

    /// Keeps the original before anything is changed, so that a run that is killed leaves no doubt about it.
    fn keep_original(&self) -> Outcome<()> {
        let original = self.path.with_file_name(ORIGINAL);
        let content = if self.exists() { self.read()? } else { String::new() };
        std::fs::write(&original, content).or_fail(|| format!("cannot write `{}`", original.display()))
    }

    fn lock(&self, source: LockSource, notes: Vec<String>) -> Outcome<Lock> {
        Ok(Lock { source, sha256: fingerprint::of_bytes(self.read()?.as_bytes()), notes })
    }

    /// Settles the lockfile of the side that the other one follows.
    fn lead(&self, request: LockRequest<'_>) -> Outcome<Lock> {
        if self.exists() {
            return self.keep_committed("", request);
        }
        refuse_when_locked(request, "it commits no lockfile")?;
        self.keep_original()?;
        let stored = self.stored(&[], request)?;
        if let Ok(content) = std::fs::read_to_string(&stored) {
            self.write(&content)?;
            if self.fits(request) {
                return self.lock(LockSource::Shared, Vec::new());
            }
            remove_if_there(&self.path).or_fail(|| format!("cannot remove `{}`", self.path.display()))?;
        }
        self.cargo(vec!["generate-lockfile".into()], request)?;
        self.store(&stored)?;
        self.lock(LockSource::Shared, Vec::new())
    }

    /// Settles the lockfile of the other side, given the leading side's.
    fn follow(&self, example: &str, leader: Role, request: LockRequest<'_>) -> Outcome<Lock> {
        if self.exists() {
            return self.keep_committed(example, request);
        }
        refuse_when_locked(request, "it commits no lockfile")?;
        self.keep_original()?;
        let stored = self.stored(example.as_bytes(), request)?;
        self.write(std::fs::read_to_string(&stored).as_deref().unwrap_or(example))?;
        if !self.fits(request) {
            self.write(example)?;
            self.complete(request)?;
            self.store(&stored)?;
        }
        let differences = differences(&locked_packages(&self.read()?)?, &locked_packages(example)?);
        let notes = differences
            .iter()
            .map(|(own, other)| format!("depends on {own} where the {} has {other}", name(leader)));
        let source = if differences.is_empty() { LockSource::Shared } else { LockSource::Own };
        self.lock(source, notes.collect())
    }

    /// Keeps a committed lockfile; one that does not fit its manifests is completed, with versions of the other side
    /// where it has some.
    fn keep_committed(&self, example: &str, request: LockRequest<'_>) -> Outcome<Lock> {
        if self.fits(request) {
            return self.lock(LockSource::Committed, Vec::new());
        }
        refuse_when_locked(request, "its lockfile does not fit its manifests")?;
        self.keep_original()?;
        let committed = self.read()?;
        let stored = self.stored(example.as_bytes(), request)?;
        self.write(std::fs::read_to_string(&stored).as_deref().unwrap_or_default())?;
        if !self.fits(request) {
            self.write(&united(&committed, example)?)?;
            self.complete(request)?;
            self.store(&stored)?;
        }
        let note = "the committed lockfile does not fit the manifests and was completed".to_owned();
        self.lock(LockSource::Own, vec![note])
    }

    fn fits(&self, request: LockRequest<'_>) -> bool {
        let mut arguments = metadata(request);
        arguments.push("--locked".into());
        self.cargo(arguments, request).is_ok()
    }

    /// Lets cargo change as little as it must.
    fn complete(&self, request: LockRequest<'_>) -> Outcome<()> {
        self.cargo(metadata(request), request)
    }

    fn cargo(&self, arguments: Vec<OsString>, request: LockRequest<'_>) -> Outcome<()> {
        run(request, &self.tree.root.join(self.tree.package), arguments).map(drop)
    }

    /// Where a resolution from these manifests and this other lockfile is stored.
    fn stored(&self, example: &[u8], request: LockRequest<'_>) -> Outcome<PathBuf> {
        let mut manifests = BTreeSet::new();
        manifests_below(self.tree.root, &mut manifests)?;
        let mut hasher = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        part(self.tree.package.as_os_str().as_encoded_bytes());
        part(example);
        for manifest in manifests {
            let content =
                std::fs::read(&manifest).or_fail(|| format!("cannot read `{}`", manifest.display()))?;
            part(manifest.strip_prefix(self.tree.root).unwrap_or(&manifest).as_os_str().as_encoded_bytes());
            part(&content);
        }
        Ok(request.store.join(format!("{}.lock", fingerprint::hex(&hasher.finalize()))))
    }

    fn store(&self, stored: &Path) -> Outcome<()> {
        let failed = || format!("cannot store the resolution as `{}`", stored.display());
        let folder = stored.parent().unwrap_or(stored);
        std::fs::create_dir_all(folder).or_fail(failed)?;
        let file = tempfile::NamedTempFile::new_in(folder).or_fail(failed)?;
        std::fs::write(file.path(), self.read()?).or_fail(failed)?;
        file.persist(stored).or_fail(failed).map(drop)
    }
}

/// A command that resolves, and loads only the packages that the platform needs.
fn metadata(request: LockRequest<'_>) -> Vec<OsString> {
    let platform = request.options.target.as_ref().unwrap_or(&request.toolchain.host);
    ["metadata", "--format-version", "1", "--filter-platform", platform].map(OsString::from).to_vec()
}

fn refuse_when_locked(request: LockRequest<'_>, why: &str) -> Outcome<()> {
    if !request.options.locked {
        return Ok(());
    }
    Err(Failure::usage(why).hint("leave `--locked` out, and one resolution is made for both sides"))
}

fn run(request: LockRequest<'_>, dir: &Path, arguments: Vec<OsString>) -> Outcome<String> {
    let mut command = request.toolchain.cargo(dir);
    command.args(arguments).args(request.options.general());
    process::capture_text(command)
}

fn remove_if_there(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// All manifests of a tree; build output and version control are no part of it.
fn manifests_below(dir: &Path, found: &mut BTreeSet<PathBuf>) -> Outcome<()> {
    let failed = || format!("cannot list `{}`", dir.display());
    for entry in std::fs::read_dir(dir).or_fail(failed)? {
        let entry = entry.or_fail(failed)?;
        let kind = entry.file_type().or_fail(failed)?;
        if kind.is_dir() && entry.file_name() != ".git" && entry.file_name() != "target" {
            manifests_below(&entry.path(), found)?;
        } else if kind.is_file() && entry.file_name() == "Cargo.toml" {
            found.insert(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
