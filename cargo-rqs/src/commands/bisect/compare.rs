//! The comparisons: both ends with all their benchmarks, then single commits with one.

use rqs_harness::process::{CoordinatorSeat, Executable};

use super::pair::PairBuilt;
use super::{Bisecting, By};
use crate::analysis::bisection::{State, as_benchmark, policy_of_search, reading_of};
use crate::analysis::comparison::{self, Varied};
use crate::host::cargo::BuiltSuite;
use crate::host::journal::{JournalEntry, JournalEvent};
use crate::host::terminal::Terminal;
use crate::model::bisection::{BisectionRecord, Measurement, Purpose, Subject, Yardstick};
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::policy::{Budget, Policy};
use crate::model::record::{BenchmarkRecord, Presence, SuiteRecord};
use crate::model::{ByRole, Role};
use crate::plan::layout_seeds;
use crate::trial::measure::Measuring;
use crate::trial::suites::{self, Wanted};
use crate::trial::{Selection, Trial, host_turn};

/// Seconds after which a record in the making is written down again.
const KEEP_AFTER_S: f64 = 1.0;
/// Epochs to put a commit on a side of the change, at most: a build that lies between the sides is not decided by more.
const EPOCHS_OF_A_SEARCH: u32 = 32;
/// Epochs for everything else, at most.
const EPOCHS: u32 = 100;
/// Wall time for the measuring of a benchmark, in milliseconds ...
const EACH_MS: u64 = 5_000;
/// ... and in all, at least.
const LEAST_MS: u64 = 60_000;
/// Microseconds of samples for each epoch and side.
const EPOCH_US: u64 = 10_000;
/// Pairs of other layouts over which a change is measured, at most: twice what a run takes, because it is known that there
/// is a change.
const MOST_LAYOUTS: u32 = 48;

/// What is timed.
struct Job<'a> {
    /// One pair for each suite.
    executables: Vec<Option<ByRole<Executable>>>,
    /// The suites, with what was measured of them before.
    suites: Vec<SuiteRecord>,
    policy: Policy,
    budget: Budget,
    /// The suites as they were built, where they are measured over other layouts too.
    varied: Option<&'a [Option<ByRole<&'a BuiltSuite>>]>,
}

/// Puts what an epoch gave into the record.
type Join = fn(&mut BisectionRecord, &JournalEntry);

impl Bisecting<'_> {
    /// Compares both ends, or goes on with it.
    ///
    /// # Errors
    /// Exit code 4 when there is no benchmark; otherwise when measuring is impossible.
    pub(super) fn compare_ends(
        &mut self,
        record: &mut BisectionRecord,
        ends: &PairBuilt,
        terminal: &mut Terminal,
    ) -> Outcome<()> {
        if record.ends.is_empty() {
            let listed = self.list(&self.options.selection, ends, terminal)?;
            let known = |benchmark: &BenchmarkRecord| benchmark.presence == Presence::Both;
            if !listed.records.iter().any(|suite| suite.benchmarks.iter().any(known)) {
                return Err(self.nothing_to_compare(&listed));
            }
            record.ends = listed.records;
            record.notes.extend(listed.notes);
        }
        match record.by {
            Yardstick::Instructions => {
                let mut suites = record.ends.clone();
                self.count_suites(&record.environment, ends, &mut suites, terminal)?;
                record.ends = suites;
                Ok(())
            }
            Yardstick::Time => {
                let benchmarks = comparison::measured_benchmarks(&record.ends) as u64;
                let budget = self.budget(record, EPOCHS, (EACH_MS * benchmarks).max(LEAST_MS));
                let suites = record.ends.clone();
                let executables = suites.iter().map(|suite| ends.executables(&suite.name)).collect();
                let built: Vec<_> = suites.iter().map(|suite| ends.both(&suite.name)).collect();
                let job = Job { executables, suites, policy: Policy::USUAL, budget, varied: Some(&built) };
                self.time(record, job, join_ends, terminal)
            }
        }
    }

    /// Notes what code the subject is at both ends.
    pub(super) fn note_code(record: &mut BisectionRecord, ends: &PairBuilt) {
        let Some(subject) = &record.subject else { return };
        for (role, id) in [(Role::Baseline, &record.good.id), (Role::Candidate, &record.bad.id)] {
            let code = ends.suite(role, &subject.suite).map(|built| built.code_hash.clone());
            record.code.extend(code.map(|code| (id.clone(), code)));
        }
    }

    /// Compares a commit with another: the reason when that is impossible.
    ///
    /// # Errors
    /// When measuring as such is impossible, or the user asks to stop.
    pub(super) fn compare(
        &mut self,
        record: &mut BisectionRecord,
        purpose: Purpose,
        baseline: &str,
        commit: usize,
        terminal: &mut Terminal,
    ) -> Outcome<Result<(), String>> {
        let candidate = record.commits[commit].id.clone();
        let Some(subject) = record.subject.clone() else { return Ok(Ok(())) };
        let pair = match self.try_pair(baseline, &candidate, &record.bad.id, terminal)? {
            Ok(pair) => pair,
            Err(reason) => return Ok(Err(reason)),
        };
        let sides = [(Role::Baseline, baseline), (Role::Candidate, candidate.as_str())];
        let codes =
            sides.map(|(role, _)| pair.suite(role, &subject.suite).map(|built| built.code_hash.clone()));
        let [Some(before), Some(after)] = codes else {
            return Ok(Err(format!("the suite `{}` is not there, or does not build", subject.suite)));
        };
        let is_new = !record.code.contains_key(&candidate);
        record.code.insert(baseline.to_owned(), before);
        let is_known = is_new && record.code.values().any(|code| *code == after);
        record.code.insert(candidate.clone(), after.clone());
        if purpose == Purpose::Search && is_known {
            // It lies where its equal lies; that is certain, so nothing is measured.
            terminal.say("  the same code as a commit that is known");
            return Ok(Ok(()));
        }
        let mut suite = match self.list_subject(&subject, &pair, terminal)? {
            Ok(suite) => suite,
            Err(reason) => return Ok(Err(reason)),
        };
        let layout = (purpose == Purpose::Search).then(|| next_layout(record, &after)).flatten();
        let executables = match self.linked(&pair, &subject.suite, layout, terminal)? {
            Ok(executables) => executables,
            Err(why) => {
                // Without other orders, what was measured has to do.
                record.not_varied = Some(why);
                return Ok(Ok(()));
            }
        };
        let place = place_for(record, purpose, baseline, &candidate, layout);
        suite.benchmarks = vec![as_benchmark(&subject.key, &record.measured[place])];
        if record.by == Yardstick::Instructions {
            let mut suites = vec![suite.clone()];
            self.count_suites(&record.environment, &pair, &mut suites, terminal)?;
            record.measured[place].counts = suites.remove(0).benchmarks.remove(0).counts;
        }
        if record.by == Yardstick::Time || (purpose == Purpose::Check && self.options.by == By::Auto) {
            let whole = State::of(record).map_or(0.0, |state| state.evidence().whole.mean);
            let (policy, epochs) = match purpose {
                Purpose::Search => (policy_of_search(whole), EPOCHS_OF_A_SEARCH),
                Purpose::Check => (Policy::USUAL, EPOCHS),
            };
            let budget = self.budget(record, epochs, LEAST_MS);
            // What is said in the end has to be true of the source, not of two executables.
            let built = [pair.both(&subject.suite)];
            let varied = (purpose == Purpose::Check).then_some(&built[..]);
            let job = Job { executables: vec![executables], suites: vec![suite], policy, budget, varied };
            self.time(record, job, join_last, terminal)?;
        }
        record.measured[place].complete = true;
        let benchmark = as_benchmark(&subject.key, &record.measured[place]);
        Ok(match (&benchmark.failure, reading_of(record.by, &benchmark, commit)) {
            (Some(failure), _) => Err(format!("the benchmark fails: {}", failure.what)),
            (None, None) => Err("it gave no numbers that can be used".into()),
            (None, Some(_)) => Ok(()),
        })
    }

    fn list(
        &self,
        selection: &Selection,
        pair: &PairBuilt,
        terminal: &mut Terminal,
    ) -> Outcome<suites::Listed> {
        suites::list(
            selection,
            Wanted::new(selection)?,
            &pair.prepared,
            self.conditions,
            self.places,
            self.around.interrupted,
            terminal,
        )
    }

    /// The suite of the subject, its benchmark there on both sides.
    fn list_subject(
        &self,
        subject: &Subject,
        pair: &PairBuilt,
        terminal: &mut Terminal,
    ) -> Outcome<Result<SuiteRecord, String>> {
        let selection = Selection {
            filter: Some(format!("{}::{}", subject.suite, subject.key)),
            exact: true,
            measure_identical: true,
        };
        let listed = self.list(&selection, pair, terminal)?;
        let Some(suite) = listed.records.into_iter().find(|suite| suite.name == subject.suite) else {
            return Ok(Err(format!("the suite `{}` lists no Criterion benchmarks", subject.suite)));
        };
        let benchmark = suite.benchmarks.iter().find(|benchmark| benchmark.key == subject.key);
        Ok(match benchmark {
            Some(BenchmarkRecord { failure: Some(failure), .. }) => {
                Err(format!("the suite fails: {}", failure.what))
            }
            Some(benchmark) if benchmark.presence.is_both() => Ok(suite),
            _ => Err("it has no such benchmark".into()),
        })
    }

    /// Times suites in alternation; what each epoch gives is joined into the record and kept.
    fn time(
        &mut self,
        record: &mut BisectionRecord,
        job: Job<'_>,
        join: Join,
        terminal: &mut Terminal,
    ) -> Outcome<()> {
        let _turn = host_turn(self.around, terminal)?;
        let Job { executables, mut suites, policy, budget, varied } = job;
        let (mut ledger, mut notes) = (Vec::new(), Vec::new());
        let trial = Trial {
            suites: &mut suites,
            policy,
            budget,
            counters: None,
            ledger: &mut ledger,
            notes: &mut notes,
        };
        let (draft, watch, last_kept_s) = (&self.draft, &self.watch, &mut self.last_kept_s);
        let mut sink = |entries: &[JournalEntry], _: &_| {
            entries.iter().for_each(|entry| join(record, entry));
            if watch.elapsed_s() - *last_kept_s < KEEP_AFTER_S {
                return Ok(());
            }
            *last_kept_s = watch.elapsed_s();
            draft.write(record)
        };
        let interrupted = self.around.interrupted;
        let mut measuring =
            Measuring::new(trial, executables, &mut sink, self.conditions, interrupted, self.places)?;
        let kept = |failure: Failure| {
            failure.hint("what was measured is kept; the same command line goes on from there")
        };
        let seat = CoordinatorSeat::take(self.conditions);
        measuring.run(terminal).map_err(kept)?;
        drop(seat);
        if let Some(built) = varied {
            measuring
                .vary_layouts(built, MOST_LAYOUTS, Varied::All, self.conditions, terminal)
                .map_err(kept)?;
        }
        drop(measuring);
        // What a search leaves open, it says by its chances.
        let notes = notes.into_iter().filter(|_| varied.is_some());
        for note in notes {
            if !record.notes.contains(&note) {
                record.notes.push(note);
            }
        }
        Ok(())
    }

    fn budget(&self, record: &BisectionRecord, max_epochs: u32, most_ms: u64) -> Budget {
        let left_ms = self.options.budget_ms.saturating_sub((self.watch.elapsed_s() * 1e3) as u64);
        Budget {
            max_epochs,
            time_budget_ms: most_ms.min(left_ms).max(1),
            epoch_us: EPOCH_US,
            seed: record.seed,
        }
    }

    fn nothing_to_compare(&self, listed: &suites::Listed) -> Failure {
        let mut failure = Failure::new(Exit::NothingToRun, "both ends have no Criterion benchmark in common");
        failure.causes.extend(listed.notes.iter().cloned());
        let (good, bad) = (&self.options.sides.baseline, &self.options.bad);
        failure.hint(format!(
            "`cargo rqs bench --list --baseline {good} --candidate {bad}` shows what there is; `--benches-from bad` measures \
             the benchmarks of the bad end at every commit"
        ))
    }
}

/// The seed of the order for the next measurement of this code; none for the first, which is as it was built.
fn next_layout(record: &BisectionRecord, code: &str) -> Option<u32> {
    let is_of_code = |id: &str| record.code.get(id).is_some_and(|known| known == code);
    let searches = record.measured.iter().filter(|measurement| {
        measurement.complete && measurement.purpose == Purpose::Search && is_of_code(&measurement.candidate)
    });
    // The bad end was measured as it was built, when both ends were compared.
    let before = searches.count() + usize::from(is_of_code(&record.bad.id));
    (before > 0).then(|| layout_seeds(record.seed, before as u32).candidate)
}

/// The place of a comparison in the record: an earlier start may have begun it.
fn place_for(
    record: &mut BisectionRecord,
    purpose: Purpose,
    baseline: &str,
    candidate: &str,
    layout: Option<u32>,
) -> usize {
    // The last one takes in what is measured.
    let begun = record.measured.iter().position(|measurement| {
        !measurement.complete
            && measurement.purpose == purpose
            && measurement.layout == layout
            && (measurement.baseline.as_str(), measurement.candidate.as_str()) == (baseline, candidate)
    });
    let measurement = begun.map(|place| record.measured.remove(place)).unwrap_or(Measurement {
        purpose,
        baseline: baseline.to_owned(),
        candidate: candidate.to_owned(),
        layout,
        complete: false,
        epochs: Vec::new(),
        layouts: Vec::new(),
        failure: None,
        counts: None,
    });
    record.measured.push(measurement);
    record.measured.len() - 1
}

fn join_ends(record: &mut BisectionRecord, entry: &JournalEntry) {
    let suite = record.ends.get_mut(entry.suite);
    let benchmarks = suite.into_iter().flat_map(|suite| &mut suite.benchmarks);
    for benchmark in benchmarks.filter(|benchmark| benchmark.key == entry.benchmark) {
        match &entry.event {
            JournalEvent::Epoch(sample) => benchmark.epochs.push((**sample).clone()),
            JournalEvent::Failure(failure) => benchmark.failure = Some(failure.clone()),
            JournalEvent::Layout(sample) => benchmark.layouts.push((**sample).clone()),
        }
    }
}

fn join_last(record: &mut BisectionRecord, entry: &JournalEntry) {
    if let Some(measurement) = record.measured.last_mut() {
        match &entry.event {
            JournalEvent::Epoch(sample) => measurement.epochs.push((**sample).clone()),
            JournalEvent::Failure(failure) => measurement.failure = Some(failure.clone()),
            JournalEvent::Layout(sample) => measurement.layouts.push((**sample).clone()),
        }
    }
}
