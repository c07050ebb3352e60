//! The machine as a user looks at it: recorded, compared, and probed.

use std::fs;

use serde_json::Value;

use crate::program::{Ran, finish};
use crate::repository::Repository;

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:#?}"))
}

#[test]
fn a_capture_has_the_fingerprint_of_a_run_and_masks_secrets() {
    let repository = Repository::get();
    let results = repository.scratch("captured");
    let results = results.to_str().unwrap();
    let (_, report) = repository.judged("v1", "v1-readme", &["--results", results]);
    let of_run = report.record()["environment"].as_str().unwrap().to_owned();
    let mut command = repository.command("", &["env", "capture", "--format", "json", "--results", results]);
    command.env("CARGO_REGISTRY_TOKEN", "hunter2").env("CARGO_HTTP_PROXY", "http://me:hunter2@proxy:1/");
    command.env("RUST_TEST_THREADS", "3");
    let captured = finish(command).exited(0);
    assert!(!captured.stdout.contains("hunter2"), "{}", captured.stdout);
    let environment = json(&captured);
    assert_eq!(environment["fingerprint"], of_run);
    let metadata = &environment["metadata"];
    assert_eq!(metadata["env.CARGO_REGISTRY_TOKEN"], "(masked)");
    assert_eq!(metadata["env.RUST_TEST_THREADS"], "3");
    for name in ["memory_available_kib", "cargo", "linker", "git", "allocator"] {
        assert!(metadata[name].is_string(), "{name} is missing in {metadata:#}");
    }
    assert!(fs::metadata(environment["path"].as_str().unwrap()).is_ok());
    for name in ["here", "latest", report.id(), &of_run[..10]] {
        repository.rqs(&["env", "compare", name, "--results", results]).exited(0);
    }
}

#[test]
fn flags_make_environments_incomparable_and_unknown_names_say_what_is_known() {
    let repository = Repository::get();
    let results = repository.scratch("compared");
    let results = results.to_str().unwrap();
    let unknown = repository.rqs(&["env", "compare", "abcdef", "here", "--results", results]).exited(2);
    unknown.said(&["there is no environment `abcdef`", "no environment is recorded there", "hint: "]);
    let mut command = repository.command("", &["env", "capture", "--format", "json", "--results", results]);
    command.env("RUSTFLAGS", "-Ctarget-cpu=native");
    let path = json(&finish(command).exited(0))["path"].as_str().unwrap().to_owned();
    let compared = repository.rqs(&["env", "compare", &path, "here", "--results", results]).exited(6);
    assert!(compared.stdout.contains("not comparable: 1 of"), "{}", compared.stdout);
    assert!(compared.stdout.contains("-Ctarget-cpu=native"), "{}", compared.stdout);
    let compared =
        repository.rqs(&["env", "compare", &path, "--format", "json", "--results", results]).exited(6);
    let report = json(&compared);
    assert_eq!(
        (&report["comparable"], &report["decisive"][0]["field"]),
        (&false.into(), &"rustflags".into())
    );
    let markdown = repository.rqs(&["env", "compare", &path, "--format", "markdown", "--results", results]);
    assert!(markdown.exited(6).stdout.starts_with("### Environments: not comparable"));
}

#[test]
fn outside_of_a_package_the_machine_alone_is_shown_and_recorded_only_where_asked() {
    let repository = Repository::get();
    let empty = repository.scratch("no-package");
    let run = |arguments: &[&str]| {
        let mut command = repository.command("", arguments);
        finish({
            command.current_dir("/");
            command
        })
    };
    let shown = run(&["env", "capture"]).exited(0).said(&["there is no package here", "--results DIR"]);
    assert!(shown.stdout.contains("environment "), "{}", shown.stdout);
    let results = empty.join("results");
    run(&["env", "capture", "--results", results.to_str().unwrap()]).exited(0);
    assert_eq!(fs::read_dir(results.join("environments")).unwrap().count(), 1);
    run(&["env", "bench"]).exited(2).said(&["there is no package here", "hint: "]);
}

#[test]
fn a_probe_is_recorded_shown_side_by_side_and_tells_a_run_what_it_will_find() {
    let repository = Repository::get();
    let results = repository.scratch("probed");
    let results = results.to_str().unwrap();
    let probed =
        repository.rqs(&["env", "bench", "--quick", "--seed", "7", "--format", "json", "--results", results]);
    let probe = json(&probed.exited(0));
    let readings: Vec<&str> = probe["readings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reading| reading["name"].as_str().unwrap())
        .collect();
    for name in ["integer", "clock_read", "disk_synced_write", "handover"] {
        assert!(readings.contains(&name), "{name} is missing in {readings:?}: {}", probe["notes"]);
    }
    let noise = probe["noise"].as_array().unwrap();
    assert_eq!(noise.len(), 4, "{noise:?}");
    let record: Value =
        serde_json::from_slice(&fs::read(probe["record"].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!((&record["kind"], &record["content"]["seed"]), (&"probe".into(), &7.into()));
    let leftovers: Vec<_> = fs::read_dir(repository.root.join("target/rqs/scratch"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("disk-probe") || name.ends_with(".epoch"))
        .collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
    let path = probe["record"].as_str().unwrap();
    repository.rqs(&["env", "compare", path, "here", "--results", results]).exited(0);
    let (ran, _) = repository.judged("v1", "slower", &["mix/changed", "--results", results]);
    ran.exited(100).said(&["on this host nine of ten runs find a change of", "1 benchmark", "probed "]);
    fs::write(path, "{").unwrap();
    let (ran, _) = repository.judged("v1", "slower", &["mix/changed", "--results", results]);
    ran.exited(100).said(&["note: the probe of this host is not used", "truncated"]);
}
