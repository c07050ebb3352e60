//! Sentences about counted work, for every report. Nothing that others wrote is in them.

use super::escape::visible;
use super::numbers::{change, count, duration, percent};
use crate::analysis::layout::LayoutOutcome;
use crate::analysis::row::{Finding, Row};
use crate::analysis::summary::WorkSummary;
use crate::analysis::verdict::Verdict;
use crate::analysis::work::{Amount, Partial, Work, WorkChange};
use crate::model::CountedEvent;
use crate::model::policy::Policy;
use crate::model::record::Counting;

/// Changes below this are not worth naming beside the instructions.
const WORTH_NAMING: f64 = 0.001;

/// What the counts say about a benchmark's verdict; `None` when it was not counted.
pub fn remark(row: &Row) -> Option<String> {
    let verdict = match &row.finding {
        Finding::Measured(judgement, _) => judgement.verdict,
        Finding::NotMeasured => Verdict::Inconclusive,
        _ => return None,
    };
    Some(match row.work.as_ref()? {
        Work::Counted(work) => explanation(verdict, work, row.over_layouts.map(|over| over.outcome)),
        Work::NotCounted(role, Some(why)) => format!("instructions not counted: on the {role}, {why}"),
        Work::NotCounted(role, None) => {
            format!("instructions not counted: the {role}'s counts contradict themselves")
        }
    })
}

fn explanation(verdict: Verdict, work: &WorkChange, over_layouts: Option<LayoutOutcome>) -> String {
    let amounts = amounts(work);
    let text = match (work.amount, verdict) {
        (Amount::More, Verdict::Improved) => format!("more work, yet faster: {amounts}"),
        (Amount::More, Verdict::Unchanged) => format!("more work in the same time: {amounts}"),
        (Amount::More, _) => format!("more work: {amounts}"),
        (Amount::Less, Verdict::Regressed) => format!("less work, yet slower: {amounts}"),
        (Amount::Less, Verdict::Unchanged) => format!("less work in the same time: {amounts}"),
        (Amount::Less, _) => format!("less work: {amounts}"),
        (Amount::Same, Verdict::Regressed) => {
            format!("same work, slower: {amounts}; {}", cause(over_layouts))
        }
        (Amount::Same, Verdict::Improved) => format!("same work, faster: {amounts}; {}", cause(over_layouts)),
        (Amount::Same, _) => format!("same work: {amounts}"),
    };
    match work.partial {
        None => text,
        Some(Partial::HelperThreads) => text + " (of the measuring thread; others are not counted)",
        Some(Partial::WholeSamples) => text + " (the harness's own included)",
    }
}

/// What makes the same work slower or faster.
fn cause(over_layouts: Option<LayoutOutcome>) -> &'static str {
    match over_layouts {
        Some(LayoutOutcome::Robust) => {
            "not where the linker put them, but how the processor takes these instructions and their data made the difference"
        }
        _ => "where code and data lie, or how the processor takes them, made the difference",
    }
}

/// `+12.30% instructions (1,234 to 1,386 an iteration), +20.00% reads of data`.
fn amounts(work: &WorkChange) -> String {
    let sides = work.per_iteration[CountedEvent::Instructions as usize];
    let mut text = if sides.baseline == sides.candidate {
        format!("{} instructions an iteration on both sides", number(sides.baseline))
    } else {
        format!(
            "{} instructions ({} to {} an iteration)",
            change(work.change(CountedEvent::Instructions)),
            number(sides.baseline),
            number(sides.candidate)
        )
    };
    for (event, name) in [
        (CountedEvent::DataReads, "reads of data"),
        (CountedEvent::DataWrites, "writes of data"),
        (CountedEvent::Branches, "branches"),
    ] {
        let by = work.change(event);
        if by.is_finite() && by.abs() > WORTH_NAMING {
            text += &format!(", {} {name}", change(by));
        }
    }
    if work.spread > WORTH_NAMING * sides.baseline {
        text += &format!("; iterations differ by {}", number(work.spread));
    }
    text
}

/// A number of events in one iteration: whole where it is whole.
fn number(events: f64) -> String {
    let whole = super::numbers::grouped(events as u64);
    if events.fract() == 0.0 || events >= 1000.0 { whole } else { format!("{events:.1}") }
}

/// What was counted in the run, in one line; `fails` says whether more instructions fail it.
pub fn summary(counting: &Counting, work: &WorkSummary, policy: &Policy, fails: bool) -> String {
    let found: Vec<String> = [
        (work.more, "more work"),
        (work.less, "less work"),
        (work.same, "the same work"),
        (work.not_counted, "not countable"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, what)| format!("{n} {what}"))
    .collect();
    let found = if found.is_empty() { String::new() } else { format!(": {}", found.join(", ")) };
    let gate = match (policy.gate_on_instructions, fails) {
        (false, _) => "",
        (true, false) => "; more would fail the run",
        (true, true) => "; more fails the run, as it does here",
    };
    format!(
        "counted for {} with {} in {}{found} (within {} is the same{gate})",
        count(work.counted() as u64, "benchmark"),
        visible(&counting.emulator),
        duration(counting.elapsed_ms.div_ceil(1000)),
        percent(policy.instructions_margin),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_says_whether_it_fails() {
        let counting = Counting { emulator: "valgrind-3.19.0".into(), elapsed_ms: 1 };
        let gate = Policy { gate_on_instructions: true, ..Policy::USUAL };
        let told = |more: usize, policy: &Policy| {
            summary(&counting, &WorkSummary { more, same: 3, ..WorkSummary::default() }, policy, more > 0)
        };
        assert!(told(1, &Policy::USUAL).ends_with("(within 0.1% is the same)"));
        assert!(told(0, &gate).ends_with("(within 0.1% is the same; more would fail the run)"));
        assert_eq!(
            told(1, &gate),
            "counted for 4 benchmarks with valgrind-3.19.0 in 1 s: 1 more work, 3 the same work \
             (within 0.1% is the same; more fails the run, as it does here)"
        );
    }
}
