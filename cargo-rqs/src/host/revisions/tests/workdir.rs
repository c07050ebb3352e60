//! The work tree as it is, directories, and what counts as a change.

use super::fixture::Fixture;
use super::*;

fn files_of(source: &Source) -> Vec<String> {
    let mut names: Vec<String> = worktree::files_beneath(&source.tree, &[])
        .unwrap()
        .iter()
        .map(|file| file.path.to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn workdir(repo: &Fixture) -> Source {
    repo.target().materialise(&RevisionSpec::Workdir, None, &repo.trees()).unwrap()
}

#[test]
fn the_work_tree_is_copied_with_new_files_and_without_ignored_ones_and_builds() {
    let repo = Fixture::with_package();
    repo.write(".gitignore", "*.log\n/ignored/\n!keep.log\n");
    repo.write("src/gone.rs", "");
    repo.write("ignored/tracked.rs", "");
    repo.git(&["add", "--force", "ignored/tracked.rs"]);
    repo.commit("More");
    std::fs::remove_file(repo.root().join("src/gone.rs")).unwrap();
    repo.write("src/lib.rs", "changed");
    repo.write("src/target/mod.rs", "a module, not a build");
    repo.write("ignored/untracked.rs", "");
    repo.write("a.log", "");
    repo.write("keep.log", "");
    repo.write("target/debug/big", "");
    repo.write("out/CACHEDIR.TAG", "");
    repo.write("member/Cargo.toml", MANIFEST);
    repo.write("member/target/debug/big", "");
    let source = workdir(&repo);
    let expected = [
        ".gitignore",
        "Cargo.toml",
        "ignored/tracked.rs",
        "keep.log",
        "member/Cargo.toml",
        "src/lib.rs",
        "src/target/mod.rs",
    ];
    assert_eq!(files_of(&source), expected);
    assert_eq!(std::fs::read_to_string(source.tree.join("src/lib.rs")).unwrap(), "changed");
    assert_eq!(source.revision.kind, RevisionKind::Files);
    assert_eq!((source.revision.spec.as_str(), source.revision.summary.as_str()), ("workdir", ""));
    assert_eq!(source.revision.committed_unix_s, None);
}

#[test]
fn the_id_of_the_work_tree_is_a_function_of_its_contents() {
    let repo = Fixture::with_package();
    let first = workdir(&repo);
    repo.write("src/lib.rs", "pub fn one() {}\n");
    assert_eq!(workdir(&repo), first);
    repo.write("src/lib.rs", "pub fn two() {}\n");
    let second = workdir(&repo);
    assert_ne!(second.revision.id, first.revision.id);
    repo.write("src/lib.rs", "pub fn one() {}\n");
    assert_eq!(workdir(&repo).revision.id, first.revision.id);
    repo.assert_shelf_holds_only_whole_trees();
}

#[test]
fn trees_inside_the_work_tree_are_not_copied_into_themselves() {
    let repo = Fixture::with_package();
    let trees = repo.root().join("trees");
    let first = repo.target().materialise(&RevisionSpec::Workdir, None, &trees).unwrap();
    let second = repo.target().materialise(&RevisionSpec::Workdir, None, &trees).unwrap();
    assert_eq!(first, second);
    assert_eq!(files_of(&first), ["Cargo.toml", "src/lib.rs"]);
}

#[test]
fn tracked_changes_and_new_files_make_the_work_tree_the_candidate() {
    let changes: [fn(&Fixture); 7] = [
        |repo| repo.write("src/lib.rs", "changed"),
        |repo| repo.write("src/new.rs", ""),
        |repo| repo.write("new dir/é.rs", ""),
        |repo| std::fs::remove_file(repo.root().join("src/lib.rs")).unwrap(),
        |repo| {
            repo.write("staged.rs", "");
            repo.git(&["add", "staged.rs"]);
        },
        |repo| {
            std::fs::set_permissions(
                repo.root().join("src/lib.rs"),
                std::os::unix::fs::PermissionsExt::from_mode(0o755),
            )
            .unwrap();
        },
        |repo| {
            repo.write("Cargo.lock", "");
            repo.commit("Lock");
            repo.write("Cargo.lock", "moved on");
        },
    ];
    for (index, change) in changes.iter().enumerate() {
        let repo = Fixture::with_package();
        assert_eq!(repo.target().default_candidate().unwrap(), spec("HEAD"));
        change(&repo);
        assert_eq!(repo.target().default_candidate().unwrap(), RevisionSpec::Workdir, "change {index}");
    }
}

#[test]
fn builds_locks_results_and_ignored_files_are_no_changes() {
    let repo = Fixture::with_package();
    repo.write(".gitignore", "*.log\n");
    repo.write("results/runs/1.json", "1");
    repo.commit("Results");
    repo.write("Cargo.lock", "");
    repo.write("a.log", "");
    repo.write("target/debug/big", "");
    let target = repo.target().leaving_out(Path::new("results"));
    assert_eq!(target.default_candidate().unwrap(), spec("HEAD"));
    let before = target.materialise(&RevisionSpec::Workdir, None, &repo.trees()).unwrap();
    repo.write("results/runs/2.json", "2");
    repo.write("results/environments/e.json", "e");
    assert_eq!(target.default_candidate().unwrap(), spec("HEAD"));
    assert_eq!(target.materialise(&RevisionSpec::Workdir, None, &repo.trees()).unwrap(), before);
    assert!(files_of(&before).contains(&"results/runs/1.json".to_owned()));
    assert_eq!(repo.target().default_candidate().unwrap(), RevisionSpec::Workdir);
    repo.write("results/runs/1.json", "changed");
    std::fs::remove_dir_all(repo.root().join("results/environments")).unwrap();
    assert_eq!(target.default_candidate().unwrap(), spec("HEAD"));
}

#[test]
fn a_file_left_out_of_a_sparse_checkout_is_no_change() {
    let repo = Fixture::with_package();
    repo.write("docs/a.md", "");
    repo.commit("Docs");
    repo.git(&["sparse-checkout", "set", "--no-cone", "/*", "!docs"]);
    assert!(!repo.root().join("docs").exists());
    assert_eq!(repo.target().default_candidate().unwrap(), spec("HEAD"));
    assert_eq!(files_of(&workdir(&repo)), ["Cargo.toml", "src/lib.rs"]);
}

#[test]
fn a_nested_clone_is_copied_and_another_work_tree_of_this_repository_is_not() {
    let repo = Fixture::with_package();
    repo.git(&["worktree", "add", "--quiet", "--detach", "trial"]);
    assert_eq!(repo.target().default_candidate().unwrap(), spec("HEAD"));
    repo.git(&["clone", "--quiet", ".", "vendored"]);
    repo.write("vendored/.gitignore", "*.log\n");
    repo.write("vendored/a.log", "");
    assert_eq!(repo.target().default_candidate().unwrap(), RevisionSpec::Workdir);
    let expected =
        ["Cargo.toml", "src/lib.rs", "vendored/.gitignore", "vendored/Cargo.toml", "vendored/src/lib.rs"];
    assert_eq!(files_of(&workdir(&repo)), expected);
}

#[test]
fn a_directory_in_a_repository_stands_for_its_place_in_that_work_tree() {
    let (repo, other) = (Fixture::with_package(), Fixture::with_package());
    other.write("bench/Cargo.toml", MANIFEST);
    other.write(".gitignore", "/unpacked\n");
    other.write("unpacked/Cargo.toml", MANIFEST);
    let at = |dir: &str| RevisionSpec::Path(other.root().join(dir));
    let source = repo.target().materialise(&at("bench"), None, &repo.trees()).unwrap();
    assert_eq!(source.manifest_rel, Path::new("bench"));
    assert_eq!(files_of(&source), [".gitignore", "Cargo.toml", "bench/Cargo.toml", "src/lib.rs"]);
    let whole = repo.target().materialise(&at(""), None, &repo.trees()).unwrap();
    assert_eq!((&whole.tree, whole.manifest_rel.as_path()), (&source.tree, Path::new("")));
    assert_ne!(whole.revision.id, source.revision.id);
    let ignored = repo.target().materialise(&at("unpacked"), None, &repo.trees()).unwrap();
    assert_eq!(files_of(&ignored), ["Cargo.toml"]);
    for missing in ["nowhere", "src"] {
        let failure = repo.target().materialise(&at(missing), None, &repo.trees()).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage, "{failure}");
    }
}

#[test]
fn a_directory_without_a_repository_is_copied_without_its_builds() {
    let repo = Fixture::with_package();
    let plain = repo.outside("plain");
    for (path, text) in
        [("Cargo.toml", MANIFEST), ("src/target/mod.rs", ""), ("target/x", ""), (".hidden", "")]
    {
        std::fs::create_dir_all(plain.join(path).parent().unwrap()).unwrap();
        std::fs::write(plain.join(path), text).unwrap();
    }
    let source = repo.target().materialise(&spec("path:../plain"), None, &repo.trees()).unwrap();
    assert_eq!(files_of(&source), [".hidden", "Cargo.toml", "src/target/mod.rs"]);
    assert_eq!(source.revision.spec, "path:../plain");
    let target = Target::discover(&plain).unwrap();
    let same = target.materialise(&target.default_candidate().unwrap(), None, &repo.trees()).unwrap();
    assert_eq!(same.tree, source.tree);
}
