//! The second stage of a run: what changed is measured again on fresh data, over pairs of executables that were linked
//! anew with their sections in other orders. Only then is it known whether the code changed its speed, or its place.
//!
//! Links run on all cores, so some pairs are linked ahead, and nothing is measured meanwhile.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use rqs_harness::process::{Conditions, CoordinatorSeat, Executable};

use super::{Measuring, interrupted, next_epoch_number};
use crate::analysis::comparison::{self, Varied};
use crate::host::cargo::{BuiltSuite, Relinker, relink_all};
use crate::host::clock::Stopwatch;
use crate::host::terminal::Terminal;
use crate::model::failure::{Failure, Outcome};
use crate::model::record::LayoutPass;
use crate::model::{BenchmarkFailure, BenchmarkKey, ByRole, Role};
use crate::plan::{EpochPlan, layout_seeds};
use crate::report::numbers::count;
use crate::trial::temper::MOST_LOST_EPOCHS;

/// Pairs that are linked ahead at most.
const MOST_AHEAD: u32 = 8;
/// Pairs that are linked ahead once enough were measured for a decision.
const FEW_AHEAD: u32 = 2;
/// Epochs of one pair of executables at most, for benchmarks that it did not reach at first.
const MOST_ATTEMPTS: u32 = 2;

/// The executables of one suite that were linked anew, by the number of their pair.
type Linked = HashMap<(usize, u32), ByRole<PathBuf>>;

impl Measuring<'_> {
    /// Measures benchmarks over other layouts until these have decided, `most` pairs of them at most. `built` are the
    /// suites of the trial in their order. It may take as long again as the first stage was allowed to: what is undecided
    /// there must not use up what the changes need.
    ///
    /// # Errors
    /// When measuring is impossible, or the journal cannot be written; what was measured stays in the journal. That a
    /// suite cannot be linked anew is no error: the pass says why.
    pub fn vary_layouts(
        &mut self,
        built: &[Option<ByRole<&BuiltSuite>>],
        most: u32,
        varied: Varied,
        conditions: &Conditions,
        terminal: &mut Terminal,
    ) -> Outcome<LayoutPass> {
        let watch = Stopwatch::start();
        let mut pass = LayoutPass { most, ..LayoutPass::default() };
        let first_epoch = next_epoch_number(self.trial.suites);
        let mut number = self.next_pair(first_epoch);
        let mut relinkers = BTreeMap::new();
        while number < most.saturating_add(MOST_LOST_EPOCHS) {
            let open = self.unconfirmed(varied, &pass);
            self.prove(&open, built, &mut relinkers, &mut pass, terminal)?;
            let open: Vec<_> = open.into_iter().filter(|(suite, _)| relinkers.contains_key(suite)).collect();
            if open.is_empty() {
                break;
            }
            if watch.elapsed_s() * 1e3 > self.trial.budget.time_budget_ms as f64 {
                let note = "the time budget was spent before every change was confirmed over other layouts";
                self.trial.notes.push(note.into());
                break;
            }
            let ahead = self.ahead(number).min(most.saturating_add(MOST_LOST_EPOCHS) - number);
            let wanted: Vec<usize> = open.iter().map(|(suite, _)| *suite).collect();
            let what = if varied == Varied::All { "benchmark" } else { "change" };
            terminal.status(&format!(
                "measuring {} over other layouts: {number} of at most {most} pairs measured, linking {ahead}",
                count(open.iter().map(|(_, keys)| keys.len() as u64).sum(), what),
            ));
            let linked = self.relink(&wanted, number..number + ahead, &mut relinkers, &mut pass)?;
            let _seat = CoordinatorSeat::take(conditions);
            for number in number..number + ahead {
                self.measure_pair(number, first_epoch, varied, built, &linked, &pass)?;
            }
            number += ahead;
        }
        for (suite, why) in &pass.not_varied {
            self.trial.notes.push(format!("the layout of `{suite}` was not varied: {why}"));
        }
        pass.elapsed_ms = (watch.elapsed_s() * 1e3) as u64;
        terminal.clear_status();
        Ok(pass)
    }

    /// How many pairs are linked ahead: as many as a decision takes at least, and few from then on.
    fn ahead(&self, measured: u32) -> u32 {
        let fewest = u32::try_from(self.fewest_epochs()).unwrap_or(u32::MAX);
        fewest.saturating_sub(measured).clamp(FEW_AHEAD, MOST_AHEAD)
    }

    /// The number behind that of every pair that was measured before the run was interrupted.
    fn next_pair(&self, first_epoch: u32) -> u32 {
        let benchmarks = self.trial.suites.iter().flat_map(|suite| &suite.benchmarks);
        let last =
            benchmarks.flat_map(|benchmark| &benchmark.layouts).map(|layout| layout.sample.epoch).max();
        last.map_or(0, |last| (last + 1).saturating_sub(first_epoch))
    }

    /// The benchmarks about which the layouts have not decided, suite by suite.
    fn unconfirmed(&self, varied: Varied, pass: &LayoutPass) -> Vec<(usize, Vec<BenchmarkKey>)> {
        let open = comparison::unconfirmed(self.trial.suites, &self.trial.policy, pass.most, varied);
        let mut found = Vec::new();
        for (suite, indices) in open.into_iter().enumerate() {
            let record = &self.trial.suites[suite];
            let keys = indices.into_iter().map(|index| record.benchmarks[index].key.clone());
            let keys: Vec<_> = keys.filter(|key| !self.tempers.get(suite, key).is_given_up()).collect();
            if !keys.is_empty() && !pass.not_varied.contains_key(&record.name) {
                found.push((suite, keys));
            }
        }
        found
    }

    /// Finds out which of these suites can be linked anew; the pass takes in why others cannot.
    fn prove(
        &self,
        open: &[(usize, Vec<BenchmarkKey>)],
        built: &[Option<ByRole<&BuiltSuite>>],
        relinkers: &mut BTreeMap<usize, ByRole<Relinker>>,
        pass: &mut LayoutPass,
        terminal: &mut Terminal,
    ) -> Outcome<()> {
        for (suite, _) in open {
            let Some(sides) = built.get(*suite).copied().flatten() else { continue };
            if relinkers.contains_key(suite) {
                continue;
            }
            let name = &self.trial.suites[*suite].name;
            terminal.status(&format!("linking {name} again, as it was"));
            let proved = ByRole::try_from_fn(|role| {
                Relinker::prove(sides.get(role), self.interrupted)
                    .map_err(|why| format!("on the {role}, {why}"))
            });
            // A link that was stopped is no reason.
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(interrupted());
            }
            match proved {
                Ok(proved) => drop(relinkers.insert(*suite, proved)),
                Err(why) => drop(pass.not_varied.insert(name.clone(), why)),
            }
        }
        Ok(())
    }

    /// Links both sides of these suites for these pairs. A suite whose link fails is not varied any more.
    fn relink(
        &self,
        suites: &[usize],
        numbers: std::ops::Range<u32>,
        relinkers: &mut BTreeMap<usize, ByRole<Relinker>>,
        pass: &mut LayoutPass,
    ) -> Outcome<Linked> {
        let watch = Stopwatch::start();
        let seed = self.trial.budget.seed;
        let pairs = numbers.flat_map(|number| suites.iter().map(move |suite| (*suite, number)));
        let pairs: Vec<(usize, u32)> = pairs.filter(|(suite, _)| relinkers.contains_key(suite)).collect();
        let job = |(suite, number): &(usize, u32)| {
            let (relinkers, seeds) = (&relinkers[suite], layout_seeds(seed, *number));
            Role::BOTH.map(|role| (relinkers.get(role), *seeds.get(role)))
        };
        let jobs: Vec<(&Relinker, u32)> = pairs.iter().flat_map(job).collect();
        let results = relink_all(&jobs, self.interrupted)?;
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(interrupted());
        }
        let mut linked = Linked::new();
        let mut failed: Vec<(usize, String)> = Vec::new();
        let mut results = results.into_iter();
        for pair in &pairs {
            let mut next = || results.next().unwrap_or_else(|| Err(Failure::incomplete("it was not linked")));
            match (next(), next()) {
                (Ok(baseline), Ok(candidate)) => {
                    pass.relinked += 2;
                    linked.insert(*pair, ByRole::new(baseline, candidate));
                }
                (Err(failure), _) | (_, Err(failure)) => {
                    failed.push((pair.0, failure.causes.first().unwrap_or(&failure.message).clone()));
                }
            }
        }
        for (suite, why) in failed {
            relinkers.remove(&suite);
            pass.not_varied.insert(self.trial.suites[suite].name.clone(), why);
        }
        pass.relinking_ms += (watch.elapsed_s() * 1e3) as u64;
        Ok(linked)
    }

    /// Measures every undecided benchmark once over one pair of layouts.
    fn measure_pair(
        &mut self,
        number: u32,
        first_epoch: u32,
        varied: Varied,
        built: &[Option<ByRole<&BuiltSuite>>],
        linked: &Linked,
        pass: &LayoutPass,
    ) -> Outcome<()> {
        let seed = self.trial.budget.seed;
        let plan = EpochPlan::of(seed, first_epoch + number);
        for (suite, _) in self.unconfirmed(varied, pass) {
            let (Some(paths), Some(Some(sides))) = (linked.get(&(suite, number)), built.get(suite)) else {
                continue;
            };
            let relinked = ByRole::from_fn(|role| {
                let side = sides.get(role);
                Executable { path: paths.get(role).clone(), cwd: side.cwd.clone(), env: side.env.clone() }
            });
            let Some(pair) = &mut self.pairs[suite] else { continue };
            let as_built = pair.exchange(relinked);
            self.layout = Some(layout_seeds(seed, number));
            let measured = self.measure_reached(suite, &plan, varied, pass);
            self.layout = None;
            self.pairs[suite].iter_mut().for_each(|pair| drop(pair.exchange(as_built.clone())));
            measured?;
        }
        Ok(())
    }

    /// One epoch, and another one for benchmarks that the first one did not reach.
    fn measure_reached(
        &mut self,
        suite: usize,
        plan: &EpochPlan,
        varied: Varied,
        pass: &LayoutPass,
    ) -> Outcome<()> {
        for _ in 0..MOST_ATTEMPTS {
            let open = self.unconfirmed(varied, pass).into_iter().find(|(open, _)| *open == suite);
            let Some((_, mut keys)) = open else { return Ok(()) };
            let benchmarks = &self.trial.suites[suite].benchmarks;
            keys.retain(|key| {
                let benchmark = benchmarks.iter().find(|benchmark| benchmark.key == *key);
                let last = benchmark.and_then(|benchmark| benchmark.layouts.last());
                last.is_none_or(|layout| layout.sample.epoch != plan.number)
            });
            if keys.is_empty() {
                return Ok(());
            }
            self.epoch(suite, &keys, plan)?;
        }
        Ok(())
    }

    /// A benchmark that fails in executables that were linked anew cannot be confirmed over layouts.
    pub(super) fn lose_layouts(&mut self, suite: usize, key: &BenchmarkKey, failure: &BenchmarkFailure) {
        self.trial.notes.push(format!(
            "`{key}` could not be confirmed over other layouts: linked anew, it failed on the {} ({})",
            failure.role, failure.what
        ));
        self.tempers.give_up(suite, key);
    }
}
