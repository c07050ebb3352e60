//! From what the user wrote to a commit; what cannot be resolved is answered with the names that come closest.

use git2::{Commit, ErrorCode, ObjectType, Oid, Repository};

use super::commit::{fetch_hint, unreadable};
use crate::model::failure::{Failure, OrFail, Outcome};

const MOST_NAMES_SHOWN: usize = 3;

/// The commit that `text` names: a tag, branch, remote branch or hash, with git's suffixes such as `~3`.
///
/// # Errors
/// A usage error when there is none, or more than one; an incomplete one when objects cannot be read.
pub fn commit<'a>(repository: &'a Repository, text: &str) -> Outcome<Commit<'a>> {
    refuse_tag_that_is_also_a_branch(repository, text)?;
    let object = match repository.revparse_single(text) {
        Ok(object) => object,
        Err(error) if error.code() == ErrorCode::Ambiguous => return commit_of_prefix(repository, text),
        Err(error) if matches!(error.code(), ErrorCode::NotFound | ErrorCode::UnbornBranch) => {
            return Err(unknown(repository, text)?);
        }
        Err(error) if error.code() == ErrorCode::InvalidSpec => {
            return Err(Failure::usage(format!("`{text}` is not a revision"))
                .because(error)
                .hint("a revision is a tag, a branch, a hash or something like `HEAD~3`"));
        }
        Err(error) => return Err(Failure::incomplete(format!("cannot resolve `{text}`")).because(error)),
    };
    let (id, kind) = (object.id(), object.kind());
    match object.peel(ObjectType::Commit).map(|peeled| peeled.into_commit()) {
        Ok(Ok(commit)) => Ok(commit),
        Err(error) if error.code() == ErrorCode::NotFound => Err(unreadable(repository, id, error)),
        _ => {
            let kind = kind.map_or("object", |kind| kind.str());
            Err(Failure::usage(format!("`{text}` names a {kind}, not a commit"))
                .hint("name the commit, tag or branch itself"))
        }
    }
}

/// Git takes the tag and warns; a comparison must not rest on a guess.
fn refuse_tag_that_is_also_a_branch(repository: &Repository, text: &str) -> Outcome<()> {
    let name = text.split(['~', '^', '@', ':']).next().unwrap_or(text);
    let id_of = |space: &str| {
        let reference = repository.find_reference(&format!("refs/{space}/{name}")).ok()?;
        reference.peel_to_commit().ok().map(|commit| commit.id())
    };
    match (id_of("tags"), id_of("heads")) {
        (Some(tag), Some(branch)) if tag != branch => Err(Failure::usage(format!(
            "`{name}` is ambiguous: it is a tag and a branch, at different commits"
        ))
        .hint(format!("write `tags/{name}` or `heads/{name}`"))),
        _ => Ok(()),
    }
}

/// Like git: an abbreviation that fits several objects is fine when only one of them is a commit.
fn commit_of_prefix<'a>(repository: &'a Repository, text: &str) -> Outcome<Commit<'a>> {
    let cannot = || "cannot list the git objects".to_owned();
    let mut commits: Vec<Oid> = Vec::new();
    let odb = repository.odb().or_fail(cannot)?;
    odb.foreach(|id| {
        let is_commit = || odb.read_header(*id).is_ok_and(|(_, kind)| kind == ObjectType::Commit);
        if id.to_string().starts_with(&text.to_ascii_lowercase()) && is_commit() && !commits.contains(id) {
            commits.push(*id);
        }
        true
    })
    .or_fail(cannot)?;
    if let [only] = commits.as_slice() {
        return repository.find_commit(*only).map_err(|error| unreadable(repository, *only, error));
    }
    commits.sort_unstable();
    let listed: Vec<String> = commits.iter().map(|id| format!("`{id}`")).collect();
    Err(Failure::usage(format!("`{text}` is ambiguous: it is the beginning of several objects")).hint(
        format!("use more digits: {}", if listed.is_empty() { text.to_owned() } else { listed.join(", ") }),
    ))
}

fn unknown(repository: &Repository, text: &str) -> Outcome<Failure> {
    let mut names = Vec::new();
    for reference in repository.references().or_fail(|| "cannot list the tags and branches".into())? {
        let reference = reference.or_fail(|| "cannot list the tags and branches".into())?;
        let is_named = reference.is_tag() || reference.is_branch() || reference.is_remote();
        if is_named
            && let Ok(name) = reference.shorthand()
            && !name.ends_with("/HEAD")
        {
            names.push((name.to_owned(), reference.is_tag()));
        }
    }
    names.extend(["HEAD", "workdir"].map(|name| (name.to_owned(), false)));
    let has_tags = names.iter().any(|(_, is_tag)| *is_tag);
    let close = closest(text, names.into_iter().map(|(name, _)| name).collect());
    let has_remote = repository.remotes().is_ok_and(|remotes| !remotes.is_empty());
    let mut hints = Vec::new();
    let base = text.split(['~', '^']).next().unwrap_or(text);
    if base != text && repository.revparse_single(base).is_ok() {
        hints.push(format!("`{base}` exists, but its history does not reach that far"));
    } else if !close.is_empty() {
        hints.push(format!("did you mean {}?", close.join(", ")));
    }
    match fetch_hint(repository) {
        Some(hint) => hints.push(hint.to_owned()),
        None if !hints.is_empty() && (has_tags || !has_remote) => {}
        None if !has_tags && has_remote => hints.push("this clone has no tags: git fetch --tags".to_owned()),
        None => hints.push("`git tag` and `git branch --all` list the names".to_owned()),
    }
    Ok(Failure::usage(format!("there is no revision `{text}`")).hint(hints.join("; ")))
}

/// The names that are most like `text`, best first, in backticks.
fn closest(text: &str, names: Vec<String>) -> Vec<String> {
    let base = text.split(['~', '^']).next().unwrap_or(text).to_lowercase();
    let tolerated = (base.chars().count() / 3).max(1);
    let mut rated: Vec<(usize, String)> = names
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let last = lower.rsplit('/').next().unwrap_or(&lower);
            let distance = distance(&base, &lower).min(distance(&base, last));
            let related =
                base.len() >= 2 && (lower.contains(&base) || (last.len() >= 2 && base.starts_with(last)));
            (distance <= tolerated || related).then_some((distance, name))
        })
        .collect();
    rated.sort();
    rated.dedup();
    rated.into_iter().take(MOST_NAMES_SHOWN).map(|(_, name)| format!("`{name}`")).collect()
}

/// How many letters must be inserted, removed, replaced or swapped with the next to turn one text into the other
/// (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn the_closest_names_come_first() {
        let tags = ["v0.9.0", "v1.2.0", "v1.2.1", "v1.20.0", "main", "origin/feature/fast"];
        assert_eq!(closest("1.2.0", names(&tags))[0], "`v1.2.0`");
        assert_eq!(closest("v1.2", names(&tags)), ["`v1.2.0`", "`v1.2.1`", "`v1.20.0`"]);
        assert_eq!(closest("mian", names(&["main"])), ["`main`"]);
        assert_eq!(closest("mai~3", names(&tags)), ["`main`"]);
        assert_eq!(closest("fast", names(&tags)), ["`origin/feature/fast`"]);
        assert_eq!(closest("zzz", names(&tags)), [] as [&str; 0]);
    }

    proptest! {
        #[test]
        fn distance_is_symmetric_and_zero_only_for_equals(a in "[abc]{0,6}", b in "[abc]{0,6}") {
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert_eq!(distance(&a, &b) == 0, a == b);
            prop_assert!(distance(&a, &b) <= a.len().max(b.len()));
            prop_assert!(distance(&a, &b) >= a.len().abs_diff(b.len()));
        }
    }
}
