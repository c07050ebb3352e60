//! Revisions that record submodules.

use super::fixture::Fixture;
use super::*;

/// `outer` has the submodule `deps/middle` (called `mid dle`), which has the submodule `inner`; two commits each.
fn nested() -> (Fixture, Fixture, Fixture) {
    let (inner, middle, outer) = (Fixture::with_package(), Fixture::with_package(), Fixture::with_package());
    let path = |repo: &Fixture| repo.root().to_str().unwrap().to_owned();
    middle.git(&["submodule", "--quiet", "add", &path(&inner), "inner"]);
    middle.commit("Add inner");
    outer.git(&["submodule", "--quiet", "add", "--name", "mid dle", &path(&middle), "deps/middle"]);
    outer.git(&["submodule", "--quiet", "update", "--init", "--recursive"]);
    outer.commit("Add middle");
    outer.git(&["tag", "old"]);
    middle.write("src/lib.rs", "pub fn newer() {}\n");
    middle.commit("Newer");
    outer.git(&["-C", "deps/middle", "pull", "--quiet", "origin", "main"]);
    outer.commit("Move middle on");
    (inner, middle, outer)
}

fn middle_of(source: &Source) -> String {
    std::fs::read_to_string(source.tree.join("deps/middle/src/lib.rs")).unwrap()
}

#[test]
fn submodules_are_laid_out_at_the_recorded_commit_all_the_way_down() {
    let (_inner, _middle, outer) = nested();
    let old = outer.target().materialise(&spec("old"), None, &outer.trees()).unwrap();
    let new = outer.target().materialise(&spec("HEAD"), None, &outer.trees()).unwrap();
    assert_eq!(
        (middle_of(&old).as_str(), middle_of(&new).as_str()),
        ("pub fn one() {}\n", "pub fn newer() {}\n")
    );
    assert!(old.tree.join("deps/middle/inner/src/lib.rs").is_file());
    assert!(!old.tree.join("deps/middle/.git").exists());
    assert_eq!(outer.target().default_candidate().unwrap(), spec("HEAD"));
}

#[test]
fn a_submodule_that_is_no_longer_checked_out_is_read_where_git_keeps_it() {
    let (_inner, _middle, outer) = nested();
    outer.git(&["submodule", "--quiet", "deinit", "--force", "--all"]);
    let old = outer.target().materialise(&spec("old"), None, &outer.trees()).unwrap();
    assert_eq!(middle_of(&old), "pub fn one() {}\n");
    assert!(old.tree.join("deps/middle/inner/src/lib.rs").is_file());
    let failure = outer.target().materialise(&RevisionSpec::Workdir, None, &outer.trees()).unwrap_err();
    assert!(failure.hint.unwrap().contains("git submodule update --init --recursive"));
}

#[test]
fn a_missing_submodule_names_the_way_out_and_leaves_nothing() {
    let (_inner, _middle, outer) = nested();
    let clone = outer.outside("clone");
    outer.git(&["clone", "--quiet", ".", clone.to_str().unwrap()]);
    let target = Target::discover(&clone).unwrap();
    for text in ["HEAD", "workdir"] {
        let failure = target.materialise(&spec(text), None, &outer.trees()).unwrap_err();
        assert!(failure.causes[0].contains("`deps/middle` is not checked out"), "{failure}");
        assert_eq!(failure.hint.as_deref(), Some("git submodule update --init --recursive"));
    }
    assert_eq!(target.default_candidate().unwrap(), spec("HEAD"));
    assert_eq!(std::fs::read_dir(outer.trees()).unwrap().count(), 0);
}

#[test]
fn a_submodule_without_the_recorded_commit_says_which_one_to_fetch() {
    let (_inner, middle, outer) = nested();
    middle.write("src/lib.rs", "pub fn newest() {}\n");
    middle.commit("Newest");
    let newest = middle.git(&["rev-parse", "HEAD"]);
    outer.git(&["update-index", "--cacheinfo", &format!("160000,{newest},deps/middle")]);
    outer.git(&["commit", "--quiet", "--message", "Point beyond"]);
    let failure = outer.target().materialise(&spec("HEAD"), None, &outer.trees()).unwrap_err();
    assert!(failure.hint.unwrap().contains(&format!("git -C 'deps/middle' fetch origin {newest}")));
}

#[test]
fn the_work_tree_of_a_submodule_is_copied_as_it_is() {
    let (_inner, _middle, outer) = nested();
    outer.write("deps/middle/src/lib.rs", "pub fn uncommitted() {}\n");
    outer.write("deps/middle/inner/new.rs", "");
    assert_eq!(outer.target().default_candidate().unwrap(), RevisionSpec::Workdir);
    let source = outer.target().materialise(&RevisionSpec::Workdir, None, &outer.trees()).unwrap();
    assert_eq!(middle_of(&source), "pub fn uncommitted() {}\n");
    assert!(source.tree.join("deps/middle/inner/new.rs").is_file());
    assert!(!source.tree.join("deps/middle/.git").exists());
}

#[test]
fn a_submodule_of_a_linked_work_tree_is_found() {
    let (_inner, _middle, outer) = nested();
    let linked = outer.outside("linked");
    outer.git(&["worktree", "add", "--quiet", "--detach", linked.to_str().unwrap(), "old"]);
    let source = Target::discover(&linked).unwrap().materialise(&spec("HEAD"), None, &outer.trees()).unwrap();
    assert_eq!(middle_of(&source), "pub fn one() {}\n");
}

#[test]
fn a_stray_link_that_no_gitmodules_explains_is_nothing() {
    let repo = Fixture::with_package();
    let head = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{},stray", head.replace('0', "1"))]);
    repo.git(&["commit", "--quiet", "--message", "Stray"]);
    repo.target().materialise(&spec("HEAD"), None, &repo.trees()).unwrap();
    std::fs::create_dir(repo.root().join("stray")).unwrap();
    repo.target().materialise(&RevisionSpec::Workdir, None, &repo.trees()).unwrap();
}
