//! The rounds of a calibration: all benchmarks are judged once under one condition, again and again until the time is over.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use rqs_harness::coin::Coins;
use rqs_harness::load::{self, Running};
use rqs_harness::process::{Conditions, CoordinatorSeat};

use super::sides::Lineup;
use crate::analysis::calibration::{self, Calibration};
use crate::analysis::comparison::{self, Varied};
use crate::analysis::{layout, row};
use crate::host::clock::Stopwatch;
use crate::host::habits::HabitFile;
use crate::host::journal::{JournalEntry, JournalEvent};
use crate::host::rounds::RoundJournal;
use crate::host::terminal::Terminal;
use crate::model::calibration::{CalibrationRecord, Judged, Load, Round, SidesDiffer};
use crate::model::failure::{Failure, Outcome};
use crate::model::ledger::LedgerEntry;
use crate::model::policy::Budget;
use crate::model::record::SuiteRecord;
use crate::model::{BenchmarkKey, EpochSample};
use crate::plan::rounds::Rounds;
use crate::report::calibration::{announce, progress};
use crate::trial::measure::Measuring;
use crate::trial::{Places, Surroundings, Trial};

/// Seconds between two lines that tell where the calibration stands.
const SAID_EVERY_S: f64 = 60.0;

/// Pairs of other layouts that confirm a change at most, as `bench` takes where nothing else is said.
const MOST_LAYOUTS: u32 = 24;

/// Milliseconds of each benchmark's epochs in a round.
type Costs = HashMap<(usize, BenchmarkKey), f64>;

/// Everything that a round needs.
pub struct Calibrating<'a> {
    /// The sides.
    pub lineup: &'a Lineup,
    /// Where and how the processes run.
    pub conditions: &'a Conditions,
    /// The tool's folders.
    pub places: &'a Places,
    /// What comes from outside.
    pub around: &'a Surroundings<'a>,
    /// The record, which takes the rounds in.
    pub record: CalibrationRecord,
}

/// The kinds of load that are wanted and can be made here; a note for each that cannot.
pub fn loads(wanted: &[Load], conditions: &Conditions, notes: &mut Vec<String>) -> Vec<Load> {
    let possible = |load: &Load| {
        let Some(kind) = kind(*load) else { return true };
        let there_is_a_core = !load::cores(kind, conditions).is_empty();
        if !there_is_a_core {
            notes.push(match kind {
                load::Kind::Bursts => {
                    "no load of bursts: the benchmarks are on no core in particular".to_owned()
                }
                load::Kind::Memory => {
                    "no load on memory: there is no core beside those of the benchmarks".to_owned()
                }
            });
        }
        there_is_a_core
    };
    wanted.iter().copied().filter(possible).collect()
}

fn kind(load: Load) -> Option<load::Kind> {
    match load {
        Load::None => None,
        Load::Bursts => Some(load::Kind::Bursts),
        Load::Memory => Some(load::Kind::Memory),
    }
}

impl Calibrating<'_> {
    /// Takes rounds until the next one would not fit into the time any more; the first always does.
    ///
    /// # Errors
    /// When a round is impossible or interrupted; those before it stay in the record.
    pub fn run(
        &mut self,
        loads: Vec<Load>,
        budget_s: f64,
        journal: &mut RoundJournal,
        terminal: &mut Terminal,
    ) -> Outcome<()> {
        let watch = Stopwatch::start();
        let rounds = Rounds::of(self.lineup.sides(), loads, self.record.budget.seed);
        terminal.say(&announce(self.record.benchmarks as usize, rounds.pairs(), budget_s));
        let mut said_s = 0.0;
        for (number, (sides, load)) in rounds.enumerate() {
            let began_s = watch.elapsed_s();
            let usual_s = began_s / number.max(1) as f64;
            if number > 0 && began_s + usual_s > budget_s {
                break;
            }
            let verdicts = self.round(number as u32, sides, load, terminal)?;
            let now_s = watch.elapsed_s();
            let round = Round {
                number: number as u32,
                sides,
                load,
                began_ms: (began_s * 1e3) as u64,
                elapsed_ms: ((now_s - began_s) * 1e3) as u64,
                verdicts,
            };
            journal.append(&round)?;
            self.record.rounds.push(round);
            self.record.finished_unix_s = self.record.started_unix_s + now_s.ceil() as u64;
            if now_s - said_s >= SAID_EVERY_S {
                said_s = now_s;
                terminal.say(&progress(&self.so_far(), self.record.rounds.len(), budget_s - now_s));
            }
        }
        Ok(())
    }

    fn so_far(&self) -> Calibration {
        calibration::calibrate(&self.record)
    }

    /// Judges every benchmark once.
    fn round(
        &self,
        number: u32,
        sides: SidesDiffer,
        load: Load,
        terminal: &mut Terminal,
    ) -> Outcome<Vec<Judged>> {
        let mut suites = self.lineup.suites.clone();
        let seed = Coins::new(self.record.budget.seed ^ (u64::from(number) << 32)).bits();
        let budget = Budget { seed, ..self.record.budget };
        let mut running = self.start(load, seed)?;
        let costs = self.measure(&mut suites, sides, budget, terminal)?;
        if let Some(running) = &mut running {
            running.check().map_err(|error| Failure::incomplete("there was no load").because(error))?;
        }
        Ok(self.judge(&suites, &costs))
    }

    fn start(&self, load: Load, seed: u64) -> Outcome<Option<Running>> {
        let scratch = self.places.work.join("scratch");
        let start = |kind| load::start(kind, self.conditions, seed, &scratch);
        kind(load)
            .map(start)
            .transpose()
            .map_err(|error| Failure::incomplete("cannot load the machine").because(error))
    }

    fn measure(
        &self,
        suites: &mut Vec<SuiteRecord>,
        sides: SidesDiffer,
        budget: Budget,
        terminal: &mut Terminal,
    ) -> Outcome<Costs> {
        let mut costs = Costs::new();
        let mut keep = |entries: &[JournalEntry], happened: &LedgerEntry| {
            share_out(&mut costs, entries, happened);
            Ok(())
        };
        let (mut ledger, mut notes) = (Vec::new(), Vec::new());
        let trial = Trial {
            suites,
            policy: self.record.policy,
            budget,
            counters: None,
            ledger: &mut ledger,
            notes: &mut notes,
        };
        let interrupted = self.around.interrupted;
        let (executables, _relinked) = self.lineup.executables(sides, budget.seed as u32, interrupted)?;
        let mut measuring =
            Measuring::new(trial, executables, &mut keep, self.conditions, interrupted, self.places)?;
        // Settings that `bench` learns from run to run are part of what is calibrated.
        let file = HabitFile::below(&self.places.work);
        measuring.accustom(&file.read(&self.record.environment));
        let seat = CoordinatorSeat::take(self.conditions);
        measuring.run(terminal)?;
        drop(seat);
        if sides.in_layout() {
            let built = self.lineup.built(sides);
            measuring.vary_layouts(&built, MOST_LAYOUTS, Varied::Changed, self.conditions, terminal)?;
        }
        file.add(&self.record.environment, measuring.habits())?;
        drop(measuring);
        // A signal between two epochs ends the loop as if it were done.
        match interrupted.load(Ordering::Relaxed) {
            true => Err(Failure::incomplete("interrupted")),
            false => Ok(costs),
        }
    }

    fn judge(&self, suites: &[SuiteRecord], costs: &Costs) -> Vec<Judged> {
        let policy = &self.record.policy;
        let alpha = comparison::alpha_per_benchmark(suites, policy);
        let mut judged = Vec::new();
        for (index, suite) in suites.iter().enumerate() {
            for benchmark in &suite.benchmarks {
                let row = row::row(false, benchmark, policy, alpha);
                let elapsed_ms = costs.get(&(index, benchmark.key.clone())).copied().unwrap_or(0.0);
                let epochs = benchmark.epochs.len() as u32;
                let over_layouts = row
                    .judgement()
                    .and_then(|as_built| layout::confirm(as_built, alpha, benchmark, MOST_LAYOUTS, policy))
                    .map(|(over_layouts, _)| over_layouts.verdict);
                judged.push(calibration::judged(&suite.name, &row, over_layouts, epochs, elapsed_ms as u64));
            }
        }
        judged
    }
}

/// Shares the wall time of an epoch out among its benchmarks, in proportion to the time of their own.
fn share_out(costs: &mut Costs, entries: &[JournalEntry], happened: &LedgerEntry) {
    let own = |entry: &JournalEntry| match &entry.event {
        JournalEvent::Epoch(sample) => own_ns(sample),
        // Confirming what changed comes after the verdict.
        JournalEvent::Layout(_) | JournalEvent::Failure(_) => 0.0,
    };
    let all: f64 = entries.iter().map(own).sum();
    for entry in entries.iter().filter(|_| all > 0.0) {
        let key = (entry.suite, entry.benchmark.clone());
        *costs.entry(key).or_default() += happened.wall_us as f64 / 1e3 * own(entry) / all;
    }
}

/// Time in a benchmark's own routine, warm-up included.
fn own_ns(sample: &EpochSample) -> f64 {
    let warm_up = sample.warm_up.iter().map(|(_, turn)| turn.elapsed_ns);
    let turns =
        sample.blocks.iter().flat_map(|block| block.turns.baseline.iter().chain(&block.turns.candidate));
    warm_up.chain(turns.map(|turn| turn.elapsed_ns)).sum::<u64>() as f64
}
