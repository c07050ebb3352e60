//! Lists the files of a directory that belong to its state: what git tracks or would track, or simply all of them.

use std::collections::HashSet;
use std::fs::DirEntry;
use std::path::{Path, PathBuf};

use git2::Repository;

use super::commit::{self, GITLINK};
use super::tree::{is_repository, path_of, shown};
use crate::model::failure::{OrFail, Outcome};

/// A file or symbolic link of a work tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkFile {
    /// Relative to the root of the outermost work tree.
    pub path: PathBuf,
    /// Whether it is in the index of its repository.
    pub tracked: bool,
}

/// The work tree of a repository, its submodules included.
pub struct WorkTree<'a> {
    repository: &'a Repository,
    root: PathBuf,
    left_out: Vec<PathBuf>,
}

/// What the index knows, with paths relative to the repository's root.
struct Tracked {
    files: HashSet<PathBuf>,
    dirs: HashSet<PathBuf>,
    submodules: HashSet<PathBuf>,
}

impl<'a> WorkTree<'a> {
    /// The work tree in `root`. Untracked files beneath one of the absolute paths `left_out` are no part of it.
    pub fn new(repository: &'a Repository, root: &Path, left_out: Vec<PathBuf>) -> WorkTree<'a> {
        WorkTree { repository, root: root.to_path_buf(), left_out }
    }

    /// Tracked files and those that are neither tracked nor ignored, with those of submodules.
    ///
    /// # Errors
    /// When a submodule is not checked out, or something cannot be read.
    pub fn files(&self) -> Outcome<Vec<WorkFile>> {
        let mut files = Vec::new();
        self.list(Path::new(""), true, &mut files)?;
        Ok(files)
    }

    /// Files that are neither tracked nor ignored, without looking into submodules.
    pub fn untracked(&self) -> Outcome<Vec<PathBuf>> {
        let mut files = Vec::new();
        self.list(Path::new(""), false, &mut files)?;
        Ok(files.into_iter().filter(|file| !file.tracked).map(|file| file.path).collect())
    }

    /// Lists this work tree, which is at `prefix` of the outermost one.
    fn list(&self, prefix: &Path, with_submodules: bool, files: &mut Vec<WorkFile>) -> Outcome<()> {
        let tracked = Tracked::of(self.repository)?;
        let mut open = vec![PathBuf::new()];
        while let Some(dir) = open.pop() {
            for entry in sorted(&self.root.join(&dir))? {
                let (path, place) = (dir.join(entry.file_name()), entry.path());
                let kind = entry.file_type().or_fail(|| format!("cannot read `{}`", shown(&place)))?;
                if is_repository(&entry.file_name()) {
                    continue;
                }
                if tracked.submodules.contains(&path) && kind.is_dir() {
                    if with_submodules {
                        self.list_submodule(&path, &prefix.join(&path), files)?;
                    }
                } else if kind.is_dir() && tracked.dirs.contains(&path) {
                    open.push(path);
                } else if kind.is_dir() {
                    if self.takes_untracked_dir(&path)?
                        && !self.list_nested(&path, &prefix.join(&path), files)?
                    {
                        open.push(path);
                    }
                } else if kind.is_file() || kind.is_symlink() {
                    let tracked = tracked.files.contains(&path);
                    if tracked || self.takes_untracked(&path)? {
                        files.push(WorkFile { path: prefix.join(path), tracked });
                    }
                }
            }
        }
        Ok(())
    }

    fn list_submodule(&self, path: &Path, prefix: &Path, files: &mut Vec<WorkFile>) -> Outcome<()> {
        let root = self.root.join(path);
        if root.join(".git").exists() {
            let repository = Repository::open(&root)
                .or_fail(|| format!("cannot open the repository of the submodule `{}`", shown(prefix)))?;
            return WorkTree::new(&repository, &root, self.left_out.clone()).list(prefix, true, files);
        }
        match commit::submodule_names_of_workdir(&self.root)?.contains_key(path) {
            true => Err(commit::missing_submodule(prefix)),
            // A link that `.gitmodules` does not know is an empty directory for git too.
            false => Ok(()),
        }
    }

    /// Lists an untracked directory that is a repository of its own; false when it is a plain directory.
    fn list_nested(&self, path: &Path, prefix: &Path, files: &mut Vec<WorkFile>) -> Outcome<bool> {
        let root = self.root.join(path);
        if !root.join(".git").exists() {
            return Ok(false);
        }
        // Git takes a directory with an unusable `.git` for a plain one.
        let Ok(repository) = Repository::open(&root) else { return Ok(false) };
        if repository.commondir() == self.repository.commondir() {
            // Another work tree of this same repository is no part of this one.
            return Ok(true);
        }
        let mut inner = Vec::new();
        WorkTree::new(&repository, &root, self.left_out.clone()).list(prefix, true, &mut inner)?;
        files.extend(inner.into_iter().map(|file| WorkFile { tracked: false, ..file }));
        Ok(true)
    }

    fn takes_untracked_dir(&self, path: &Path) -> Outcome<bool> {
        Ok(!is_build_directory(&self.root.join(path)) && self.takes_untracked(path)?)
    }

    fn takes_untracked(&self, path: &Path) -> Outcome<bool> {
        let place = self.root.join(path);
        if self.left_out.iter().any(|dir| place.starts_with(dir)) {
            return Ok(false);
        }
        let ignored = self.repository.is_path_ignored(path);
        Ok(!ignored.or_fail(|| format!("cannot read the ignore rules for `{}`", shown(path)))?)
    }
}

impl Tracked {
    fn of(repository: &Repository) -> Outcome<Tracked> {
        let index = repository.index().or_fail(|| "cannot read the git index".into())?;
        let mut tracked = Tracked { files: HashSet::new(), dirs: HashSet::new(), submodules: HashSet::new() };
        for entry in index.iter() {
            let path = path_of(&entry.path).to_path_buf();
            tracked.dirs.extend(path.ancestors().skip(1).map(Path::to_path_buf));
            match entry.mode == GITLINK {
                true => tracked.submodules.insert(path),
                false => tracked.files.insert(path),
            };
        }
        Ok(tracked)
    }
}

/// All files and symbolic links beneath `root`, without build directories, repositories and what is `left_out`.
pub fn files_beneath(root: &Path, left_out: &[PathBuf]) -> Outcome<Vec<WorkFile>> {
    let (mut files, mut open) = (Vec::new(), vec![PathBuf::new()]);
    while let Some(dir) = open.pop() {
        for entry in sorted(&root.join(&dir))? {
            let (path, place) = (dir.join(entry.file_name()), entry.path());
            let kind = entry.file_type().or_fail(|| format!("cannot read `{}`", shown(&place)))?;
            if is_repository(&entry.file_name()) || left_out.contains(&place) {
                continue;
            }
            if kind.is_dir() && !is_build_directory(&place) {
                open.push(path);
            } else if kind.is_file() || kind.is_symlink() {
                files.push(WorkFile { path, tracked: false });
            }
        }
    }
    Ok(files)
}

/// Whether a directory holds the products of builds: cargo tags its own, and they are called `target`.
pub fn is_build_directory(dir: &Path) -> bool {
    let beside_manifest = || dir.parent().is_some_and(|parent| parent.join("Cargo.toml").is_file());
    dir.join("CACHEDIR.TAG").is_file() || (dir.ends_with("target") && beside_manifest())
}

/// The entries of a directory by name.
pub fn sorted(dir: &Path) -> Outcome<Vec<DirEntry>> {
    let cannot = || format!("cannot list `{}`", shown(dir));
    let entries: Result<Vec<_>, _> = std::fs::read_dir(dir).or_fail(cannot)?.collect();
    let mut entries = entries.or_fail(cannot)?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}
