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

/// Relinks a suite with some seeds.
fn relinked(relinker: &Relinker, seeds: &[u32]) -> Vec<PathBuf> {
    let jobs: Vec<_> = seeds.iter().map(|seed| (relinker, *seed)).collect();
    let results = relink_all(&jobs, &AtomicBool::new(false)).unwrap();
    results.into_iter().map(Outcome::unwrap).collect()
}

#[test]
fn a_link_is_repeated_in_other_orders_long_after_the_build() {
    let stage = Stage::new();
    stage.write('1', &[]);
    stage.build('1').0.unwrap();
    // What the target directory held may be gone by then.
    std::fs::remove_dir_all(stage.root.join("executables").join("0".repeat(64))).unwrap();
    let build = stage.lookup('1').unwrap();
    let suite = only(&build);
    let relinker = Relinker::prove(suite, &AtomicBool::new(false)).unwrap();
    let paths = relinked(&relinker, &[1, 2, 1]);
    assert_eq!(paths[0], paths[2]);
    let hash = |path: &Path| executable::code_hash(&std::fs::read(path).unwrap()).unwrap();
    let hashes = [hash(&paths[0]), hash(&paths[1]), hash(&suite.executable)];
    assert!(hashes[0] != hashes[1] && hashes[0] != hashes[2] && hashes[1] != hashes[2]);
    for path in &paths {
        // The same program, with the same path in it, and both names of the same length.
        let again = BuiltSuite { executable: path.clone(), ..suite.clone() };
        assert_eq!(run(&again), run(suite));
        assert_eq!(path.as_os_str().len(), paths[0].as_os_str().len());
    }
    // A damaged one is linked again, and the same seed gives the same order.
    std::fs::write(&paths[1], "damaged").unwrap();
    assert_eq!(relinked(&relinker, &[2]), [paths[1].clone()]);
    assert_eq!(hash(&paths[1]), hashes[1]);
}

#[test]
fn only_the_newest_relinked_executables_are_kept() {
    let stage = Stage::new();
    stage.write('1', &[]);
    let build = stage.build('1').0.unwrap();
    let relinker = Relinker::prove(only(&build), &AtomicBool::new(false)).unwrap();
    let first = relinked(&relinker, &[1, 2, 3, 4, 5]);
    let left_behind = first[0].with_extension("epoch");
    std::fs::write(&left_behind, "").unwrap();
    relinked(&relinker, &[6, 7, 8, 9, 10, 11]);
    assert!(!left_behind.exists());
    assert_eq!(first.iter().filter(|path| path.exists()).count(), 2);
    assert_eq!(stage.lookup('1').unwrap(), build);
}

#[test]
fn a_linker_that_cannot_shuffle_is_named_with_one_that_can() {
    let mut stage = Stage::new();
    stage.options.config = vec!["build.rustflags = ['-Clink-arg=-fuse-ld=bfd']".into()];
    stage.write('1', &[]);
    let why = Relinker::prove(only(&stage.build('1').0.unwrap()), &AtomicBool::new(false)).unwrap_err();
    assert!(why.contains("GNU ld") && why.contains("-fuse-ld=lld"), "{why}");
}

#[test]
fn a_link_that_was_not_kept_whole_is_found_out() {
    let stage = Stage::new();
    stage.write('1', &[]);
    let build = stage.build('1').0.unwrap();
    let prove = |suite: &BuiltSuite| Relinker::prove(suite, &AtomicBool::new(false)).unwrap_err();
    let inputs = link_inputs(only(&build)).unwrap().unwrap().files;
    let object = inputs.iter().find(|file| file.to_string_lossy().contains("cgu.0")).unwrap();
    std::fs::write(object, "!<arch>\n").unwrap();
    let why = prove(only(&build));
    assert!(why.contains("cannot link") && why.contains("undefined symbol"), "{why}");
    std::fs::remove_dir_all(only(&build).link.as_ref().unwrap()).unwrap();
    assert!(prove(only(&build)).contains("link.json"));
    let unkept = BuiltSuite { link: None, ..only(&build).clone() };
    assert!(prove(&unkept).contains("could not be kept"));
}

#[test]
fn link_time_optimisation_and_more_codegen_units_are_linked_again_too() {
    for profile in ["lto = 'fat'\ncodegen-units = 1\n", "codegen-units = 4\nincremental = true\n"] {
        let stage = Stage::new();
        stage.write('1', &[("Cargo.toml", &format!("{MANIFEST}[profile.bench]\n{profile}"))]);
        let build = stage.build('1').0.unwrap();
        let relinker = Relinker::prove(only(&build), &AtomicBool::new(false)).unwrap();
        let path = relinked(&relinker, &[7]).remove(0);
        let again = BuiltSuite { executable: path, ..only(&build).clone() };
        assert_eq!(run(&again), run(only(&build)));
    }
}

#[test]
fn libraries_and_scripts_of_the_tree_are_found_again() {
    // A linker script by a path below the tree, and a library that a build script left in its own folder.
    let build_script = r#"fn main() {
        let (root, out) = (std::env::var("CARGO_MANIFEST_DIR").unwrap(), std::env::var("OUT_DIR").unwrap());
        std::fs::write(format!("{out}/five.c"), "int five(void) { return 5; }").unwrap();
        let status = std::process::Command::new("sh")
            .args(["-c", "cd \"$0\" && cc -c five.c -o five.o && ar crs libfive.a five.o", &out]).status().unwrap();
        assert!(status.success());
        println!("cargo:rustc-link-search=native={out}\ncargo:rustc-link-lib=static=five");
        println!("cargo:rustc-link-arg-benches=-Wl,--version-script={root}/exports.map");
    }
    "#;
    let stage = Stage::new();
    let library = "extern \"C\" { fn five() -> i32; }\npub fn answer() -> i32 { unsafe { five() } }\n";
    let exports = ("exports.map", "{ local: *; };\n");
    stage.write('1', &[("build.rs", build_script), ("src/lib.rs", library), exports]);
    let build = stage.build('1').0.unwrap();
    let relinker = Relinker::prove(only(&build), &AtomicBool::new(false)).unwrap();
    let again = BuiltSuite { executable: relinked(&relinker, &[3]).remove(0), ..only(&build).clone() };
    assert!(run(&again).starts_with("5 "));
}
