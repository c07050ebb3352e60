//! Revisions of the target: finds the target, resolves what the user wrote, and lays each revision out as a tree.
//!
//! Nothing here writes to the user's work tree, index, refs, configuration, object store or list of work trees:
//! objects are read with libgit2 and the files are written by ourselves, into the directory for trees.

#![allow(clippy::disallowed_methods, reason = "this room reads repositories and writes trees")]

mod between;
mod changes;
mod commit;
mod history;
mod large;
mod published;
mod resolve;
mod shelf;
mod slot;
#[cfg(test)]
mod tests;
mod tree;
mod worktree;

use std::path::{Path, PathBuf};

use git2::{ErrorCode, IndexEntryExtendedFlag, Repository, Status, StatusOptions};

use crate::model::failure::{Failure, OrFail, Outcome};
use crate::model::fingerprint;
use crate::model::revision::{Revision, RevisionKind, RevisionSpec};

pub use between::Between;
pub use history::History;
pub use shelf::clear_leftovers;
pub use slot::Slot;

use shelf::Shelf;
use tree::shown;
use worktree::{WorkFile, WorkTree};

/// The crate under measurement: where its manifest is, and the git repository around it.
#[derive(Clone, Debug)]
pub struct Target {
    start: PathBuf,
    manifest_dir: PathBuf,
    repository: Option<Surroundings>,
    left_out: Vec<PathBuf>,
}

#[derive(Clone, Debug)]
struct Surroundings {
    root: PathBuf,
    manifest_rel: PathBuf,
}

/// A revision laid out as files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// What was resolved.
    pub revision: Revision,
    /// The directory with its files, `TREES/<id>`.
    pub tree: PathBuf,
    /// Where the target's manifest directory is within the tree; empty for its root.
    pub manifest_rel: PathBuf,
}

impl Target {
    /// Finds the nearest `Cargo.toml` at or above `start`, and the git repository around it, if there is one.
    ///
    /// # Errors
    /// A usage error when there is no manifest; an incomplete one when a repository is there but cannot be opened.
    pub fn discover(start: &Path) -> Outcome<Target> {
        let start = start.canonicalize().or_fail(|| format!("cannot enter `{}`", shown(start)))?;
        let manifest_dir =
            start.ancestors().find(|dir| dir.join("Cargo.toml").is_file()).ok_or_else(|| {
                Failure::usage(format!(
                    "there is no `Cargo.toml` in `{}` or any parent directory",
                    shown(&start)
                ))
                .hint("run this inside the crate that is to be measured")
            })?;
        let manifest_dir = manifest_dir.to_path_buf();
        let repository = surroundings(&manifest_dir)?;
        Ok(Target { start, manifest_dir, repository, left_out: Vec::new() })
    }

    /// Untracked files beneath `dir`, for example the directory with the results, are no part of the work tree,
    /// and changes of tracked files beneath it do not make the work tree differ from `HEAD`.
    ///
    /// A relative `dir` starts at the manifest directory.
    pub fn leaving_out(mut self, dir: &Path) -> Target {
        let dir = self.manifest_dir.join(dir);
        self.left_out.push(dir.canonicalize().unwrap_or(dir));
        self
    }

    /// The root of the work tree, when the target is in a git repository.
    pub fn repository_root(&self) -> Option<&Path> {
        self.repository.as_ref().map(|repository| repository.root.as_path())
    }

    /// The directory of the target's `Cargo.toml`.
    pub fn manifest_dir(&self) -> &Path {
        &self.manifest_dir
    }

    /// What is measured when no candidate is named: the work tree when it holds uncommitted changes, else `HEAD`.
    /// Without a repository it is the manifest directory as it is.
    ///
    /// Build directories, what is left out, ignored files and an untracked `Cargo.lock` are no changes.
    ///
    /// # Errors
    /// When the state of the work tree cannot be read.
    pub fn default_candidate(&self) -> Outcome<RevisionSpec> {
        let Some(around) = &self.repository else {
            return Ok(RevisionSpec::Path(self.manifest_dir.clone()));
        };
        let repository = open(&around.root)?;
        let unborn = matches!(repository.head(), Err(error) if error.code() == ErrorCode::UnbornBranch);
        if unborn
            || self.has_tracked_changes(&repository, around)?
            || self.has_new_files(&repository, around)?
        {
            return Ok(RevisionSpec::Workdir);
        }
        Ok(RevisionSpec::Git("HEAD".into()))
    }

    /// Lays `spec` out beneath `trees`, or finds it there complete from an earlier time.
    ///
    /// `package` names the package of a `published:` revision; without it the target's manifest does.
    /// The files carry the time of the extraction. An extraction that fails leaves nothing behind.
    ///
    /// # Errors
    /// A usage error when the revision is unknown, ambiguous or without the target's manifest; an incomplete one
    /// when objects, submodules or files cannot be read or written.
    pub fn materialise(&self, spec: &RevisionSpec, package: Option<&str>, trees: &Path) -> Outcome<Source> {
        let shelf = Shelf::at(trees)?;
        let source = match spec {
            RevisionSpec::Git(text) => self.lay_out_commit(text, &shelf),
            RevisionSpec::Workdir => self.lay_out_workdir(&shelf),
            RevisionSpec::Path(dir) => self.lay_out_directory(dir, &shelf),
            RevisionSpec::Published(version) => self.lay_out_published(version, package, &shelf),
        };
        let mut source = source.map_err(|failure| failure.within(format!("cannot lay out `{spec}`")))?;
        source.revision.spec = spec.to_string();
        let manifest = source.manifest_rel.join("Cargo.toml");
        if !source.tree.join(&manifest).is_file() {
            return Err(Failure::usage(format!("`{spec}` has no `{}`", shown(&manifest))).hint(
                "start from a directory whose `Cargo.toml` is committed and exists at both revisions",
            ));
        }
        Ok(source)
    }

    /// A copy of a laid-out tree under a name of its own, to be changed; the name is a function of the tree and `purpose`.
    /// Where the copy of an earlier run was changed, it is made afresh.
    ///
    /// # Errors
    /// When files cannot be read or written.
    pub fn branch_off(&self, source: &Source, purpose: &str, trees: &Path) -> Outcome<Source> {
        let shelf = Shelf::at(trees)?;
        let mut id = fingerprint::of_bytes(format!("{} {purpose}", source.revision.id).as_bytes());
        id.truncate(source.revision.id.len());
        let tree = match shelf.find(&id)? {
            Some(tree) => tree,
            None => {
                let mut staged = shelf.stage()?;
                for file in worktree::files_beneath(&source.tree, &[])? {
                    staged.tree().copy(&source.tree.join(&file.path), &file.path)?;
                }
                shelf.keep(staged, &id)?
            }
        };
        Ok(Source { tree, ..source.clone() })
    }

    fn around(&self) -> Outcome<&Surroundings> {
        self.repository.as_ref().ok_or_else(|| {
            Failure::usage(format!("`{}` is not in a git repository", shown(&self.manifest_dir)))
                .hint("name the revision as `path:DIR` or `published:VERSION`")
        })
    }

    fn lay_out_commit(&self, text: &str, shelf: &Shelf) -> Outcome<Source> {
        let around = self.around()?;
        let repository = open(&around.root)?;
        let commit = resolve::commit(&repository, text)?;
        let id = commit.id().to_string();
        let tree = match shelf.find(&id)? {
            Some(tree) => tree,
            None => {
                let mut staged = shelf.stage()?;
                commit::extract(&repository, &commit, staged.tree())?;
                shelf.keep(staged, &id)?
            }
        };
        let revision = Revision {
            spec: text.to_owned(),
            kind: RevisionKind::Commit,
            id,
            summary: between::summary(&commit),
            committed_unix_s: Some(commit.time().seconds()),
        };
        Ok(Source { revision, tree, manifest_rel: around.manifest_rel.clone() })
    }

    fn lay_out_workdir(&self, shelf: &Shelf) -> Outcome<Source> {
        let around = self.around()?;
        let repository = open(&around.root)?;
        let files = self.work_tree(&repository, around, Some(shelf)).files()?;
        copied(shelf, &around.root, &files, around.manifest_rel.clone(), RevisionKind::Files)
    }

    fn lay_out_directory(&self, dir: &Path, shelf: &Shelf) -> Outcome<Source> {
        let dir = self.start.join(dir);
        let dir =
            dir.canonicalize().or_fail(|| format!("cannot enter `{}`", shown(&dir))).map_err(as_usage)?;
        if !dir.join("Cargo.toml").is_file() {
            return Err(Failure::usage(format!("there is no `Cargo.toml` in `{}`", shown(&dir)))
                .hint("`path:DIR` stands for the directory of the target's manifest"));
        }
        if let Some(around) = surroundings(&dir)? {
            let repository = open(&around.root)?;
            let work_tree = self.work_tree(&repository, &around, Some(shelf));
            let files = work_tree.files()?;
            let manifest = around.manifest_rel.join("Cargo.toml");
            // A directory that its surrounding repository ignores stands for itself.
            if files.iter().any(|file| file.path == manifest) {
                let source = copied(shelf, &around.root, &files, around.manifest_rel, RevisionKind::Files)?;
                return Ok(named_after_place(source));
            }
        }
        let files = worktree::files_beneath(&dir, &[shelf.dir().to_path_buf()])?;
        copied(shelf, &dir, &files, PathBuf::new(), RevisionKind::Files)
    }

    fn lay_out_published(&self, version: &str, package: Option<&str>, shelf: &Shelf) -> Outcome<Source> {
        let name = match package {
            Some(name) => name.to_owned(),
            None => published::package_name(&self.manifest_dir.join("Cargo.toml"))?,
        };
        let folder = published::folder(&name, version, &self.manifest_dir)?;
        let files = published::files(&folder)?;
        copied(shelf, &folder, &files, PathBuf::new(), RevisionKind::Published)
    }

    fn work_tree<'a>(
        &self,
        repository: &'a Repository,
        around: &Surroundings,
        shelf: Option<&Shelf>,
    ) -> WorkTree<'a> {
        let mut left_out = self.left_out.clone();
        left_out.extend(shelf.map(|shelf| shelf.dir().to_path_buf()));
        WorkTree::new(repository, &around.root, left_out)
    }

    fn has_tracked_changes(&self, repository: &Repository, around: &Surroundings) -> Outcome<bool> {
        let mut options = StatusOptions::new();
        options.include_untracked(false).include_ignored(false).update_index(false);
        let cannot = || "cannot read the state of the work tree".to_owned();
        let statuses = repository.statuses(Some(&mut options)).or_fail(cannot)?;
        let index = repository.index().or_fail(cannot)?;
        Ok(statuses.iter().any(|entry| {
            let path = tree::path_of(entry.path_bytes());
            let place = around.root.join(path);
            // libgit2 takes what a sparse checkout leaves out for deleted.
            let sparse = entry.status() == Status::WT_DELETED
                && index.get_path(path, 0).is_some_and(|entry| {
                    IndexEntryExtendedFlag::from_bits_truncate(entry.flags_extended).is_skip_worktree()
                });
            !sparse && !self.left_out.iter().any(|dir| place.starts_with(dir))
        }))
    }

    fn has_new_files(&self, repository: &Repository, around: &Surroundings) -> Outcome<bool> {
        let files = self.work_tree(repository, around, None).untracked()?;
        Ok(files.iter().any(|path| path.file_name().is_none_or(|name| name != "Cargo.lock")))
    }
}

/// Copies `files` of `root` to the shelf and names the tree after their paths, modes and contents.
fn copied(
    shelf: &Shelf,
    root: &Path,
    files: &[WorkFile],
    manifest_rel: PathBuf,
    kind: RevisionKind,
) -> Outcome<Source> {
    let mut staged = shelf.stage()?;
    for file in files {
        staged.tree().copy(&root.join(&file.path), &file.path)?;
    }
    let id = staged.tree().content_id();
    // What was copied is what the id names, so an equal tree from before can take its place.
    let tree = match shelf.find(&id)? {
        Some(tree) => tree,
        None => shelf.keep(staged, &id)?,
    };
    let revision = Revision { spec: String::new(), kind, id, summary: String::new(), committed_unix_s: None };
    Ok(Source { revision, tree, manifest_rel })
}

/// Two directories of one repository lie in equal trees, so where the target is has to enter its name.
fn named_after_place(mut source: Source) -> Source {
    let id = &mut source.revision.id;
    if source.manifest_rel != Path::new("") {
        let digits = id.len();
        *id = fingerprint::of_bytes(format!("{id} {}", source.manifest_rel.display()).as_bytes());
        id.truncate(digits);
    }
    source
}

fn as_usage(failure: Failure) -> Failure {
    Failure { exit: crate::model::failure::Exit::Usage, ..failure }
}

/// The work tree around `dir`, when there is one.
fn surroundings(dir: &Path) -> Outcome<Option<Surroundings>> {
    let repository = match Repository::discover(dir) {
        Ok(repository) => repository,
        Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(dir, error)),
    };
    let Some(root) = repository.workdir() else { return Ok(None) };
    let root = root.canonicalize().or_fail(|| format!("cannot enter `{}`", shown(root)))?;
    Ok(dir
        .strip_prefix(&root)
        .ok()
        .map(|rel| Surroundings { manifest_rel: rel.to_path_buf(), root: root.clone() }))
}

fn open(root: &Path) -> Outcome<Repository> {
    Repository::open(root).map_err(|error| unreadable(root, error))
}

fn unreadable(dir: &Path, error: git2::Error) -> Failure {
    let foreign = error.code() == ErrorCode::Owner;
    let failure = Failure::incomplete(format!("cannot open the git repository around `{}`", shown(dir)));
    match foreign {
        true => {
            failure.because(error).hint(format!("git config --global --add safe.directory '{}'", shown(dir)))
        }
        false => failure.because(error).hint("see what `git status` says there"),
    }
}
