//! Dependency graphs as a user looks at them: recorded, compared, and checked against what lies on this machine.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::{Ran, finish};
use crate::repository::Repository;

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:#?}"))
}

#[test]
fn a_graph_is_recorded_with_licences_and_found_again_by_its_fingerprint() {
    let repository = Repository::get();
    let results = repository.scratch("graphs");
    let results = results.to_str().unwrap();
    let user = repository.snapshot();
    let capture = |revision: &str| {
        let ran = repository.rqs(&["deps", "capture", revision, "--format", "json", "--results", results]);
        json(&ran.exited(0))
    };
    let graph = capture("v1");
    assert!(fs::metadata(graph["path"].as_str().unwrap()).is_ok());
    let package = |name: &str| {
        let packages = graph["packages"].as_array().unwrap();
        packages.iter().find(|it| it["name"] == name).unwrap_or_else(|| panic!("no `{name}`")).clone()
    };
    let (zoo, criterion) = (package("zoo"), package("criterion"));
    assert_eq!((&zoo["member"], &zoo["dev_dependencies"][0]), (&true.into(), &"criterion 0.5.1".into()));
    assert_eq!(
        (&criterion["licence"], &criterion["version"]),
        (&"Apache-2.0 OR MIT".into(), &"0.5.1".into())
    );
    assert_eq!(criterion["checksum"].as_str().map(str::len), Some(64));
    assert_eq!(
        (&criterion["standing"]["direct"], &criterion["standing"]["need"]),
        (&true.into(), &"dev".into())
    );
    let fingerprint = graph["fingerprint"].as_str().unwrap();
    assert_eq!(capture("v1-readme")["fingerprint"], fingerprint, "the same dependencies");
    let compared =
        repository.rqs(&["deps", "compare", &fingerprint[..10], "v1", "--results", results]).exited(0);
    assert!(compared.stdout.contains("\nequal: all "), "{}", compared.stdout);
    assert_eq!(repository.snapshot(), user);
}

#[test]
fn a_run_is_compared_with_a_revision_and_unknown_names_have_a_way_out() {
    let repository = Repository::get();
    let results = repository.scratch("moved");
    let results = results.to_str().unwrap();
    repository.judged("criterion-0.4", "v1", &["mix/steady", "--results", results]);
    let compare = |arguments: &[&str]| {
        repository.rqs(&[&["deps", "compare", "--results", results], arguments].concat())
    };
    let compared = json(&compare(&["latest:baseline", "latest", "--format", "json"]).exited(0));
    let change =
        |name: &str| compared["changed"].as_array().unwrap().iter().find(|it| it["name"] == name).cloned();
    let criterion = change("criterion").unwrap();
    assert_eq!(
        (&criterion["before"], &criterion["after"], &criterion["step"]),
        (&"0.4.0".into(), &"0.5.1".into(), &"major".into())
    );
    assert_eq!(compared["own"], serde_json::json!([]));
    let text = compare(&["criterion-0.4", "v1"]).exited(0).stdout;
    assert!(text.contains("criterion") && text.contains("0.4.0 → 0.5.1"), "{text}");
    let markdown = compare(&["latest:baseline", "workdir", "--format", "markdown"]).exited(0).stdout;
    assert!(markdown.starts_with("### Dependencies from `latest:baseline` to `workdir`: "), "{markdown}");
    compare(&["nonsense", "v1"]).exited(2).said(&["nonsense", "hint: "]);
    compare(&["20010101T000000Z", "v1"]).exited(2).said(&["there is no run `20010101T000000Z`", "hint: "]);
}

/// A home of cargo like the user's, in which single packages can be tampered with.
fn home_like_the_users(place: &Path) -> PathBuf {
    let user = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let user = user.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cargo"));
    let home = place.join("home");
    fs::create_dir_all(home.join("registry")).unwrap();
    for shared in ["config.toml", "registry/index"] {
        if user.join(shared).exists() {
            symlink(user.join(shared), home.join(shared)).unwrap();
        }
    }
    for folder in ["cache", "src"] {
        for index in fs::read_dir(user.join("registry").join(folder)).unwrap().map(Result::unwrap) {
            let own = home.join("registry").join(folder).join(index.file_name());
            fs::create_dir_all(&own).unwrap();
            for entry in fs::read_dir(index.path()).unwrap().map(Result::unwrap) {
                symlink(entry.path(), own.join(entry.file_name())).unwrap();
            }
        }
    }
    home
}

/// What lies in a folder of every index under a name.
fn in_registry(home: &Path, folder: &str, name: &str) -> PathBuf {
    let indexes = fs::read_dir(home.join("registry").join(folder)).unwrap().map(Result::unwrap);
    let found: Vec<PathBuf> =
        indexes.map(|index| index.path().join(name)).filter(|path| path.exists()).collect();
    let [path] = &found[..] else { panic!("`{name}` is in {found:?}") };
    path.clone()
}

#[test]
fn what_was_tampered_with_on_this_machine_is_found() {
    let repository = Repository::get();
    // The packages have to be on this machine before one of them can be changed.
    repository.rqs(&["deps", "capture", "v1", "--no-store"]).exited(0);
    let home = home_like_the_users(&repository.scratch("tampered"));
    let validate = || {
        let mut command = repository.command("", &["deps", "validate", "v1", "--integrity", "--offline"]);
        command.env("CARGO_HOME", &home);
        finish(command)
    };
    let clean = validate().exited(0).stdout;
    assert!(clean.starts_with("v1: ") && clean.contains(" packages intact\n"), "{clean}");

    let archive = in_registry(&home, "cache", "itertools-0.10.5.crate");
    let content = fs::read(&archive).unwrap();
    fs::remove_file(&archive).unwrap();
    fs::write(&archive, [&content[..], b"!"].concat()).unwrap();
    let tampered = validate().exited(100).stdout;
    assert!(tampered.contains("1 package not what the lockfile names"), "{tampered}");
    assert!(tampered.contains("itertools 0.10.5\n  the archive has another checksum"), "{tampered}");
    fs::write(&archive, content).unwrap();

    let folder = in_registry(&home, "src", "itertools-0.10.5");
    let original = fs::read_link(&folder).unwrap();
    fs::remove_file(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    for entry in fs::read_dir(&original).unwrap().map(Result::unwrap) {
        symlink(entry.path(), folder.join(entry.file_name())).unwrap();
    }
    fs::remove_file(folder.join("Cargo.toml")).unwrap();
    let manifest = fs::read_to_string(original.join("Cargo.toml")).unwrap();
    fs::write(folder.join("Cargo.toml"), manifest + "\n# One line more.\n").unwrap();
    let tampered = validate().exited(100).stdout;
    assert!(tampered.contains("files that cargo compiles are not those in it"), "{tampered}");
    assert!(tampered.contains("    changed  Cargo.toml\n"), "{tampered}");
}
