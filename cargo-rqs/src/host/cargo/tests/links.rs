//! Links that are kept while benchmarks are built, with the real compiler and linkers.

use super::*;

/// Writes a script that can be run.
fn script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// The names of the files that a suite was linked from.
fn names(suite: &BuiltSuite) -> Vec<String> {
    let files = link_inputs(suite).unwrap().expect("the link was kept").files;
    assert!(files.iter().all(|file| file.is_file()), "{files:?}");
    files.iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_link_is_kept_and_changes_nothing_of_the_build() {
    let stage = Stage::new();
    stage.write('1', &[]);
    let build = stage.build('1').0.unwrap();
    let names = names(only(&build));
    assert!(names.iter().any(|name| name.starts_with("speed-") && name.ends_with(".o")), "{names:?}");
    let place = |part: &str| names.iter().position(|name| name.starts_with(part)).expect(part);
    assert!(place("speed-") < place("libtiny-") && place("libtiny-") < place("libstd-"), "{names:?}");
    // The same build by cargo alone, in the same place.
    let alone = stage.root.join("alone");
    let (tree, slot) = (stage.tree('1'), stage.tree('0'));
    std::fs::rename(&tree, &slot).unwrap();
    let mut cargo = stage.toolchain.cargo(&slot);
    cargo.args(["build", "--benches", "--profile", "bench", "--offline"]).env("CARGO_TARGET_DIR", &alone);
    assert!(cargo.output().unwrap().status.success());
    std::fs::rename(&slot, &tree).unwrap();
    let built = only(&build).executable.file_name().unwrap();
    let plain = std::fs::read(alone.join("release/deps").join(built)).unwrap();
    assert_eq!(executable::code_hash(&plain).unwrap(), only(&build).code_hash);
    // What is found again has its link as well, and no raw notes are left.
    let again = stage.lookup('1').unwrap();
    assert_eq!(again, build);
    let folder = again.suites[0].link.clone().unwrap();
    let mut left: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["inputs", "link.json"]);
}

#[test]
fn a_linker_and_a_wrapper_of_the_user_stay_in_their_places() {
    let stage = Stage::new();
    let (linker, wrapper) = (stage.root.join("my-cc"), stage.root.join("my-wrapper"));
    script(&linker, &format!("#!/bin/sh\necho linked >>'{}.log'\nexec cc \"$@\"\n", linker.display()));
    script(&wrapper, &format!("#!/bin/sh\necho compiled >>'{}.log'\nexec \"$@\"\n", wrapper.display()));
    let host = &stage.toolchain.host;
    let config = format!(
        "[build]\nrustc-wrapper = '{}'\n[target.{host}]\nlinker = '{}'\n",
        wrapper.display(),
        linker.display()
    );
    stage.write('1', &[(".cargo/config.toml", &config)]);
    let build = stage.build('1').0.unwrap();
    assert!(run(only(&build)).starts_with("42 "));
    assert!(!names(only(&build)).is_empty());
    assert!(PathBuf::from(format!("{}.log", linker.display())).is_file());
    assert!(PathBuf::from(format!("{}.log", wrapper.display())).is_file());
}

#[test]
fn what_is_not_timed_keeps_no_link() {
    let mut stage = Stage::new();
    stage.options.instrumented = true;
    stage.write('1', &[]);
    assert_eq!(link_inputs(only(&stage.build('1').0.unwrap())).unwrap(), None);
}
