//! Names that are typed, and the changes that they mean.

use super::super::comparison::SuiteComparison;
use super::super::confidence::Interval;
use super::super::row;
use super::super::verdict::Judgement;
use super::*;
use crate::model::policy::Policy;
use crate::model::record::{BenchmarkRecord, Presence};
use crate::model::{BenchmarkKey, ByRole};

fn row_of(id: &str, finding: Finding) -> Row {
    let key = BenchmarkKey { id: id.into(), occurrence: 0 };
    let row = row::row(false, &BenchmarkRecord::new(key, Presence::Both), &Policy::USUAL, 0.01);
    Row { finding, ..row }
}

fn measured(id: &str, verdict: Verdict, mean: f64) -> Row {
    let interval = Interval { mean, sd: 0.001, half_width: 0.002, n: 9 };
    row_of(id, Finding::Measured(Judgement { verdict, interval, alpha: 0.01, ln_evidence: 9.0 }, None))
}

fn run() -> Comparison {
    let rows = vec![
        measured("parse/small", Verdict::Regressed, 0.05),
        measured("parse/large", Verdict::Regressed, 0.03),
        measured("parse/same", Verdict::Unchanged, 0.0),
        measured("parse/open", Verdict::Inconclusive, 0.02),
        measured("faster", Verdict::Improved, -0.2),
        row_of("new", Finding::Added),
    ];
    let suite = |name: &str, rows| SuiteComparison {
        name: name.into(),
        harness: ByRole::default(),
        identical: false,
        rows,
    };
    let suites = vec![
        suite("text::bench", rows),
        suite("text::other", vec![measured("parse/small", Verdict::Regressed, 0.1)]),
    ];
    let rows: Vec<&Row> = suites.iter().flat_map(|suite| &suite.rows).collect();
    let summary = crate::analysis::summary::summarise(&rows, 0.01);
    Comparison { summary, suites, ledger: None }
}

fn accepted(names: &[&str], all: bool) -> Result<Vec<String>, (String, String)> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    match changes(&run(), &names, all) {
        Ok(changes) => Ok(changes.iter().map(|change| format!("{}::{}", change.suite, change.key)).collect()),
        Err(failure) => {
            assert_eq!(failure.exit, crate::model::failure::Exit::Usage);
            Err((
                failure.message,
                failure.causes.into_iter().chain(failure.hint).collect::<Vec<_>>().join("; "),
            ))
        }
    }
}

#[test]
fn names_patterns_and_all_mean_what_regressed() {
    let (small, large, other) =
        ("text::bench::parse/small", "text::bench::parse/large", "text::other::parse/small");
    let ok = |names: &[&str]| Ok(names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(accepted(&["parse/large"], false), ok(&[large]));
    assert_eq!(accepted(&["parse/small"], false), ok(&[small, other]));
    assert_eq!(accepted(&[small], false), ok(&[small]));
    assert_eq!(accepted(&["text::bench::**"], false), ok(&[small, large]));
    assert_eq!(accepted(&["parse/large", "parse/*"], false), ok(&[small, large, other]));
    assert_eq!(accepted(&[], true), ok(&[small, large, other]));
}

#[test]
fn what_did_not_change_or_is_not_there_is_refused_with_the_way_out() {
    for (name, message, rest) in [
        ("parse/same", "there is nothing to accept of `text::bench::parse/same`", "it is unchanged; "),
        ("parse/open", "there is nothing to accept of `text::bench::parse/open`", "it is inconclusive"),
        ("faster", "there is nothing to accept of `text::bench::faster`", "it became faster"),
        ("new", "there is nothing to accept of `text::bench::new`", "it exists in the candidate only"),
        ("parse/smal", "the run has no benchmark `parse/smal`", "did you mean `parse/small`?"),
        ("xyz/**", "the run has no benchmark `xyz/**`", "`cargo rqs show RUN` prints"),
        ("parse/{same,open}", "of what `parse/{same,open}` matches, there is nothing to accept", "2 match"),
        ("parse/[", "`parse/[` is no pattern", "unclosed"),
    ] {
        let (told, why) = accepted(&[name], false).unwrap_err();
        assert!(told == message && why.contains(rest), "{told}: {why}");
    }
}

#[test]
fn the_accepted_size_is_what_was_measured() {
    let changes = changes(&run(), &["parse/large".to_owned()], false).unwrap();
    let AcceptedSize { log_mean, log_half_width, alpha, epochs } = changes[0].size;
    assert_eq!((log_mean, log_half_width, alpha, epochs), (0.03, 0.002, 0.01, 9));
}

#[test]
fn acceptances_concern_changed_benchmarks_of_the_same_name_and_suite() {
    let run = run();
    let of = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let revision = |id: &str| crate::model::revision::Revision {
            spec: "x".into(),
            kind: crate::model::revision::RevisionKind::Commit,
            id: id.into(),
            summary: String::new(),
            committed_unix_s: None,
        };
        Acceptance {
            format: Acceptance::FORMAT,
            id: "1".into(),
            tool: String::new(),
            accepted_unix_s: 0,
            run: String::new(),
            revisions: ByRole::new(revision("a"), revision("b")),
            author: "Zoë".into(),
            reason: "checks more".into(),
            expires_unix_s: None,
            changes: changes(&run, &names, false).unwrap(),
        }
    };
    let acceptances = [of(&["parse/small"]), of(&["parse/large"])];
    let suite = &run.suites[0];
    let found = |at: usize| concerning(&suite.name, &suite.rows[at], &acceptances).collect::<Vec<_>>();
    assert_eq!((found(0).len(), found(1).len(), found(2).len(), found(4).len()), (1, 1, 0, 0));
    assert_eq!((found(1)[0].0, found(1)[0].1.size.log_mean), ("b", 0.03));
    let of_other = concerning("text::other", &suite.rows[1], &acceptances).count();
    assert_eq!(of_other, 0);
}
