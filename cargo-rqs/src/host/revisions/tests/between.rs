//! The commits between two revisions.

use super::fixture::{Fixture, git_in};
use super::spec;
use crate::host::revisions::Between;
use crate::model::failure::{Exit, Outcome};

fn history(repo: &Fixture, good: &str, bad: &str, first_parent: bool) -> Outcome<Between> {
    repo.target().commits_between(&spec(good), &spec(bad), first_parent)
}

fn summaries(history: &Between) -> Vec<&str> {
    history.commits.iter().map(|commit| commit.summary.as_str()).collect()
}

/// `First`, then `Second`; from there `Left` on a branch and `Right` on main, merged; then `Last`.
fn forked() -> Fixture {
    let repo = Fixture::with_package();
    repo.git(&["tag", "first"]);
    repo.write("a", "2");
    repo.commit("Second");
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.write("b", "left");
    repo.commit("Left");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.write("a", "right");
    repo.commit("Right");
    repo.git(&["merge", "--quiet", "--no-ff", "--message", "Merge side", "side"]);
    repo.write("a", "last");
    repo.commit("Last\n\nbody");
    repo
}

#[test]
fn commits_come_parents_first_with_who_and_when_and_the_good_end_is_not_among_them() {
    let repo = forked();
    let history = history(&repo, "first", "main", false).unwrap();
    let mut names = summaries(&history);
    assert_eq!((names[0], &names[3..]), ("Second", &["Merge side", "Last"][..]));
    names[1..3].sort_unstable();
    assert_eq!(names[1..3], ["Left", "Right"]);
    for (number, commit) in history.commits.iter().enumerate() {
        let earlier = |parent: &String| history.commits[..number].iter().any(|commit| commit.id == *parent);
        assert!(commit.parents.iter().all(|parent| earlier(parent) || *parent == history.good.id));
        assert_eq!(commit.author, "A <a@example.org>");
        assert_eq!(commit.tree, repo.git(&["rev-parse", &format!("{}^{{tree}}", commit.id)]));
    }
    assert_eq!((history.good.spec.as_str(), history.aside), ("first", false));
    assert_eq!(history.bad.id, repo.git(&["rev-parse", "main"]));
}

#[test]
fn first_parents_leave_the_merged_branch_out() {
    let history = history(&forked(), "first", "main", true).unwrap();
    assert_eq!(summaries(&history), ["Second", "Right", "Merge side", "Last"]);
}

#[test]
fn a_good_end_beside_the_bad_one_is_replaced_by_what_both_have() {
    let repo = forked();
    repo.git(&["checkout", "--quiet", "-b", "release", "first"]);
    repo.write("c", "release");
    repo.commit("Release");
    let history = history(&repo, "release", "main", false).unwrap();
    assert!(history.aside);
    assert_eq!(history.good.id, repo.git(&["rev-parse", "first"]));
    let side = repo.git(&["rev-parse", "side"]);
    let right = repo.git(&["rev-parse", "main~2"]);
    assert_eq!(repo.target().common_commit(&side, &right).unwrap(), repo.git(&["rev-parse", "side~1"]));
}

#[test]
fn ends_without_commits_between_them_are_refused() {
    let repo = forked();
    let failure = history(&repo, "main", "first", false).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    assert_eq!(
        failure.hint.as_deref(),
        Some("the older revision is the good one: `--good first --bad main`")
    );
    assert!(history(&repo, "main", "main", false).unwrap_err().message.contains("are the same commit"));
    assert!(history(&repo, "workdir", "main", false).unwrap_err().message.contains("is no commit"));
    repo.git(&["checkout", "--quiet", "--orphan", "alone"]);
    repo.commit("Alone");
    assert!(history(&repo, "alone", "main", false).unwrap_err().message.contains("no history in common"));
}

#[test]
fn a_shallow_clone_says_how_to_get_the_rest() {
    let repo = forked();
    let place = repo.outside("shallow");
    let url = format!("file://{}", repo.root().display());
    git_in(repo.root(), &["clone", "--quiet", "--depth", "1", &url, &place.to_string_lossy()]);
    let target = crate::host::revisions::Target::discover(&place).unwrap();
    let failure = target.commits_between(&spec("HEAD~3"), &spec("HEAD"), false).unwrap_err();
    assert!(failure.hint.unwrap().contains("git fetch --unshallow"));
}
