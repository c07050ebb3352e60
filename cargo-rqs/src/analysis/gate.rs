//! What a benchmark does to the run: by its policy, what was found, and what somebody accepted. Pure.

use super::row::{Finding, Row};
use super::standing::{Effect, Ruling, Standing};
use super::verdict::Verdict;
use super::work::{Amount, Work};
use crate::model::acceptance::AppliedAcceptance;
use crate::model::policy::{Class, Direction, Policy};

/// Where a judged benchmark stands in a run that started at a moment, in seconds since 1970.
pub fn standing(row: &Row, acceptances: &[AppliedAcceptance], started_unix_s: u64) -> Standing {
    let policy = row.standing.policy;
    let unsigned = ruling(&policy, &row.finding, row.work.as_ref());
    let acceptance = (unsigned == Ruling::Regressed || is_slower(&row.finding))
        .then(|| weigh(acceptances, &row.finding, started_unix_s))
        .flatten();
    let accepted = matches!(acceptance, Some((_, Effect::Applied)));
    let ruling = if accepted && unsigned == Ruling::Regressed { Ruling::Passes } else { unsigned };
    Standing { acceptance, ruling, ..row.standing.clone() }
}

fn is_slower(finding: &Finding) -> bool {
    matches!(finding, Finding::Measured(judgement, _) if judgement.verdict == Verdict::Regressed)
}

/// What a finding does where nobody accepted anything.
fn ruling(policy: &Policy, finding: &Finding, work: Option<&Work>) -> Ruling {
    let more_work = work.and_then(Work::change).is_some_and(|change| change.amount == Amount::More);
    let undecided = if policy.class == Class::Critical { Ruling::Undecided } else { Ruling::Passes };
    let by_finding = match finding {
        _ if policy.class == Class::Informational => return Ruling::Passes,
        Finding::Measured(judgement, _) => match (judgement.verdict, policy.direction) {
            (Verdict::Regressed, _) | (Verdict::Improved, Direction::Either) => Ruling::Regressed,
            (Verdict::Inconclusive, _) => undecided,
            (Verdict::Improved | Verdict::Unchanged, _) => Ruling::Passes,
        },
        Finding::NotMeasured | Finding::Removed => undecided,
        Finding::Failed(_) => Ruling::Broken,
        Finding::Identical | Finding::Added => Ruling::Passes,
    };
    if policy.gate_on_instructions && more_work { Ruling::Regressed } else { by_finding }
}

/// The acceptance that counts: one that applies before one that is exceeded, that before one that has expired. Of those
/// that have expired only one counts that would have applied.
fn weigh(
    acceptances: &[AppliedAcceptance],
    finding: &Finding,
    started_unix_s: u64,
) -> Option<(AppliedAcceptance, Effect)> {
    let covers = |it: &AppliedAcceptance| match finding {
        Finding::Measured(judgement, _) if judgement.verdict.is_change() => {
            it.size.covers(judgement.interval.mean, judgement.interval.half_width)
        }
        // More work in about the same time: what was accepted allows for it.
        _ => true,
    };
    let weighed = acceptances.iter().filter_map(|it| match (covers(it), it.holds_at(started_unix_s)) {
        (true, true) => Some((0, it, Effect::Applied)),
        (false, true) => Some((1, it, Effect::Exceeded)),
        (true, false) => Some((2, it, Effect::Expired)),
        (false, false) => None,
    });
    weighed.min_by_key(|(rank, ..)| *rank).map(|(_, it, effect)| (it.clone(), effect))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::confidence::Interval;
    use crate::analysis::row;
    use crate::analysis::verdict::Judgement;
    use crate::model::acceptance::AcceptedSize;
    use crate::model::record::{BenchmarkRecord, Presence};
    use crate::model::{BenchmarkFailure, BenchmarkKey, ByRole, Counted, Counts, Role};

    fn measured(verdict: Verdict, mean: f64, half_width: f64) -> Finding {
        let interval = Interval { mean, sd: 0.001, half_width, n: 9 };
        Finding::Measured(Judgement { verdict, interval, alpha: 0.01, ln_evidence: 9.0 }, None)
    }

    fn failed() -> Finding {
        Finding::Failed(BenchmarkFailure {
            role: Role::Baseline,
            what: "panicked".into(),
            stderr_tail: String::new(),
        })
    }

    fn stands(
        acceptances: &[AppliedAcceptance],
        policy: Policy,
        finding: &Finding,
        work: Option<Work>,
        started_unix_s: u64,
    ) -> Standing {
        let key = BenchmarkKey { id: "a".into(), occurrence: 0 };
        let row = row::row(false, &BenchmarkRecord::new(key, Presence::Both), &policy, 0.01);
        standing(&Row { finding: finding.clone(), work, ..row }, acceptances, started_unix_s)
    }

    fn acceptance(id: &str, log_mean: f64, expires_unix_s: Option<u64>) -> AppliedAcceptance {
        let size = AcceptedSize { log_mean, log_half_width: 0.01, alpha: 0.01, epochs: 9 };
        let (author, reason) = ("Zoë".to_owned(), "checks more".to_owned());
        AppliedAcceptance { id: id.into(), author, reason, expires_unix_s, size }
    }

    fn of(class: Class, direction: Direction, finding: &Finding) -> Ruling {
        let policy = Policy { class, direction, ..Policy::USUAL };
        stands(&[], policy, finding, None, 0).ruling
    }

    #[test]
    fn classes_and_directions_as_a_table() {
        use Class::{Critical, Informational, Normal};
        use Direction::{Either, Slower};
        let slower = measured(Verdict::Regressed, 0.05, 0.01);
        let faster = measured(Verdict::Improved, -0.05, 0.01);
        let same = measured(Verdict::Unchanged, 0.0, 0.001);
        let open = measured(Verdict::Inconclusive, 0.02, 0.05);
        for (finding, slower_only, either, critical) in [
            (slower, Ruling::Regressed, Ruling::Regressed, Ruling::Regressed),
            (faster, Ruling::Passes, Ruling::Regressed, Ruling::Passes),
            (same, Ruling::Passes, Ruling::Passes, Ruling::Passes),
            (open, Ruling::Passes, Ruling::Passes, Ruling::Undecided),
            (Finding::NotMeasured, Ruling::Passes, Ruling::Passes, Ruling::Undecided),
            (Finding::Removed, Ruling::Passes, Ruling::Passes, Ruling::Undecided),
            (Finding::Added, Ruling::Passes, Ruling::Passes, Ruling::Passes),
            (Finding::Identical, Ruling::Passes, Ruling::Passes, Ruling::Passes),
            (failed(), Ruling::Broken, Ruling::Broken, Ruling::Broken),
        ] {
            assert_eq!(of(Normal, Slower, &finding), slower_only, "{finding:?}");
            assert_eq!(of(Normal, Either, &finding), either, "{finding:?}");
            assert_eq!(of(Critical, Slower, &finding), critical, "{finding:?}");
            assert_eq!(of(Informational, Either, &finding), Ruling::Passes, "{finding:?}");
        }
    }

    #[test]
    fn an_acceptance_lets_through_what_it_covers_until_it_expires() {
        let change = measured(Verdict::Regressed, 0.05, 0.004);
        for (acceptances, effect, ruling) in [
            (vec![], None, Ruling::Regressed),
            (vec![acceptance("a", 0.05, None)], Some(("a", Effect::Applied)), Ruling::Passes),
            (vec![acceptance("a", 0.05, Some(100))], Some(("a", Effect::Applied)), Ruling::Passes),
            (vec![acceptance("a", 0.05, Some(99))], Some(("a", Effect::Expired)), Ruling::Regressed),
            (vec![acceptance("a", 0.03, None)], Some(("a", Effect::Exceeded)), Ruling::Regressed),
            (vec![acceptance("a", -0.05, None)], Some(("a", Effect::Exceeded)), Ruling::Regressed),
            (vec![acceptance("a", 0.03, Some(99))], None, Ruling::Regressed),
            (
                vec![
                    acceptance("old", 0.05, Some(9)),
                    acceptance("small", 0.01, None),
                    acceptance("new", 0.05, None),
                ],
                Some(("new", Effect::Applied)),
                Ruling::Passes,
            ),
        ] {
            let standing = stands(&acceptances, Policy::USUAL, &change, None, 100);
            let found = standing.acceptance.as_ref().map(|(it, effect)| (it.id.as_str(), *effect));
            assert_eq!((found, standing.ruling), (effect, ruling));
            assert_eq!(standing.is_accepted(), ruling == Ruling::Passes);
        }
    }

    #[test]
    fn an_acceptance_says_nothing_where_nothing_failed() {
        let signed = [acceptance("a", 0.05, None)];
        for finding in
            [measured(Verdict::Unchanged, 0.0, 0.001), measured(Verdict::Improved, -0.1, 0.01), failed()]
        {
            assert_eq!(stands(&signed, Policy::USUAL, &finding, None, 0).acceptance, None);
        }
        let critical = Policy { class: Class::Critical, ..Policy::USUAL };
        let open = measured(Verdict::Inconclusive, 0.02, 0.05);
        assert_eq!(stands(&signed, critical, &open, None, 0).ruling, Ruling::Undecided);
    }

    #[test]
    fn more_instructions_fail_where_the_policy_says_so_unless_they_were_accepted() {
        let mut counts = [Counts::default(), Counts::default()];
        for (counts, each) in counts.iter_mut().zip([100, 120]) {
            (1..=4).for_each(|k| counts.push(k, [k * each, 0, 0, 0]));
        }
        let [baseline, candidate] = counts.map(Counted::Counts);
        let key = BenchmarkKey { id: "a".into(), occurrence: 0 };
        let counted = BenchmarkRecord {
            counts: Some(ByRole::new(baseline, candidate)),
            ..BenchmarkRecord::new(key, Presence::Both)
        };
        let work = crate::analysis::work::of_benchmark(&counted, 0.001);
        let same = measured(Verdict::Unchanged, 0.0, 0.001);
        let gate = Policy { gate_on_instructions: true, ..Policy::USUAL };
        let of = |policy: Policy, signed: Vec<AppliedAcceptance>| {
            stands(&signed, policy, &same, work.clone(), 0).ruling
        };
        assert_eq!(of(Policy::USUAL, vec![]), Ruling::Passes);
        assert_eq!(of(gate, vec![]), Ruling::Regressed);
        assert_eq!(of(Policy { class: Class::Informational, ..gate }, vec![]), Ruling::Passes);
        assert_eq!(of(gate, vec![acceptance("a", 0.05, None)]), Ruling::Passes);
    }
}
