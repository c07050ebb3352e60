//! Measures the product itself, on this machine as it is: what it finds, what it raises falsely, what it costs.
//!
//! It drives `cargo-rqs` on a generated repository of kernels, writes every raw outcome to `results/acceptance/`, and
//! prints a short table.
#![allow(clippy::disallowed_methods, reason = "this program starts processes, reads clocks and writes files")]

mod bisect;
mod cost;
mod false_alarms;
mod history;
mod machine;
mod outcomes;
mod power;
mod processes;
mod readme;
mod repository;
mod statistics;
mod tool;
mod wall;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What went wrong, for people.
type Outcome<T> = Result<T, String>;

const USAGE: &str = "\
usage: acceptance power [--tries N] [--change PER_MILLE] [--resume]
       acceptance false-alarms [--tries N] [--places N] [--keep-alarms DIR] [--resume]
       acceptance wall --name NAME --repository DIR --baseline REV --candidate REV --bench NAME
       acceptance bisect [--histories N] [--change PER_MILLE] [--resume]
       acceptance cost
       acceptance readme

  power         a candidate that truly does more work: how often it is found, and how fast
  false-alarms  two commits of the same code, built apart: how often a change is reported all the same
  wall          time of two revisions' benchmarks, measured by `cargo bench` and by `cargo rqs bench`
  bisect        histories in which one commit does more work: how often `cargo rqs bisect` names it
  cost          time of a clock call under the probe, and the share of a turn that handing over takes
  readme        puts what the others measured into README.md

Build the tool first: cargo build --release";

/// What was typed.
struct Arguments {
    typed: Vec<String>,
}

impl Arguments {
    /// The text behind an option.
    fn text(&self, option: &str) -> Option<&str> {
        let place = self.typed.iter().position(|argument| argument == option)?;
        self.typed.get(place + 1).map(String::as_str)
    }

    fn required(&self, option: &str) -> Outcome<&str> {
        self.text(option).ok_or_else(|| format!("`{option}` is missing\n{USAGE}"))
    }

    fn number(&self, option: &str, default: u64) -> Outcome<u64> {
        match self.text(option) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| format!("`{option} {text}` is no number")),
        }
    }

    fn has(&self, option: &str) -> bool {
        self.typed.iter().any(|argument| argument == option)
    }
}

/// The root of this repository.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

fn dispatch() -> Outcome<()> {
    let typed: Vec<String> = std::env::args().skip(1).collect();
    let command = typed.first().cloned().unwrap_or_default();
    let arguments = Arguments { typed };
    match command.as_str() {
        "power" => power::run(&arguments),
        "false-alarms" => false_alarms::run(&arguments),
        "wall" => wall::run(&arguments),
        "bisect" => bisect::run(&arguments),
        "cost" => cost::run(),
        "readme" => readme::run(),
        cost::CHILD => cost::print_nanoseconds_per_clock_read(),
        _ => Err(USAGE.to_owned()),
    }
}

fn main() -> ExitCode {
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("error: {what}");
            ExitCode::FAILURE
        }
    }
}
