//! Counted instructions of both sides.

use rqs_harness::MeasureError;
use rqs_harness::counts::{Effort, Job, count_all};
use rqs_harness::process::allowed_cores;

use super::Bisecting;
use super::pair::PairBuilt;
use crate::analysis::bisection;
use crate::host::counts::{CountsCache, Subject};
use crate::host::terminal::Terminal;
use crate::model::bisection::{BisectionRecord, Yardstick};
use crate::model::failure::{Failure, Outcome};
use crate::model::record::SuiteRecord;
use crate::model::{BenchmarkKey, ByRole, Counted, Role};
use crate::trial::prepare::executable;

const TIME_TELLS_NOTHING: &str = "time did not tell both ends apart, so commits are told apart by counted instructions; \
                                  `--by time` does without";
const WORK_CHANGED: &str = "the work has changed by about as much as the time, so commits are told apart by counted \
                            instructions; `--by time` does without";

/// One side of one benchmark.
struct Place {
    suite: usize,
    benchmark: usize,
    role: Role,
}

impl Bisecting<'_> {
    /// Decides by what commits are told apart. Counts are exact and do not depend on where code and data lie, so they are
    /// the better yardstick where the work has changed by about as much as the time, or where time tells nothing. What
    /// is found by them is timed too in the end.
    ///
    /// # Errors
    /// As for [`Self::count_suites`].
    pub(super) fn choose_yardstick(
        &self,
        record: &mut BisectionRecord,
        ends: &PairBuilt,
        terminal: &mut Terminal,
    ) -> Outcome<()> {
        let open = match &record.subject {
            Some(subject) => vec![(subject.suite.clone(), subject.key.clone())],
            None => bisection::undecided(record),
        };
        let mut suites = record.ends.clone();
        for suite in &mut suites {
            suite.benchmarks.retain(|benchmark| open.contains(&(suite.name.clone(), benchmark.key.clone())));
        }
        self.count_suites(&record.environment, ends, &mut suites, terminal)?;
        for (suite, of) in record.ends.iter_mut().zip(suites) {
            for benchmark in of.benchmarks {
                let place = suite.benchmarks.iter_mut().find(|place| place.key == benchmark.key);
                place.into_iter().for_each(|place| place.counts = benchmark.counts.clone());
            }
        }
        if bisection::work_tells_more(record) {
            let why = if record.subject.is_some() { WORK_CHANGED } else { TIME_TELLS_NOTHING };
            record.subject = bisection::strongest(record, Yardstick::Instructions);
            record.by = Yardstick::Instructions;
            record.notes.push(why.to_owned());
        }
        Ok(())
    }

    /// Counts both sides of every benchmark that has both and differs in code, unless it was counted before.
    ///
    /// # Errors
    /// When counting as such is impossible, or the user asks to stop.
    pub(super) fn count_suites(
        &self,
        environment: &str,
        pair: &PairBuilt,
        suites: &mut [SuiteRecord],
        terminal: &mut Terminal,
    ) -> Outcome<()> {
        let Some(valgrind) = self.valgrind else { return Ok(()) };
        let cache = CountsCache::below(&self.places.work);
        let (mut places, mut subjects, mut jobs) = (Vec::new(), Vec::new(), Vec::new());
        for (suite, record) in suites.iter().enumerate().filter(|(_, record)| !record.identical) {
            let wanted = record.benchmarks.iter().enumerate();
            for (benchmark, of) in
                wanted.filter(|(_, of)| of.presence.is_both() && of.failure.is_none() && of.counts.is_none())
            {
                for role in Role::BOTH {
                    let Some(built) = pair.suite(role, &record.name) else { continue };
                    let key: BenchmarkKey = of.key.clone();
                    places.push(Place { suite, benchmark, role });
                    subjects.push((built, key.clone()));
                    jobs.push(Job { executable: executable(built), key });
                }
            }
        }
        let subject = |n: usize| {
            let (built, key) = &subjects[n];
            let (executable, code) = (&built.sha256, &built.code_hash);
            Subject { executable, code, key, emulator: valgrind.version(), environment }
        };
        let mut counted: Vec<Option<Counted>> =
            (0..jobs.len()).map(|n| cache.get(&subject(n)).map(Counted::Counts)).collect();
        let open: Vec<usize> = (0..jobs.len()).filter(|n| counted[*n].is_none()).collect();
        let work: Vec<Job> = open.iter().map(|n| jobs[*n].clone()).collect();
        let effort =
            Effort { workers: allowed_cores(), budget: None, hang_timeout_s: self.conditions.hang_timeout_s };
        let (mut finished, mut kept) = (0, Ok(()));
        let scratch = self.places.work.join("scratch");
        let ended = count_all(valgrind, &work, effort, self.around.interrupted, &scratch, |at, result| {
            let n = open[at];
            if let (Counted::Counts(counts), Ok(())) = (&result, &kept) {
                kept = cache.put(&subject(n), counts);
            }
            counted[n] = Some(result);
            finished += 1;
            terminal.status(&format!("counting instructions: {finished} of {} done", open.len()));
        });
        terminal.clear_status();
        ended.map_err(|error| match error {
            MeasureError::Interrupted => Failure::incomplete("interrupted"),
            error => Failure::incomplete("cannot count instructions").because(error),
        })?;
        kept?;
        for pair in places.iter().zip(counted).collect::<Vec<_>>().chunks(2) {
            if let [(place, Some(before)), (other, Some(after))] = pair
                && (place.suite, place.benchmark) == (other.suite, other.benchmark)
                && place.role == Role::Baseline
            {
                let counts = ByRole::new(before.clone(), after.clone());
                suites[place.suite].benchmarks[place.benchmark].counts = Some(counts);
            }
        }
        Ok(())
    }
}
