//! The revisions of the generated repository, in the order of its history.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::repository::git;

const LIB: &str = include_str!("zoo/lib.rs");
const SPEED: &str = include_str!("zoo/speed.rs");
const KINDS: &str = include_str!("zoo/kinds_lib.rs");
const GUEST: &str = include_str!("zoo/guest.rs");
const FAULTS: &str = include_str!("zoo/faults.rs");

/// The files of one revision.
type Files = BTreeMap<String, String>;

/// A manifest with one version of Criterion. Dependencies are compiled without optimisation, which saves minutes; what
/// Criterion instantiates in a benchmark is optimised with the benchmark.
fn manifest(name: &str, criterion: &str, rest: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2021\"\npublish = false\n\n\
         [dev-dependencies]\ncriterion = {{ version = \"{criterion}\", default-features = false }}\n\n\
         [profile.bench.package.\"*\"]\nopt-level = 0\n[profile.bench.package.criterion]\nopt-level = 3\n\n{rest}"
    )
}

fn bench(name: &str) -> String {
    format!("[[bench]]\nname = \"{name}\"\nharness = false\n")
}

/// A revision of the root package with one benchmark, without a lockfile.
fn package(lib: &str, criterion: &str, name: &str, source: &str) -> Files {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let suite =
        manifest("suite", "=0.5.1", &format!("{}[dependencies]\nzoo.path = \"..\"\n", bench("guest")));
    let virtual_root = "[workspace]\nmembers = [\"core\", \"guests\"]\nresolver = \"2\"\n\n\
         [profile.bench.package.\"*\"]\nopt-level = 0\n[profile.bench.package.criterion]\nopt-level = 3\n";
    let core = "[package]\nname = \"zoo\"\nversion = \"1.0.0\"\nedition = \"2021\"\n";
    let guests = "[package]\nname = \"guests\"\nversion = \"1.0.0\"\nedition = \"2021\"\n\n\
         [dev-dependencies]\nzoo.path = \"../core\"\ncriterion = { version = \"=0.5.1\", default-features = false }\n\n";
    Files::from([
        file(".gitignore", "target/\n"),
        file("Cargo.toml", &manifest("zoo", criterion, &bench(name))),
        file("src/lib.rs", lib),
        file(&format!("benches/{name}.rs"), source),
        // A package of its own inside the root package's folder, as benchmark suites are often kept.
        file("suite/Cargo.toml", &suite),
        file("suite/src/lib.rs", ""),
        file("suite/benches/guest.rs", GUEST),
        file("virtual/Cargo.toml", virtual_root),
        file("virtual/core/Cargo.toml", core),
        file("virtual/core/src/lib.rs", lib),
        file("virtual/guests/Cargo.toml", &format!("{guests}{}", bench("guest"))),
        file("virtual/guests/src/lib.rs", ""),
        file("virtual/guests/benches/guest.rs", GUEST),
    ])
}

fn with(mut files: Files, path: &str, text: &str) -> Files {
    files.insert(path.to_owned(), text.to_owned());
    files
}

/// All revisions in the order of history: tag, files, whether a lockfile is committed.
fn revisions() -> Vec<(&'static str, Files, bool)> {
    let slower = LIB.replace("= 1000;", "= 1300;");
    let v1 = package(LIB, "=0.5.1", "speed", SPEED);
    let newer_speed = SPEED.replace("\"old\"", "\"new\"");
    let version = |criterion: &str| package(LIB, criterion, "speed", SPEED);
    let data = |rounds: &str| {
        let files = package(LIB, "=0.5.1", "data", include_str!("zoo/data.rs"));
        with(files, "benches/rounds.txt", rounds)
    };
    let mut shapes = package(LIB, "=0.5.1", "shapes", include_str!("zoo/shapes.rs"));
    let manifest = shapes.get_mut("Cargo.toml").unwrap();
    *manifest = manifest.replace(
        "default-features = false }",
        "default-features = false, features = [\"async_tokio\"] }\ntokio = { version = \"1\", features = [\"rt\", \"time\"] }",
    );
    manifest.push_str(&format!(
        "\n{}required-features = [\"extra\"]\n\n[features]\nextra = []\n",
        bench("guest")
    ));
    let cage = |faulty: &str| {
        package(
            LIB,
            "=0.5.1",
            "faults",
            &FAULTS.replace("FAULTY: bool = false", &format!("FAULTY: bool = {faulty}")),
        )
    };
    let kinds = |lib: &str| package(lib, "=0.5.1", "kinds", include_str!("zoo/kinds.rs"));
    let lines = format!("//! A line more.\n//!\n{KINDS}");
    let broken =
        with(v1.clone(), "src/lib.rs", &format!("{LIB}\npub fn wrong() -> u64 {{\n    \"a word\"\n}}\n"));
    vec![
        ("criterion-0.3", version("=0.3.3"), true),
        ("criterion-0.4", version("=0.4.0"), true),
        ("criterion-0.8", version("=0.8.2"), true),
        ("data-1", data("1000"), false),
        ("data-2", data("1300"), false),
        ("shapes", with(shapes, "benches/guest.rs", GUEST), true),
        ("uses", package(LIB, "=0.5.1", "uses", include_str!("zoo/uses.rs")), true),
        ("calm", cage("false"), true),
        ("faulty", cage("true"), true),
        ("kinds", kinds(KINDS), true),
        ("kinds-slower", kinds(&KINDS.replace("= 1000;", "= 1500;")), true),
        ("kinds-lines", kinds(&lines), true),
        ("broken", broken, true),
        ("slow-build", with(v1.clone(), "build.rs", include_str!("zoo/slow_build.rs")), true),
        ("slower", package(&slower, "=0.5.1", "speed", &newer_speed), true),
        ("v1", v1.clone(), true),
        ("v1-readme", with(v1, "README.md", "The zoo.\n"), true),
    ]
}

/// Makes the repository anew unless it is there and was made from the same files.
pub fn make(house: &Path, root: &Path) {
    let revisions = revisions();
    let stamp = house.join("stamp");
    let wanted = format!("{revisions:?}");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return;
    }
    let _ = fs::remove_dir_all(house);
    fs::create_dir_all(root).unwrap();
    git(root, &["init", "-q", "-b", "main"]);
    for (tag, mut files, locked) in revisions {
        if locked {
            files.insert("Cargo.lock".to_owned(), lockfile(&files));
        }
        clear(root);
        for (path, text) in &files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        git(root, &["add", "--all"]);
        git(root, &["commit", "-q", "-m", &format!("Make {tag}\n\nFor the tests.")]);
        git(root, &["tag", tag]);
    }
    fs::write(stamp, wanted).unwrap();
}

fn clear(root: &Path) {
    for entry in fs::read_dir(root).unwrap().map(Result::unwrap).filter(|entry| entry.file_name() != ".git") {
        if entry.path().is_dir() {
            fs::remove_dir_all(entry.path()).unwrap();
        } else {
            fs::remove_file(entry.path()).unwrap();
        }
    }
}

/// The lockfile that cargo makes for the root package, in a place where no other manifest is above it.
fn lockfile(files: &Files) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in
        files.iter().filter(|(path, _)| !path.contains("suite/") && !path.contains("virtual/"))
    {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let output = Command::new("cargo").arg("generate-lockfile").current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(folder.path().join("Cargo.lock")).unwrap()
}
