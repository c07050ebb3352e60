//! `cargo rqs`: is this revision worse than that one, in what, by how much, how sure are we, and why?
//!
//! The rooms, lowest first; a module imports only from rooms below it, and `tests/architecture.rs` enforces it:
//!
//! | layer | room | what lives there | touches the machine? |
//! |---|---|---|---|
//! | 1 | `model` | the words as plain data with units and invariants | no |
//! | 2 | `plan`, `analysis` | what will be run; samples to estimate to verdict; both pure | no |
//! | 3 | `report` | comparisons to text, Markdown, JSON, as strings | no |
//! | 3 | `host` | git, cargo, environment, store, terminal; its files do not import one another | yes |
//! | 4 | `trial` | two sides laid out, built, and measured in alternation until decided | through `host` |
//! | 5 | `commands` | one recipe per subcommand; commands do not import one another | through `host` |
//! | 6 | `cli`, `main` | what was typed; dispatch and exit code | - |
//!
//! Invariants: the harness never judges; the tool never measures; only `host` and `rqs-harness` touch the machine;
//! a committed result is never edited; a verdict is a pure function of records and policy; nothing is drawn while
//! a sample is being taken; no function mixes measuring, storing, judging and printing.

mod analysis;
mod cli;
mod commands;
mod host;
mod model;
mod plan;
mod report;
mod trial;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cargo, Command, DepsCommand, EnvCommand};
use commands::{
    accept, bench, bisect, calibrate, compare, deps, env, fsck, list, query, schema, show, trend,
};
use host::revisions::Target;
use host::signals;
use host::terminal::Terminal;
use model::failure::{Exit, Failure, OrFail, Outcome};
use trial::{Places, Surroundings};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let Cargo::Rqs(typed) = Cargo::parse_from(with_subcommand(arguments.clone()));
    let mut terminal = Terminal::new(typed.colour());
    match dispatch(typed, &arguments, &mut terminal) {
        Ok(exit) => ExitCode::from(exit as u8),
        Err(failure) => {
            terminal.say(&failure.to_string());
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn dispatch(typed: cli::Rqs, arguments: &[OsString], terminal: &mut Terminal) -> Outcome<Exit> {
    let current_dir = std::env::current_dir().or_fail(|| "cannot find the current directory".into())?;
    let results = typed.results();
    let interrupted = signals::stop_flag()?;
    let around =
        Surroundings { current_dir: &current_dir, results: results.as_deref(), interrupted: &interrupted };
    let stored = || {
        let target = Target::discover(&current_dir)?;
        Ok::<_, Failure>(Places::of(&target, results.as_deref(), &current_dir).results)
    };
    match typed.command {
        Command::Bench(bench) if bench.resume => {
            let (options, earlier_results) = earlier_bench(bench::unfinished_arguments(&around)?)?;
            let results = results.as_deref().or(earlier_results.as_deref());
            bench::resume(&options, &Surroundings { results, ..around }, terminal)
        }
        Command::Bench(bench) => {
            bench::run(&bench.into_options(typed_with("bench", arguments))?, &around, terminal)
        }
        Command::Bisect(bisect) => {
            bisect::run(&bisect.into_options(typed_with("bisect", arguments))?, &around, terminal)
        }
        Command::Backfill(typed) => {
            let options = typed.into_options()?;
            bench::backfill::run(&options, &bench_of_neighbours, &around, terminal)
        }
        Command::Calibrate(wanted) => calibrate::run(&wanted.into_options()?, &around, terminal),
        Command::Env(env) => dispatch_env(env.command, &around, terminal),
        Command::Deps(deps) => dispatch_deps(deps.command, &around, terminal),
        Command::Profile(profile) => bench::profile::run(&profile.into_options()?, &around, terminal),
        Command::Show(show) => show::run(&show.run, &stored()?, show.output(), terminal),
        Command::Compare(typed) => compare::run(&typed.into_options(), &around, terminal),
        Command::Trend(typed) => trend::run(&typed.into_options()?, &around, terminal),
        Command::Query(typed) => query::run(&typed.into_options(), &around, terminal),
        Command::Export(typed) => query::export::run(&typed.into_options()?, &around, terminal),
        Command::Fsck(typed) => fsck::run(typed.json(), &around, terminal),
        Command::Accept(typed) if typed.list => accept::list(&around, terminal),
        Command::Accept(typed) => accept::run(&typed.into_options()?, &around, terminal),
        Command::Schema(typed) => schema::run(typed.which(), terminal),
        Command::List(typed) => list::run(&typed.into_options(), &stored()?, terminal),
    }
}

fn dispatch_env(command: EnvCommand, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    match command {
        EnvCommand::Check(check) => env::check::run(&check.into_options(), around.current_dir, terminal),
        EnvCommand::Tune(tune) => env::tune::run(&tune.into_options(), around.current_dir, terminal),
        EnvCommand::Restore(restore) => env::restore::run(&restore.sysroot(), terminal),
        EnvCommand::Status(status) => env::status::run(&status.sysroot(), terminal),
        EnvCommand::Capture(capture) => env::capture::run(&capture.options(), around, terminal),
        EnvCommand::Compare(compare) => {
            env::compare::run([&compare.first, &compare.second], compare.output(), around, terminal)
        }
        EnvCommand::Bench(probe) => env::bench::run(&probe.into_options(), around, terminal),
        EnvCommand::Guard(guard) => env::guard::run(&guard.journal, &guard.sysroot(), terminal),
    }
}

fn dispatch_deps(command: DepsCommand, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    match command {
        DepsCommand::Capture(capture) => deps::capture::run(&capture.into_options(), around, terminal),
        DepsCommand::Compare(compare) => deps::compare::run(&compare.into_options(), around, terminal),
        DepsCommand::Validate(validate) => deps::validate::run(&validate.into_options(), around, terminal),
    }
}

/// Cargo calls `cargo-rqs rqs ...`; somebody who calls the program itself may leave the `rqs` out.
fn with_subcommand(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(1).is_none_or(|first| first != "rqs") {
        arguments.insert(1.min(arguments.len()), "rqs".into());
    }
    arguments
}

/// What was typed beside the subcommand, for the record and for taking the run up again. Options of all commands may stand
/// before it.
fn typed_with(subcommand: &str, arguments: &[OsString]) -> Vec<String> {
    let mut typed = with_subcommand(arguments.to_vec()).split_off(2);
    let is_value = |at: usize| at > 0 && (typed[at - 1] == "--results" || typed[at - 1] == "--color");
    if let Some(position) = (0..typed.len()).find(|&at| typed[at] == subcommand && !is_value(at)) {
        typed.remove(position);
    }
    typed.iter().map(|argument| argument.to_string_lossy().into_owned()).collect()
}

/// The options of `bench` for two revisions and what else was typed for it.
fn bench_of_neighbours(baseline: &str, candidate: &str, more: &[String]) -> Outcome<bench::BenchOptions> {
    let sides =
        ["cargo", "rqs", "bench", "--baseline", baseline, "--candidate", candidate].map(str::to_owned);
    let arguments = [&sides[3..], more].concat();
    let typed = Cargo::try_parse_from(sides.iter().chain(more)).map_err(|error| {
        Failure::usage("what is behind `--` is not understood by `cargo rqs bench`").cause(error.to_string())
    })?;
    let Cargo::Rqs(rqs) = typed;
    match rqs.command {
        Command::Bench(bench) => bench.into_options(arguments),
        _ => Err(Failure::usage("what is behind `--` is not understood by `cargo rqs bench`")),
    }
}

/// The options of an interrupted run and its directory of results, from what was typed then.
fn earlier_bench(arguments: Vec<String>) -> Outcome<(bench::BenchOptions, Option<PathBuf>)> {
    let line = ["cargo", "rqs", "bench"].map(str::to_owned).into_iter().chain(arguments.iter().cloned());
    let typed = Cargo::try_parse_from(line).map_err(|error| {
        Failure::incomplete("the interrupted run was started with options that are not understood any more")
            .cause(error.to_string())
    })?;
    let Cargo::Rqs(rqs) = typed;
    let results = rqs.results();
    match rqs.command {
        Command::Bench(bench) => Ok((bench.into_options(arguments)?, results)),
        _ => Err(Failure::incomplete("the interrupted run was no `bench`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_beside_bench_is_kept_wherever_it_stood() {
        let kept = |line: &str| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            typed_with("bench", &arguments).join(" ")
        };
        assert_eq!(kept("cargo-rqs rqs bench --baseline v1 --bench bench"), "--baseline v1 --bench bench");
        assert_eq!(
            kept("cargo-rqs rqs --results bench bench --baseline v1"),
            "--results bench --baseline v1"
        );
        assert_eq!(kept("cargo-rqs bench --baseline v1"), "--baseline v1");
    }
}
