//! The generated repository: every revision as a tag, with fixed dates and identities.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock};

use crate::revisions;

/// The tool runs once at a time in a repository, and some tests change its work tree.
static TURN: Mutex<()> = Mutex::new(());
static READY: OnceLock<()> = OnceLock::new();

/// The repository, for one test at a time.
pub struct Repository {
    /// Its root; spaces and letters of all kinds are part of every test.
    pub root: PathBuf,
    /// The user's cache directory.
    pub cache: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

impl Repository {
    /// The repository with a clean work tree at `HEAD`, made if it is missing or out of date.
    pub fn get() -> Repository {
        let turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let house = house();
        let (root, cache) = (house.join("zoo für alle"), house.join("cache"));
        READY.get_or_init(|| revisions::make(&house, &root));
        // Interrupted runs of another test.
        let _ = fs::remove_dir_all(root.join("target/rqs/journal"));
        let repository = Repository { root, cache, _turn: turn };
        repository.git(&["reset", "-q", "--hard", "main"]);
        repository.git(&["clean", "-q", "-ffd", "-e", "results"]);
        repository
    }

    /// Runs git in the repository and gives its output.
    pub fn git(&self, arguments: &[&str]) -> String {
        git(&self.root, arguments)
    }

    /// A folder for what one test needs beside the repository, empty.
    pub fn scratch(&self, name: &str) -> PathBuf {
        let folder = house().join("scratch").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// Writes a file of the work tree.
    pub fn write(&self, path: &str, text: &str) {
        fs::write(self.root.join(path), text).unwrap();
    }

    /// Everything that belongs to the user: each file of the work tree and of git's folder with its content. What the
    /// tool may write is left out.
    pub fn snapshot(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut open = vec![self.root.clone()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if path == self.root.join("target") || path == self.root.join("results") {
                    continue;
                }
                if path.is_dir() {
                    files.insert(path.clone(), Vec::new());
                    open.push(path);
                } else {
                    files.insert(path.clone(), fs::read(&path).unwrap());
                }
            }
        }
        files
    }

    /// Names of all files in the results folder.
    pub fn results(&self) -> Vec<PathBuf> {
        files_below(&self.root.join("results"))
    }
}

/// All files below a folder, sorted.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (mut open, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().map(Result::unwrap) {
            if entry.path().is_dir() { open.push(entry.path()) } else { files.push(entry.path()) }
        }
    }
    files.sort();
    files
}

fn house() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("endtoend")
}

/// Runs git without the configuration of whoever runs the tests.
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(folder).args(arguments);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    for who in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{who}_NAME"), "Zoë Keeper")
            .env(format!("GIT_{who}_EMAIL"), "zoe@example.org");
        command.env(format!("GIT_{who}_DATE"), "2026-01-02T03:04:05Z");
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
