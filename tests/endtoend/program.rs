//! Runs the tool, to its end or in the background, and looks for processes that it leaves behind.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::repository::Repository;

/// Options of a run that is to be short and whose changes are large.
pub const SHORT: [&str; 9] = ["--quick", "--seed", "7", "--margin", "6", "--floor", "3", "--profile", "none"];
/// Options of a run that goes on for a while, because nothing is decided soon.
pub const LONG: [&str; 8] = ["--max-epochs", "24", "--seed", "7", "--alpha", "1e-300", "--profile", "none"];

/// How the tool ended and what it said.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Ran {
    /// The report, after `--format json`.
    pub fn report(&self) -> Report {
        let value = serde_json::from_str(&self.stdout);
        Report(value.unwrap_or_else(|error| panic!("{error}: {self:#?}")))
    }

    /// The same, when the exit code is the expected one.
    #[track_caller]
    pub fn exited(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard error holds each of the texts.
    #[track_caller]
    pub fn said(self, texts: &[&str]) -> Ran {
        for text in texts {
            assert!(self.stderr.contains(text), "`{text}` is missing in:\n{}", self.stderr);
        }
        self
    }
}

/// A report in JSON.
#[derive(Debug)]
pub struct Report(pub Value);

impl Report {
    /// The benchmarks of all suites.
    pub fn benchmarks(&self) -> impl Iterator<Item = &Value> {
        let suites = self.0["suites"].as_array().unwrap().iter();
        suites.flat_map(|suite| suite["benchmarks"].as_array().unwrap())
    }

    /// One benchmark.
    #[track_caller]
    pub fn benchmark(&self, id: &str) -> &Value {
        self.benchmarks()
            .find(|benchmark| benchmark["id"] == id)
            .unwrap_or_else(|| panic!("no `{id}` in {self:#?}"))
    }

    /// What was found out about one benchmark.
    #[track_caller]
    pub fn verdict(&self, id: &str) -> &str {
        self.benchmark(id)["verdict"].as_str().unwrap()
    }

    /// Ids and verdicts of all benchmarks.
    pub fn verdicts(&self) -> Vec<(&str, &str)> {
        self.benchmarks().map(|it| (it["id"].as_str().unwrap(), it["verdict"].as_str().unwrap())).collect()
    }

    /// The run's id.
    pub fn id(&self) -> &str {
        self.0["run"].as_str().unwrap()
    }

    /// Where the record lies.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(self.0["record"].as_str().unwrap())
    }

    /// The record with its raw integers.
    pub fn record(&self) -> Value {
        let file: Value = serde_json::from_slice(&fs::read(self.path()).unwrap()).unwrap();
        file["content"].clone()
    }
}

impl Repository {
    /// The tool in a folder of the repository, with the environment that a user has.
    pub fn command(&self, folder: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-rqs"));
        // What cargo sets for tests, a user does not have.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let of_cargo = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_PRIMARY_", "CARGO_CRATE_"];
            if of_cargo.iter().any(|prefix| name.starts_with(prefix)) || name == "LD_LIBRARY_PATH" {
                command.env_remove(&name);
            }
        }
        command
            .env("XDG_CACHE_HOME", &self.cache)
            .env_remove("RUST_BACKTRACE")
            .env_remove("CARGO_TARGET_DIR");
        command.current_dir(self.root.join(folder)).arg("rqs").args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs the tool in the root.
    pub fn rqs(&self, arguments: &[&str]) -> Ran {
        finish(self.command("", arguments))
    }

    /// Runs `bench` in the root, with the options of a short run.
    pub fn bench(&self, arguments: &[&str]) -> Ran {
        self.rqs(&[&["bench"], arguments, &SHORT].concat())
    }

    /// Runs `bench` in the root, with the options of a short run, and gives the report.
    pub fn judged(&self, baseline: &str, candidate: &str, options: &[&str]) -> (Ran, Report) {
        let sides = ["--format", "json", "--baseline", baseline, "--candidate", candidate];
        let ran = self.bench(&[&sides, options].concat());
        let report = ran.report();
        (ran, report)
    }

    /// Starts the tool in the background.
    pub fn start(&self, arguments: &[&str]) -> Background {
        Background::of(self.command("", arguments))
    }

    /// Waits until a run in progress has journalled its first epoch.
    pub fn wait_for_an_epoch(&self, background: &mut Background) {
        let journal = self.root.join("target/rqs/journal");
        let known = journals(&journal);
        let begun = || {
            let mut fresh = journals(&journal).into_iter().filter(|path| !known.contains(path));
            fresh.any(|path| fs::metadata(path.join("epochs.jsonl")).is_ok_and(|file| file.len() > 0))
        };
        background.wait_until("an epoch is journalled", begun);
    }

    /// Processes whose executable or script lies in the repository or in its trees.
    pub fn processes(&self) -> Vec<(u32, PathBuf)> {
        let exe = |pid: &u32| fs::read_link(format!("/proc/{pid}/exe")).ok();
        let ours = |path: &Path| path.starts_with(&self.root) || path.starts_with(&self.cache);
        pids().filter_map(|pid| exe(&pid).map(|path| (pid, path))).filter(|(_, path)| ours(path)).collect()
    }

    /// Asserts that, within seconds, no process of the repository is left.
    #[track_caller]
    pub fn assert_no_process_is_left(&self) {
        let gone = within(Duration::from_secs(5), || self.processes().is_empty());
        assert!(gone, "left behind: {:?}", self.processes());
    }
}

/// Whether a program is installed that some tests need and users may lack; on CI it has to be.
pub fn has(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).any(|folder| folder.join(program).is_file());
    assert!(found || std::env::var_os("CI").is_none(), "CI has to install `{program}`");
    if !found {
        eprintln!("skipped: `{program}` is not installed");
    }
    found
}

/// Runs a command to its end.
pub fn finish(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

/// Waits for something to become true.
pub fn within(most: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    while !condition() {
        if begin.elapsed() > most {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

fn journals(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

fn pids() -> impl Iterator<Item = u32> {
    fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// The tool in the background; killed when the test ends early.
pub struct Background {
    child: Child,
}

impl Background {
    /// Starts a command.
    pub fn of(mut command: Command) -> Background {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Background { child }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for something that happens while it runs.
    #[track_caller]
    pub fn wait_until(&mut self, what: &str, mut condition: impl FnMut() -> bool) {
        let mut ended = None;
        let happened = within(Duration::from_secs(900), || {
            ended = self.child.try_wait().unwrap();
            ended.is_some() || condition()
        });
        if let Some(status) = ended {
            panic!("it ended before {what}: {status}\n{}", self.rest().1);
        }
        assert!(happened, "{what} never happened");
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let status =
            Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end.
    pub fn end(mut self) -> Ran {
        let (stdout, stderr) = self.rest();
        let status: ExitStatus = self.child.wait().unwrap();
        Ran { code: status.code(), stdout, stderr }
    }

    fn rest(&mut self) -> (String, String) {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        // Neither stream is longer than a pipe holds.
        self.child.stdout.take().unwrap().read_to_end(&mut stdout).unwrap();
        self.child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
        [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).into()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
