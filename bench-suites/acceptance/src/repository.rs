//! A repository of kernels, made anew: a commit, and one that does more work.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Outcome, processes};

const MANIFEST: &str = include_str!("../kernels/Cargo.toml");
const LOCKFILE: &str = include_str!("../kernels/Cargo.lock");
/// The kernels.
pub const LIBRARY: &str = include_str!("../kernels/src/lib.rs");
/// Their benchmarks.
pub const BENCHES: &str = include_str!("../kernels/benches/kernels.rs");
/// How the kernels say that they do no more work than usual.
pub const NO_MORE_WORK: &str = "MORE_PER_MILLE: usize = 0;";

const DATE: &str = "2026-01-01T00:00:00Z";

/// The first commit.
pub const BASELINE: &str = "baseline";
/// A commit that does more work.
pub const MORE: &str = "more";

/// A bench target more than the kernels have of their own.
#[derive(Clone, Copy, Debug)]
pub struct Extra {
    /// Its name.
    pub target: &'static str,
    /// Its source.
    pub source: &'static str,
}

/// Makes the repository with `per_mille` more work in the commit [`MORE`]. Commits come out alike every time, so what was
/// built of an earlier one is found again.
///
/// # Errors
/// When a file cannot be written, or git fails.
pub fn make(name: &str, per_mille: u64, extra: Option<Extra>) -> Outcome<PathBuf> {
    let dir = &begin(name)?;
    if let Some(Extra { target, source }) = extra {
        write(dir, &format!("benches/{target}.rs"), source)?;
        let table = format!("[[bench]]\nname = \"{target}\"\nharness = false\n\n[workspace]");
        write(dir, "Cargo.toml", &MANIFEST.replace("[workspace]", &table))?;
    }
    let more_work = LIBRARY.replace(NO_MORE_WORK, &format!("MORE_PER_MILLE: usize = {per_mille};"));
    if more_work == LIBRARY && per_mille != 0 {
        return Err(format!("the kernels have no `{NO_MORE_WORK}`"));
    }
    commit(dir, BASELINE)?;
    write(dir, "src/lib.rs", &more_work)?;
    commit(dir, MORE)?;
    dir.canonicalize().map_err(|error| format!("cannot find `{}`: {error}", dir.display()))
}

/// A repository with the kernels and no commit yet, in place of an earlier one; what was built stays.
///
/// # Errors
/// When files cannot be written or removed, or git fails.
pub fn begin(name: &str) -> Outcome<PathBuf> {
    let dir = &crate::root().join("target/acceptance").join(name);
    for (path, is_folder) in [(dir.join(".git"), true), (dir.join("NOTES.md"), false)] {
        let removed = match path.exists() {
            false => Ok(()),
            true if is_folder => std::fs::remove_dir_all(&path),
            true => std::fs::remove_file(&path),
        };
        removed.map_err(|error| format!("cannot remove `{}`: {error}", path.display()))?;
    }
    write(dir, "Cargo.toml", MANIFEST)?;
    write(dir, "Cargo.lock", LOCKFILE)?;
    write(dir, ".gitignore", "/target\n/results\n")?;
    write(dir, "src/lib.rs", LIBRARY)?;
    write(dir, "benches/kernels.rs", BENCHES)?;
    git(dir, &["init", "--quiet"])?;
    dir.canonicalize().map_err(|error| format!("cannot find `{}`: {error}", dir.display()))
}

/// Commits all files, and tags the commit.
///
/// # Errors
/// When git fails.
pub fn commit(dir: &Path, name: &str) -> Outcome<()> {
    commit_untagged(dir, name)?;
    tag(dir, name)
}

/// Commits all files, and gives the hash.
///
/// # Errors
/// When git fails.
pub fn commit_untagged(dir: &Path, message: &str) -> Outcome<String> {
    git(dir, &["add", "--all"])?;
    git(dir, &["commit", "--quiet", "--allow-empty", "--message", message])?;
    git(dir, &["rev-parse", "HEAD"])
}

/// Tags the newest commit.
///
/// # Errors
/// When git fails.
pub fn tag(dir: &Path, name: &str) -> Outcome<()> {
    git(dir, &["tag", name]).map(drop)
}

fn git(dir: &Path, arguments: &[&str]) -> Outcome<String> {
    let settings = ["user.name=Acceptance", "user.email=acceptance@example.org", "commit.gpgSign=false"];
    let settings = settings.iter().flat_map(|setting| ["-c", *setting]);
    let mut git = Command::new("git");
    git.args(settings).args(arguments).current_dir(dir);
    git.env("GIT_AUTHOR_DATE", DATE).env("GIT_COMMITTER_DATE", DATE);
    processes::text(&mut git)
}

/// Writes a file of the repository.
///
/// # Errors
/// When it cannot be written.
pub fn write(dir: &Path, path: &str, text: &str) -> Outcome<()> {
    let place = dir.join(path);
    let folder = place.parent().unwrap_or(dir);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&place, text))
        .map_err(|error| format!("cannot write `{}`: {error}", place.display()))
}
