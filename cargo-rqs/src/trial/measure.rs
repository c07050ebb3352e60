//! The loop of a run: measures every undecided benchmark once per epoch, until all are decided or the budget is spent.

mod layouts;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use rqs_harness::process::{Conditions, Executable};
use rqs_harness::{EpochReport, EpochRequest, MeasureError, Pair, Task};

use super::focus::{self, Need};
use super::lanes::{Lanes, Open};
use super::progress::Outlook;
use super::temper::Tempers;
use super::{Places, Trial};
use crate::analysis::{comparison, confidence, ledger, levels, verdict};
use crate::host::clock::Stopwatch;
use crate::host::journal::{JournalEntry, JournalEvent};
use crate::host::ledger::LedgerReader;
use crate::host::terminal::Terminal;
use crate::model::failure::{Failure, Outcome};
use crate::model::habit::Habits;
use crate::model::ledger::LedgerEntry;
use crate::model::record::{LayoutSample, SuiteRecord};
use crate::model::{BenchmarkKey, ByRole, Engine};
use crate::plan::EpochPlan;

/// Bytes of ids in one filter; escaped they may be twice as long, and one argument holds 128 KiB.
const LONGEST_FILTER: usize = 48 << 10;
/// Keeps what one epoch gave before the next one begins.
pub type Sink<'a> = &'a mut dyn FnMut(&[JournalEntry], &LedgerEntry) -> Outcome<()>;

/// A trial that is being measured.
pub struct Measuring<'a> {
    trial: Trial<'a>,
    sink: Sink<'a>,
    interrupted: &'a AtomicBool,
    pairs: Vec<Option<Pair<'a>>>,
    lanes: Lanes,
    tempers: Tempers,
    ledger: LedgerReader,
    /// Suites whose sides run their benchmarks in different orders.
    one_at_a_time: HashSet<usize>,
    /// The seeds of the executables that are measured at present, where these were linked anew.
    layout: Option<ByRole<u32>>,
}

impl<'a> Measuring<'a> {
    /// Readies the executables of every suite: one pair for each, in their order; `None` where a side has none.
    ///
    /// # Errors
    /// When the probe cannot be installed.
    pub fn new(
        trial: Trial<'a>,
        executables: Vec<Option<ByRole<Executable>>>,
        sink: Sink<'a>,
        conditions: &'a Conditions,
        interrupted: &'a AtomicBool,
        places: &Places,
    ) -> Outcome<Self> {
        let scratch = places.work.join("scratch");
        let mut pairs = Vec::new();
        for (suite, executables) in trial.suites.iter().zip(executables) {
            let Some(executables) = executables else {
                pairs.push(None);
                continue;
            };
            let mut pair = Pair::new(executables, conditions, interrupted, &scratch)
                .map_err(|error| Failure::incomplete("cannot start measuring").because(error))?;
            pair.set_versions(suite.harness.as_ref().map(|harness| version_of(harness)));
            pairs.push(Some(pair));
        }
        let lanes = Lanes::new(next_epoch_number(trial.suites), trial.budget.seed);
        let (tempers, one_at_a_time) = (Tempers::default(), HashSet::new());
        let ledger = LedgerReader::new(&conditions.bench_cpus, conditions.coordinator_cpu());
        Ok(Measuring { trial, sink, interrupted, pairs, lanes, tempers, ledger, one_at_a_time, layout: None })
    }

    /// Measures benchmarks as earlier runs learned. What this run learns itself is for later ones: within a run all epochs
    /// of a benchmark are as long.
    pub fn accustom(&mut self, habits: &Habits) {
        self.tempers = Tempers::of(habits, self.trial.suites);
    }

    /// What was learned about how the measured benchmarks are best measured.
    pub fn habits(&self) -> Habits {
        let mut habits = Habits::new();
        let Trial { policy, budget, .. } = &self.trial;
        for (number, suite) in self.trial.suites.iter().enumerate() {
            for benchmark in suite.benchmarks.iter().filter(|benchmark| !benchmark.epochs.is_empty()) {
                let epoch_s = self.lanes.last_epoch_s(number, &benchmark.key);
                let habit = self.tempers.habit(number, benchmark, epoch_s, policy, budget);
                habits.insert((suite.name.clone(), benchmark.key.clone()), habit);
            }
        }
        habits
    }

    /// Measures until everything is decided, the budget is spent, or the user asks to stop.
    ///
    /// # Errors
    /// When measuring is impossible, or the journal cannot be written; what was measured stays in the journal.
    pub fn run(&mut self, terminal: &mut Terminal) -> Outcome<()> {
        let watch = Stopwatch::start();
        let mut warned = false;
        self.warn_of_few_epochs(terminal);
        loop {
            let budget = self.trial.budget;
            let left_s = budget.time_budget_ms as f64 / 1e3 - watch.elapsed_s();
            let open = self.open();
            let Some(next) = self.lanes.next(&self.within_reach(&open, left_s)) else { return Ok(()) };
            if left_s < 0.0 {
                self.trial.notes.push("the time budget was spent before every benchmark was decided".into());
                return Ok(());
            }
            let costs_s = self.lanes.epoch_costs_s(&open);
            if let Some(costs_s) = &costs_s
                && !warned
                && self.lanes.know_all(&open)
            {
                warned = true;
                self.warn_of_short_budget(costs_s.iter().sum(), terminal);
            }
            let outlook =
                Outlook::of(self.trial.suites, &self.trial.policy, &budget, &open, costs_s.as_deref());
            terminal.status(&outlook.line(watch.elapsed_s(), &budget));
            let epoch = Stopwatch::start();
            let plan = EpochPlan::of(budget.seed, next.number);
            let costs_s = self.epoch(next.suite, &next.keys, &plan)?;
            self.lanes.took(&next, epoch.elapsed_s(), costs_s);
        }
    }

    /// Before enough epochs have passed nothing can be decided, however large the change; better said at once.
    fn warn_of_short_budget(&self, epoch_s: f64, terminal: &mut Terminal) {
        let fewest = self.fewest_epochs();
        let (needed_s, budget_s) = (epoch_s * fewest as f64, self.trial.budget.time_budget_ms as f64 / 1e3);
        if needed_s > budget_s {
            terminal.say(&format!(
                "warning: nothing will be decided in {budget_s:.0} s: {fewest} epochs are needed at least, about \
                 {needed_s:.0} s; measure fewer benchmarks with a filter, or raise `--time-budget`"
            ));
        }
    }

    /// The number of epochs before which the interval of a benchmark is infinite.
    fn fewest_epochs(&self) -> usize {
        let alpha = levels::largest(self.trial.suites, &self.trial.policy);
        (2..1000).find(|&n| confidence::half_width(n, 1.0, alpha).is_finite()).unwrap_or(1000)
    }

    fn warn_of_few_epochs(&self, terminal: &mut Terminal) {
        let fewest = self.fewest_epochs();
        if (fewest as u64) > u64::from(self.trial.budget.max_epochs) {
            terminal.say(&format!(
                "warning: nothing can be decided before {fewest} epochs; raise `--max-epochs`"
            ));
        }
    }

    /// The unsettled benchmarks that can still give numbers, in program order.
    fn open(&self) -> Vec<Open> {
        let unsettled = comparison::unsettled(self.trial.suites, &self.trial.policy, &self.trial.budget);
        let mut open = Vec::new();
        for (suite, indices) in
            unsettled.into_iter().enumerate().filter(|(suite, _)| self.pairs[*suite].is_some())
        {
            for index in indices {
                let benchmark = &self.trial.suites[suite].benchmarks[index];
                let key = benchmark.key.clone();
                let last_epoch = benchmark.epochs.last().map(|sample| sample.epoch);
                if !self.tempers.get(suite, &key).is_given_up() {
                    open.push(Open { suite, key, last_epoch });
                }
            }
        }
        open
    }

    /// Those of the open benchmarks that the time left is spent on.
    fn within_reach(&self, open: &[Open], left_s: f64) -> Vec<Open> {
        let levels = levels::levels(self.trial.suites, &self.trial.policy);
        let needs = |costs_s: Vec<f64>| -> Vec<Need> {
            let need = |(open, cost_s): (&Open, f64)| {
                let mut benchmarks = self.trial.suites[open.suite].benchmarks.iter().zip(&levels[open.suite]);
                let Some((benchmark, level)) = benchmarks.find(|(it, _)| it.key == open.key) else {
                    return Need { epochs: None, allowed: 0, cost_s };
                };
                let own = self.trial.policy.with(&benchmark.policy);
                let xs = comparison::log_ratios(benchmark);
                let allowed = (self.trial.budget.max_epochs as usize).saturating_sub(xs.len());
                let known = confidence::half_width(xs.len(), 1.0, level.as_built).is_finite();
                let forecast = verdict::epochs_still_needed(&verdict::judge(&xs, &own, level.as_built), &own);
                Need { epochs: known.then_some(forecast.unwrap_or(usize::MAX)), allowed, cost_s }
            };
            open.iter().zip(costs_s).map(need).collect()
        };
        match self.lanes.epoch_costs_s(open).map(needs) {
            Some(needs) => focus::within_reach(&needs, left_s).into_iter().map(|k| open[k].clone()).collect(),
            None => open.to_vec(),
        }
    }

    /// Measures some benchmarks of a suite once, and journals what they gave; returns the seconds that each took.
    fn epoch(
        &mut self,
        suite: usize,
        keys: &[BenchmarkKey],
        plan: &EpochPlan,
    ) -> Outcome<Vec<(BenchmarkKey, f64)>> {
        let turning = |key: &BenchmarkKey| self.tempers.get(suite, key).takes_turns;
        let (turns, others): (Vec<_>, Vec<_>) = keys.iter().cloned().partition(turning);
        let mut costs_s = Vec::new();
        for (keys, engine) in [(turns, Engine::Turns), (others, Engine::Alternation)] {
            if keys.is_empty() {
                continue;
            }
            for keys in together(&keys, self.one_at_a_time.contains(&suite)) {
                let before = self.ledger.read();
                if let Some(mut report) = self.take(suite, keys, engine, plan)? {
                    costs_s.extend(report.costs.drain(..).map(|(key, cost)| (key, cost.as_secs_f64())));
                    let migrations = ledger::migrations(&report.samples);
                    let happened =
                        LedgerEntry { migrations, ..self.ledger.since(&before, suite, plan.number) };
                    self.take_in(suite, keys, engine, report, happened)?;
                }
            }
        }
        Ok(costs_s)
    }

    /// `None` when the benchmarks have to be taken one at a time, from the next epoch on.
    fn take(
        &mut self,
        suite: usize,
        keys: &[BenchmarkKey],
        engine: Engine,
        plan: &EpochPlan,
    ) -> Outcome<Option<EpochReport>> {
        let budget = self.trial.budget;
        let task = |key: &BenchmarkKey| {
            let temper = self.tempers.get(suite, key);
            Task {
                key: key.clone(),
                warm_up_ns: temper.warm_up_ns,
                measure_ns: temper.epoch_us.unwrap_or(budget.epoch_us) * 1000,
                warmed_first: plan.warmed_first(budget.seed, key),
            }
        };
        let request = EpochRequest {
            number: plan.number,
            seed: plan.seed,
            spawned_first: plan.spawned_first,
            tasks: keys.iter().map(task).collect(),
        };
        let Some(pair) = &mut self.pairs[suite] else { return Ok(None) };
        let measured = match engine {
            Engine::Turns => pair.take_turns(&request),
            Engine::Alternation => pair.alternate(&request),
        };
        match measured {
            // A signal that came in the middle of an epoch may show as a process that ended.
            _ if self.interrupted.load(Ordering::Relaxed) => Err(interrupted()),
            Err(MeasureError::Interrupted) => Err(interrupted()),
            Err(MeasureError::OtherOrder) if keys.len() > 1 => {
                self.one_at_a_time.insert(suite);
                Ok(None)
            }
            Err(error) => {
                Err(Failure::incomplete(format!("cannot measure `{}`", self.trial.suites[suite].name))
                    .because(error)
                    .hint("what was measured is kept; take the run up again with `cargo rqs bench --resume`"))
            }
            Ok(report) => Ok(Some(report)),
        }
    }

    /// Joins a report into the record, learns from it, and journals it.
    fn take_in(
        &mut self,
        suite: usize,
        keys: &[BenchmarkKey],
        engine: Engine,
        report: EpochReport,
        happened: LedgerEntry,
    ) -> Outcome<()> {
        if let Some(counting) = &mut self.trial.counters {
            counting.missing.extend(&report.missing);
        }
        let mut entries = Vec::new();
        let mut reached: Vec<BenchmarkKey> = report.scouted;
        for (key, sample) in report.samples {
            reached.push(key.clone());
            let event = match self.layout {
                None => JournalEvent::Epoch(Box::new(sample)),
                Some(seeds) => JournalEvent::Layout(Box::new(LayoutSample { seeds, sample })),
            };
            entries.push(JournalEntry { suite, benchmark: key, event });
        }
        for (key, failure) in report.failures {
            // As built it gave numbers, so the verdict of those stands.
            if self.layout.is_some() {
                self.lose_layouts(suite, &key, &failure);
                continue;
            }
            reached.push(key.clone());
            entries.push(JournalEntry { suite, benchmark: key, event: JournalEvent::Failure(failure) });
        }
        (self.sink)(&entries, &happened)?;
        self.trial.ledger.push(happened);
        for entry in entries {
            join(&mut self.trial.suites[suite], entry);
        }
        for key in &report.without_turns {
            let measured = self.trial.suites[suite].benchmarks.iter();
            let measured = measured.filter(|benchmark| !benchmark.epochs.is_empty()).any(|it| it.key == *key);
            self.tempers.lose_turns(suite, key, measured);
        }
        // When a process dies in one benchmark, those behind it are not reached and simply come again.
        let nothing_reached = reached.is_empty() && report.without_turns.is_empty();
        for key in keys {
            let lost = nothing_reached || (engine == Engine::Alternation && !reached.contains(key));
            let measured = self.trial.suites[suite].benchmarks.iter().find(|it| it.key == *key);
            self.tempers.adapt(suite, key, measured, lost);
        }
        Ok(())
    }
}

/// Larger than every number in the record, and at the begin of a balanced group of four.
fn next_epoch_number(suites: &[SuiteRecord]) -> u32 {
    let benchmarks = suites.iter().flat_map(|suite| &suite.benchmarks);
    let last = benchmarks.flat_map(|benchmark| &benchmark.epochs).map(|sample| sample.epoch).max();
    last.map_or(0, |last| (last / 4 + 1) * 4)
}

/// Splits benchmarks into groups that fit on one command line, or into single ones.
fn together(keys: &[BenchmarkKey], one_at_a_time: bool) -> Vec<&[BenchmarkKey]> {
    let most_bytes = if one_at_a_time { 0 } else { LONGEST_FILTER };
    let mut bytes = 0;
    keys.chunk_by(|_, next| {
        bytes += next.id.len();
        let fits = bytes < most_bytes;
        if !fits {
            bytes = 0;
        }
        fits
    })
    .collect()
}

/// The failure of whoever was asked to stop.
pub fn interrupted() -> Failure {
    Failure::incomplete("interrupted")
        .hint("what was measured is kept; take the run up again with `cargo rqs bench --resume`")
}

/// Adds a journal entry to the benchmark that it is about.
fn join(suite: &mut SuiteRecord, entry: JournalEntry) {
    let benchmark = suite.benchmarks.iter_mut().find(|benchmark| benchmark.key == entry.benchmark);
    if let Some(benchmark) = benchmark {
        match entry.event {
            JournalEvent::Epoch(sample) => benchmark.epochs.push(*sample),
            JournalEvent::Layout(sample) => benchmark.layouts.push(*sample),
            JournalEvent::Failure(failure) => benchmark.failure = Some(failure),
        }
    }
}

/// `criterion 0.5.1` as three numbers.
pub fn version_of(harness: &str) -> Option<[u8; 3]> {
    let mut numbers = harness.rsplit(' ').next()?.split('.').map(str::parse::<u8>);
    let mut next = || numbers.next()?.ok();
    Some([next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benchmarks_are_grouped_by_what_fits_on_a_command_line() {
        let keys: Vec<_> =
            (0..3000).map(|k| BenchmarkKey { id: format!("{k:0>75}"), occurrence: 0 }).collect();
        let groups = together(&keys, false);
        assert!(groups.len() > 1 && groups.iter().all(|group| group.len() * 75 <= LONGEST_FILTER + 75));
        assert_eq!(groups.concat(), keys);
        assert_eq!(together(&keys[..4], false).len(), 1);
        assert_eq!(together(&keys[..4], true).len(), 4);
    }

    #[test]
    fn a_harness_version_is_read_from_its_description() {
        assert_eq!(version_of("criterion 0.5.1"), Some([0, 5, 1]));
        assert_eq!(version_of("divan"), None);
    }
}
