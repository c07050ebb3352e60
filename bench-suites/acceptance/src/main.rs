//! Measures the product itself, on this machine as it is: what its commands find, and what they cost.
//!
//! It drives `cargo-rqs` on generated and real repositories, writes every raw outcome to `results/acceptance/`, and
//! prints a short table. How often `bench` finds a change, and how often falsely, `cargo rqs calibrate` measures.
#![allow(clippy::disallowed_methods, reason = "this program starts processes, reads clocks and writes files")]

mod bisect;
mod calibrations;
mod cost;
mod history;
mod many;
mod table;
mod wall;

use std::process::ExitCode;

use acceptance::{Arguments, Outcome};

const USAGE: &str = "\
usage: acceptance wall --name NAME --repository DIR --baseline REV --candidate REV --bench NAME
       acceptance bisect [--histories N] [--change PER_MILLE] [--resume]
       acceptance many [--tries N] [--change PER_MILLE] [--resume]
       acceptance cost
       acceptance readme

  wall    time of two revisions' benchmarks, measured by `cargo bench` and by `cargo rqs bench`
  bisect  histories in which one commit does more work: how often `cargo rqs bisect` names it
  many    two hundred benchmarks, an eighth of which does more work: how long a run takes, and what it says
  cost    time of a clock call under the probe, and the share of a turn that handing over takes
  readme  puts what these and `cargo rqs calibrate` measured into README.md

Build the tool first: cargo build --release";

fn dispatch() -> Outcome<()> {
    let arguments = Arguments::of_process(USAGE);
    match arguments.command() {
        "wall" => wall::run(&arguments),
        "bisect" => bisect::run(&arguments),
        "many" => many::run(&arguments),
        "cost" => cost::run(),
        "readme" => calibrations::run().and_then(|()| table::run()),
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
