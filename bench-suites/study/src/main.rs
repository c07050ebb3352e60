//! The tool beside its peers: the same kernels, the same injected changes, the same time for each comparison, in random
//! order, on a quiet machine and under load.
//!
//! What a peer says is taken by its own rule at its default settings. Every raw outcome is in `results/study/outcomes.json`.
#![allow(clippy::disallowed_methods, reason = "this program starts processes, reads clocks and writes files")]

mod builds;
mod curves;
mod judgement;
mod peers;
mod plot;
mod report;
mod schedule;

use std::process::ExitCode;
use std::time::Instant;

use acceptance::outcomes::Outcomes;
use acceptance::{Arguments, Outcome, root};
use rqs_harness::load::{self, Kind, Running};
use rqs_harness::process::Conditions;
use serde_json::{Value, json};

use builds::Builds;
use peers::{Comparison, PEERS};
use schedule::{Load, Slot};

const USAGE: &str = "\
usage: study run [--minutes N] [--seconds N] [--resume]
       study report

  run     compares pairs of known changes with every tool, in random order, until the time is over (60 minutes), with
          so many seconds (2) for each comparison
  report  writes the plot and the tables of what was measured, and puts them into README.md

Build the tool first: cargo build --release";

fn run(arguments: &Arguments) -> Outcome<()> {
    let (minutes, seconds) = (arguments.number("--minutes", 60)?, arguments.number("--seconds", 2)?);
    let conditions = Conditions::granted(None)?;
    let builds = Builds::make()?;
    let question = json!({
        "seconds_for_a_comparison": seconds,
        "tools": PEERS.map(|peer| peer.name),
        "versions": builds.versions(),
        "core": conditions.bench_cpus,
    });
    let mut outcomes = Outcomes::open("study", "outcomes", question, arguments.has("--resume"))?;
    let passed = outcomes
        .tries()
        .iter()
        .filter_map(|outcome| outcome["pass"].as_u64())
        .max()
        .map_or(0, |pass| pass + 1);
    let begin = Instant::now();
    for pass in passed.. {
        for slot in schedule::pass(pass, &builds.kernels) {
            if begin.elapsed().as_secs() >= minutes * 60 {
                return report::run();
            }
            let running = start(slot.load, &conditions, slot.seed)?;
            let said = measure(&slot, &builds, seconds, &conditions);
            drop(running);
            for outcome in said? {
                println!("{outcome}");
                outcomes.push(outcome)?;
            }
        }
    }
    Ok(())
}

/// What the tool of a slot says, in one outcome for each rule that is applied to what it measured.
fn measure(slot: &Slot, builds: &Builds, seconds: u64, conditions: &Conditions) -> Outcome<Vec<Value>> {
    let comparison = Comparison {
        kernel: &slot.kernel,
        pair: builds.pair(slot.per_mille),
        seconds: seconds as f64,
        cpu: conditions.bench_cpus.first().copied(),
        seed: slot.seed,
    };
    let begin = Instant::now();
    let said = (slot.peer.compare)(&comparison, builds)?;
    let wall_ms = begin.elapsed().as_millis() as u64;
    let outcome = |(tool, said): (&str, judgement::Said)| {
        json!({
            "pass": slot.pass,
            "tool": tool,
            "kernel": slot.kernel,
            "per_mille": slot.per_mille,
            "load": slot.load.name(),
            "said": said.what.name(),
            "change": said.change,
            "wall_ms": wall_ms,
        })
    };
    Ok(said.into_iter().map(outcome).collect())
}

fn start(load: Load, conditions: &Conditions, seed: u64) -> Outcome<Option<Running>> {
    let kind = match load {
        Load::None => return Ok(None),
        Load::Bursts => Kind::Bursts,
        Load::Memory => Kind::Memory,
    };
    let scratch = root().join("target/study");
    load::start(kind, conditions, seed, &scratch).map(Some).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    let arguments = Arguments::of_process(USAGE);
    let ended = match arguments.command() {
        "run" => run(&arguments),
        "report" => report::run(),
        _ => Err(USAGE.to_owned()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("error: {what}");
            ExitCode::FAILURE
        }
    }
}
