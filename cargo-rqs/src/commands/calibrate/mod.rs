//! `calibrate`: measures the tool itself on this host. Sides whose difference is known are judged again and again, and
//! what was said is held against it: how often a change is reported where there is none, and how often one is found.

mod rounds;
mod sides;

use std::sync::atomic::Ordering;

use rqs_harness::process::Conditions;

use super::{Format, print_calibration};
use crate::analysis::{calibration, comparison};
use crate::host::duplicates;
use crate::host::lock::RunLock;
use crate::host::rounds::{self as unrecorded, RoundJournal};
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::host::{clock, config};
use crate::model::calibration::{CalibrationRecord, Load, SidesDiffer, Subject};
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::policy::{Budget, Policy};
use crate::model::revision::RevisionSpec;
use crate::model::run_id::run_id;
use crate::report;
use crate::trial::{
    Places, Seat, Selection, Sides, Surroundings, find_target, host_turn, placement, readiness,
};
use rounds::Calibrating;
use sides::{Lineup, Stock};

/// How both sides are built, whatever their revision.
#[derive(Clone, Debug)]
pub struct BuildingOf {
    /// Sides of any revision.
    pub sides: Sides,
}

impl BuildingOf {
    /// One revision on both sides.
    fn of(self, revision: RevisionSpec) -> Sides {
        Sides { baseline: revision.clone(), candidate: Some(revision), ..self.sides }
    }
}

/// What `calibrate` was asked to do.
#[derive(Clone, Debug)]
pub struct CalibrateOptions {
    /// Whether the benchmarks that the tool brings along are measured, instead of the user's own.
    pub known_changes: bool,
    /// The revision whose benchmarks are measured; by default the work tree if it is dirty, else `HEAD`.
    pub revision: Option<RevisionSpec>,
    /// How it is built.
    pub building: BuildingOf,
    /// Which benchmarks.
    pub selection: Selection,
    /// How the sides may differ.
    pub sides: Vec<SidesDiffer>,
    /// What else may keep the machine busy.
    pub loads: Vec<Load>,
    /// Wall time for all measuring, in milliseconds.
    pub budget_ms: u64,
    /// Where the benchmarks run.
    pub seat: Seat,
    /// Seed of all coins.
    pub seed: Option<u64>,
    /// How the result is printed.
    pub format: Format,
}

/// Calibrates, records what was said, and prints what follows from it.
///
/// # Errors
/// When nothing can be built or measured, or the record cannot be written; what was measured is kept in any case.
pub fn run(options: &CalibrateOptions, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let (conditions, _) = options.seat.conditions()?;
    let config = config::find(around.current_dir)?;
    let (target, places) = find_target(around)?;
    let _lock = RunLock::acquire(&places.work)?;
    let store = Store::open(&places.results);
    record_unfinished(&store, &places, terminal)?;
    duplicates::clear_leftovers(&places.executables())?;
    let stock = Stock::build(options, &target, &places, around, terminal)?;
    let turn = host_turn(around, terminal)?;
    let lineup = stock.line_up(options, &conditions, &places, around, terminal)?;
    let ready = readiness::enter(&options.seat, &config.env, &places.work, terminal)?;
    let mut record = begin(options, &stock, &lineup, &conditions, &store, &places)?;
    record.notes.extend_from_slice(ready.notes());
    let loads = rounds::loads(&options.loads, &conditions, &mut record.notes);
    let outcome = match loads.is_empty() {
        true => {
            Err(Failure::usage("none of the wanted loads can be made here").hint("`--loads none` always can"))
        }
        false => {
            let calibrating =
                Calibrating { lineup: &lineup, conditions: &conditions, places: &places, around, record };
            finish(calibrating, loads, options, &store, terminal)
        }
    };
    drop(turn);
    ready.leave(outcome, terminal)
}

/// Everything that is known before the first round, the environment written down.
fn begin(
    options: &CalibrateOptions,
    stock: &Stock,
    lineup: &Lineup,
    conditions: &Conditions,
    store: &Store,
    places: &Places,
) -> Outcome<CalibrationRecord> {
    let started_unix_ms = clock::now_unix_ms();
    let environment = store.write_environment(&stock.prepared.environment(places)?)?;
    store.write_schema("calibration-report", &report::calibration::json::schema())?;
    let benchmarks = comparison::measured_benchmarks(&lineup.suites);
    let seed = options.seed.unwrap_or_else(clock::random_seed);
    let mut notes = stock.prepared.notes.clone();
    notes.extend(lineup.notes.iter().cloned());
    let made = lineup.sides();
    notes.extend(
        options.sides.iter().filter(|sides| !made.contains(sides)).map(report::calibration::not_made),
    );
    Ok(CalibrationRecord {
        format: CalibrationRecord::FORMAT,
        id: run_id(started_unix_ms, (clock::random_seed() >> 32) as u32),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        started_unix_s: started_unix_ms / 1000,
        finished_unix_s: started_unix_ms / 1000,
        environment,
        subject: match options.known_changes {
            true => Subject::KnownChanges,
            false => Subject::Own(stock.prepared.sides.candidate.revision.clone()),
        },
        placement: placement(conditions),
        policy: Policy::USUAL,
        budget: Budget::usual(benchmarks, seed),
        benchmarks: benchmarks as u32,
        interrupted: false,
        notes,
        rounds: Vec::new(),
    })
}

/// Takes the rounds, and records and prints what was said, even where they ended early.
fn finish(
    mut calibrating: Calibrating<'_>,
    loads: Vec<Load>,
    options: &CalibrateOptions,
    store: &Store,
    terminal: &mut Terminal,
) -> Outcome<Exit> {
    let mut journal = RoundJournal::create(&calibrating.places.work, &calibrating.record)?;
    let ended = calibrating.run(loads, options.budget_ms as f64 / 1e3, &mut journal, terminal);
    let stopped = calibrating.around.interrupted.load(Ordering::Relaxed);
    let mut record = calibrating.record;
    terminal.clear_status();
    if record.rounds.is_empty() {
        journal.finish()?;
        let nothing = |failure: Failure| failure.hint("nothing is recorded, because no round had ended");
        return ended.map_err(nothing).map(|()| Exit::Incomplete);
    }
    record.interrupted = ended.is_err();
    let paths = store.write_calibration(&record).map_err(kept)?;
    journal.finish()?;
    let calibration = calibration::calibrate(&record);
    print_calibration(terminal, options.format, &record, &paths)?;
    match ended {
        Err(_) if stopped => Err(Failure::incomplete("interrupted").hint(
            "what was measured is recorded; the same command measures more, and `bench` adds it all up",
        )),
        Err(failure) => Err(failure),
        Ok(()) if calibration::breaks_the_promise(&calibration) => Ok(Exit::Regression),
        Ok(()) => Ok(Exit::Clean),
    }
}

/// What could not be recorded is in the folder of calibrations in progress still.
fn kept(failure: Failure) -> Failure {
    let remedy = failure.hint.as_deref().and_then(|hint| hint.split(';').next()).unwrap_or("mend the cause");
    let hint = format!("{remedy}; what was measured is kept, and the next `cargo rqs calibrate` records it");
    failure.hint(hint)
}

/// Records what calibrations measured that were killed.
fn record_unfinished(store: &Store, places: &Places, terminal: &mut Terminal) -> Outcome<()> {
    for (path, found) in unrecorded::unfinished(&places.work)? {
        let Some(record) = found.filter(|record| !record.rounds.is_empty()) else {
            unrecorded::discard(&path)?;
            continue;
        };
        let ended_ms = record.rounds.last().map_or(0, |round| round.began_ms + round.elapsed_ms);
        let finished_unix_s = record.started_unix_s + ended_ms.div_ceil(1000);
        let recorded =
            store.write_calibration(&CalibrationRecord { interrupted: true, finished_unix_s, ..record })?;
        terminal.say(&format!(
            "recorded what an interrupted calibration had measured: {}",
            recorded.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
        ));
        unrecorded::discard(&path)?;
    }
    Ok(())
}
