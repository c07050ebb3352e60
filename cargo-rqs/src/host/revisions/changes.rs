//! Single commits, and the files that differ between two. Only reads.

use git2::{Oid, Repository};

use super::between::revision;
use super::commit::unreadable;
use super::{Target, open, resolve};
use crate::model::failure::{OrFail, Outcome};
use crate::model::revision::Revision;

impl Target {
    /// The commit that a tag, a branch, a hash or something like `HEAD~3` names.
    ///
    /// # Errors
    /// A usage error when there is none, or no repository; an incomplete one when objects cannot be read.
    pub fn commit(&self, text: &str) -> Outcome<Revision> {
        let repository = open(&self.around()?.root)?;
        let id = resolve::commit(&repository, text)?.id();
        revision(&repository, text, id)
    }

    /// The paths that differ between two commits, given by their hashes; `None` where one of them is not in the repository.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn changed_files(&self, one: &str, other: &str) -> Outcome<Option<Vec<String>>> {
        let Ok(around) = self.around() else { return Ok(None) };
        let repository = open(&around.root)?;
        let (Ok(one), Ok(other)) = (Oid::from_str(one), Oid::from_str(other)) else { return Ok(None) };
        let is_known = |id: Oid| repository.find_commit(id).is_ok();
        if !is_known(one) || !is_known(other) {
            return Ok(None);
        }
        let (before, after) = (tree(&repository, one)?, tree(&repository, other)?);
        let cannot = || "cannot tell which files differ".to_owned();
        let diff = repository.diff_tree_to_tree(Some(&before), Some(&after), None).or_fail(cannot)?;
        let path = |delta: git2::DiffDelta<'_>| {
            let file = [delta.new_file(), delta.old_file()].into_iter().find_map(|file| file.path_bytes());
            String::from_utf8_lossy(file.unwrap_or_default()).into_owned()
        };
        Ok(Some(diff.deltas().map(path).collect()))
    }
}

fn tree(repository: &Repository, commit: Oid) -> Outcome<git2::Tree<'_>> {
    let tree = repository.find_commit(commit).and_then(|commit| commit.tree());
    tree.map_err(|error| unreadable(repository, commit, error))
}
