//! Sentences about policies, owners and acceptances. What others wrote in them is passed through `show`, with which each
//! report makes it safe in its own way.

use super::numbers::{change_with_interval, count, date, percent};
use crate::analysis::comparison::Comparison;
use crate::analysis::confidence::Interval;
use crate::analysis::row::{Finding, Row};
use crate::analysis::standing::{Effect, Ruling};
use crate::analysis::verdict::Verdict;
use crate::model::acceptance::{AcceptedSize, AppliedAcceptance};
use crate::model::policy::{BenchmarkPolicy, Class, Mode, Policy};

/// What a reader should know of a benchmark's policy beside its verdict.
pub fn remarks(row: &Row, show: fn(&str) -> String) -> Vec<String> {
    let standing = &row.standing;
    let verdict = row.judgement().map(|judgement| judgement.verdict);
    let fails = standing.ruling != Ruling::Passes;
    let mut remarks = Vec::new();
    remarks.extend(standing.acceptance.as_ref().map(|(it, effect)| acceptance(it, *effect, show)));
    if standing.ruling == Ruling::Undecided {
        let why = match row.finding {
            Finding::Removed => "it is not measured any more",
            _ => "it could not be decided",
        };
        remarks.push(format!("critical: it fails the run, because {why}"));
    }
    let would_fail = verdict == Some(Verdict::Regressed) || matches!(row.finding, Finding::Failed(_));
    if standing.policy.class == Class::Informational && would_fail {
        remarks.push("informational: it does not fail the run".to_owned());
    }
    if verdict == Some(Verdict::Improved) && standing.ruling == Ruling::Regressed && !more_work_fails(row) {
        remarks.push("a speed-up that nobody accepted fails the run, too, by its policy".to_owned());
    }
    if verdict.is_some_and(|verdict| verdict != Verdict::Unchanged) {
        remarks.extend(thresholds(&standing.own, &standing.policy));
    }
    if fails || verdict == Some(Verdict::Regressed) {
        remarks.extend(standing.own.owner.as_ref().map(|owner| format!("owner: {}", show(owner))));
    }
    remarks
}

fn more_work_fails(row: &Row) -> bool {
    use crate::analysis::work::{Amount, Work};
    let more = row.work.as_ref().and_then(Work::change).is_some_and(|change| change.amount == Amount::More);
    row.standing.policy.gate_on_instructions && more
}

/// Whether more instructions fail the run.
pub fn instructions_fail(comparison: &Comparison) -> bool {
    comparison.rows().any(|row| row.standing.ruling == Ruling::Regressed && more_work_fails(row))
}

fn acceptance(it: &AppliedAcceptance, effect: Effect, show: fn(&str) -> String) -> String {
    let (author, reason) = (show(&it.author), show(&it.reason));
    let until = it.expires_unix_s.map(date);
    match (effect, until) {
        (Effect::Applied, Some(until)) => format!("accepted by {author} until {until}: {reason}"),
        (Effect::Applied, None) => format!("accepted by {author}: {reason}"),
        (Effect::Exceeded, _) => {
            format!("not covered by the {} that {author} accepted: {reason}", size(&it.size))
        }
        (Effect::Expired, until) => {
            format!("accepted by {author} until {}, which is past: {reason}", until.unwrap_or_default())
        }
    }
}

/// The size of an accepted change.
pub fn size(size: &AcceptedSize) -> String {
    let AcceptedSize { log_mean, log_half_width, epochs, .. } = *size;
    change_with_interval(&Interval { mean: log_mean, sd: 0.0, half_width: log_half_width, n: epochs })
}

fn thresholds(own: &BenchmarkPolicy, policy: &Policy) -> Option<String> {
    let (floor, margin) = (percent(policy.floor), percent(policy.margin));
    match (own.floor, own.margin) {
        (None, None) => None,
        (Some(_), None) => Some(format!("judged by its own floor, {floor}")),
        (None, Some(_)) => Some(format!("judged by its own margin, {margin}")),
        (Some(_), Some(_)) => Some(format!("judged by its own floor, {floor}, and margin, {margin}")),
    }
}

/// How many benchmarks have a policy of their own; `None` where all have the usual one.
pub fn summary(comparison: &Comparison) -> Option<String> {
    let number = |is: fn(&Row) -> bool| comparison.rows().filter(|row| is(row)).count();
    let own_thresholds = |row: &Row| row.standing.own.margin.is_some() || row.standing.own.floor.is_some();
    let parts: Vec<String> = [
        (number(|row| row.standing.policy.class == Class::Critical), "critical"),
        (number(|row| row.standing.policy.class == Class::Informational), "informational"),
        (number(|row| row.standing.policy.direction != Default::default()), "not to become faster either"),
        (number(own_thresholds), "with a floor or margin of their own"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, what)| format!("{n} {what}"))
    .collect();
    let of = count(comparison.rows().count() as u64, "benchmark");
    (!parts.is_empty()).then(|| format!("of {of}: {}", parts.join(", ")))
}

/// What the chance of false alarms is about.
pub fn false_alarms(policy: &Policy) -> String {
    let alpha = percent(policy.alpha);
    let what = match policy.mode {
        Mode::Gate => format!("{alpha} chance of any in this run"),
        Mode::Report => format!("of the changes shown at most {alpha} are expected to be false"),
    };
    format!("{what}; floor {}, margin {}", percent(policy.floor), percent(policy.margin))
}
