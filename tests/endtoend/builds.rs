//! Which sources are built and how: work trees, folders, workspaces, features, lockfiles, data files, broken revisions.

use std::fs;

use crate::program::{SHORT, finish};
use crate::repository::{Repository, git};

#[test]
fn uncommitted_changes_are_the_candidate_when_none_is_named() {
    let repository = Repository::get();
    let clean = repository.bench(&["--baseline", "v1", "--format", "json"]).exited(0).report();
    assert_eq!(clean.0["revisions"]["candidate"]["spec"], "HEAD");
    let lib = fs::read_to_string(repository.root.join("src/lib.rs")).unwrap();
    repository.write("src/lib.rs", &lib.replace("= 1000;", "= 1400;"));
    let dirty = repository.bench(&["--baseline", "v1", "mix/changed", "--format", "json"]);
    let report = dirty.report();
    assert_eq!(report.0["revisions"]["candidate"]["spec"], "workdir");
    assert_eq!(report.verdicts(), [("mix/changed", "regressed")]);
    dirty.exited(100);
}

#[test]
fn a_folder_can_be_a_revision() {
    let repository = Repository::get();
    let folder = repository.scratch("a copy");
    let archive = folder.join("slower.tar");
    repository.git(&["archive", "slower", "-o", archive.to_str().unwrap()]);
    let unpacked = std::process::Command::new("tar").arg("-xf").arg(&archive).current_dir(&folder).status();
    assert!(unpacked.unwrap().success());
    fs::remove_file(archive).unwrap();
    let (ran, report) = repository.judged("v1", &format!("path:{}", folder.display()), &["mix/changed"]);
    assert_eq!(report.verdicts(), [("mix/changed", "regressed")]);
    assert_eq!(report.0["revisions"]["candidate"]["kind"], "files");
    ran.exited(100);
    repository.bench(&["--baseline", "path:no such folder"]).exited(2).said(&["no such folder"]);
}

#[test]
fn members_of_a_virtual_workspace_are_measured_by_name_or_all_together() {
    let repository = Repository::get();
    for selection in [&["-p", "guests"][..], &["--workspace"]] {
        let sides = ["bench", "--format", "json", "--baseline", "v1", "--candidate", "slower"];
        let ran = finish(repository.command("virtual", &[&sides, selection, &SHORT].concat()));
        let report = ran.report();
        assert_eq!(report.0["suites"][0]["name"], "guests::guest");
        assert_eq!(report.verdicts(), [("guest", "regressed")]);
        ran.exited(100);
    }
}

#[test]
fn a_suite_in_a_folder_of_its_own_measures_the_package_around_it() {
    let repository = Repository::get();
    let arguments = ["bench", "--format", "json", "--baseline", "v1", "--candidate", "slower"];
    let ran = finish(repository.command("suite", &[&arguments[..], &SHORT].concat()));
    let report = ran.report();
    assert_eq!(report.0["suites"][0]["name"], "suite::guest");
    assert_eq!(report.verdicts(), [("guest", "regressed")]);
    assert!(report.path().starts_with(&repository.root));
    ran.exited(100);
}

#[test]
fn a_benchmark_that_needs_a_feature_is_measured_with_it_and_named_without() {
    let repository = Repository::get();
    let list = ["bench", "--baseline", "shapes", "--candidate", "shapes", "--bench", "guest", "--list"];
    repository.rqs(&list).exited(101).said(&["requires the features: `extra`", "\nhint: ", "`--features`"]);
    let ran = repository.rqs(&[&list[..], &["--features", "extra"]].concat()).exited(0);
    assert_eq!(ran.stdout, "zoo::guest::guest\n");
}

#[test]
fn each_side_reads_the_data_files_of_its_own_revision() {
    let repository = Repository::get();
    let (ran, report) = repository.judged("data-1", "data-2", &[]);
    let expected = [("by_manifest_dir", "regressed"), ("by_working_directory", "regressed")];
    assert_eq!(report.verdicts(), expected);
    ran.exited(100);
}

#[test]
fn without_a_committed_lockfile_both_sides_share_one_resolution() {
    let repository = Repository::get();
    let (_, shared) = repository.judged("data-1", "data-2", &["by_manifest_dir"]);
    assert_eq!([&shared.0["locks"]["baseline"], &shared.0["locks"]["candidate"]], ["shared"; 2]);
    let (_, committed) = repository.judged("v1", "slower", &["mix/changed"]);
    assert_eq!([&committed.0["locks"]["baseline"], &committed.0["locks"]["candidate"]], ["committed"; 2]);
}

#[test]
fn a_revision_that_does_not_build_shows_the_compilers_words_and_records_nothing() {
    let repository = Repository::get();
    let (results, user) = (repository.results(), repository.snapshot());
    let ran = repository.bench(&["--baseline", "v1", "--candidate", "broken"]).exited(101);
    assert_eq!(ran.stdout, "");
    ran.said(&["failed to build the candidate `broken`", "mismatched types", "src/lib.rs", "\nhint: "]);
    assert_eq!(repository.results(), results);
    assert_eq!(repository.snapshot(), user, "the user's files changed");
}

#[test]
fn a_shallow_clone_is_told_to_fetch_more() {
    let repository = Repository::get();
    let folder = repository.scratch("shallow");
    let source = format!("file://{}", repository.root.display());
    git(&folder, &["clone", "-q", "--depth", "1", &source, "clone"]);
    let mut command = repository.command("", &["bench", "--baseline", "v1", "--dry-run"]);
    command.current_dir(folder.join("clone"));
    finish(command).exited(2).said(&["`v1`", "hint: ", "git fetch"]);
}

#[test]
fn a_run_leaves_work_tree_index_refs_stash_and_configuration_as_they_were() {
    let repository = Repository::get();
    let lib = fs::read_to_string(repository.root.join("src/lib.rs")).unwrap();
    repository.write("src/lib.rs", &format!("{lib}// stashed\n"));
    repository.git(&["stash"]);
    repository.write("staged.txt", "staged");
    repository.git(&["add", "staged.txt"]);
    repository.write("src/lib.rs", &format!("{lib}// changed\n"));
    repository.write("untracked.txt", "untracked");
    let before = repository.snapshot();
    repository.bench(&["--baseline", "slower", "mix/changed"]).exited(0);
    let after = repository.snapshot();
    repository.git(&["stash", "drop"]);
    assert!(before == after, "changed: {:?}", changed(&before, &after));
}

fn changed<K: Ord + Clone, V: PartialEq>(
    before: &std::collections::BTreeMap<K, V>,
    after: &std::collections::BTreeMap<K, V>,
) -> Vec<K> {
    let keys = before.keys().chain(after.keys());
    keys.filter(|key| before.get(key) != after.get(key)).cloned().collect()
}
