//! The runs of a benchmark to a series: one point for each revision, in the order of history.

use std::collections::BTreeMap;

use crate::analysis::history::{self, Meant, Said, Way};
use crate::analysis::verdict::Verdict;
use crate::model::history::RunOutline;
use crate::model::revision::Revision;
use crate::model::{BenchmarkKey, ByRole, Role};

/// A revision's place in a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The revision.
    pub revision: Revision,
    /// The value; for time the natural logarithm of its ratio to the first revision.
    pub value: f64,
    /// How it came about from the point before, where it was measured against that.
    pub step: Option<Step>,
}

/// From one point to the next, measured in alternation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The mean log-ratio.
    pub mean: f64,
    /// It is within `mean ± half_width`.
    pub half_width: f64,
    /// The verdict.
    pub verdict: Verdict,
}

/// The revisions that runs of an environment have measured, by the time of their commits; those that are no commits by the
/// time of their first run.
pub fn revisions(runs: &[RunOutline], environment: &str) -> Vec<Revision> {
    let mut found: BTreeMap<&str, (i64, &Revision)> = BTreeMap::new();
    for run in runs.iter().filter(|run| run.environment == environment) {
        for role in Role::BOTH {
            let revision = run.revisions.get(role);
            let since = revision.committed_unix_s.unwrap_or(run.started_unix_s as i64);
            let place = found.entry(&revision.id).or_insert((since, revision));
            // The name that was typed newest is kept; runs are newest first.
            place.0 = place.0.min(since);
        }
    }
    let mut revisions: Vec<_> = found.into_values().collect();
    revisions.sort_by(|one, other| (one.0, &one.1.id).cmp(&(other.0, &other.1.id)));
    revisions.into_iter().map(|(_, revision)| revision.clone()).collect()
}

/// The time of a benchmark relative to the first of some revisions: the steps between neighbours, each from a run of both or
/// from a chain of runs, added up. A revision that no chain leads to is left out. `runs` are given newest first, all of one
/// environment.
pub fn chained(runs: &[RunOutline], revisions: &[Revision], suite: &str, key: &BenchmarkKey) -> Vec<Point> {
    let own = |run: &RunOutline| {
        let of_key = |it: &&crate::model::history::BenchmarkOutline| it.suite == suite && it.key == *key;
        let benchmarks = run.benchmarks.iter().filter(of_key).cloned().collect();
        RunOutline { benchmarks, ..run.clone() }
    };
    let is_step = |run: &RunOutline| run.benchmarks.iter().any(|it| it.step.is_some());
    let runs: Vec<RunOutline> = runs.iter().map(own).filter(is_step).collect();
    let mut points: Vec<Point> = Vec::new();
    for revision in revisions {
        let Some(last) = points.last() else {
            let is_measured =
                |run: &RunOutline| Role::BOTH.iter().any(|role| run.revisions.get(*role).id == revision.id);
            if runs.iter().any(is_measured) {
                points.push(Point { revision: revision.clone(), value: 0.0, step: None });
            }
            continue;
        };
        let step = step(&runs, &last.revision, revision);
        points.extend(step.map(|step| Point {
            revision: revision.clone(),
            value: last.value + step.mean,
            step: Some(step),
        }));
    }
    points
}

fn step(runs: &[RunOutline], from: &Revision, to: &Revision) -> Option<Step> {
    let meant = [from, to].map(|revision| Meant { revision: revision.id.clone(), run: None });
    let way @ Way::Chain(_) = history::find(runs, meant.each_ref()).ok()? else { return None };
    match history::compare(runs, &way).first()?.said {
        Said::Judged(interval, verdict) if interval.half_width.is_finite() => {
            Some(Step { mean: interval.mean, half_width: interval.half_width, verdict })
        }
        Said::Identical => Some(Step { mean: 0.0, half_width: 0.0, verdict: Verdict::Unchanged }),
        _ => None,
    }
}

/// The values of a metric by revision: the median of all that was measured of it in one environment.
pub fn by_revision(revisions: &[Revision], values: &[(ByRole<Revision>, ByRole<Option<f64>>)]) -> Vec<Point> {
    let of = |revision: &Revision| -> Vec<f64> {
        let sides = values.iter().flat_map(|(revisions, values)| {
            Role::BOTH.map(|role| (&revisions.get(role).id, *values.get(role)))
        });
        sides.filter(|(id, _)| **id == revision.id).filter_map(|(_, value)| value).collect()
    };
    let point = |revision: &Revision| {
        let values = of(revision);
        (!values.is_empty()).then(|| Point {
            revision: revision.clone(),
            value: super::median(&values),
            step: None,
        })
    };
    revisions.iter().filter_map(point).collect()
}
