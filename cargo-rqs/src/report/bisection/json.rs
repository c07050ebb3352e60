//! A bisection for programs.
//!
//! History of the format: 1 is the first.

use schemars::JsonSchema;
use serde::Serialize;

use super::trail;
use crate::analysis::bisection::{Block, Change, Conclusion, Ending, Known};
use crate::model::bisection::{BisectionRecord, Commit, Subject, Yardstick};
use crate::model::revision::Revision;
use crate::report::json::inert;

/// Version of the format that this code writes.
const FORMAT: u32 = 1;

/// A bisection.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "cargo rqs: which commit brought a change")]
struct BisectionReport<'a> {
    /// Version of this format.
    format: u32,
    /// The bisection's id.
    bisection: &'a str,
    /// Version of the tool.
    tool: &'a str,
    /// Where the record lies; null when it is not over.
    record: Option<&'a str>,
    /// When it started, in seconds since 1970.
    started_unix_s: u64,
    /// Wall time that it took, in milliseconds.
    elapsed_ms: u64,
    /// How it ended.
    outcome: Outcome,
    /// The good end.
    good: &'a Revision,
    /// The bad end.
    bad: &'a Revision,
    /// Whether only first parents were followed.
    first_parent: bool,
    /// What commits are told apart by.
    by: Yardstick,
    /// How sure the answer had to be, as a chance.
    confidence: f64,
    /// The benchmark that is bisected; null when none differs.
    benchmark: Option<&'a Subject>,
    /// Its change between both ends.
    change: Option<ChangeReport>,
    /// The commits that were found, or the likeliest: several where they cannot be told apart.
    found: Option<BlockReport<'a>>,
    /// Its change by itself, measured afresh; null where it was not measured.
    by_itself: Option<ByItself<'a>>,
    /// Others that may have brought the change, the likeliest first.
    runners_up: Vec<BlockReport<'a>>,
    /// All candidates, parents before children.
    commits: Vec<CommitReport<'a>>,
    /// Other benchmarks that differ between both ends.
    others: Vec<OtherReport<'a>>,
    /// The log that `git bisect replay` reads.
    trail: String,
    /// What the reader should know.
    notes: &'a [String],
}

/// How a bisection ended.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    /// A commit or a block of commits was found.
    Found,
    /// One is likely enough, but shows no such change by itself.
    NotConfirmed,
    /// Nothing that would tell more can be measured.
    Exhausted,
    /// More than one commit changed the benchmark.
    Contradiction,
    /// Both ends do not differ for sure.
    NoChange,
    /// The budget is spent.
    Undecided,
}

/// A change.
#[derive(Serialize, JsonSchema)]
struct ChangeReport {
    /// Candidate / baseline - 1.
    change: f64,
    /// Smallest change that the interval holds; null where it is exact or unknown.
    lowest: Option<f64>,
    /// Largest change that the interval holds.
    highest: Option<f64>,
    /// Instructions of an iteration before; null where time was measured.
    instructions_before: Option<f64>,
    /// Instructions of an iteration after.
    instructions_after: Option<f64>,
}

/// Commits that cannot be told apart.
#[derive(Serialize, JsonSchema)]
struct BlockReport<'a> {
    /// Their hashes, parents before children.
    commits: Vec<&'a str>,
    /// The chance that one of them brought the change.
    chance: f64,
}

/// What was found, by itself.
#[derive(Serialize, JsonSchema)]
struct ByItself<'a> {
    /// Hash of the commit before.
    baseline: &'a str,
    /// Hash of the commit with the change.
    candidate: &'a str,
    /// The change.
    change: ChangeReport,
    /// Its change in time, where it was found by counted instructions and timed too.
    time: Option<ChangeReport>,
}

/// One candidate.
#[derive(Serialize, JsonSchema)]
struct CommitReport<'a> {
    #[serde(flatten)]
    commit: &'a Commit,
    /// `measured`, `same_code`, `skipped`, `bad_end` or `not_looked_at`.
    known: &'static str,
    /// The change against the good end, when it was measured.
    change: Option<ChangeReport>,
    /// Over how many layouts of its executable; 0 when it was not measured.
    layouts: usize,
    /// Hash of the commit that it is the same code as.
    same_as: Option<&'a str>,
    /// Why it could not be measured.
    reason: Option<&'a str>,
    /// The chance that it has the change.
    chance_after: Option<f64>,
    /// The chance that it brought the change.
    chance: f64,
}

/// Another benchmark.
#[derive(Serialize, JsonSchema)]
struct OtherReport<'a> {
    /// `suite::name`.
    benchmark: &'a str,
    /// Its change between both ends.
    change: ChangeReport,
}

/// The whole report, with a line break at its end.
pub fn render(record: &BisectionRecord, conclusion: &Conclusion, path: Option<&str>) -> String {
    let block = |block: &Block| BlockReport {
        commits: block.commits.iter().map(|number| record.commits[*number].id.as_str()).collect(),
        chance: block.chance,
    };
    let by_itself = conclusion.check.as_ref().map(|check| ByItself {
        baseline: check.before.map_or(&record.good.id, |before| &record.commits[before].id),
        candidate: &record.commits[check.after].id,
        change: change(&check.change),
        time: check.time.map(|time| change(&Change::Time(time))),
    });
    let commits = record.commits.iter().zip(&conclusion.commits).map(|(commit, standing)| {
        let (known, measured, same_as, reason) = match &standing.known {
            Known::NotLookedAt => ("not_looked_at", None, None, None),
            Known::Measured(measured, _) => ("measured", Some(change(measured)), None, None),
            Known::SameAs(other) => {
                let id = other.map_or(&record.good.id, |other| &record.commits[other].id);
                ("same_code", None, Some(id.as_str()), None)
            }
            Known::Skipped(reason) => ("skipped", None, None, Some(reason.as_str())),
            Known::BadEnd => ("bad_end", None, None, None),
        };
        let layouts = if let Known::Measured(_, layouts) = &standing.known { *layouts } else { 0 };
        let (chance_after, chance) = (standing.chance_after, standing.chance);
        CommitReport { commit, known, change: measured, layouts, same_as, reason, chance_after, chance }
    });
    let report = BisectionReport {
        format: FORMAT,
        bisection: &record.id,
        tool: &record.tool,
        record: path,
        started_unix_s: record.started_unix_s,
        elapsed_ms: record.elapsed_ms,
        outcome: outcome(conclusion.ending),
        good: &record.good,
        bad: &record.bad,
        first_parent: record.first_parent,
        by: record.by,
        confidence: record.confidence,
        benchmark: record.subject.as_ref(),
        change: conclusion.whole.as_ref().map(change),
        found: conclusion.best.as_ref().map(block),
        by_itself,
        runners_up: conclusion.runners_up.iter().map(block).collect(),
        commits: commits.collect(),
        others: conclusion
            .others
            .iter()
            .map(|(name, of)| OtherReport { benchmark: name, change: change(of) })
            .collect(),
        trail: trail::render(record, conclusion),
        notes: &record.notes,
    };
    // Types with string keys only always serialise.
    inert(&serde_json::to_string_pretty(&report).unwrap_or_default()) + "\n"
}

/// The JSON Schema of the report, with a line break at its end.
pub fn schema() -> String {
    format!("{:#}\n", schemars::schema_for!(BisectionReport).as_value())
}

fn outcome(ending: Ending) -> Outcome {
    match ending {
        Ending::Found => Outcome::Found,
        Ending::NotConfirmed => Outcome::NotConfirmed,
        Ending::Exhausted => Outcome::Exhausted,
        Ending::Contradiction => Outcome::Contradiction,
        Ending::NoChange => Outcome::NoChange,
        Ending::Open => Outcome::Undecided,
    }
}

fn change(change: &Change) -> ChangeReport {
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    match change {
        Change::Time(judgement) => ChangeReport {
            change: judgement.interval.change(),
            lowest: finite(judgement.interval.lowest_change()),
            highest: finite(judgement.interval.highest_change()),
            instructions_before: None,
            instructions_after: None,
        },
        Change::Instructions(before, after) => ChangeReport {
            change: after / before - 1.0,
            lowest: None,
            highest: None,
            instructions_before: Some(*before),
            instructions_after: Some(*after),
        },
    }
}
