//! What a bisection's record says in the end, for whoever prints it.

use super::search::{Block, Step};
use super::state::{self, State};
use crate::analysis::comparison::log_ratios;
use crate::analysis::confidence::Interval;
use crate::analysis::verdict::{self, Judgement, Verdict};
use crate::analysis::work::{self, Amount};
use crate::model::CountedEvent;
use crate::model::bisection::{BisectionRecord, Measurement, Purpose, Yardstick};
use crate::model::failure::Exit;

/// Runners-up that are told.
const MOST_RUNNERS_UP: usize = 5;

/// What is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Conclusion {
    /// How it ended.
    pub ending: Ending,
    /// By how much the subject differs between both ends; `None` when nothing differs for sure.
    pub whole: Option<Change>,
    /// The commits that were found, or the likeliest ones, as numbers among the candidates, and their chance.
    pub best: Option<Block>,
    /// Others that may have brought the change, the likeliest first.
    pub runners_up: Vec<Block>,
    /// The change of what was found by itself, measured afresh.
    pub check: Option<Check>,
    /// What is known of each candidate.
    pub commits: Vec<Standing>,
    /// Other benchmarks that differ between both ends, with their suites.
    pub others: Vec<(String, Change)>,
}

/// How a bisection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A commit, or a block of commits that cannot be told apart, brought the change, and by itself it shows it.
    Found,
    /// A commit is known well enough, but measured by itself it shows no such change.
    NotConfirmed,
    /// Everything that could tell more was measured.
    Exhausted,
    /// What is certain contradicts itself: more than one commit changed the benchmark.
    Contradiction,
    /// Both ends do not differ for sure.
    NoChange,
    /// It is not over.
    Open,
}

/// A change with what is known of its size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Change {
    /// Measured time.
    Time(Judgement),
    /// Counted instructions of an iteration before and after.
    Instructions(f64, f64),
}

impl Change {
    /// The logarithm of candidate over baseline.
    pub fn log_mean(&self) -> f64 {
        match self {
            Change::Time(judgement) => judgement.interval.mean,
            Change::Instructions(before, after) => (after / before).ln(),
        }
    }

    /// The interval, of time.
    pub fn interval(&self) -> Option<&Interval> {
        match self {
            Change::Time(judgement) => Some(&judgement.interval),
            Change::Instructions(..) => None,
        }
    }

    /// Whether it is a change for sure.
    fn is_certain(&self) -> bool {
        match self {
            Change::Time(judgement) => judgement.verdict.is_change(),
            Change::Instructions(before, after) => before != after,
        }
    }
}

/// The change of what was found, measured by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Check {
    /// The commit before, among the candidates; `None` for the good end.
    pub before: Option<usize>,
    /// The commit with the change.
    pub after: usize,
    /// The change.
    pub change: Change,
    /// Its time, where it was found by counted instructions and timed too.
    pub time: Option<Judgement>,
}

/// What is known of one candidate.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// How that is known.
    pub known: Known,
    /// Whether that was found out: it was measured, tried or built, or is the same code as one that was.
    pub looked_at: bool,
    /// The chance that it has the change; `None` while nothing is believed.
    pub chance_after: Option<f64>,
    /// The chance that it brought the change.
    pub chance: f64,
}

/// How it is known on which side of the change a commit lies.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// Not at all by itself.
    NotLookedAt,
    /// It was measured: the change against the good end, over so many layouts of its executable.
    Measured(Change, usize),
    /// It is the same code as a commit with this number, or as the good end.
    SameAs(Option<usize>),
    /// It could not be measured: why.
    Skipped(String),
    /// It is the bad end.
    BadEnd,
}

/// What a record says.
pub fn conclude(record: &BisectionRecord) -> Conclusion {
    let Some(state) = State::of(record) else {
        return Conclusion {
            ending: Ending::NoChange,
            whole: None,
            best: None,
            runners_up: Vec::new(),
            check: None,
            commits: Vec::new(),
            others: others(record),
        };
    };
    let mut blocks = state.blocks().into_iter();
    let best = blocks.next();
    let check = check(record);
    let whole = whole(record);
    let ending = match state.next() {
        Step::Found(_) => match (&check, &whole) {
            _ if !was_checked(record) => Ending::Open,
            (Some(check), Some(whole)) if confirms(check, whole) => Ending::Found,
            _ => Ending::NotConfirmed,
        },
        Step::Measure(_) => Ending::Open,
        Step::Exhausted => Ending::Exhausted,
        Step::Contradiction => Ending::Contradiction,
    };
    let commits = standings(record, &state);
    let runners_up = blocks.take(MOST_RUNNERS_UP).filter(|block| block.chance >= 0.0005).collect();
    Conclusion { ending, whole, best, runners_up, check, commits, others: others(record) }
}

impl Conclusion {
    /// What the command exits with.
    pub fn exit(&self) -> Exit {
        match self.ending {
            Ending::Found => Exit::Clean,
            _ => Exit::Inconclusive,
        }
    }

    /// Whether what was found explains only a part of the change between both ends: its own is surely smaller than
    /// three quarters of it.
    pub fn explains_a_part(&self) -> bool {
        let (Some(whole), Some(check)) = (&self.whole, &self.check) else { return false };
        let slack = check.change.interval().map_or(0.0, |interval| interval.half_width);
        check.change.log_mean().abs() + slack < 0.75 * whole.log_mean().abs()
    }
}

/// A check confirms when it shows a change to the same side, and when its time, where that was taken too, leaves room for
/// it: where the time is the same for sure, another commit is behind the change in time.
fn confirms(check: &Check, whole: &Change) -> bool {
    let same_time = check.time.is_some_and(|time| time.verdict == Verdict::Unchanged);
    check.change.is_certain() && (check.change.log_mean() > 0.0) == (whole.log_mean() > 0.0) && !same_time
}

fn whole(record: &BisectionRecord) -> Option<Change> {
    let subject = record.subject.as_ref()?;
    let rows = state::rows_of_ends(record);
    let (_, row) = rows.iter().find(|(suite, row)| *suite == subject.suite && row.key == subject.key)?;
    change_of_row(record.by, row)
}

fn change_of_row(by: Yardstick, row: &crate::analysis::row::Row) -> Option<Change> {
    match by {
        Yardstick::Time => row.judgement().copied().map(Change::Time),
        Yardstick::Instructions => row.work.as_ref()?.change().map(change_of_work),
    }
}

fn change_of_work(change: &work::WorkChange) -> Change {
    let instructions = change.per_iteration[CountedEvent::Instructions as usize];
    match change.amount {
        Amount::Same => Change::Instructions(instructions.baseline, instructions.baseline),
        _ => Change::Instructions(instructions.baseline, instructions.candidate),
    }
}

fn was_checked(record: &BisectionRecord) -> bool {
    record.measured.iter().any(|measurement| measurement.complete && measurement.purpose == Purpose::Check)
}

fn check(record: &BisectionRecord) -> Option<Check> {
    let is_check = |measurement: &&Measurement| measurement.complete && measurement.purpose == Purpose::Check;
    let measurement = record.measured.iter().rev().find(is_check)?;
    let after = record.position(&measurement.candidate)?;
    Some(Check {
        before: record.position(&measurement.baseline),
        after,
        change: change(record, measurement)?,
        time: (record.by == Yardstick::Instructions).then(|| time(record, measurement)).flatten(),
    })
}

fn change(record: &BisectionRecord, measurement: &Measurement) -> Option<Change> {
    let subject = record.subject.as_ref()?;
    let benchmark = state::as_benchmark(&subject.key, measurement);
    match record.by {
        Yardstick::Time => time(record, measurement).map(Change::Time),
        Yardstick::Instructions => {
            work::of_benchmark(&benchmark, record.policy.instructions_margin)?.change().map(change_of_work)
        }
    }
}

/// The judgement of the times of a measurement.
fn time(record: &BisectionRecord, measurement: &Measurement) -> Option<Judgement> {
    let subject = record.subject.as_ref()?;
    let benchmark = state::as_benchmark(&subject.key, measurement);
    let xs = log_ratios(&state::deciding(&benchmark, record.policy.alpha));
    (!xs.is_empty()).then(|| verdict::judge(&xs, &record.policy, record.policy.alpha))
}

fn standings(record: &BisectionRecord, state: &State) -> Vec<Standing> {
    let belief = state.belief();
    let first: Vec<Option<Known>> = record
        .commits
        .iter()
        .enumerate()
        .map(|(number, commit)| known_itself(record, number, &commit.id))
        .collect();
    let was_built =
        |number: usize| first[number].is_some() || record.code.contains_key(&record.commits[number].id);
    let standing = |number: usize| {
        // The best known of its likes speaks for a commit.
        let best = state.likes(number).min_by_key(|like| (first[*like].is_none(), !was_built(*like), *like));
        let (known, looked_at) = match (&first[number], state.is_as_good(number), best) {
            (Some(Known::Skipped(_)) | None, true, _) => (Known::SameAs(None), true),
            (Some(Known::Skipped(_)) | None, false, Some(best))
                if first[number].is_none() || was_measured(&first[best]) =>
            {
                (Known::SameAs(Some(best)), was_built(number) || was_built(best))
            }
            (Some(known), ..) => (known.clone(), true),
            (None, ..) => (Known::NotLookedAt, false),
        };
        Standing {
            known,
            looked_at,
            chance_after: belief.as_ref().map(|belief| belief.chance_after(state.lineage(), number)),
            chance: belief.as_ref().map_or(0.0, |belief| belief.chances[number]),
        }
    };
    (0..record.commits.len()).map(standing).collect()
}

fn was_measured(known: &Option<Known>) -> bool {
    matches!(known, Some(Known::Measured(..) | Known::BadEnd))
}

/// What is known of a commit without looking at others.
fn known_itself(record: &BisectionRecord, number: usize, id: &str) -> Option<Known> {
    if number + 1 == record.commits.len() {
        return Some(Known::BadEnd);
    }
    if let Some(skipped) = record.skipped.iter().find(|skipped| skipped.commit == id) {
        return Some(Known::Skipped(skipped.reason.clone()));
    }
    let mut searches = record.measured.iter().filter(|measurement| {
        measurement.complete && measurement.purpose == Purpose::Search && measurement.candidate == id
    });
    let mut all = searches.next()?.clone();
    let mut layouts = 1;
    for other in searches {
        all.epochs.extend_from_slice(&other.epochs);
        layouts += 1;
    }
    change(record, &all).map(|change| Known::Measured(change, layouts))
}

fn others(record: &BisectionRecord) -> Vec<(String, Change)> {
    let is_subject = |suite: &str, row: &crate::analysis::row::Row| {
        record.subject.as_ref().is_some_and(|subject| subject.suite == suite && subject.key == row.key)
    };
    let rows = state::rows_of_ends(record).into_iter();
    rows.filter(|(suite, row)| !is_subject(suite, row) && state::certain_change(row, record.by).is_some())
        .filter_map(|(suite, row)| Some((format!("{suite}::{}", row.key), change_of_row(record.by, &row)?)))
        .collect()
}
