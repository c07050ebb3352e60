//! The tool under test, as a user starts it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use crate::{Outcome, processes};

/// What one run said, and how long it took.
pub struct Run {
    /// Everything it printed with `--format json`.
    pub report: Value,
    /// From start to end of the command.
    pub wall_ms: u64,
}

/// The tool's executable.
pub fn executable() -> Outcome<PathBuf> {
    let path = crate::root().join("target/release/cargo-rqs");
    if path.is_file() {
        return Ok(path);
    }
    Err(format!("there is no `{}`; build it first: cargo build --release", path.display()))
}

/// `cargo rqs bench` in `dir`. Exit code 100 means that a regression was found.
pub fn bench(dir: &Path, arguments: &[&str]) -> Outcome<Run> {
    let mut command = Command::new(executable()?);
    // What comes after the measuring is not measured here.
    let only_times = ["--counts", "never", "--profile", "none"];
    command.current_dir(dir).args(["rqs", "bench", "--format", "json"]).args(only_times).args(arguments);
    let start = Instant::now();
    let output = processes::capture(&mut command, &[0, 100])?;
    let wall_ms = start.elapsed().as_millis() as u64;
    let report = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("the report cannot be read: {error}"))?;
    Ok(Run { report, wall_ms })
}

/// `cargo rqs bisect` in `dir`. Exit code 5 means that no commit was found.
pub fn bisect(dir: &Path, arguments: &[&str]) -> Outcome<Run> {
    let mut command = Command::new(executable()?);
    command.current_dir(dir).args(["rqs", "bisect", "--format", "json"]).args(arguments);
    let start = Instant::now();
    let output = processes::capture(&mut command, &[0, 5])?;
    let wall_ms = start.elapsed().as_millis() as u64;
    let report = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("the report cannot be read: {error}"))?;
    Ok(Run { report, wall_ms })
}

/// Builds both sides and lists their benchmarks, so that later runs find the executables built.
pub fn build(dir: &Path, arguments: &[&str]) -> Outcome<usize> {
    let mut command = Command::new(executable()?);
    command.current_dir(dir).args(["rqs", "bench", "--list"]).args(arguments);
    Ok(processes::text(&mut command)?.lines().count())
}

impl Run {
    /// The benchmarks of all suites.
    pub fn benchmarks(&self) -> impl Iterator<Item = &Value> {
        let suites = self.report["suites"].as_array().into_iter().flatten();
        suites.flat_map(|suite| suite["benchmarks"].as_array().into_iter().flatten())
    }

    /// What was said of each benchmark: id, verdict, mean log-ratio, half width, and the epochs' log-ratios.
    pub fn verdicts(&self) -> Value {
        let rows = self.benchmarks().map(|benchmark| {
            let change = &benchmark["change"];
            json!({
                "id": benchmark["id"],
                "verdict": benchmark["verdict"],
                "log_mean": change["log_mean"],
                "log_half_width": change["log_half_width"],
                "epochs": benchmark["log_ratios"].as_array().map_or(0, Vec::len),
            })
        });
        rows.collect()
    }

    /// The record that the run wrote.
    pub fn record_path(&self, dir: &Path) -> PathBuf {
        dir.join(self.report["record"].as_str().unwrap_or_default())
    }

    /// The content of that record.
    pub fn record(&self, dir: &Path) -> Outcome<Value> {
        let path = self.record_path(dir);
        let text =
            std::fs::read(&path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
        let mut record: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        match record["content"]["parts"].as_array() {
            Some(parts) if !parts.is_empty() => {
                Err(format!("the epochs of `{}` lie in files of their own", path.display()))
            }
            _ => Ok(record["content"].take()),
        }
    }
}
