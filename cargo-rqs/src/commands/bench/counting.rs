//! The pass after the timed one that counts what benchmarks execute, to explain the times.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rqs_harness::MeasureError;
use rqs_harness::counts::{Effort, Job, Valgrind, count_all};
use rqs_harness::process::allowed_cores;

use super::Run;
use crate::analysis::comparison::{self, Comparison};
use crate::analysis::row::Finding;
use crate::analysis::verdict::Verdict;
use crate::host::clock::Stopwatch;
use crate::host::counts::{CountsCache, Subject};
use crate::host::terminal::Terminal;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::record::Counting;
use crate::model::{BenchmarkKey, ByRole, Counted, Role};
use crate::trial::measure::interrupted;
use crate::trial::prepare::executable;

/// Which benchmarks are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountWhich {
    /// Those that changed or stayed inconclusive, as far as a minute (or the time that the timed pass took) reaches.
    Unsettling,
    /// All that exist on both sides in different code, however long it takes.
    All,
    /// None.
    None,
}

/// The least time that counting may take before the rest is left out.
const LEAST_BUDGET_S: f64 = 60.0;

/// One side of one benchmark.
struct Place {
    suite: usize,
    benchmark: usize,
    role: Role,
}

/// Fails early where a gate asks for counts that cannot be taken.
///
/// # Errors
/// When valgrind is missing.
pub fn check_gate(wanted: bool) -> Outcome<()> {
    match Valgrind::find() {
        Err(why) if wanted => {
            Err(Failure::new(Exit::Incomplete, "`--gate instructions` needs counted instructions")
                .cause(why)
                .hint("install it, or leave the gate out; without it, counting is skipped with a note"))
        }
        _ => Ok(()),
    }
}

impl Run<'_> {
    /// Counts instructions, and puts them into the record.
    ///
    /// # Errors
    /// When the user asks to stop. Whatever else goes wrong is a note: the times stand without counts.
    pub(super) fn count(&mut self, timed_s: f64, terminal: &mut Terminal) -> Outcome<()> {
        let which =
            if self.record.policy.gate_on_instructions { CountWhich::All } else { self.options.counts };
        let comparison = comparison::compare(&self.record);
        let places = self.places_to_count(which, &comparison);
        if places.is_empty() {
            return Ok(());
        }
        let valgrind = match Valgrind::find() {
            Ok(valgrind) => valgrind,
            Err(why) => {
                self.record.notes.push(format!("instructions were not counted: {why}"));
                return Ok(());
            }
        };
        let watch = Stopwatch::start();
        let budget =
            (which == CountWhich::Unsettling).then(|| Duration::from_secs_f64(timed_s.max(LEAST_BUDGET_S)));
        let counted = match self.count_places(&valgrind, &places, budget, terminal) {
            Ok(counted) => counted,
            Err(failure) if self.around.interrupted.load(Ordering::Relaxed) => return Err(failure),
            Err(failure) => {
                let why = failure.causes.first().unwrap_or(&failure.message);
                self.record.notes.push(format!("instructions were not counted: {why}"));
                return Ok(());
            }
        };
        let left_out = self.join_counts(&places, counted);
        if left_out > 0 {
            self.record.notes.push(format!(
                "instructions of {left_out} benchmarks were not counted, because it would have taken longer than the timing; `--counts always` counts them all"
            ));
        }
        let elapsed_ms = (watch.elapsed_s() * 1e3) as u64;
        self.record.counting = Some(Counting { emulator: valgrind.version().to_owned(), elapsed_ms });
        Ok(())
    }

    /// Both sides of every benchmark that is wanted, those that changed most first.
    fn places_to_count(&self, which: CountWhich, comparison: &Comparison) -> Vec<Place> {
        let mut wanted: Vec<(f64, usize, usize)> = Vec::new();
        for (suite, rows) in comparison.suites.iter().enumerate() {
            for (benchmark, row) in rows.rows.iter().enumerate() {
                let change = match (&row.finding, which) {
                    (Finding::Measured(judgement, _), CountWhich::All) => judgement.interval.mean,
                    (Finding::Measured(judgement, _), CountWhich::Unsettling)
                        if judgement.verdict != Verdict::Unchanged =>
                    {
                        judgement.interval.mean
                    }
                    // Counting needs no calm epoch.
                    (Finding::NotMeasured, CountWhich::All) => 0.0,
                    _ => continue,
                };
                wanted.push((change.abs(), suite, benchmark));
            }
        }
        wanted.sort_by(|a, b| b.0.total_cmp(&a.0));
        wanted
            .into_iter()
            .flat_map(|(_, suite, benchmark)| Role::BOTH.map(|role| Place { suite, benchmark, role }))
            .collect()
    }

    /// The counts of each place; `None` where the budget did not reach.
    fn count_places(
        &self,
        valgrind: &Valgrind,
        places: &[Place],
        budget: Option<Duration>,
        terminal: &mut Terminal,
    ) -> Outcome<Vec<Option<Counted>>> {
        let cache = CountsCache::below(&self.places.work);
        let subjects: Vec<_> = places.iter().map(|place| self.subject(place, valgrind)).collect();
        let mut counted: Vec<Option<Counted>> = subjects
            .iter()
            .map(|subject| subject.as_ref().and_then(|(subject, _)| cache.get(subject)).map(Counted::Counts))
            .collect();
        let mut jobs = Vec::new();
        for (k, subject) in subjects.iter().enumerate() {
            if let (None, Some((subject, job))) = (&counted[k], subject) {
                jobs.push((k, subject, job));
            }
        }
        let effort =
            Effort { workers: allowed_cores(), budget, hang_timeout_s: self.conditions.hang_timeout_s };
        let (mut finished, mut kept) = (0, Ok(()));
        let say = |finished: usize, terminal: &mut Terminal| {
            terminal.status(&format!("counting instructions: {finished} of {} done", jobs.len()));
        };
        say(0, terminal);
        let work: Vec<Job> = jobs.iter().map(|(_, _, job)| (*job).clone()).collect();
        let scratch = self.places.work.join("scratch");
        let ended = count_all(valgrind, &work, effort, self.around.interrupted, &scratch, |n, result| {
            let (k, subject, _) = jobs[n];
            if let (Counted::Counts(counts), Ok(())) = (&result, &kept) {
                kept = cache.put(subject, counts);
            }
            counted[k] = Some(result);
            finished += 1;
            say(finished, terminal);
        });
        terminal.clear_status();
        match ended {
            Ok(()) => kept.map(|()| counted),
            Err(MeasureError::Interrupted) => Err(interrupted()),
            Err(error) => Err(Failure::incomplete("cannot count instructions").because(error)),
        }
    }

    fn subject<'a>(&'a self, place: &Place, valgrind: &'a Valgrind) -> Option<(Subject<'a>, Job)> {
        let suite = &self.record.suites[place.suite];
        let build = &self.prepared.sides.get(place.role).build;
        let built = build.suites.iter().find(|built| built.name == suite.name)?;
        let key: &BenchmarkKey = &suite.benchmarks[place.benchmark].key;
        let subject = Subject {
            executable: &built.sha256,
            code: &built.code_hash,
            key,
            emulator: valgrind.version(),
            environment: &self.record.environment,
        };
        Some((subject, Job { executable: executable(built), key: key.clone() }))
    }

    /// Puts counts of both sides into the record; gives the number of benchmarks without.
    fn join_counts(&mut self, places: &[Place], counted: Vec<Option<Counted>>) -> usize {
        let mut left_out = 0;
        let mut counted = counted.into_iter();
        for place in places.iter().filter(|place| place.role == Role::Baseline) {
            match (counted.next().flatten(), counted.next().flatten()) {
                (Some(baseline), Some(candidate)) => {
                    let benchmark = &mut self.record.suites[place.suite].benchmarks[place.benchmark];
                    benchmark.counts = Some(ByRole::new(baseline, candidate));
                }
                _ => left_out += 1,
            }
        }
        left_out
    }
}
