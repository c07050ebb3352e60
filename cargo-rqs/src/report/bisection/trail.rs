//! The bisection as `git bisect log` would write it, for `git bisect replay`.

use std::fmt::Write;

use crate::analysis::bisection::{Conclusion, Ending, Known};
use crate::model::bisection::BisectionRecord;
use crate::report::escape::visible;

/// From this chance on a commit counts as having the change, or as not having it.
const SURE: f64 = 0.95;

/// The log. Commits are marked as is believed in the end; one that is not sure is told as a comment.
pub fn render(record: &BisectionRecord, conclusion: &Conclusion) -> String {
    let mut text = String::from(if record.first_parent {
        "git bisect start '--first-parent'\n"
    } else {
        "git bisect start\n"
    });
    let mut mark = |word: &str, id: &str, summary: &str| {
        let _ = write!(text, "# {word}: [{id}] {}\ngit bisect {word} {id}\n", visible(summary));
    };
    mark("bad", &record.bad.id, &record.bad.summary);
    mark("good", &record.good.id, &record.good.summary);
    let mut unsure = Vec::new();
    for id in looked_at(record) {
        let Some(number) = record.position(&id) else { continue };
        let (commit, Some(standing)) = (&record.commits[number], conclusion.commits.get(number)) else {
            continue;
        };
        match (&standing.known, standing.chance_after) {
            _ if !standing.looked_at => {}
            (Known::BadEnd, _) => {}
            (Known::Skipped(_), _) => mark("skip", &commit.id, &commit.summary),
            (_, Some(chance)) if chance >= SURE => mark("bad", &commit.id, &commit.summary),
            (_, Some(chance)) if chance <= 1.0 - SURE => mark("good", &commit.id, &commit.summary),
            _ => unsure.push(format!("# not sure: [{}] {}\n", commit.id, visible(&commit.summary))),
        }
    }
    text.extend(unsure);
    if let (Ending::Found, Some([one])) =
        (conclusion.ending, conclusion.best.as_ref().map(|best| &best.commits[..]))
    {
        let commit = &record.commits[*one];
        let _ = writeln!(text, "# first bad commit: [{}] {}", commit.id, visible(&commit.summary));
    }
    text
}

/// The commits that something is known of, in the order in which that was found out.
fn looked_at(record: &BisectionRecord) -> Vec<String> {
    let measured = record.measured.iter().map(|measurement| &measurement.candidate);
    let others = record.commits.iter().map(|commit| &commit.id);
    let mut ids: Vec<String> = Vec::new();
    for id in measured.chain(others) {
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    ids
}
