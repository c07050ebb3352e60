//! From what the user wrote to a commit.

use git2::ObjectType;

use super::fixture::{Fixture, git_in};
use super::*;

/// Three commits: a light and an annotated tag, a tag with a slash, a branch, a branch of a remote.
fn history() -> Fixture {
    let repo = Fixture::with_package();
    repo.git(&["tag", "v0.1.0"]);
    repo.write("src/lib.rs", "pub fn two() {}\n");
    repo.commit("Second");
    repo.git(&["tag", "--annotate", "v0.2.0", "--message", "two"]);
    repo.git(&["tag", "release/0.2"]);
    repo.git(&["branch", "feature/fast"]);
    repo.git(&["update-ref", "refs/remotes/origin/side", "HEAD"]);
    repo.write("src/lib.rs", "pub fn three() {}\n");
    repo.commit("Third");
    repo
}

fn refused(repo: &Fixture, text: &str) -> Failure {
    let failure = repo.target().materialise(&spec(text), None, &repo.trees()).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage, "{failure}");
    assert_eq!(std::fs::read_dir(repo.trees()).unwrap().count(), 0);
    failure
}

#[test]
fn every_way_to_write_a_commit_resolves_as_git_does() {
    let repo = history();
    let second = repo.git(&["rev-parse", "HEAD~1"]);
    let tag_object = repo.git(&["rev-parse", "v0.2.0"]);
    let ways = [
        "v0.1.0",
        "v0.2.0",
        "v0.2.0^{}",
        "release/0.2",
        "tags/v0.1.0",
        "feature/fast",
        "heads/main",
        "origin/side",
        "HEAD",
        "HEAD~2",
        "main~1",
        "@",
        &second,
        &second[..9],
        &second.to_uppercase(),
        &tag_object,
        "v0.2.0~1",
    ];
    let last = format!("v0.2.0-1-g{}", &repo.git(&["rev-parse", "HEAD"])[..8]);
    for text in ways.into_iter().chain([last.as_str()]) {
        let source = repo.target().materialise(&spec(text), None, &repo.trees()).unwrap();
        assert_eq!(source.revision.id, repo.git(&["rev-parse", &format!("{text}^{{commit}}")]), "{text}");
        assert_eq!(source.revision.spec, text);
    }
}

#[test]
fn an_unknown_revision_is_answered_with_the_names_that_come_closest() {
    let repo = history();
    let failure = refused(&repo, "0.2.0");
    assert_eq!(failure.causes, ["there is no revision `0.2.0`"]);
    assert!(failure.hint.unwrap().starts_with("did you mean `v0.2.0`"));
    assert!(refused(&repo, "fast").hint.unwrap().contains("`feature/fast`"));
    assert!(refused(&repo, "side").hint.unwrap().contains("`origin/side`"));
    assert!(refused(&repo, "unlike-any").hint.unwrap().contains("git tag"));
    assert!(refused(&repo, &"1".repeat(40)).message.contains("cannot lay out"));
    assert!(refused(&repo, "HEAD~9").hint.unwrap().starts_with("`HEAD` exists, but"));
    assert!(refused(&repo, "HAED~9").hint.unwrap().starts_with("did you mean `HEAD`"));
    assert!(refused(&repo, "workdr").hint.unwrap().starts_with("did you mean `workdir`"));
    let untagged = Fixture::with_package();
    assert!(refused(&untagged, "v1.0.0").hint.unwrap().contains("git branch --all"));
    untagged.git(&["remote", "add", "origin", "https://example.org/zoo"]);
    assert!(refused(&untagged, "v1.0.0").hint.unwrap().contains("git fetch --tags"));
}

#[test]
fn what_is_no_commit_is_refused() {
    let repo = history();
    assert!(refused(&repo, "HEAD:src/lib.rs").causes[0].contains("names a blob"));
    assert!(refused(&repo, "HEAD^{tree}").causes[0].contains("names a tree"));
    refused(&repo, "v0.1.0..v0.2.0");
    refused(&repo, "a b");
    refused(&repo, "HEAD^{what}");
}

#[test]
fn a_repository_without_commits_has_no_head() {
    let repo = Fixture::empty();
    repo.write("Cargo.toml", MANIFEST);
    assert_eq!(repo.target().default_candidate().unwrap(), RevisionSpec::Workdir);
    refused(&repo, "HEAD");
    assert!(repo.target().materialise(&RevisionSpec::Workdir, None, &repo.trees()).is_ok());
}

#[test]
fn a_name_that_is_a_tag_and_a_branch_is_ambiguous_only_when_they_differ() {
    let repo = history();
    repo.git(&["branch", "v0.1.0", "main"]);
    repo.git(&["branch", "release/0.2", "main~1"]);
    assert!(refused(&repo, "v0.1.0").hint.unwrap().contains("`tags/v0.1.0` or `heads/v0.1.0`"));
    assert!(refused(&repo, "v0.1.0~0").causes[0].contains("ambiguous"));
    let target = repo.target();
    for text in ["tags/v0.1.0", "heads/v0.1.0", "release/0.2"] {
        target.materialise(&spec(text), None, &repo.trees()).unwrap();
    }
}

#[test]
fn an_abbreviation_of_two_commits_is_ambiguous_and_both_are_named() {
    let repo = Fixture::with_package();
    let git = git2::Repository::open(repo.root()).unwrap();
    let signature = git2::Signature::new("A", "a@example.org", &git2::Time::new(0, 0)).unwrap();
    let tree = git.head().unwrap().peel_to_tree().unwrap();
    let mut seen = std::collections::HashSet::new();
    let beginning = (0..)
        .map(|count| {
            git.commit(None, &signature, &signature, &format!("{count}"), &tree, &[]).unwrap().to_string()
        })
        .map(|id| id[..4].to_owned())
        .find(|beginning| !seen.insert(beginning.clone()))
        .unwrap();
    let failure = refused(&repo, &beginning);
    assert!(failure.causes[0].contains("ambiguous"), "{failure}");
    assert!(failure.hint.unwrap().matches(&format!("`{beginning}")).count() >= 2);
}

#[test]
fn an_abbreviation_of_one_commit_and_other_objects_is_the_commit() {
    let repo = Fixture::with_package();
    let head = repo.git(&["rev-parse", "HEAD"]);
    let hash = |text: &String| git2::Oid::hash_object(ObjectType::Blob, text.as_bytes()).unwrap().to_string();
    let twin = (0..).map(|count| format!("{count}")).find(|text| hash(text)[..4] == head[..4]).unwrap();
    git2::Repository::open(repo.root()).unwrap().blob(twin.as_bytes()).unwrap();
    let source = repo.target().materialise(&spec(&head[..4]), None, &repo.trees()).unwrap();
    assert_eq!(source.revision.id, head);
}

#[test]
fn a_shallow_clone_says_how_to_get_the_rest() {
    let repo = history();
    let clone = repo.outside("shallow");
    let from = format!("file://{}", repo.root().display());
    git_in(repo.root(), &["clone", "--quiet", "--depth", "1", &from, clone.to_str().unwrap()]);
    let target = Target::discover(&clone).unwrap();
    let first = repo.git(&["rev-parse", "v0.1.0"]);
    for text in ["v0.1.0", "HEAD~1", first.as_str()] {
        let failure = target.materialise(&spec(text), None, &repo.trees()).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.hint.unwrap().contains("git fetch --unshallow"), "{text}");
    }
    let linked = repo.outside("linked to shallow");
    git_in(&clone, &["worktree", "add", "--quiet", "--detach", linked.to_str().unwrap()]);
    let failure =
        Target::discover(&linked).unwrap().materialise(&spec("v0.1.0"), None, &repo.trees()).unwrap_err();
    assert!(failure.hint.unwrap().contains("git fetch --unshallow"));
    target.materialise(&spec("HEAD"), None, &repo.trees()).unwrap();
    git_in(&clone, &["fetch", "--quiet", "--unshallow", "--tags"]);
    target.materialise(&spec("v0.1.0"), None, &repo.trees()).unwrap();
}

#[test]
fn a_partial_clone_opens_and_says_how_to_get_what_it_leaves_out() {
    let repo = history();
    repo.git(&["config", "uploadpack.allowFilter", "true"]);
    let clone = repo.outside("partial");
    let from = format!("file://{}", repo.root().display());
    git_in(repo.root(), &["clone", "--quiet", "--filter=blob:none", &from, clone.to_str().unwrap()]);
    let target = Target::discover(&clone).unwrap();
    target.materialise(&spec("HEAD"), None, &repo.trees()).unwrap();
    let failure = target.materialise(&spec("v0.1.0"), None, &repo.trees()).unwrap_err();
    assert_eq!(failure.exit, Exit::Incomplete);
    assert!(failure.hint.unwrap().contains("git fetch --refetch --no-filter"));
    git_in(&clone, &["fetch", "--quiet", "--refetch", "--no-filter"]);
    target.materialise(&spec("v0.1.0"), None, &repo.trees()).unwrap();
}
