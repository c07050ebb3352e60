//! Sentences about causes that several changes have in common. What others wrote in them is passed through `show`, with
//! which each report makes it safe in its own way.

use super::numbers::percent;
use crate::analysis::causes::{self, Cause, Named, SharedFunction, Together};
use crate::analysis::comparison::Comparison;
use crate::analysis::verdict::Verdict;

/// Benchmarks that are named at most.
const MOST_NAMES: usize = 6;

/// One sentence for each cause.
pub fn sentences(comparison: &Comparison, show: fn(&str) -> String) -> Vec<String> {
    let several = comparison.suites.len() > 1;
    let sentence = |cause: &Cause| match cause {
        Cause::Together(it) => together(it, show),
        Cause::Function(it) => function(it, several, show),
    };
    causes::causes(&comparison.suites).iter().map(sentence).collect()
}

fn together(it: &Together, show: fn(&str) -> String) -> String {
    let number = match it.benchmarks.len() {
        n if n == it.measured => format!("all {n}"),
        n => format!("{n} of the {}", it.measured),
    };
    let place = it.suite.as_ref().map(|suite| format!(" of {}", show(suite))).unwrap_or_default();
    let [least, most] = it.changes.map(|change| percent(change.abs()));
    let range = if least == most { least } else { format!("{least} to {most}") };
    format!("{number} measured benchmarks{place} are {} by {range}", direction(it.verdict))
}

fn function(it: &SharedFunction, several: bool, show: fn(&str) -> String) -> String {
    let name = |Named { suite, key }: &Named| match several {
        true => show(&format!("{suite}::{key}")),
        false => show(&key.to_string()),
    };
    let mut names: Vec<String> = it.benchmarks.iter().take(MOST_NAMES).map(name).collect();
    names.extend(it.benchmarks.len().checked_sub(MOST_NAMES).filter(|n| *n > 0).map(|n| format!("{n} more")));
    let function = show(&it.function);
    let number = it.benchmarks.len();
    let direction = direction(it.verdict);
    format!("{number} benchmarks are {direction}, each mostly in {function}: {}", names.join(", "))
}

fn direction(verdict: Verdict) -> &'static str {
    if verdict == Verdict::Regressed { "slower" } else { "faster" }
}
