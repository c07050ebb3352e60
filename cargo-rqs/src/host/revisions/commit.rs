//! Extracts a commit: reads its blobs and those of the recorded submodules, and hands them to the new tree.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use git2::{Commit, Config, ErrorCode, ObjectType, Oid, Repository, Tree};

use super::large;
use super::tree::{EntryKind, NewTree, path_of, shown};
use crate::model::failure::{Failure, OrFail, Outcome};

/// The mode of an entry that stands for a submodule.
pub const GITLINK: u32 = 0o160_000;
const DIRECTORY: i32 = 0o040_000;
const SYMLINK: i32 = 0o120_000;
const UPDATE_SUBMODULES: &str = "git submodule update --init --recursive";

/// Writes the files of `commit`, submodules included, to `new`.
///
/// # Errors
/// When an object or a submodule is missing, or an entry would leave the tree.
pub fn extract(repository: &Repository, commit: &Commit, new: &mut NewTree) -> Outcome<()> {
    extract_at(repository, commit, Path::new(""), new)
}

fn extract_at(repository: &Repository, commit: &Commit, prefix: &Path, new: &mut NewTree) -> Outcome<()> {
    let tree = commit.tree().map_err(|error| unreadable(repository, commit.id(), error))?;
    let mut links = Vec::new();
    extract_tree(repository, &tree, prefix, new, &mut links)?;
    if links.is_empty() {
        return Ok(());
    }
    let names = submodule_names(&new.root().join(prefix).join(".gitmodules"))?;
    for (place, id) in links {
        let path = place.strip_prefix(prefix).unwrap_or(&place).to_path_buf();
        let known = names.get(&path);
        match find_submodule(repository, &path, known, id) {
            Found::Commit(inner) => {
                let commit = inner.find_commit(id).map_err(|error| unreadable(&inner, id, error))?;
                extract_at(&inner, &commit, &place, new)?;
            }
            Found::OtherCommits => return Err(outdated_submodule(&place, id)),
            Found::Nothing if known.is_some() => return Err(missing_submodule(&place)),
            // A link that `.gitmodules` does not know is an empty directory for git too.
            Found::Nothing => {}
        }
    }
    Ok(())
}

fn extract_tree(
    repository: &Repository,
    tree: &Tree,
    prefix: &Path,
    new: &mut NewTree,
    links: &mut Vec<(PathBuf, Oid)>,
) -> Outcome<()> {
    for entry in tree.iter() {
        let (path, mode) = (prefix.join(path_of(entry.name_bytes())), entry.filemode_raw());
        if entry.name_bytes().contains(&b'/') {
            return Err(Failure::incomplete(format!("the entry `{}` is not a name", shown(&path)))
                .hint("do not trust this revision; `git fsck` says more about it"));
        }
        match entry.kind() {
            Some(ObjectType::Commit) => links.push((path, entry.id())),
            Some(ObjectType::Tree) if mode == DIRECTORY => {
                let inner = repository
                    .find_tree(entry.id())
                    .map_err(|error| unreadable(repository, entry.id(), error))?;
                extract_tree(repository, &inner, &path, new, links)?;
            }
            _ => extract_blob(repository, entry.id(), &path, mode, new)?,
        }
    }
    Ok(())
}

fn extract_blob(repository: &Repository, id: Oid, path: &Path, mode: i32, new: &mut NewTree) -> Outcome<()> {
    let blob = repository.find_blob(id).map_err(|error| unreadable(repository, id, error))?;
    if mode == SYMLINK {
        return new.link(path, OsStr::from_bytes(blob.content()));
    }
    let kind = if mode & 0o100 == 0 { EntryKind::Regular } else { EntryKind::Executable };
    match large::content(repository, path, blob.content())? {
        Some(content) => new.file(path, kind, content),
        None => new.file(path, kind, blob.content()),
    }
}

enum Found {
    Commit(Repository),
    OtherCommits,
    Nothing,
}

/// Looks for a submodule's commit where it is checked out, then where git keeps the repositories of submodules.
fn find_submodule(repository: &Repository, path: &Path, name: Option<&PathBuf>, commit: Oid) -> Found {
    let checked_out =
        repository.workdir().map(|root| root.join(path)).filter(|dir| dir.join(".git").exists());
    let name = name.map_or(path, PathBuf::as_path);
    let is_harmless = name.components().all(|part| matches!(part, Component::Normal(_)));
    let kept = [repository.path(), repository.commondir()].map(|dir| dir.join("modules").join(name));
    let checked_out = checked_out.into_iter().map(Repository::open);
    // What git keeps knows a work tree, which may be gone; its objects are all that is wanted.
    let kept = kept.into_iter().filter(|_| is_harmless).map(Repository::open_bare);
    let mut found = Found::Nothing;
    for inner in checked_out.chain(kept).flatten() {
        if inner.find_commit(commit).is_ok() {
            return Found::Commit(inner);
        }
        found = Found::OtherCommits;
    }
    found
}

/// The submodules that the work tree in `root` declares now, by path.
pub fn submodule_names_of_workdir(root: &Path) -> Outcome<BTreeMap<PathBuf, PathBuf>> {
    submodule_names(&root.join(".gitmodules"))
}

/// Reads path and name of each submodule; a file that is missing declares none.
fn submodule_names(gitmodules: &Path) -> Outcome<BTreeMap<PathBuf, PathBuf>> {
    let mut names = BTreeMap::new();
    if !gitmodules.symlink_metadata().is_ok_and(|found| found.is_file()) {
        return Ok(names);
    }
    let cannot = || "cannot read `.gitmodules`".to_owned();
    let config = Config::open(gitmodules).or_fail(cannot)?;
    let mut entries = config.entries(Some("^submodule\\..*\\.path$")).or_fail(cannot)?;
    while let Some(entry) = entries.next() {
        let entry = entry.or_fail(cannot)?;
        let key = entry.name_bytes();
        let name = key.strip_prefix(b"submodule.").and_then(|key| key.strip_suffix(b".path")).unwrap_or(key);
        if entry.has_value() {
            names.insert(path_of(entry.value_bytes()).components().collect(), path_of(name).to_path_buf());
        }
    }
    Ok(names)
}

/// The failure for a submodule of which there is no repository.
pub fn missing_submodule(path: &Path) -> Failure {
    Failure::incomplete(format!("the submodule `{}` is not checked out", shown(path))).hint(UPDATE_SUBMODULES)
}

fn outdated_submodule(path: &Path, commit: Oid) -> Failure {
    let place = shown(path);
    Failure::incomplete(format!(
        "the repository of the submodule `{place}` lacks the recorded commit `{commit}`"
    ))
    .hint(format!("{UPDATE_SUBMODULES}; for a commit of the past: git -C '{place}' fetch origin {commit}"))
}

/// The failure for an object that should be there.
pub fn unreadable(repository: &Repository, id: Oid, error: git2::Error) -> Failure {
    let missing = error.code() == ErrorCode::NotFound;
    let failure = Failure::incomplete(format!("cannot read the git object `{id}`")).because(error);
    match missing.then(|| fetch_hint(repository)).flatten() {
        Some(hint) => failure.hint(hint),
        None => failure.hint("`git fsck` says what is wrong with the repository"),
    }
}

/// How to get objects that this clone leaves out on purpose, when it does.
pub fn fetch_hint(repository: &Repository) -> Option<&'static str> {
    // libgit2 looks for this file in the directory of a linked work tree, but it is shared by all of them.
    let shallow = repository.commondir().join("shallow").metadata().is_ok_and(|file| file.len() > 0);
    if shallow {
        return Some("this clone is shallow: git fetch --unshallow --tags");
    }
    let config = repository.config().ok()?;
    let partial = config.entries(Some("^remote\\..*\\.promisor$")).ok()?.next().is_some();
    partial.then_some("this clone leaves objects out: git fetch --refetch --no-filter")
}
