//! `bench`: the main job. Two revisions are laid out and built, their benchmarks measured in alternation and judged,
//! and everything is written down.

mod acceptances;
pub mod backfill;
mod counting;
mod options;
pub mod profile;

use rqs_harness::process::{Conditions, CoordinatorSeat};

pub use counting::CountWhich;
pub use options::{BenchOptions, Effort, ProfileOptions, Profiles};

use super::print_run;
use crate::analysis::comparison::{self, Varied};
use crate::analysis::noise;
use crate::analysis::policies::Policies;
use crate::host::clock::Stopwatch;
use crate::host::habits::HabitFile;
use crate::host::journal::{self, Journal};
use crate::host::lock::{HostTurn, RunLock};
use crate::host::revisions::Target;
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::host::{clock, config};
use crate::model::config::{self as model_config, Config};
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::policy::Policy;
use crate::model::record::{LayoutPass, RunRecord};
use crate::model::run_id::run_id;
use crate::report::calibration::line::line;
use crate::report::escape::visible_lines;
use crate::report::{checks, hosts, json};
use crate::trial::identity::Looking;
use crate::trial::measure::Measuring;
use crate::trial::prepare::{Build, LaidOut, Prepared};
use crate::trial::suites::{self, Listed, Wanted};
use crate::trial::{Places, Surroundings, Trial, find_target, host_turn, placement, readiness};

/// Measures and judges.
///
/// # Errors
/// When a side cannot be resolved, built or measured, or the record cannot be written.
pub fn run(options: &BenchOptions, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let (conditions, counters) = options.seat.conditions()?;
    let wanted = Wanted::new(&options.selection)?;
    counting::check_gate(options.policy.gate_on_instructions)?;
    let config = config::find(around.current_dir)?;
    let policies = Policies::resolve(&config, &options.policy)?;
    let (target, places) = find_target(around)?;
    let _lock = RunLock::acquire(&places.work)?;
    let laid_out = options.sides.lay_out(&target, &places, terminal)?;
    if options.dry_run {
        let outline = laid_out.outline()? + &options.outline(&policies);
        let lines = visible_lines(&outline).map(|line| line + "\n");
        terminal.result(&lines.collect::<String>())?;
        return Ok(Exit::Clean);
    }
    let prepared = laid_out.build(Build::Timed, around.interrupted, terminal)?;
    let turn = host_turn(around, terminal)?;
    let started_unix_ms = clock::now_unix_ms();
    let mut suites = suites::list(
        &options.selection,
        wanted,
        &prepared,
        &conditions,
        &places,
        around.interrupted,
        terminal,
    )?;
    if suites.records.iter().all(|suite| suite.benchmarks.is_empty()) {
        return Err(nothing_to_run(options, &suites.notes));
    }
    // The list shows what patterns can match, so it does not insist that they do.
    let whole = !options.list && is_whole(options, &config, &prepared, &suites);
    policies.apply(&mut suites.records, whole)?;
    if options.list {
        terminal.result(&suites::names(&suites.records, &policies.run()))?;
        return Ok(Exit::Clean);
    }
    let looking = Looking {
        measure_identical: options.selection.measure_identical,
        hang_timeout_s: options.seat.hang_timeout_s,
        scratch: &places.work.join("scratch"),
        interrupted: around.interrupted,
    };
    suites.notes.extend(looking.compare(&mut suites.records, &prepared, terminal)?);
    let ready = readiness::enter(&options.seat, &config.env, &places.work, terminal)?;
    let store = Store::open(&places.results);
    let mut record = RunRecord {
        counters,
        ..start_record(options, policies.run(), &prepared, &conditions, &places, suites, started_unix_ms)?
    };
    record.notes.extend_from_slice(ready.notes());
    foretell(&record, &store, terminal);
    say_calibrated(&record, &store, terminal);
    let journal = Journal::create(&places.work, &record)?;
    let run = Run {
        options,
        target: &target,
        laid_out: &laid_out,
        prepared: &prepared,
        conditions: &conditions,
        store: &store,
        around,
        places: &places,
        record,
    };
    ready.leave(run.finish(journal, turn, terminal), terminal)
}

/// Whether a run covers every benchmark that the configuration can be about.
fn is_whole(options: &BenchOptions, config: &Config, prepared: &Prepared, suites: &Listed) -> bool {
    let build = &options.sides.build;
    let selected =
        options.selection.filter.is_some() || !build.packages.is_empty() || !build.benches.is_empty();
    let all_packages = build.workspace || !config.source.several_packages;
    let left_out =
        !suites.notes.is_empty() || prepared.sides.iter().any(|(_, side)| !side.build.broken.is_empty());
    !selected && all_packages && !left_out
}

/// Takes up the newest run that was interrupted, with the options it was started with.
///
/// # Errors
/// When there is none, or its revisions are not what they were.
pub fn resume(options: &BenchOptions, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let config = config::find(around.current_dir)?;
    let (target, places) = find_target(around)?;
    let _lock = RunLock::acquire(&places.work)?;
    let Some((journal, record)) = Journal::resume(&places.work)? else { return Err(no_unfinished_run()) };
    let store = Store::open(&places.results);
    if store.contains_run(&record.id) {
        // The run was ended between writing its record and clearing up.
        journal.finish()?;
        return Err(no_unfinished_run());
    }
    let options = options.pinned_to(&record.revisions);
    let laid_out = options.sides.lay_out(&target, &places, terminal)?;
    let prepared = laid_out.build(Build::Timed, around.interrupted, terminal)?;
    prepared.check_same(&record)?;
    let (conditions, _) = options.seat.conditions()?;
    terminal.say(&format!("resuming run {}", record.id));
    let turn = host_turn(around, terminal)?;
    let ready = readiness::enter(&options.seat, &config.env, &places.work, terminal)?;
    let run = Run {
        options: &options,
        target: &target,
        laid_out: &laid_out,
        prepared: &prepared,
        conditions: &conditions,
        store: &store,
        around,
        places: &places,
        record,
    };
    ready.leave(run.finish(journal, turn, terminal), terminal)
}

/// The arguments of the newest run that was interrupted, as they were typed.
///
/// # Errors
/// When there is none.
pub fn unfinished_arguments(around: &Surroundings<'_>) -> Outcome<Vec<String>> {
    let (_, places) = find_target(around)?;
    // Opening a journal tidies its end, which must not happen under a run that writes it.
    let _lock = RunLock::acquire(&places.work)?;
    match Journal::resume(&places.work)? {
        Some((_, record)) => Ok(record.arguments),
        None => Err(no_unfinished_run()),
    }
}

fn no_unfinished_run() -> Failure {
    Failure::new(Exit::NothingToRun, "there is no interrupted run to resume")
        .hint("start one with `cargo rqs bench --baseline REV`")
}

fn nothing_to_run(options: &BenchOptions, notes: &[String]) -> Failure {
    let mut failure = Failure::new(Exit::NothingToRun, "there is no Criterion benchmark to measure");
    failure.causes.extend(notes.iter().cloned());
    failure.hint(match &options.selection.filter {
        Some(filter) => format!("`cargo rqs bench --list` without the filter `{filter}` shows all names"),
        None => {
            "see what was built with `cargo rqs bench --list`; `--workspace` or `-p` picks other packages"
                .into()
        }
    })
}

/// Everything that is known before the first epoch, environment and dependencies written down.
fn start_record(
    options: &BenchOptions,
    policy: Policy,
    prepared: &Prepared,
    conditions: &Conditions,
    places: &Places,
    suites: Listed,
    started_unix_ms: u64,
) -> Outcome<RunRecord> {
    let store = Store::open(&places.results);
    let environment = prepared.environment(places)?;
    store.write_schema("report", &json::schema())?;
    store.write_schema("check", &checks::schema())?;
    store.write_schema("config", &model_config::schema())?;
    let seed = options.seed.unwrap_or_else(clock::random_seed);
    let measured = comparison::measured_benchmarks(&suites.records);
    let sides = &prepared.sides;
    Ok(RunRecord {
        format: RunRecord::FORMAT,
        id: run_id(started_unix_ms, (clock::random_seed() >> 32) as u32),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        arguments: options.arguments.clone(),
        started_unix_s: started_unix_ms / 1000,
        finished_unix_s: started_unix_ms / 1000,
        revisions: sides.as_ref().map(|side| side.revision.clone()),
        locks: sides.as_ref().map(|side| side.lock.source),
        environment: store.write_environment(&environment)?,
        dependencies: crate::model::ByRole::try_from_fn(|role| {
            store.write_dependencies(&sides.get(role).build.dependencies)
        })?,
        policy,
        budget: options.budget(measured, seed),
        placement: placement(conditions),
        counting: None,
        counters: None,
        ledger: Vec::new(),
        notes: prepared.notes.iter().chain(&suites.notes).cloned().collect(),
        suites: suites.records,
        profiling: None,
        layouts: Some(LayoutPass { most: options.layouts, ..LayoutPass::default() }),
        parts: Vec::new(),
    })
}

/// Says what a run of this size finds on this host, where a probe of it is stored.
fn foretell(record: &RunRecord, store: &Store, terminal: &mut Terminal) {
    let measured = comparison::measured_benchmarks(&record.suites);
    match store.newest_probe(&record.environment) {
        Ok(Some(probe)) if measured > 0 => {
            let outlook = noise::outlook(&probe, measured, &record.policy, &record.budget);
            let age_s = record.started_unix_s.saturating_sub(probe.finished_unix_s);
            let line = outlook.map(|outlook| hosts::probe::foretell(&outlook, measured, age_s));
            line.into_iter().for_each(|line| terminal.say(&line));
        }
        Ok(_) => {}
        // The run itself does not need it.
        Err(failure) => {
            terminal.say(&format!("note: the probe of this host is not used\n{failure}"));
        }
    }
}

/// Says how often this host raises a false alarm, as far as that was measured.
fn say_calibrated(record: &RunRecord, store: &Store, terminal: &mut Terminal) {
    match super::known_rate(store, &record.environment) {
        Ok(known) => terminal.say(&line(&known, record.started_unix_s)),
        // The run itself does not need it.
        Err(failure) => terminal.say(&format!("note: the calibrations of this host are not used\n{failure}")),
    }
}

/// A run whose sides are built and whose record has begun.
struct Run<'a> {
    options: &'a BenchOptions,
    target: &'a Target,
    laid_out: &'a LaidOut,
    prepared: &'a Prepared,
    conditions: &'a Conditions,
    store: &'a Store,
    around: &'a Surroundings<'a>,
    places: &'a Places,
    record: RunRecord,
}

impl Run<'_> {
    /// Measures what is undecided, explains what was found, writes the record, and prints it.
    fn finish(mut self, mut journal: Journal, turn: HostTurn, terminal: &mut Terminal) -> Outcome<Exit> {
        let watch = Stopwatch::start();
        self.measure(&mut journal, terminal)?;
        // Each pass that follows tells its own time.
        self.record.finished_unix_s = clock::now_unix_s();
        self.count(watch.elapsed_s(), terminal)?;
        // What follows builds first, and nobody should wait for that.
        drop(turn);
        profile::explain(&mut self, terminal);
        acceptances::honour(&mut self.record, self.target, self.store);
        let path = self.store.write_run(&self.record)?;
        journal.finish()?;
        let comparison = comparison::compare(&self.record);
        print_run(terminal, self.options.output, &self.record, &comparison, &path)?;
        let abandoned = journal::unfinished(&self.places.work)?;
        if !abandoned.is_empty() {
            terminal
                .say(&format!("note: {} interrupted run(s) can be resumed with `--resume`", abandoned.len()));
        }
        Ok(comparison::exit(&comparison, &self.record.policy, self.options.fail_on))
    }

    /// Times both sides in alternation until everything is decided, and what changed again over other layouts.
    fn measure(&mut self, journal: &mut Journal, terminal: &mut Terminal) -> Outcome<()> {
        let executables = self.prepared.executables(&self.record.suites);
        let environment = self.record.environment.clone();
        let built = self.prepared.built(&self.record.suites);
        let most = self.record.layouts.as_ref().map_or(self.options.layouts, |pass| pass.most);
        let mut keep = |entries: &[_], happened: &_| journal.append(entries, Some(happened));
        let mut measuring = Measuring::new(
            Trial::of(&mut self.record),
            executables,
            &mut keep,
            self.conditions,
            self.around.interrupted,
            self.places,
        )?;
        let seat = CoordinatorSeat::take(self.conditions);
        let file = HabitFile::below(&self.places.work);
        measuring.accustom(&file.read(&environment));
        measuring.run(terminal)?;
        file.add(&environment, measuring.habits())?;
        drop(seat);
        let pass = measuring.vary_layouts(&built, most, Varied::Changed, self.conditions, terminal)?;
        self.record.layouts = Some(pass);
        Ok(())
    }
}
