//! Two revisions against each other, by what is stored of them.

mod json;
mod markdown;
#[cfg(test)]
mod tests;
mod text;

pub use json::{render as json, schema};
pub use markdown::render as markdown;
pub use text::render as text;

use std::collections::BTreeMap;

use super::dependencies::difference::headline;
use super::escape::visible;
use super::numbers;
use super::paint::Tone;
use crate::analysis::dependencies::GraphDifference;
use crate::analysis::history::{Cause, Compared, Files, Likely, Said, Way, Weight};
use crate::analysis::verdict::Verdict;
use crate::model::history::RunOutline;
use crate::model::revision::Revision;

/// Everything that is told of a comparison.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// The ends, as they are called.
    pub names: [&'a str; 2],
    /// The revisions that they mean.
    pub revisions: [&'a Revision; 2],
    /// The runs that the way is about.
    pub runs: &'a [RunOutline],
    /// How they are compared.
    pub way: &'a Way,
    /// Fingerprint of the environment.
    pub environment: &'a str,
    /// The benchmarks.
    pub compared: &'a [Compared],
    /// How the dependencies differ; `None` where a graph is not stored.
    pub dependencies: Option<&'a GraphDifference>,
    /// The files that differ; `None` where that is not known.
    pub files: Option<Files>,
    /// The causes, likeliest first.
    pub causes: &'a [Likely],
}

/// Revisions between both ends that are named.
const MOST_BETWEEN: usize = 3;

/// How it was measured, in a sentence.
fn by(answer: &Answer<'_>) -> String {
    let id = |run: usize| answer.runs[run].id.as_str();
    match answer.way {
        Way::Chain(links) => match &links[..] {
            [only] => {
                let order = if only.reversed { ", with B as the baseline" } else { "" };
                format!("by run {}, in alternation{order}", visible(id(only.run)))
            }
            several => {
                let between = &several[..several.len() - 1];
                let over: Vec<&str> = between
                    .iter()
                    .take(MOST_BETWEEN)
                    .map(|it| answer.runs[it.run].revisions.get(it.to()).spec.as_str())
                    .collect();
                let more = match between.len() - over.len() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                visible(&format!(
                    "by a chain of {} runs over {}{more}, each in alternation",
                    several.len(),
                    over.join(", ")
                ))
            }
        },
        Way::Separate([a, b]) => {
            visible(&format!("by runs {} and {}, not in alternation", id(a.run), id(b.run)))
        }
    }
}

const NOT_IN_ALTERNATION: &str = "not measured in alternation: what the machine did between the two runs is in these numbers, \
                                  so nothing is judged";

/// What measures both in alternation.
pub fn remedy(names: [&str; 2]) -> String {
    format!("`{}` measures both in alternation", command(names))
}

fn command([baseline, candidate]: [&str; 2]) -> String {
    format!("cargo rqs bench --baseline {baseline} --candidate {candidate}")
}

/// What is said of a benchmark in a word or two, and how it stands out.
fn word(said: &Said) -> (&'static str, Tone) {
    match said {
        Said::Judged(_, Verdict::Regressed) => ("regressed", Tone::Bad),
        Said::Judged(_, Verdict::Improved) => ("improved", Tone::Good),
        Said::Judged(_, Verdict::Unchanged) => ("unchanged", Tone::Normal),
        Said::Judged(_, Verdict::Inconclusive) => ("inconclusive", Tone::Caution),
        Said::Shown(_) => ("not judged", Tone::Quiet),
        Said::Identical => ("unchanged (identical code)", Tone::Quiet),
        Said::Only(0) => ("only in A", Tone::Quiet),
        Said::Only(_) => ("only in B", Tone::Quiet),
        Said::NotMeasured => ("not measured", Tone::Caution),
    }
}

fn change(said: &Said) -> String {
    match said {
        Said::Judged(interval, _) | Said::Shown(interval) => numbers::change_with_interval(interval),
        Said::Identical => "none".to_owned(),
        Said::Only(_) | Said::NotMeasured => String::new(),
    }
}

/// `2 regressed, 5 unchanged`, the worst first.
fn counts(compared: &[Compared]) -> String {
    let mut counts: BTreeMap<usize, (&str, usize)> = BTreeMap::new();
    let order = [
        "regressed",
        "improved",
        "inconclusive",
        "not measured",
        "not judged",
        "unchanged",
        "unchanged (identical code)",
        "only in A",
        "only in B",
    ];
    for benchmark in compared {
        let word = word(&benchmark.said).0;
        let place = order.iter().position(|it| *it == word).unwrap_or(order.len());
        counts.entry(place).or_insert((word, 0)).1 += 1;
    }
    counts.values().map(|(word, n)| format!("{n} {word}")).collect::<Vec<_>>().join(", ")
}

/// A cause with what speaks for it or against it, in a sentence.
fn cause(likely: &Likely, answer: &Answer<'_>) -> String {
    let (name, weight) = (name(likely.cause), weight(likely.weight));
    let files = answer.files.map(|files| {
        let sources = numbers::count(files.sources as u64, "source file");
        let others = numbers::count((files.lockfiles + files.others) as u64, "other file");
        format!("{sources} and {others} differ")
    });
    let evidence = match (likely.cause, likely.weight) {
        (Cause::Code, Weight::Unknown) => "which files differ is not known here".to_owned(),
        (Cause::Code, _) => files.unwrap_or_default(),
        (Cause::Dependencies, Weight::Unknown) => "the graph of one of them is not stored".to_owned(),
        (Cause::Dependencies, _) => answer.dependencies.map(dependencies).unwrap_or_default(),
        (Cause::Toolchain, _) => "one toolchain built both".to_owned(),
        (Cause::Environment, Weight::RuledOut) => "both were measured in alternation".to_owned(),
        (Cause::Environment, _) => "both were measured at different times".to_owned(),
    };
    format!("{name} {weight}: {evidence}")
}

/// The dependencies in one line.
fn dependencies(found: &GraphDifference) -> String {
    let only_for_development = !found.is_none() && found.of_what_is_run().is_none();
    let which = if only_for_development { "; nothing of what is run, only benchmarks and tests" } else { "" };
    headline(found) + which
}

fn name(cause: Cause) -> &'static str {
    match cause {
        Cause::Code => "code",
        Cause::Dependencies => "dependencies",
        Cause::Toolchain => "toolchain",
        Cause::Environment => "environment",
    }
}

fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Only => "(all that differs)",
        Weight::Possible => "(possible)",
        Weight::Unknown => "(not known)",
        Weight::RuledOut => "(ruled out)",
    }
}

/// Whether there is anything to explain.
fn has_changes(compared: &[Compared]) -> bool {
    compared.iter().any(|it| match it.said {
        Said::Judged(_, verdict) => verdict.is_change(),
        Said::Shown(_) => true,
        _ => false,
    })
}
