//! A bisection's record to what is known: which commits contain which, their readings, and what is the same code.

use std::collections::HashMap;

use super::belief::{Belief, Evidence, Noise, Place, Reading};
use super::lineage::Lineage;
use super::search::{Block, Search, Step};
use crate::analysis::comparison::{alpha_per_benchmark, log_ratios};
use crate::analysis::confidence;
use crate::analysis::row::{self, Row};
use crate::analysis::verdict::Verdict;
use crate::analysis::work;
use crate::model::bisection::{BisectionRecord, Measurement, Purpose, Subject, Yardstick};
use crate::model::policy::Policy;
use crate::model::record::{BenchmarkRecord, Presence};
use crate::model::{BenchmarkKey, CountedEvent};

/// Independent builds that can be had of one commit: as it was built, and linked in other orders.
const BUILDS_OF_A_COMMIT: u32 = 12;
/// The uncertainty of a reading whose epochs are too few to tell, as a log-ratio.
const UNKNOWN: f64 = 0.1;

/// The part of a change in time that a change in work has to have the size of, to be searched for in its place.
const ENOUGH_WORK: f64 = 0.5;

/// What a record says so far.
#[derive(Clone, Debug)]
pub struct State {
    lineage: Lineage,
    evidence: Evidence,
    noise: Noise,
    usable: Vec<bool>,
    builds_left: Vec<u32>,
    confidence: f64,
    alike: Alike,
}

impl State {
    /// What is known; `None` as long as no benchmark is known to differ between both ends.
    pub fn of(record: &BisectionRecord) -> Option<State> {
        let subject = record.subject.as_ref()?;
        let lineage = Lineage::of(&parent_numbers(record));
        let last = lineage.len().checked_sub(1)?;
        let whole = reading_of_ends(record, subject, last)?;
        let alike = Alike::of(record);
        // Counted instructions do not depend on the order.
        let vary = record.not_varied.is_none() && record.by == Yardstick::Time;
        let mut builds_left = vec![if vary { BUILDS_OF_A_COMMIT } else { 1 }; lineage.len()];
        let mut readings = Vec::new();
        for measurement in complete_searches(record) {
            let Some(commit) = record.position(&measurement.candidate) else { continue };
            readings.extend(reading(record, measurement, commit));
            alike
                .members(commit)
                .for_each(|commit| builds_left[commit] = builds_left[commit].saturating_sub(1));
        }
        let mut usable = vec![true; lineage.len()];
        for skipped in record.skipped.iter().filter_map(|skipped| record.position(&skipped.commit)) {
            alike.members(skipped).for_each(|commit| usable[commit] = false);
        }
        // The bad end was measured in the beginning, whatever becomes of its likes.
        for commit in alike.members(last) {
            (usable[commit], builds_left[commit]) = (true, builds_left[commit].saturating_sub(1));
        }
        alike.good().for_each(|commit| (usable[commit], builds_left[commit]) = (true, 0));
        let noise = match record.by {
            Yardstick::Time => Noise::of_times(),
            Yardstick::Instructions => Noise::of_counts(whole.mean),
        };
        let evidence = Evidence { whole, readings, same_code: alike.pairs() };
        let confidence = record.confidence;
        Some(State { lineage, evidence, noise, usable, builds_left, confidence, alike })
    }

    /// Which commit contains which.
    pub fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// Whether a commit is the same code as the good end.
    pub fn is_as_good(&self, commit: usize) -> bool {
        self.alike.first[commit] == Place::Good
    }

    /// Other commits that are the same code.
    pub fn likes(&self, commit: usize) -> impl Iterator<Item = usize> {
        self.alike.members(commit).filter(move |other| *other != commit)
    }

    /// What was measured and what is certain.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// What to do next.
    pub fn next(&self) -> Step {
        self.search().next()
    }

    /// What is believed; `None` when no single commit explains it.
    pub fn belief(&self) -> Option<Belief> {
        self.search().belief()
    }

    /// The commits that may have brought the change, in blocks that cannot be told apart, the likeliest first.
    pub fn blocks(&self) -> Vec<Block> {
        let search = self.search();
        search.belief().map(|belief| search.blocks(&belief)).unwrap_or_default()
    }

    /// How a commit of the block is best measured by itself: against the commit with the most in common that has nothing
    /// of the block; `None` for the good end. The first number is the commit to measure.
    pub fn check_of(&self, block: &Block) -> Option<(usize, Option<usize>)> {
        let holds_block =
            |commit: usize| block.commits.iter().any(|member| self.lineage.contains(commit, *member));
        let usable = || (0..self.lineage.len()).filter(|commit| self.usable[*commit]);
        let whole_block =
            |commit: usize| block.commits.iter().all(|member| self.lineage.contains(commit, *member));
        let after = usable()
            .filter(|commit| whole_block(*commit))
            .min_by_key(|commit| (self.lineage.size(*commit), *commit))?;
        let before = usable()
            .filter(|commit| self.lineage.contains(after, *commit) && !holds_block(*commit))
            .max_by_key(|commit| (self.lineage.size(*commit), *commit));
        Some((after, before))
    }

    fn search(&self) -> Search<'_> {
        let mut errors: Vec<f64> =
            self.evidence.readings.iter().map(|reading| reading.standard_error).collect();
        errors.push(self.evidence.whole.standard_error);
        errors.sort_by(f64::total_cmp);
        Search {
            lineage: &self.lineage,
            evidence: &self.evidence,
            noise: &self.noise,
            usable: &self.usable,
            builds_left: &self.builds_left,
            standard_error: errors[errors.len() / 2],
            confidence: self.confidence,
        }
    }
}

/// A benchmark with the epochs that decide: those over other layouts where there are enough for a decision at this level,
/// because as they were built, executables may differ in their layout alone, or hide a change by it.
pub fn deciding(benchmark: &BenchmarkRecord, alpha: f64) -> BenchmarkRecord {
    let mut deciding = benchmark.clone();
    if confidence::half_width(benchmark.layouts.len(), 1.0, alpha).is_finite() {
        deciding.epochs = deciding.layouts.drain(..).map(|layout| layout.sample).collect();
    }
    deciding
}

/// The rows of both ends' comparison, with the names of their suites.
pub fn rows_of_ends(record: &BisectionRecord) -> Vec<(&str, Row)> {
    let alpha = alpha_per_benchmark(&record.ends, &record.policy);
    let of_suite = |suite: &crate::model::record::SuiteRecord, benchmark: &BenchmarkRecord| {
        row::row(suite.identical, &deciding(benchmark, alpha), &record.policy, alpha)
    };
    let suites = record.ends.iter();
    suites
        .flat_map(|suite| {
            suite.benchmarks.iter().map(move |benchmark| (suite.name.as_str(), of_suite(suite, benchmark)))
        })
        .collect()
}

/// The mean log-ratio by which a benchmark surely differs between both ends, and how sure that is; `None` when it does
/// not.
pub fn certain_change(row: &Row, by: Yardstick) -> Option<(f64, f64)> {
    match by {
        Yardstick::Time => {
            let judgement = row.judgement().filter(|judgement| judgement.verdict.is_change())?;
            Some((judgement.interval.mean, judgement.ln_evidence))
        }
        Yardstick::Instructions => {
            let change = row.work.as_ref()?.change().filter(|change| change.amount != work::Amount::Same)?;
            let ln = change.change(CountedEvent::Instructions).ln_1p();
            Some((ln, ln.abs()))
        }
    }
}

/// The benchmarks that were timed, but neither differ for sure between both ends nor are surely equal, with their suites.
pub fn undecided(record: &BisectionRecord) -> Vec<(String, BenchmarkKey)> {
    let is_open =
        |row: &Row| row.judgement().is_some_and(|judgement| judgement.verdict == Verdict::Inconclusive);
    let rows = rows_of_ends(record).into_iter().filter(|(_, row)| is_open(row));
    rows.map(|(suite, row)| (suite.to_owned(), row.key)).collect()
}

/// Whether counted instructions tell commits apart better than time: where a subject is known, its work has changed by at
/// least half as much as its time; else, the work of any benchmark has changed.
pub fn work_tells_more(record: &BisectionRecord) -> bool {
    let rows = rows_of_ends(record);
    let Some(subject) = &record.subject else { return strongest(record, Yardstick::Instructions).is_some() };
    let of_subject = rows.iter().find(|(suite, row)| *suite == subject.suite && row.key == subject.key);
    let change = |by| of_subject.and_then(|(_, row)| certain_change(row, by)).map(|(mean, _)| mean.abs());
    match (change(Yardstick::Time), change(Yardstick::Instructions)) {
        (Some(time), Some(work)) => work >= ENOUGH_WORK * time,
        _ => false,
    }
}

/// The benchmark that differs most surely between both ends, by this yardstick.
pub fn strongest(record: &BisectionRecord, by: Yardstick) -> Option<Subject> {
    let rows = rows_of_ends(record);
    let changed = rows.iter().filter_map(|(suite, row)| Some((certain_change(row, by)?.1, suite, row)));
    let (_, suite, row) = changed.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(Subject { suite: (*suite).to_owned(), key: row.key.clone() })
}

/// The policy by which a commit is put on a side of a change of this mean log-ratio: half of it is the border.
pub fn policy_of_search(whole: f64) -> Policy {
    let half = (whole.abs() / 2.0).exp_m1();
    Policy { margin: half, floor: half, ..Policy::USUAL }
}

/// A measurement as the benchmark of a run.
pub fn as_benchmark(key: &BenchmarkKey, measurement: &Measurement) -> BenchmarkRecord {
    BenchmarkRecord {
        epochs: measurement.epochs.clone(),
        layouts: measurement.layouts.clone(),
        failure: measurement.failure.clone(),
        counts: measurement.counts.clone(),
        ..BenchmarkRecord::new(key.clone(), Presence::Both)
    }
}

fn complete_searches(record: &BisectionRecord) -> impl Iterator<Item = &Measurement> {
    record
        .measured
        .iter()
        .filter(|measurement| measurement.complete && measurement.purpose == Purpose::Search)
}

fn reading_of_ends(record: &BisectionRecord, subject: &Subject, last: usize) -> Option<Reading> {
    let suite = record.ends.iter().find(|suite| suite.name == subject.suite)?;
    let benchmark = suite.benchmarks.iter().find(|benchmark| benchmark.key == subject.key)?;
    let alpha = alpha_per_benchmark(&record.ends, &record.policy);
    reading_of(record.by, &deciding(benchmark, alpha), last)
}

fn reading(record: &BisectionRecord, measurement: &Measurement, commit: usize) -> Option<Reading> {
    let subject = record.subject.as_ref()?;
    reading_of(record.by, &as_benchmark(&subject.key, measurement), commit)
}

/// What a benchmark's numbers say; `None` when there are none that can be used.
pub fn reading_of(by: Yardstick, benchmark: &BenchmarkRecord, commit: usize) -> Option<Reading> {
    match by {
        Yardstick::Time => {
            let xs = log_ratios(benchmark);
            let interval = confidence::interval(&xs, 0.5);
            let n = xs.len() as f64;
            // The spread of few epochs is itself uncertain: Student's t has the larger variance.
            let standard_error = match xs.len() {
                0 => return None,
                1..=3 => UNKNOWN,
                _ => interval.sd / n.sqrt() * ((n - 1.0) / (n - 3.0)).sqrt(),
            };
            Some(Reading { commit, mean: interval.mean, standard_error })
        }
        Yardstick::Instructions => {
            let work = work::of_benchmark(benchmark, Policy::USUAL.instructions_margin)?;
            let change = work.change()?;
            let instructions = change.per_iteration[CountedEvent::Instructions as usize];
            let mean = change.change(CountedEvent::Instructions).ln_1p();
            let standard_error = change.spread / instructions.baseline;
            (mean.is_finite() && standard_error.is_finite()).then_some(Reading {
                commit,
                mean,
                standard_error,
            })
        }
    }
}

/// For each candidate, whether it contains the good end itself.
pub fn contain_the_good_end(record: &BisectionRecord) -> Vec<bool> {
    let mut contain: Vec<bool> = Vec::new();
    for (commit, parents) in record.commits.iter().zip(parent_numbers(record)) {
        let inherits = parents.iter().any(|parent| contain.get(*parent) == Some(&true));
        contain.push(inherits || commit.parents.contains(&record.good.id));
    }
    contain
}

fn parent_numbers(record: &BisectionRecord) -> Vec<Vec<usize>> {
    let numbers: HashMap<&str, usize> =
        record.commits.iter().enumerate().map(|(number, commit)| (commit.id.as_str(), number)).collect();
    let numbers_of = |parents: &[String]| -> Vec<usize> {
        parents.iter().filter_map(|parent| numbers.get(parent.as_str()).copied()).collect()
    };
    record.commits.iter().map(|commit| numbers_of(&commit.parents)).collect()
}

/// Commits that are the same code, because their sources or their executables are equal: for each the good end, or the
/// first of them.
#[derive(Clone, Debug)]
struct Alike {
    first: Vec<Place>,
}

impl Alike {
    fn of(record: &BisectionRecord) -> Alike {
        let mut alike = Alike { first: (0..record.commits.len()).map(Place::Commit).collect() };
        let mut with_tree: HashMap<&str, Place> = HashMap::new();
        let mut with_code: HashMap<&str, Place> = HashMap::new();
        with_code.extend(record.code.get(&record.good.id).map(|code| (code.as_str(), Place::Good)));
        for (number, commit) in record.commits.iter().enumerate() {
            let by_tree = *with_tree.entry(&commit.tree).or_insert(Place::Commit(number));
            alike.join(number, by_tree);
            if let Some(code) = record.code.get(&commit.id) {
                let by_code = *with_code.entry(code).or_insert(Place::Commit(number));
                alike.join(number, by_code);
            }
        }
        alike
    }

    /// Makes a commit and everything that is like it like something else.
    fn join(&mut self, commit: usize, other: Place) {
        let other = match other {
            Place::Good => Place::Good,
            Place::Commit(other) => self.first[other],
        };
        let own = self.first[commit];
        let (first, replaced) = match (own, other) {
            (Place::Good, _) => (own, other),
            (Place::Commit(own_number), Place::Commit(number)) if own_number < number => (own, other),
            _ => (other, own),
        };
        self.first.iter_mut().filter(|place| **place == replaced).for_each(|place| *place = first);
    }

    fn members(&self, commit: usize) -> impl Iterator<Item = usize> {
        let place = self.first[commit];
        (0..self.first.len()).filter(move |other| self.first[*other] == place)
    }

    /// Those that are the same code as the good end.
    fn good(&self) -> impl Iterator<Item = usize> {
        (0..self.first.len()).filter(|commit| self.first[*commit] == Place::Good)
    }

    fn pairs(&self) -> Vec<(usize, Place)> {
        let others =
            self.first.iter().enumerate().filter(|(commit, place)| **place != Place::Commit(*commit));
        others.map(|(commit, place)| (commit, *place)).collect()
    }
}
