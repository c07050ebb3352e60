//! Single commits, and the files that differ between two. Only reads.

use std::collections::HashMap;

use git2::{Oid, Repository};

use super::between::revision;
use super::commit::unreadable;
use super::{Target, open, resolve};
use crate::model::failure::{OrFail, Outcome};
use crate::model::revision::{Revision, RevisionSpec};

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

    /// Revisions from one to another, both included, the oldest first: the commits along first parents, or those of them and
    /// of other parents that have a tag, by that. Whether the oldest one is not the one that was named, because the newest does
    /// not contain that, but the newest commit that both have.
    ///
    /// # Errors
    /// As for [`Self::commits_between`].
    pub fn revisions_between(
        &self,
        from: &RevisionSpec,
        to: &RevisionSpec,
        tags: bool,
    ) -> Outcome<(Vec<Revision>, bool)> {
        let between = self.commits_between(from, to, !tags)?;
        let repository = open(&self.around()?.root)?;
        let names = if tags { tag_names(&repository)? } else { HashMap::new() };
        let mut revisions = vec![between.good];
        for commit in &between.commits {
            let id =
                Oid::from_str(&commit.id).or_fail(|| format!("`{}` is no hash of a commit", commit.id))?;
            match (names.get(&id), tags) {
                (Some(name), _) => revisions.push(revision(&repository, name, id)?),
                (None, false) => revisions.push(revision(&repository, commit.short_id(), id)?),
                (None, true) if commit.id == between.bad.id => revisions.push(between.bad.clone()),
                (None, true) => {}
            }
        }
        Ok((revisions, between.aside))
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

/// The tags of commits; of several of one commit the one that sorts first.
fn tag_names(repository: &Repository) -> Outcome<HashMap<Oid, String>> {
    let cannot = || "cannot list the tags".to_owned();
    let mut names: HashMap<Oid, String> = HashMap::new();
    let tags = repository.tag_names(None).or_fail(cannot)?;
    for name in tags.iter().flatten().flatten() {
        let object = repository.revparse_single(&format!("refs/tags/{name}"));
        let Ok(commit) = object.and_then(|object| object.peel_to_commit()) else { continue };
        let place = names.entry(commit.id()).or_insert_with(|| name.to_owned());
        if name < place.as_str() {
            *place = name.to_owned();
        }
    }
    Ok(names)
}

fn tree(repository: &Repository, commit: Oid) -> Outcome<git2::Tree<'_>> {
    let tree = repository.find_commit(commit).and_then(|commit| commit.tree());
    tree.map_err(|error| unreadable(repository, commit, error))
}
