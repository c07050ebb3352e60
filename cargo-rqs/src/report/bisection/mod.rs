//! A bisection to text, Markdown, JSON, and the log that `git bisect replay` reads.

mod json;
mod markdown;
#[cfg(test)]
mod tests;
mod text;
mod trail;

pub use json::{render as json, schema};
pub use markdown::render as markdown;
pub use text::render as text;
pub use trail::render as trail;

use super::escape::visible;
use super::numbers;
use crate::analysis::bisection::{Change, Conclusion, Ending, Known};
use crate::model::bisection::{BisectionRecord, Yardstick};

/// A change with its interval, or the instructions of an iteration before and after.
pub fn change(change: &Change) -> String {
    match change {
        Change::Time(judgement) => numbers::change_with_interval(&judgement.interval),
        Change::Instructions(before, after) => {
            let count = |instructions: f64| numbers::grouped(instructions.round() as u64);
            let fraction = numbers::change(after / before - 1.0);
            format!("{fraction} instructions ({} to {})", count(*before), count(*after))
        }
    }
}

/// What was measured of a commit, and over how many layouts if more than one.
fn measurement(measured: &Change, layouts: usize) -> String {
    match layouts {
        0 | 1 => change(measured),
        several => format!("{}, {several} layouts", change(measured)),
    }
}

/// `slower` or `faster`, or what stands for it where instructions are counted.
fn direction(whole: &Change) -> &'static str {
    match (whole, whole.log_mean() > 0.0) {
        (Change::Time(_), true) => "slower",
        (Change::Time(_), false) => "faster",
        (Change::Instructions(..), true) => "costlier",
        (Change::Instructions(..), false) => "cheaper",
    }
}

/// A chance in percent, never rounded to none or to all.
fn chance(chance: f64) -> String {
    match chance * 100.0 {
        percent if percent > 99.9 && percent < 100.0 => ">99.9%".into(),
        percent if percent > 0.0 && percent < 0.1 => "<0.1%".into(),
        percent if percent == 0.0 || percent >= 100.0 => format!("{percent:.0}%"),
        percent => format!("{percent:.1}%"),
    }
}

/// The benchmark's full name.
fn subject(record: &BisectionRecord) -> String {
    let name = record.subject.as_ref().map(|subject| format!("{}::{}", subject.suite, subject.key));
    visible(&name.unwrap_or_default())
}

/// How many commits there were, and how each was dealt with.
fn between(record: &BisectionRecord, conclusion: &Conclusion) -> String {
    let known: Vec<&Known> =
        conclusion.commits.iter().filter(|commit| commit.looked_at).map(|commit| &commit.known).collect();
    let count = |is: fn(&Known) -> bool| known.iter().filter(|known| is(known)).count();
    let mut parts = vec![numbers::count(record.commits.len() as u64, "commit")];
    if record.first_parent {
        parts.push("first parents only".into());
    }
    for (number, what) in [
        (count(|known| matches!(known, Known::Measured(..) | Known::BadEnd)), "measured"),
        (count(|known| matches!(known, Known::SameAs(_))), "the same code as another"),
        (count(|known| matches!(known, Known::Skipped(_))), "skipped"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    parts.join(", ")
}

/// What was said in the end, in one sentence.
fn sentence(record: &BisectionRecord, conclusion: &Conclusion) -> String {
    let Some((whole, best)) = conclusion.whole.as_ref().zip(conclusion.best.as_ref()) else {
        return match conclusion.ending {
            Ending::Contradiction => {
                "no single commit explains what was found: more than one changed this benchmark".into()
            }
            _ => "no benchmark differs for sure between both ends, so there is nothing to look for".into(),
        };
    };
    let direction = direction(whole);
    let sure = chance(best.chance);
    let name = match &best.commits[..] {
        [one] => record.commits[*one].id.clone(),
        several => format!("one of {} commits that cannot be told apart", several.len()),
    };
    match conclusion.ending {
        Ending::Found => format!("{name} is the first {direction} commit ({sure} sure)"),
        Ending::NotConfirmed => format!(
            "undecided: {name} is the likeliest first {direction} commit ({sure}), but by itself it shows no such change"
        ),
        Ending::Exhausted => format!(
            "undecided: {name} is the likeliest first {direction} commit ({sure}), and nothing is left that would tell more"
        ),
        Ending::Open => {
            format!(
                "undecided: the budget is spent; {name} is the likeliest first {direction} commit ({sure})"
            )
        }
        Ending::Contradiction | Ending::NoChange => {
            "no single commit explains what was found: more than one changed this benchmark".into()
        }
    }
}

/// What the reader should know beside the answer, and ways out; plain sentences.
fn remarks(record: &BisectionRecord, conclusion: &Conclusion) -> Vec<String> {
    let mut remarks = Vec::new();
    if conclusion.explains_a_part() {
        remarks.push(
            "its own change is only a part of the whole: search before and behind it for the rest".to_owned(),
        );
    }
    for (name, other) in &conclusion.others {
        remarks.push(format!(
            "{} differs too: {}; name it to search for its commit",
            visible(name),
            change(other)
        ));
    }
    if let (Some(why), false) = (&record.not_varied, conclusion.ending == Ending::Found) {
        remarks.push(format!(
            "executables were not linked in other orders, which would tell more: {}",
            visible(why)
        ));
    }
    let way_out = match conclusion.ending {
        Ending::Found => None,
        Ending::NoChange if was_counted(record) => {
            Some("neither time nor counted instructions differ for sure: choose ends further apart")
        }
        Ending::NoChange if record.by == Yardstick::Time && was_varied(record) => Some(
            "it was judged over executables linked in other orders: where that moves a benchmark more than the change does, \
             time cannot tell, but `--by instructions` can where the change is more or less work",
        ),
        Ending::NoChange => {
            Some("compare them more closely with `cargo rqs bench --thorough`, or choose ends further apart")
        }
        Ending::NotConfirmed if record.by == Yardstick::Instructions => Some(
            "its work has changed, but not its time: another commit is behind the change in time, and `--by time` searches \
             for that",
        ),
        Ending::NotConfirmed | Ending::Exhausted => Some(
            "where builds of the same code differ as much as the change, time cannot tell more; `--by instructions` may",
        ),
        Ending::Contradiction => {
            Some("choose ends nearer to each other, so that only one change lies between them")
        }
        Ending::Open => Some("the same command line goes on from here; `--budget` gives it more time"),
    };
    remarks.extend(way_out.map(str::to_owned));
    if !conclusion.commits.is_empty() {
        remarks.push("assumed: one commit brought the change, and it stayed".to_owned());
    }
    remarks
}

/// Whether both ends were measured over other layouts.
fn was_varied(record: &BisectionRecord) -> bool {
    record.ends.iter().flat_map(|suite| &suite.benchmarks).any(|benchmark| !benchmark.layouts.is_empty())
}

/// Whether instructions of both ends were counted.
fn was_counted(record: &BisectionRecord) -> bool {
    record.ends.iter().flat_map(|suite| &suite.benchmarks).any(|benchmark| benchmark.counts.is_some())
}

/// Author date and time, in UTC.
fn date(unix_s: i64) -> String {
    u64::try_from(unix_s).map_or_else(|_| "before 1970".to_owned(), numbers::date_time)
}
