//! One cause over many benchmarks, told once: benchmarks that moved together, and benchmarks whose change is in the same
//! function. The rows stay as they are; a cause is a sentence about some of them, and true as it is worded.
//!
//! **Moved together**: of the benchmarks of a suite that were measured, at least three, and at least three in four, have
//! become slower (or faster), the largest of these changes being at most one and a half times the smallest. Where that
//! holds for all suites together, it is one cause for the run, and the suites are not told apart. No benchmark is in
//! two such causes.
//!
//! **One function**: of at least two changed benchmarks more than half of the change is in the same function, by their
//! profiles. A function counts with what the standard library and the system do for it, so every sample belongs to one
//! function only; no benchmark is in two such causes.

use std::collections::BTreeMap;

use super::comparison::SuiteComparison;
use super::flame::contributions;
use super::row::Row;
use super::verdict::Verdict;
use crate::model::BenchmarkKey;

/// Fewer benchmarks than this move together by chance too easily to be worth a sentence.
const FEWEST_TOGETHER: usize = 3;
/// The largest change of those that moved together is at most so many times the smallest.
const ABOUT_THE_SAME: f64 = 1.5;
/// Fewer benchmarks than this share no function.
const FEWEST_SHARING: usize = 2;
/// The part of a change that a function has to hold more than, to be named as its place.
const MOST_OF_IT: f64 = 0.5;

/// One cause of several changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// Most benchmarks of a suite, or of the run, moved by about the same amount.
    Together(Together),
    /// Most of the change of several benchmarks is in one function.
    Function(SharedFunction),
}

/// Benchmarks that moved together.
#[derive(Clone, Debug, PartialEq)]
pub struct Together {
    /// The suite; `None` for all suites of the run.
    pub suite: Option<String>,
    /// Regressed or improved.
    pub verdict: Verdict,
    /// Which ones.
    pub benchmarks: Vec<Named>,
    /// Benchmarks that were measured there in all.
    pub measured: usize,
    /// The smallest and the largest of their changes, nearer to none first.
    pub changes: [f64; 2],
}

/// Benchmarks whose change is in one function.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedFunction {
    /// Its name.
    pub function: String,
    /// Regressed or improved.
    pub verdict: Verdict,
    /// Which ones.
    pub benchmarks: Vec<Named>,
}

/// A benchmark of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its suite.
    pub suite: String,
    /// Its name within the suite.
    pub key: BenchmarkKey,
}

/// The causes that are seen in a run: of what moved together first, then functions.
pub fn causes(suites: &[SuiteComparison]) -> Vec<Cause> {
    let of_run = (suites.len() > 1).then(|| together(None, suites)).flatten();
    let together = match of_run {
        Some(of_run) => vec![of_run],
        None => {
            let of_suite =
                |suite: &SuiteComparison| together(Some(suite.name.clone()), std::slice::from_ref(suite));
            suites.iter().filter_map(of_suite).collect()
        }
    };
    together
        .into_iter()
        .map(Cause::Together)
        .chain(functions(suites).into_iter().map(Cause::Function))
        .collect()
}

fn rows(suites: &[SuiteComparison]) -> impl Iterator<Item = (Named, &Row)> {
    suites.iter().flat_map(|suite| {
        suite.rows.iter().map(|row| (Named { suite: suite.name.clone(), key: row.key.clone() }, row))
    })
}

fn together(suite: Option<String>, suites: &[SuiteComparison]) -> Option<Together> {
    let measured = rows(suites).filter(|(_, row)| row.judgement().is_some()).count();
    let enough = |members: usize| members >= FEWEST_TOGETHER && members * 4 >= measured * 3;
    for verdict in [Verdict::Regressed, Verdict::Improved] {
        let mut changed: Vec<(f64, Named)> = rows(suites)
            .filter_map(|(name, row)| {
                let judgement = row.judgement().filter(|judgement| judgement.verdict == verdict)?;
                Some((judgement.interval.change(), name))
            })
            .collect();
        changed.sort_by(|(a, _), (b, _)| a.abs().total_cmp(&b.abs()));
        // The longest stretch of changes that are about the same.
        let reach = |first: usize| {
            let largest = changed[first].0.abs() * ABOUT_THE_SAME;
            first + changed[first..].partition_point(|(change, _)| change.abs() <= largest)
        };
        let stretches = (0..changed.len()).map(|first| first..reach(first));
        let longest = stretches.rev().max_by_key(std::iter::ExactSizeIterator::len).unwrap_or_default();
        if enough(longest.len()) {
            let changes = [changed[longest.start].0, changed[longest.end - 1].0];
            let members: Vec<Named> = changed.drain(longest).map(|(_, name)| name).collect();
            // In the order of the report.
            let benchmarks =
                rows(suites).map(|(name, _)| name).filter(|name| members.contains(name)).collect();
            return Some(Together { suite, verdict, benchmarks, measured, changes });
        }
    }
    None
}

fn functions(suites: &[SuiteComparison]) -> Vec<SharedFunction> {
    let mut sharing: BTreeMap<(Verdict, String), Vec<Named>> = BTreeMap::new();
    for (name, row) in rows(suites) {
        let verdict =
            row.judgement().map(|judgement| judgement.verdict).filter(|verdict| verdict.is_change());
        if let (Some(verdict), Some(function)) = (verdict, verdict.and_then(|it| place_of_change(row, it))) {
            sharing.entry((verdict, function)).or_default().push(name);
        }
    }
    let mut found: Vec<SharedFunction> = sharing
        .into_iter()
        .filter(|(_, benchmarks)| benchmarks.len() >= FEWEST_SHARING)
        .map(|((verdict, function), benchmarks)| SharedFunction { function, verdict, benchmarks })
        .collect();
    found.sort_by_key(|it| (it.verdict, std::cmp::Reverse(it.benchmarks.len())));
    found
}

/// The function that holds more than half of a row's change, if any; profiles whose whole moved the other way say nothing.
fn place_of_change(row: &Row, verdict: Verdict) -> Option<String> {
    let found = contributions(row.profile.as_ref()?, row.typical_ns);
    let slower = verdict == Verdict::Regressed;
    let holds_most = found
        .into_iter()
        .find(|it| it.whole != 0.0 && it.change / it.whole > MOST_OF_IT && (it.whole > 0.0) == slower);
    holds_most.map(|it| it.function.to_owned())
}

#[cfg(test)]
mod tests;
