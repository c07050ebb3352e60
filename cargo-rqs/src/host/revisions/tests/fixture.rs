//! A repository made by `git`, with settings of its own only.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::{Target, shelf::Shelf};

pub const MANIFEST: &str = "[package]\nname = \"fixture\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

pub struct Fixture {
    dir: tempfile::TempDir,
    root: PathBuf,
}

impl Fixture {
    /// A repository without commits, in a directory whose name has a space and a letter beyond ASCII.
    pub fn empty() -> Fixture {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("répo one");
        std::fs::create_dir(&root).unwrap();
        let fixture = Fixture { dir, root };
        fixture.git(&["init", "--quiet", "--initial-branch=main"]);
        fixture
    }

    /// A repository with one commit of a small package.
    pub fn with_package() -> Fixture {
        let fixture = Fixture::empty();
        fixture.write("Cargo.toml", MANIFEST);
        fixture.write("src/lib.rs", "pub fn one() {}\n");
        fixture.commit("First");
        fixture
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn outside(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    pub fn trees(&self) -> PathBuf {
        self.outside("trees")
    }

    pub fn target(&self) -> Target {
        Target::discover(&self.root).unwrap()
    }

    pub fn write(&self, path: &str, content: &str) {
        let place = self.root.join(path);
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(place, content).unwrap();
    }

    pub fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
    }

    /// Runs git in the repository; panics with what it said when it fails.
    pub fn git(&self, arguments: &[&str]) -> String {
        git_in(&self.root, arguments)
    }

    pub fn assert_shelf_holds_only_whole_trees(&self) {
        let shelf = Shelf::at(&self.trees()).unwrap();
        for entry in std::fs::read_dir(self.trees()).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let id = name.strip_suffix(".complete").unwrap_or(&name);
            assert!(id.len() == 40 && shelf.find(id).unwrap().is_some(), "`{name}` is no whole tree");
        }
    }
}

pub fn git_in(dir: &Path, arguments: &[&str]) -> String {
    let settings =
        ["user.name=A", "user.email=a@example.org", "protocol.file.allow=always", "core.fsync=none"];
    let output = Command::new("git")
        .args(settings.iter().flat_map(|setting| ["-c", *setting]))
        .args(arguments)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// Everything beneath `dir`: content, mode and modification time by path.
pub fn bytes_of(dir: &Path) -> BTreeMap<PathBuf, (u32, i64, i64, Vec<u8>)> {
    let (mut found, mut open) = (BTreeMap::new(), vec![dir.to_path_buf()]);
    while let Some(place) = open.pop() {
        for entry in std::fs::read_dir(&place).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let content = match (metadata.is_dir(), metadata.is_symlink()) {
                (true, _) => Vec::new(),
                (_, true) => path.read_link().unwrap().into_os_string().into_encoded_bytes(),
                _ => std::fs::read(&path).unwrap(),
            };
            found.insert(path.clone(), (metadata.mode(), metadata.mtime(), metadata.mtime_nsec(), content));
            if metadata.is_dir() {
                open.push(path);
            }
        }
    }
    found
}
