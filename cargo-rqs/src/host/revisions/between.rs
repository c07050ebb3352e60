//! The commits between two revisions, for finding the one that brought a change. Only reads.

use std::collections::HashSet;

use git2::{ErrorCode, Oid, Repository, Sort};

use super::commit::{fetch_hint, unreadable};
use super::{Target, open, resolve};
use crate::model::bisection::Commit;
use crate::model::failure::{Failure, OrFail, Outcome};
use crate::model::revision::{Revision, RevisionKind, RevisionSpec};

/// The commits between two revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Between {
    /// The older end: the good revision, or the newest commit that it has in common with the bad one.
    pub good: Revision,
    /// The newer end.
    pub bad: Revision,
    /// What is between them, the bad end included and the good one not, parents before children.
    pub commits: Vec<Commit>,
    /// Whether the good revision itself is not contained in the bad one.
    pub aside: bool,
}

impl Target {
    /// The commits that `bad` contains and `good` does not. With `first_parent`, only those that are reached from `bad`
    /// through first parents.
    ///
    /// # Errors
    /// A usage error when a revision is unknown or no commit, or when `bad` has nothing that `good` lacks; an incomplete one
    /// when the history cannot be read.
    pub fn commits_between(
        &self,
        good: &RevisionSpec,
        bad: &RevisionSpec,
        first_parent: bool,
    ) -> Outcome<Between> {
        let around = self.around()?;
        let repository = open(&around.root)?;
        let (good_text, bad_text) = (git_text(good)?, git_text(bad)?);
        let good_commit = resolve::commit(&repository, good_text)?;
        let bad_commit = resolve::commit(&repository, bad_text)?;
        let common = common_commit(&repository, good_commit.id(), bad_commit.id())?;
        let Some(common) = common else {
            return Err(Failure::usage(format!("`{good_text}` and `{bad_text}` have no history in common"))
                .hint(fetch_hint(&repository).unwrap_or("compare them with `cargo rqs bench` instead")));
        };
        if common == bad_commit.id() {
            return Err(nothing_between(good_text, bad_text, good_commit.id() == bad_commit.id()));
        }
        let ids = between(&repository, common, bad_commit.id(), first_parent)?;
        let commits: Vec<Commit> = ids.iter().map(|id| describe(&repository, *id)).collect::<Outcome<_>>()?;
        let aside = common != good_commit.id();
        let good = match aside {
            true => {
                let id = common.to_string();
                Revision { spec: id.clone(), ..revision(&repository, &id, common)? }
            }
            false => revision(&repository, good_text, common)?,
        };
        Ok(Between { good, bad: revision(&repository, bad_text, bad_commit.id())?, commits, aside })
    }

    /// The newest commit that two commits, given by their hashes, have in common.
    ///
    /// # Errors
    /// When there is none, or the history cannot be read.
    pub fn common_commit(&self, one: &str, other: &str) -> Outcome<String> {
        let repository = open(&self.around()?.root)?;
        let oid = |text: &str| Oid::from_str(text).or_fail(|| format!("`{text}` is no hash of a commit"));
        let common = common_commit(&repository, oid(one)?, oid(other)?)?;
        let nothing = || Failure::incomplete(format!("`{one}` and `{other}` have no history in common"));
        common.map(|id| id.to_string()).ok_or_else(nothing)
    }
}

fn git_text(spec: &RevisionSpec) -> Outcome<&str> {
    match spec {
        RevisionSpec::Git(text) => Ok(text),
        other => Err(Failure::usage(format!("`{other}` is no commit, so it has no place in the history"))
            .hint("name a tag, a branch, a hash or something like `HEAD~3`; commit what is to be looked at")),
    }
}

fn nothing_between(good: &str, bad: &str, are_equal: bool) -> Failure {
    match are_equal {
        true => Failure::usage(format!("`{good}` and `{bad}` are the same commit"))
            .hint("name two commits with a change between them"),
        false => Failure::usage(format!("`{good}` contains everything that `{bad}` has"))
            .hint(format!("the older revision is the good one: `--good {bad} --bad {good}`")),
    }
}

fn common_commit(repository: &Repository, one: Oid, other: Oid) -> Outcome<Option<Oid>> {
    match repository.merge_base(one, other) {
        Ok(id) => Ok(Some(id)),
        Err(error) if error.code() == ErrorCode::NotFound && error.class() != git2::ErrorClass::Odb => {
            Ok(None)
        }
        Err(error) => Err(unreadable(repository, one, error)),
    }
}

/// Parents before children.
fn between(repository: &Repository, good: Oid, bad: Oid, first_parent: bool) -> Outcome<Vec<Oid>> {
    let cannot = |error| unreadable(repository, bad, error);
    let mut walk = repository.revwalk().map_err(cannot)?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE).map_err(cannot)?;
    walk.push(bad).map_err(cannot)?;
    walk.hide(good).map_err(cannot)?;
    let all: Vec<Oid> = walk.collect::<Result<_, _>>().map_err(cannot)?;
    if !first_parent {
        return Ok(all);
    }
    let known: HashSet<Oid> = all.into_iter().collect();
    let mut chain = Vec::new();
    let mut next = Some(bad);
    while let Some(id) = next.filter(|id| known.contains(id)) {
        chain.push(id);
        let commit = repository.find_commit(id).map_err(|error| unreadable(repository, id, error))?;
        next = commit.parent_id(0).ok();
    }
    chain.reverse();
    Ok(chain)
}

fn describe(repository: &Repository, id: Oid) -> Outcome<Commit> {
    let commit = repository.find_commit(id).map_err(|error| unreadable(repository, id, error))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let author = commit.author();
    Ok(Commit {
        id: id.to_string(),
        tree: commit.tree_id().to_string(),
        parents: commit.parent_ids().map(|parent| parent.to_string()).collect(),
        author: format!("{} <{}>", text(author.name_bytes()), text(author.email_bytes())),
        authored_unix_s: author.when().seconds(),
        summary: summary(&commit),
    })
}

pub(super) fn revision(repository: &Repository, spec: &str, id: Oid) -> Outcome<Revision> {
    let commit = repository.find_commit(id).map_err(|error| unreadable(repository, id, error))?;
    Ok(Revision {
        spec: spec.to_owned(),
        kind: RevisionKind::Commit,
        id: id.to_string(),
        summary: summary(&commit),
        committed_unix_s: Some(commit.time().seconds()),
    })
}

/// The first line of the message.
pub(super) fn summary(commit: &git2::Commit<'_>) -> String {
    let line = commit.message_bytes().split(|byte| *byte == b'\n').next().unwrap_or_default();
    String::from_utf8_lossy(line).trim().to_owned()
}
