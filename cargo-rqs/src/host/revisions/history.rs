//! What git knows beyond one revision: who is at work, and which commits are part of which.

use git2::{Oid, Repository};

use super::{Target, open};
use crate::model::failure::Outcome;
use crate::model::revision::{Revision, RevisionKind};

/// The history of the repository around a target.
pub struct History {
    repository: Repository,
}

impl Target {
    /// Name and mail address of whoever is at work, from git's configuration; `None` where it tells no name.
    ///
    /// # Errors
    /// When there is a repository that cannot be opened.
    pub fn author(&self) -> Outcome<Option<String>> {
        let Some(around) = &self.repository else { return Ok(None) };
        let repository = open(&around.root)?;
        let said = |key: &str| {
            let config = repository.config().and_then(|mut config| config.snapshot()).ok()?;
            let text = config.get_string(key).ok()?.trim().to_owned();
            (!text.is_empty()).then_some(text)
        };
        let Some(name) = said("user.name") else { return Ok(None) };
        Ok(Some(said("user.email").map_or(name.clone(), |email| format!("{name} <{email}>"))))
    }

    /// The history of the repository around the target; `None` when there is none.
    ///
    /// # Errors
    /// When there is a repository that cannot be opened.
    pub fn history(&self) -> Outcome<Option<History>> {
        self.repository
            .as_ref()
            .map(|around| open(&around.root).map(|repository| History { repository }))
            .transpose()
    }
}

impl History {
    /// Whether a commit is part of a revision: it is the revision, or one of its ancestors. A work tree has the commits
    /// of `HEAD`. `None` when that cannot be known: the revision has no history, or this clone lacks a commit.
    pub fn contains(&self, revision: &Revision, commit: &str) -> Option<bool> {
        let tip = match revision.kind {
            RevisionKind::Commit => Oid::from_str(&revision.id).ok()?,
            RevisionKind::Files if revision.spec == "workdir" => {
                self.repository.head().ok()?.peel_to_commit().ok()?.id()
            }
            RevisionKind::Files | RevisionKind::Published => return None,
        };
        let commit = Oid::from_str(commit).ok()?;
        // A commit that is not here would be told from one that is no ancestor by nothing else.
        self.repository.find_commit(commit).ok()?;
        Some(tip == commit || self.repository.graph_descendant_of(tip, commit).ok()?)
    }
}
