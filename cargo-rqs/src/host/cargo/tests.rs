//! Builds tiny packages with the real cargo: no network, no benchmark framework.

use std::fs::FileTimes;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::model::failure::{Exit, Outcome};

use super::*;

mod links;

const MANIFEST: &str = "[package]\nname = 'tiny'\nversion = '0.1.0'\nedition = '2021'\n[[bench]]\nname = 'speed'\nharness = false\n";
const SPEED: &str = "fn main() { println!(\"{} {}\", tiny::answer(), env!(\"CARGO_MANIFEST_DIR\")) }\n";

/// A directory for trees and executables, as a run would have it.
struct Stage {
    _dir: tempfile::TempDir,
    root: PathBuf,
    toolchain: Toolchain,
    options: BuildOptions,
}

impl Stage {
    fn new() -> Stage {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let toolchain = Toolchain::resolve(None, &root).unwrap();
        let options = BuildOptions { offline: true, ..BuildOptions::default() };
        Stage { root, toolchain, options, _dir: dir }
    }

    fn tree(&self, digit: char) -> PathBuf {
        self.root.join("target/package").join(digit.to_string().repeat(40))
    }

    /// Writes a package with a library and the bench target `speed`; more files overwrite these.
    fn write(&self, digit: char, files: &[(&str, &str)]) -> PathBuf {
        let tree = self.tree(digit);
        let lockfile = "version = 4\n\n[[package]]\nname = \"tiny\"\nversion = \"0.1.0\"\n";
        let basic = [
            ("Cargo.toml", MANIFEST),
            ("Cargo.lock", lockfile),
            ("src/lib.rs", "pub fn answer() -> u32 { 42 }\n"),
            ("benches/speed.rs", SPEED),
        ];
        let long_ago =
            FileTimes::new().set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000));
        for (path, content) in basic.iter().chain(files) {
            let path = tree.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, content).unwrap();
            std::fs::File::options().write(true).open(&path).unwrap().set_times(long_ago).unwrap();
        }
        tree
    }

    fn with_request<T>(&self, digit: char, act: impl FnOnce(&BuildRequest<'_>) -> T) -> T {
        let (tree, slot) = (self.tree(digit), self.tree('0'));
        act(&BuildRequest {
            tree: &tree,
            slot: &slot,
            tree_id: &digit.to_string().repeat(40),
            package: Path::new(""),
            lock_sha256: "lock",
            executables: &self.root.join("executables"),
            options: &self.options,
            toolchain: &self.toolchain,
            interrupted: &AtomicBool::new(false),
        })
    }

    /// Moves a tree into the slot, builds it, and moves it back; also returns what cargo said.
    fn build(&self, digit: char) -> (Outcome<Build>, String) {
        let mut said = String::new();
        let result = self.with_request(digit, |request| {
            std::fs::rename(request.tree, request.slot).unwrap();
            let result = build(request, &mut |line| said = format!("{said}{line}\n"));
            std::fs::rename(request.slot, request.tree).unwrap();
            result
        });
        (result, said)
    }

    fn lookup(&self, digit: char) -> Option<Build> {
        self.with_request(digit, lookup).unwrap()
    }
}

fn run(suite: &BuiltSuite) -> String {
    let mut command = Command::new(&suite.executable);
    let output = command.current_dir(&suite.cwd).envs(suite.env.iter().cloned()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn only(build: &Build) -> &BuiltSuite {
    let [suite] = build.suites.as_slice() else { panic!("one suite, not {:?}", build.suites) };
    suite
}

#[test]
fn trees_with_equal_file_times_give_their_own_executables() {
    let stage = Stage::new();
    let one = stage.write('1', &[]);
    let two = stage.write('2', &[("src/lib.rs", "pub fn answer() -> u32 { 43 }\n")]);
    let (first, second, again) =
        (stage.build('1').0.unwrap(), stage.build('2').0.unwrap(), stage.build('1').0.unwrap());
    assert_eq!(run(only(&first)), format!("42 {}\n", one.display()));
    assert_eq!(run(only(&second)), format!("43 {}\n", two.display()));
    assert_ne!(only(&first).code_hash, only(&second).code_hash);
    assert_eq!(first, again);
    assert_eq!(only(&first).name, "tiny::speed");
    assert_eq!(only(&first).harness, "unknown");
    assert_eq!(only(&first).cwd, one);
    let lengths = [&first, &second].map(|build| only(build).executable.as_os_str().len());
    assert_eq!(lengths[0], lengths[1]);
}

#[test]
fn a_path_dependency_outside_of_the_workspace_is_rebuilt_too() {
    let stage = Stage::new();
    for (digit, answer) in [('1', "1"), ('2', "2")] {
        stage.write(
            digit,
            &[
                ("Cargo.toml", &format!("{MANIFEST}[dependencies]\ninner = {{ path = 'inner' }}\n")),
                ("Cargo.lock", "version = 4\n\n[[package]]\nname = \"inner\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"tiny\"\nversion = \"0.1.0\"\ndependencies = [\n \"inner\",\n]\n"),
                ("inner/Cargo.toml", "[package]\nname = 'inner'\nversion = '1.0.0'\nedition = '2021'\n[workspace]\n"),
                ("inner/src/lib.rs", &format!("pub fn number() -> u32 {{ {answer} }}\n")),
                ("src/lib.rs", "pub fn answer() -> u32 { inner::number() }\n"),
            ],
        );
    }
    let (first, second) = (stage.build('1').0.unwrap(), stage.build('2').0.unwrap());
    assert!(run(only(&first)).starts_with("1 ") && run(only(&second)).starts_with("2 "));
}

impl Stage {
    /// Writes a tree that depends on version 0.0.1 of a published package, which answers 5.
    fn write_with_published(&self, digit: char, name: &str, answer: &str) {
        let zeros = "0".repeat(64);
        // A name carries its version only where it is there twice.
        let reference = if name == "tiny" { "tiny 0.0.1" } else { name };
        let lockfile = format!(
            "version = 4\n\n[[package]]\nname = \"{name}\"\nversion = \"0.0.1\"\n\
             source = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{zeros}\"\n\n\
             [[package]]\nname = \"tiny\"\nversion = \"0.1.0\"\ndependencies = [\n \"{reference}\",\n]\n"
        );
        let dependency = format!("[dependencies]\nold = {{ package = '{name}', version = '0.0.1' }}\n");
        let config = "[source.crates-io]\nreplace-with = 'here'\n[source.here]\ndirectory = 'vendor'\n";
        let files = [
            ("Cargo.toml", format!("{MANIFEST}{dependency}")),
            ("Cargo.lock", lockfile),
            (".cargo/config.toml", config.to_owned()),
            (
                "vendor/it/Cargo.toml",
                format!("[package]\nname = '{name}'\nversion = '0.0.1'\nedition = '2021'\n"),
            ),
            ("vendor/it/src/lib.rs", "pub fn five() -> u32 { 5 }\n".to_owned()),
            ("vendor/it/.cargo-checksum.json", format!("{{\"files\":{{}},\"package\":\"{zeros}\"}}")),
            ("src/lib.rs", format!("pub fn answer() -> u32 {{ {answer} }}\n")),
        ];
        self.write(digit, &files.each_ref().map(|(path, content)| (*path, content.as_str())));
    }
}

#[test]
fn published_packages_are_built_once_for_all_trees_even_one_of_the_same_name() {
    for name in ["dep", "tiny"] {
        let stage = Stage::new();
        stage.write_with_published('1', name, "old::five()");
        stage.write_with_published('2', name, "old::five() + 1");
        let (first, said_first) = stage.build('1');
        let (second, said_second) = stage.build('2');
        let (first, second, published) =
            (first.unwrap(), second.unwrap(), format!("Compiling {name} v0.0.1"));
        assert!(run(only(&first)).starts_with("5 ") && run(only(&second)).starts_with("6 "));
        assert!(said_first.contains(&published), "{said_first}");
        assert!(!said_second.contains(&published), "{said_second}");
        assert!(said_second.contains("Compiling tiny v0.1.0"), "{said_second}");
        assert_eq!(stage.build('1').0.unwrap(), first);
        let locked = second.dependencies.packages.iter().find(|package| package.source.is_some()).unwrap();
        assert_eq!(locked.checksum.as_deref(), Some("0".repeat(64).as_str()));
    }
}

#[test]
fn equal_code_has_an_equal_hash_at_another_place() {
    let stage = Stage::new();
    stage.write('1', &[("README.md", "one")]);
    stage
        .write('2', &[("README.md", "two"), ("src/lib.rs", "pub fn answer() -> u32 { 42 } // the answer\n")]);
    stage.write('3', &[("benches/input.txt", "other data")]);
    let builds = ['1', '2', '3'].map(|digit| stage.build(digit).0.unwrap());
    let [one, two, other_data] = builds.each_ref().map(only);
    assert_eq!(one.code_hash, two.code_hash);
    assert_ne!(one.code_hash, other_data.code_hash);
    assert_ne!(run(one), run(two));
}

#[test]
fn what_is_built_is_found_again_unless_it_is_damaged() {
    let stage = Stage::new();
    stage.write('1', &[]);
    assert_eq!(stage.lookup('1'), None);
    let built = stage.build('1').0.unwrap();
    assert_eq!(stage.lookup('1').as_ref(), Some(&built));
    std::fs::write(&only(&built).executable, "damaged").unwrap();
    assert_eq!(stage.lookup('1'), None);
    assert_eq!(stage.build('1').0.unwrap(), built);
    std::fs::remove_file(&only(&built).executable).unwrap();
    assert_eq!(stage.lookup('1'), None);
}

#[test]
fn other_options_find_other_executables() {
    let mut stage = Stage::new();
    stage.write('1', &[]);
    let optimised = stage.build('1').0.unwrap();
    stage.options.config = vec!["profile.bench.opt-level = 0".into()];
    assert_eq!(stage.lookup('1'), None);
    let plain = stage.build('1').0.unwrap();
    assert_ne!(only(&plain).code_hash, only(&optimised).code_hash);
}

#[test]
fn denied_lints_are_let_through_and_change_no_code() {
    let stage = Stage::new();
    stage
        .write('1', &[("src/lib.rs", "#![deny(warnings)]\npub fn answer() -> u32 { let unused = 1; 42 }\n")]);
    stage.write('2', &[("src/lib.rs", "#![allow(unused)]\npub fn answer() -> u32 { let unused = 1; 42 }\n")]);
    let (denied, allowed) = (stage.build('1').0.unwrap(), stage.build('2').0.unwrap());
    assert!(denied.capped_lints && !allowed.capped_lints);
    assert_eq!(only(&denied).code_hash, only(&allowed).code_hash);
}

#[test]
fn one_broken_benchmark_does_not_hide_the_others() {
    let stage = Stage::new();
    stage.write('1', &[("benches/broken.rs", "fn main() { tiny::gone() }\n")]);
    let build = stage.build('1').0.unwrap();
    assert_eq!(only(&build).name, "tiny::speed");
    let [broken] = build.broken.as_slice() else { panic!("{:?}", build.broken) };
    assert_eq!(broken.name, "tiny::broken");
    assert!(broken.reason.contains("cannot find function `gone`"), "{}", broken.reason);
    assert_eq!(stage.lookup('1'), None, "the reason may be gone");
}

#[test]
fn a_revision_that_does_not_build_fails_with_the_words_of_the_compiler() {
    let stage = Stage::new();
    stage.write('1', &[("benches/speed.rs", "fn main() { tiny::gone() }\n")]);
    // As a build that was killed leaves it.
    std::fs::create_dir_all(stage.root.join("executables/.unfinished-1")).unwrap();
    let failure = stage.build('1').0.unwrap_err();
    assert_eq!(failure.exit, Exit::Incomplete);
    assert!(failure.causes[0].contains("cannot find function `gone`"), "{failure}");
    assert!(failure.hint.unwrap().contains("--benches-from candidate"));
    assert_eq!(stage.lookup('1'), None);
    let mut left: Vec<_> =
        std::fs::read_dir(stage.root.join("executables")).unwrap().map(|e| e.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["0".repeat(64).as_str(), "wrappers"]);
}

#[test]
fn a_package_without_benchmarks_has_nothing_to_run() {
    let stage = Stage::new();
    let tree = stage
        .write('1', &[("Cargo.toml", "[package]\nname = 'tiny'\nversion = '0.1.0'\nedition = '2021'\n")]);
    std::fs::remove_dir_all(tree.join("benches")).unwrap();
    assert_eq!(stage.build('1').0.unwrap_err().exit, Exit::NothingToRun);
}

#[test]
fn a_benchmark_that_needs_a_feature_is_named() {
    let mut stage = Stage::new();
    stage.write(
        '1',
        &[("Cargo.toml", &format!("{MANIFEST}required-features = ['fast']\n[features]\nfast = []\n"))],
    );
    let failure = stage.build('1').0.unwrap_err();
    assert_eq!(failure.exit, Exit::NothingToRun);
    assert_eq!(failure.causes, ["`tiny::speed` is left out: it needs `fast`"]);
    stage.options.features = vec!["fast".into()];
    assert_eq!(stage.build('1').0.unwrap().notes, [""; 0]);
}

#[test]
fn the_tree_cannot_choose_another_toolchain_but_its_configuration_counts() {
    let stage = Stage::new();
    stage.write(
        '1',
        &[
            ("rust-toolchain.toml", "[toolchain]\nchannel = '1.2.0'\n"),
            (".cargo/config.toml", "[build]\nrustflags = ['--cfg', 'tuned']\n"),
            ("src/lib.rs", "#![allow(unexpected_cfgs)]\npub fn answer() -> u32 { cfg!(tuned) as u32 }\n"),
        ],
    );
    let build = stage.build('1').0.unwrap();
    assert!(run(only(&build)).starts_with("1 "));
    assert!(build.rustflags.ends_with(&["--cfg".into(), "tuned".into()]));
}

#[test]
fn a_workspace_around_the_trees_does_not_claim_them() {
    let stage = Stage::new();
    stage.write('1', &[]);
    std::fs::write(stage.root.join("Cargo.toml"), "[workspace]\n").unwrap();
    assert!(stage.build('1').0.is_ok());
}

#[test]
fn programs_and_generated_files_move_along_with_the_benchmark() {
    let stage = Stage::new();
    let bench = "fn main() {\n    let tool = std::process::Command::new(env!(\"CARGO_BIN_EXE_tool\")).output().unwrap();\n    \
                 let same = std::env::var(\"CARGO_BIN_EXE_tool\").unwrap() == env!(\"CARGO_BIN_EXE_tool\");\n    \
                 let data = std::fs::read_to_string(concat!(env!(\"OUT_DIR\"), \"/data\")).unwrap();\n    \
                 println!(\"{}{data}{same}{}\", String::from_utf8(tool.stdout).unwrap(), env!(\"OUT_DIR\") == std::env::var(\"OUT_DIR\").unwrap());\n}\n";
    for (digit, word) in [('1', "one"), ('2', "two")] {
        let script = format!(
            "fn main() {{ std::fs::write(std::env::var(\"OUT_DIR\").unwrap() + \"/data\", \"{word}\").unwrap() }}\n"
        );
        let tool = format!("fn main() {{ print!(\"{word}\") }}\n");
        stage.write(digit, &[("src/bin/tool.rs", &tool), ("build.rs", &script), ("benches/speed.rs", bench)]);
    }
    let (one, two) = (stage.build('1').0.unwrap(), stage.build('2').0.unwrap());
    assert_eq!(run(only(&one)), "oneonetruetrue\n");
    assert_eq!(run(only(&two)), "twotwotruetrue\n");
    assert_ne!(only(&one).code_hash, only(&two).code_hash);
}

#[test]
fn functions_of_the_built_in_harness_are_found_in_libraries_and_bench_targets() {
    let stage = Stage::new();
    stage.write(
        '1',
        &[
            ("src/lib.rs", "pub fn answer() -> u32 { 42 }\n#[cfg(any())]\n#[bench]\nfn b() {}\n"),
            ("benches/plain.rs", "#[test]\nfn works() {}\n"),
        ],
    );
    let build = stage.build('1').0.unwrap();
    let found: Vec<_> =
        build.suites.iter().map(|suite| (suite.name.as_str(), suite.harness.as_str())).collect();
    assert_eq!(found, [("tiny", "libtest"), ("tiny::plain", "libtest"), ("tiny::speed", "unknown")]);
}

#[test]
fn a_benchmark_gets_the_variables_that_cargo_would_set() {
    let stage = Stage::new();
    let list = "fn main() { for (name, value) in std::env::vars() { if name.starts_with(\"CARGO\") || name == \"OUT_DIR\" { println!(\"{name}={value}\") } } }\n";
    let tree = stage.write(
        '1',
        &[("benches/speed.rs", list), ("build.rs", "fn main() {}\n"), ("src/bin/tool.rs", "fn main() {}\n")],
    );
    let ours = run(only(&stage.build('1').0.unwrap()));
    let mut cargo = stage.toolchain.cargo(&tree);
    let output = cargo
        .args(["bench", "--bench", "speed", "--offline", "--target-dir", "../../elsewhere"])
        .output()
        .unwrap();
    let theirs = String::from_utf8(output.stdout).unwrap();
    let is_elsewhere =
        |line: &str| ["CARGO_BIN_EXE", "OUT_DIR", "CARGO_TERM"].iter().any(|start| line.starts_with(start));
    for line in theirs.lines().filter(|line| !is_elsewhere(line)) {
        assert!(ours.lines().any(|own| own == line), "`{line}` is missing in {ours}");
    }
    for name in ["CARGO_BIN_EXE_tool=", "OUT_DIR="] {
        assert!(theirs.contains(name) && ours.contains(name), "{name}");
    }
}

#[test]
fn a_slot_of_another_length_or_behind_a_link_is_refused() {
    let stage = Stage::new();
    let tree = stage.write('1', &[]);
    let request = |slot: &Path| {
        stage.with_request('1', |request| {
            build(&BuildRequest { slot, ..*request }, &mut |_| {}).unwrap_err().message
        })
    };
    assert!(request(&tree.with_file_name("short")).contains("no places for the same tree"));
    std::os::unix::fs::symlink(&tree, stage.tree('0')).unwrap();
    assert!(request(&stage.tree('0')).contains("symbolic link"));
}
