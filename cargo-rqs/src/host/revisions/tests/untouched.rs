//! The proof that the user's repository and work tree stay byte for byte as they were.

use super::fixture::{Fixture, bytes_of, git_in};
use super::*;

/// Runs `act` and checks that neither the repository, nor the work tree, nor what git says of them has changed.
fn assert_untouched(repo: &Fixture, act: impl FnOnce()) {
    let said = || {
        let ask = ["--no-optional-locks", "status", "--porcelain", "--branch"];
        [
            repo.git(&ask),
            repo.git(&["worktree", "list"]),
            repo.git(&["for-each-ref"]),
            repo.git(&["stash", "list"]),
        ]
    };
    let (said_before, before) = (said(), bytes_of(repo.root()));
    assert!(before.keys().any(|path| path.ends_with(".git/index")));
    act();
    let after = bytes_of(repo.root());
    for (path, state) in &before {
        assert_eq!(Some(state), after.get(path), "`{}` was touched", path.display());
    }
    assert_eq!(before.len(), after.len(), "something was added");
    assert_eq!(said_before, said());
}

/// Tags, a submodule, changes of every kind, and an index whose times are stale, which invites a refresh.
fn busy() -> (Fixture, Fixture) {
    let (inner, repo) = (Fixture::with_package(), Fixture::with_package());
    repo.git(&["submodule", "--quiet", "add", inner.root().to_str().unwrap(), "inner"]);
    repo.commit("Add inner");
    repo.git(&["tag", "--annotate", "v1.0.0", "--message", "one"]);
    repo.write("src/extra.rs", "");
    repo.commit("Extra");
    repo.git(&["worktree", "add", "--quiet", "--detach", repo.outside("linked").to_str().unwrap()]);
    repo.write("src/lib.rs", "changed");
    repo.write("untracked.rs", "");
    repo.write("inner/src/lib.rs", "changed");
    // Rewritten with equal content: every status that may write would refresh the index now.
    std::thread::sleep(std::time::Duration::from_millis(20));
    for path in ["src/extra.rs", "Cargo.toml", "inner/Cargo.toml"] {
        let content = std::fs::read_to_string(repo.root().join(path)).unwrap();
        repo.write(path, &content);
    }
    (inner, repo)
}

#[test]
fn laying_out_revisions_touches_nothing_of_the_user() {
    let (_inner, repo) = busy();
    assert_untouched(&repo, || {
        let target = repo.target();
        assert_eq!(target.default_candidate().unwrap(), RevisionSpec::Workdir);
        for text in ["v1.0.0", "HEAD", "HEAD~2", "workdir", "path:.", "path:inner"] {
            target.materialise(&spec(text), None, &repo.trees()).unwrap();
        }
        for text in ["v9.9.9", "HEAD~99", "HEAD:src"] {
            target.materialise(&spec(text), None, &repo.trees()).unwrap_err();
        }
    });
    assert_untouched(&repo, || {
        let linked = Target::discover(&repo.outside("linked")).unwrap();
        assert_eq!(linked.default_candidate().unwrap(), spec("HEAD"));
        linked.materialise(&spec("v1.0.0"), None, &repo.trees()).unwrap();
    });
}

#[test]
fn the_busy_repository_would_show_a_refreshed_index() {
    let (_inner, repo) = busy();
    let before = bytes_of(&repo.root().join(".git"));
    repo.git(&["status"]);
    assert_ne!(before, bytes_of(&repo.root().join(".git")));
}

#[test]
fn an_extraction_that_fails_half_way_leaves_nothing_and_touches_nothing() {
    let (_inner, repo) = busy();
    // The last file of the tree is gone from the object store, so all others are written before it fails.
    let lost = repo.git(&["rev-parse", "HEAD:src/lib.rs"]);
    std::fs::remove_file(repo.root().join(".git/objects").join(&lost[..2]).join(&lost[2..])).unwrap();
    assert_untouched(&repo, || {
        let failure = repo.target().materialise(&spec("HEAD"), None, &repo.trees()).unwrap_err();
        assert_eq!(failure.exit, Exit::Incomplete);
        assert!(failure.causes[0].contains(&lost), "{failure}");
        assert_eq!(std::fs::read_dir(repo.trees()).unwrap().count(), 0);
    });
}

#[test]
fn a_place_that_cannot_be_written_is_reported_and_nothing_is_touched() {
    let (_inner, repo) = busy();
    std::fs::write(repo.outside("a file"), "").unwrap();
    assert_untouched(&repo, || {
        for place in [repo.outside("a file"), repo.outside("a file").join("trees"), "/proc/trees".into()] {
            for text in ["v1.0.0", "workdir"] {
                let failure = repo.target().materialise(&spec(text), None, &place).unwrap_err();
                assert!(failure.message.contains("directory for trees"), "{failure}");
            }
        }
    });
}

#[test]
fn a_commit_with_entries_that_would_leave_the_tree_is_refused_whole() {
    let repo = Fixture::with_package();
    let blob = repo.git(&["rev-parse", "HEAD:src/lib.rs"]);
    for name in ["..", ".git", "a/../../escape", ".GIT"] {
        let mut object = format!("100644 {name}\0").into_bytes();
        object.extend(git2::Oid::from_str(&blob).unwrap().as_bytes());
        std::fs::write(repo.outside("object"), object).unwrap();
        let from = repo.outside("object");
        let tree = repo.git(&["hash-object", "-t", "tree", "-w", "--literally", from.to_str().unwrap()]);
        let commit = repo.git(&["commit-tree", &tree, "-m", "hostile"]);
        assert_untouched(&repo, || {
            let failure = repo.target().materialise(&spec(&commit), None, &repo.trees()).unwrap_err();
            assert!(failure.hint.unwrap().contains("do not trust"), "{name}");
            assert_eq!(std::fs::read_dir(repo.trees()).unwrap().count(), 0);
        });
    }
    assert!(!repo.outside("escape").exists());
}

#[test]
fn a_repository_with_packed_objects_and_alternates_is_read_in_place() {
    let repo = Fixture::with_package();
    repo.git(&["gc", "--quiet"]);
    let clone = repo.outside("clone");
    git_in(repo.root(), &["clone", "--quiet", "--shared", ".", clone.to_str().unwrap()]);
    let before = bytes_of(&clone);
    assert_untouched(&repo, || {
        let target = Target::discover(&clone).unwrap();
        target.materialise(&spec("origin/main"), None, &repo.trees()).unwrap();
    });
    assert_eq!(before, bytes_of(&clone));
}
