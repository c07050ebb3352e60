//! What the room promises, on repositories made by `git` itself.

mod between;
mod fixture;
mod history;
mod resolving;
mod submodules;
mod untouched;
mod workdir;

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use self::fixture::{Fixture, MANIFEST};
use super::*;
use crate::model::failure::Exit;

fn spec(text: &str) -> RevisionSpec {
    text.parse().unwrap()
}

#[test]
fn a_commit_is_laid_out_with_modes_links_and_odd_names() {
    let repo = Fixture::with_package();
    let odd = path_from(b"odd \xff\xfe \"name\"\n.txt");
    repo.write("run.sh", "#!/bin/sh\n");
    std::fs::set_permissions(repo.root().join("run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink("src/lib.rs", repo.root().join("link")).unwrap();
    std::os::unix::fs::symlink("/nowhere/at all", repo.root().join("dangling")).unwrap();
    std::fs::write(repo.root().join(&odd), "odd").unwrap();
    repo.write("données/ü ß.txt", "é\r\n");
    repo.commit("Add odd files\n\nbody");
    let started = std::time::SystemTime::now() - std::time::Duration::from_secs(1);

    let source = repo.target().materialise(&spec("HEAD"), None, &repo.trees()).unwrap();

    let head = repo.git(&["rev-parse", "HEAD"]);
    assert_eq!(source.revision.id, head);
    assert_eq!(source.revision.kind, RevisionKind::Commit);
    assert_eq!(source.revision.spec, "HEAD");
    assert_eq!(source.revision.summary, "Add odd files");
    assert_eq!(
        source.revision.committed_unix_s.unwrap().to_string(),
        repo.git(&["log", "-1", "--format=%ct"])
    );
    assert_eq!(source.tree, repo.trees().canonicalize().unwrap().join(head));
    assert_eq!(source.manifest_rel, Path::new(""));
    assert_eq!(std::fs::read_to_string(source.tree.join("données/ü ß.txt")).unwrap(), "é\r\n");
    assert_eq!(std::fs::read_to_string(source.tree.join(odd)).unwrap(), "odd");
    assert_eq!(source.tree.join("link").read_link().unwrap(), Path::new("src/lib.rs"));
    assert_eq!(source.tree.join("dangling").read_link().unwrap(), Path::new("/nowhere/at all"));
    let mode = |name: &str| source.tree.join(name).metadata().unwrap().permissions().mode() & 0o111;
    assert_ne!(mode("run.sh"), 0);
    assert_eq!(mode("src/lib.rs"), 0);
    assert!(!source.tree.join(".git").exists());
    assert!(source.tree.join("src/lib.rs").metadata().unwrap().modified().unwrap() > started);
    repo.assert_shelf_holds_only_whole_trees();
}

fn path_from(bytes: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[test]
fn a_tree_is_reused_as_it_is_and_extracted_again_when_it_was_changed() {
    let repo = Fixture::with_package();
    let target = repo.target();
    let written = |source: &Source| source.tree.join("src/lib.rs").metadata().unwrap().modified().unwrap();
    let first = target.materialise(&spec("HEAD"), None, &repo.trees()).unwrap();
    let first_time = written(&first);
    let again = target.materialise(&spec("main"), None, &repo.trees()).unwrap();
    assert_eq!((&again.tree, written(&again)), (&first.tree, first_time));
    std::fs::write(first.tree.join("src/lib.rs"), "changed").unwrap();
    let repaired = target.materialise(&spec("HEAD"), None, &repo.trees()).unwrap();
    assert_eq!(std::fs::read_to_string(repaired.tree.join("src/lib.rs")).unwrap(), "pub fn one() {}\n");
}

#[test]
fn a_process_killed_while_its_tree_was_in_the_slot_costs_one_extraction() {
    let repo = Fixture::with_package();
    let target = repo.target();
    let source = target.materialise(&spec("HEAD"), None, &repo.trees()).unwrap();
    std::mem::forget(Slot::new(&repo.trees()).occupy(&source.tree).unwrap());
    clear_leftovers(&repo.trees()).unwrap();
    assert_eq!(std::fs::read_dir(repo.trees()).unwrap().count(), 0);
    assert_eq!(target.materialise(&spec("HEAD"), None, &repo.trees()).unwrap(), source);
    assert!(source.tree.join("src/lib.rs").is_file());
}

#[test]
fn a_pointer_of_git_lfs_gives_its_content_where_the_clone_has_it() {
    let repo = Fixture::with_package();
    let digest = format!("ab12{}", "0".repeat(60));
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 5\n");
    repo.write("data.bin", &pointer);
    repo.commit("Data");
    let lay_out = || repo.target().materialise(&spec("HEAD"), None, &repo.trees());
    let data = |source: &Source| std::fs::read_to_string(source.tree.join("data.bin")).unwrap();
    let source = lay_out().unwrap();
    assert_eq!(data(&source), pointer);
    std::fs::remove_dir_all(repo.trees()).unwrap();
    repo.write(".git/lfs/objects/other", "");
    assert_eq!(lay_out().unwrap_err().hint.as_deref(), Some("git lfs fetch --all"));
    repo.write(&format!(".git/lfs/objects/ab/12/{digest}"), "12345");
    assert_eq!(data(&lay_out().unwrap()), "12345");
}

#[test]
fn the_target_may_sit_in_a_sub_folder_with_spaces_and_letters_of_all_kinds() {
    let repo = Fixture::with_package();
    repo.write("bänch suite/Cargo.toml", MANIFEST);
    repo.write("bänch suite/benches/a.rs", "");
    repo.commit("Add a suite");
    let target = Target::discover(&repo.root().join("bänch suite/benches")).unwrap();
    assert_eq!(target.manifest_dir(), repo.root().join("bänch suite"));
    assert_eq!(target.repository_root(), Some(repo.root()));
    let source = target.materialise(&spec("HEAD"), None, &repo.trees()).unwrap();
    assert_eq!(source.manifest_rel, Path::new("bänch suite"));
    assert!(source.tree.join(&source.manifest_rel).join("benches/a.rs").is_file());
    let failure = target.materialise(&spec("HEAD~1"), None, &repo.trees()).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    assert_eq!(failure.message, "`HEAD~1` has no `bänch suite/Cargo.toml`");
}

#[test]
fn a_linked_work_tree_with_a_detached_head_is_a_target() {
    let repo = Fixture::with_package();
    repo.write("src/lib.rs", "pub fn two() {}\n");
    repo.commit("Second");
    let linked = repo.outside("linked tree");
    repo.git(&["worktree", "add", "--quiet", "--detach", linked.to_str().unwrap(), "HEAD~1"]);
    let target = Target::discover(&linked).unwrap();
    assert_eq!(target.repository_root(), Some(linked.as_path()));
    assert_eq!(target.default_candidate().unwrap(), spec("HEAD"));
    let source = target.materialise(&spec("HEAD"), None, &repo.trees()).unwrap();
    assert_eq!(source.revision.id, repo.git(&["rev-parse", "HEAD~1"]));
    std::fs::write(linked.join("src/lib.rs"), "changed").unwrap();
    assert_eq!(target.default_candidate().unwrap(), RevisionSpec::Workdir);
    let copy = target.materialise(&RevisionSpec::Workdir, None, &repo.trees()).unwrap();
    assert_eq!(std::fs::read_to_string(copy.tree.join("src/lib.rs")).unwrap(), "changed");
}

#[test]
fn without_a_repository_only_paths_and_published_versions_are_revisions() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    std::fs::create_dir_all(root.join("src")).unwrap();
    let failure = Target::discover(&root.join("src")).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    std::fs::write(root.join("Cargo.toml"), MANIFEST).unwrap();
    let target = Target::discover(&root.join("src")).unwrap();
    assert_eq!(target.repository_root(), None);
    assert_eq!(target.default_candidate().unwrap(), RevisionSpec::Path(root.clone()));
    for text in ["HEAD", "workdir"] {
        let failure = target.materialise(&spec(text), None, &root.join("trees")).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.hint.unwrap().contains("path:DIR"));
    }
}

#[test]
fn a_published_version_must_be_written_in_full_and_a_virtual_workspace_needs_a_name() {
    let repo = Fixture::with_package();
    let failure = repo.target().materialise(&spec("published:1.2"), None, &repo.trees()).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    assert!(failure.causes[0].contains("not a full version"), "{failure}");
    repo.write("Cargo.toml", "[workspace]\nmembers = []\n");
    let failure = repo.target().materialise(&spec("published:1.2.0"), None, &repo.trees()).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    assert!(failure.causes[0].contains("has no package"), "{failure}");
}

#[test]
fn a_published_version_comes_through_the_cargo_configuration_of_the_repository() {
    let repo = Fixture::with_package();
    let source = "[source.crates-io]\nreplace-with = \"kept\"\n[source.kept]\ndirectory = \"kept crates\"\n";
    repo.write(".cargo/config.toml", source);
    for version in ["1.2.0", "1.3.0"] {
        let package = format!("kept crates/fixture-{version}");
        repo.write(&format!("{package}/Cargo.toml"), &MANIFEST.replace("0.1.0", version));
        repo.write(&format!("{package}/src/lib.rs"), &format!("// {version}"));
        repo.write(&format!("{package}/.cargo-checksum.json"), "{\"files\":{}}");
    }
    let lay_out = |text: &str, package| repo.target().materialise(&spec(text), package, &repo.trees());
    let source = lay_out("published:1.2.0", None).unwrap();
    assert_eq!(std::fs::read_to_string(source.tree.join("src/lib.rs")).unwrap(), "// 1.2.0");
    assert_eq!(
        (source.revision.kind, source.revision.spec.as_str()),
        (RevisionKind::Published, "published:1.2.0")
    );
    assert!(!source.tree.join(".cargo-checksum.json").exists());
    let failure = lay_out("published:1.4.0", Some("fixture")).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage, "{failure}");
    assert!(failure.hint.unwrap().contains("1.3.0"));
    assert_eq!(lay_out("published:1.2.0", Some("other")).unwrap_err().exit, Exit::Usage);
    assert!(!repo.root().join("Cargo.lock").exists());
}
