//! Which commits are part of which revision, and who is at work.

use super::*;

fn revision(kind: RevisionKind, spec: &str, id: &str) -> Revision {
    Revision { spec: spec.into(), kind, id: id.into(), summary: String::new(), committed_unix_s: None }
}

#[test]
fn a_commit_is_part_of_itself_its_descendants_and_a_work_tree_on_top_of_it() {
    let repo = Fixture::with_package();
    let commit = |text: &str| {
        repo.write("src/lib.rs", text);
        repo.commit(text);
        repo.git(&["rev-parse", "HEAD"])
    };
    let (one, two) = (commit("// one"), commit("// two"));
    repo.git(&["checkout", "--quiet", "-b", "side", &one]);
    let side = commit("// side");
    let history = repo.target().history().unwrap().unwrap();
    let of = |tip: &str, part: &str| history.contains(&revision(RevisionKind::Commit, "x", tip), part);
    assert_eq!([of(&one, &one), of(&two, &one), of(&side, &one)], [Some(true); 3]);
    assert_eq!([of(&one, &two), of(&side, &two), of(&two, &side)], [Some(false); 3]);
    let workdir = revision(RevisionKind::Files, "workdir", &"0".repeat(40));
    assert_eq!(history.contains(&workdir, &side), Some(true));
    assert_eq!(history.contains(&workdir, &two), Some(false));
    for unknown in ["0".repeat(40).as_str(), "no hash"] {
        assert_eq!((of(&two, unknown), of(unknown, &two)), (None, None));
    }
    for kind in [RevisionKind::Files, RevisionKind::Published] {
        assert_eq!(history.contains(&revision(kind, "path:x", &one), &one), None);
    }
}

#[test]
fn the_author_is_who_git_says() {
    let repo = Fixture::with_package();
    repo.git(&["config", "user.name", "Zoë Keeper"]);
    repo.git(&["config", "user.email", "zoe@example.org"]);
    let author = || repo.target().author().unwrap();
    assert_eq!(author().as_deref(), Some("Zoë Keeper <zoe@example.org>"));
    repo.git(&["config", "user.email", ""]);
    assert_eq!(author().as_deref(), Some("Zoë Keeper"));
    repo.git(&["config", "user.name", " "]);
    assert_eq!(author(), None);
}
