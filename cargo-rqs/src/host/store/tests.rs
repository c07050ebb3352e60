//! The store as its callers see it.

use std::fs;

use super::*;
use crate::model::failure::Exit;
use crate::model::run_id::run_id;

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("results"));
    (folder, store)
}

fn run_at(started_unix_s: u64, random: u32) -> RunRecord {
    RunRecord { id: run_id(started_unix_s * 1000, random), started_unix_s, ..samples::run(1, 2, 3) }
}

#[test]
fn a_run_is_found_by_its_id_its_beginning_as_the_latest_and_by_its_path() {
    let (_folder, store) = store();
    let (old, new) = (run_at(1_700_000_000, 1), run_at(1_795_370_096, 2));
    let path = store.write_run(&old).unwrap();
    assert!(path.ends_with("runs/2023/11/20231114T221320Z-00000001.json"), "{}", path.display());
    store.write_run(&new).unwrap();
    assert_eq!(store.find_run(&old.id).unwrap(), old);
    assert_eq!(store.find_run("2023").unwrap(), old);
    assert_eq!(store.find_run("latest").unwrap(), new);
    assert_eq!(store.find_run(path.to_str().unwrap()).unwrap(), old);
    assert!(store.contains_run(&old.id) && !store.contains_run(&run_id(5, 5)) && !store.contains_run("é"));
}

#[test]
fn a_name_that_means_no_run_or_several_is_a_mistake_of_usage_and_says_what_to_do() {
    let (_folder, store) = store();
    let nothing = store.find_run("latest").unwrap_err();
    assert_eq!(nothing.exit, Exit::Usage);
    assert!(nothing.message.starts_with("there is no run in `"), "{nothing}");
    for random in 0..7 {
        store.write_run(&run_at(1_795_370_096, random)).unwrap();
    }
    let several = store.find_run("2026").unwrap_err();
    assert_eq!((several.exit, several.message.as_str()), (Exit::Usage, "7 runs begin with `2026`"));
    assert!(several.causes[0].ends_with("and 2 more"), "{several}");
    for query in ["", "1999", "../.."] {
        assert!(store.find_run(query).is_err(), "{query}");
    }
    assert_eq!(store.find_run("1999").unwrap_err().exit, Exit::Usage);
}

#[test]
fn a_run_is_never_overwritten() {
    let (_folder, store) = store();
    let run = run_at(1_795_370_096, 1);
    let path = store.write_run(&run).unwrap();
    let changed = RunRecord { finished_unix_s: 1, ..run.clone() };
    let failure = store.write_run(&changed).unwrap_err();
    assert_eq!(failure.message, format!("run `{}` is recorded already", run.id));
    assert_eq!(store.find_run(path.to_str().unwrap()).unwrap(), run);
}

#[test]
fn an_id_that_is_no_run_id_never_becomes_a_path() {
    let (folder, store) = store();
    let run = RunRecord { id: "../../../escape".to_owned(), ..samples::run(1, 1, 1) };
    assert!(store.write_run(&run).is_err());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    assert!(store.read_environment("../README").is_err());
}

#[test]
fn equal_environments_share_a_file_that_keeps_its_first_metadata() {
    let (_folder, store) = store();
    let first = samples::environment();
    let mut second = first.clone();
    second.metadata.insert("cpu_mhz".to_owned(), "3000".to_owned());
    let fingerprint = store.write_environment(&first).unwrap();
    assert_eq!(store.write_environment(&second).unwrap(), fingerprint);
    assert_eq!(store.read_environment(&fingerprint).unwrap(), first);
    let graph = samples::dependencies();
    let fingerprint = store.write_dependencies(&graph).unwrap();
    assert_eq!(store.write_dependencies(&graph).unwrap(), fingerprint);
    assert_eq!(store.read_dependencies(&fingerprint).unwrap(), graph);
}

#[test]
fn a_damaged_environment_is_not_taken_for_the_one_to_be_written() {
    let (folder, store) = store();
    let environment = samples::environment();
    let fingerprint = store.write_environment(&environment).unwrap();
    let path = folder.path().join(format!("results/environments/{fingerprint}.json"));
    fs::write(&path, "{").unwrap();
    let failure = store.write_environment(&environment).unwrap_err();
    assert_eq!(failure.message, format!("cannot read `{}`", path.display()));
    let mut other = environment.clone();
    other.comparability.usable_cores = 99;
    let other_fingerprint = store.write_environment(&other).unwrap();
    fs::copy(path.with_file_name(format!("{other_fingerprint}.json")), &path).unwrap();
    let failure = store.read_environment(&fingerprint).unwrap_err();
    assert!(failure.causes[0].contains("its content belongs to"), "{failure}");
}

#[test]
fn the_list_is_newest_first_keeps_what_was_asked_for_and_names_what_it_cannot_read() {
    let (folder, store) = store();
    assert!(store.list_runs(drop).unwrap().is_empty());
    let paths: Vec<_> =
        [3, 1, 2].map(|n| store.write_run(&run_at(1_795_000_000 + n * 86_400 * 30, 0)).unwrap()).into();
    let month = paths[0].parent().unwrap();
    fs::write(&paths[1], "{\"kind\":").unwrap();
    fs::copy(&paths[2], month.join("20300101T000000Z-00000000.json")).unwrap();
    fs::write(month.join("zebra.json"), "").unwrap();
    fs::write(month.join("notes.txt"), "mine").unwrap();
    fs::write(folder.path().join("results/runs/notes.txt"), "mine").unwrap();
    fs::create_dir(month.join("folder.json")).unwrap();
    let list = store.list_runs(|run| run.suites.len()).unwrap();
    let seen: Vec<_> = list.iter().map(|entry| (&entry.id[..4], entry.outline.as_ref())).collect();
    assert_eq!(seen[0].0, "2030");
    assert!(seen[0].1.as_ref().unwrap_err().contains("its content belongs to"));
    assert_eq!((seen[1].1, seen[2].1), (Ok(&1), Ok(&1)));
    assert!(list[1].id > list[2].id && list[2].id > list[3].id);
    assert!(seen[3].1.as_ref().unwrap_err().contains("truncated"));
    assert_eq!(seen[4], ("zebr", Err(&"corrupted record: the file is empty".to_owned())));
    assert_eq!((seen[5].0, seen.len()), ("fold", 6));
}

#[test]
fn a_record_is_readable_by_others_as_the_umask_allows() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, store) = store();
    let path = store.write_run(&samples::run(1, 1, 1)).unwrap();
    let plain = folder.path().join("plain");
    fs::write(&plain, "").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), mode(&plain));
}
