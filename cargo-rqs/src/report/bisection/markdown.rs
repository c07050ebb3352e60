//! A bisection as a comment on GitHub, every foreign word escaped.

use std::fmt::Write;

use super::{between, chance, change, date, direction, measurement, remarks};
use crate::analysis::bisection::{Change, Conclusion, Ending, Known};
use crate::model::bisection::BisectionRecord;
use crate::report::escape::markdown_code as code;

/// The whole report.
pub fn render(record: &BisectionRecord, conclusion: &Conclusion) -> String {
    let mut text = format!("### Bisection: {}\n\n", headline(record, conclusion));
    let ends = [("good", &record.good), ("bad", &record.bad)];
    text += "| | |\n|---|---|\n";
    for (label, end) in ends {
        let _ = writeln!(text, "| {label} | {} {} |", code(end.short_id()), code(&end.summary));
    }
    let _ = writeln!(text, "| between | {} |", between(record, conclusion));
    if let (Some(whole), Some(subject)) = (&conclusion.whole, &record.subject) {
        let name = format!("{}::{}", subject.suite, subject.key);
        let _ = writeln!(text, "| benchmark | {}, {} from good to bad |", code(&name), change(whole));
    }
    for number in conclusion.best.iter().flat_map(|best| &best.commits) {
        let commit = &record.commits[*number];
        let _ = writeln!(
            text,
            "| {} | {}, by {}, {} |",
            if conclusion.ending == Ending::Found { "found" } else { "likeliest" },
            code(&format!("{} {}", commit.short_id(), commit.summary)),
            code(&commit.author),
            date(commit.authored_unix_s)
        );
    }
    if let Some(check) = &conclusion.check {
        let _ = writeln!(text, "| by itself | {}, measured afresh |", change(&check.change));
        if let Some(time) = check.time {
            let _ = writeln!(text, "| in time | {} |", change(&Change::Time(time)));
        }
    }
    text.push('\n');
    remarks(record, conclusion).iter().for_each(|remark| {
        let _ = writeln!(text, "- {}", code(remark));
    });
    text + &details(record, conclusion)
}

fn headline(record: &BisectionRecord, conclusion: &Conclusion) -> String {
    match (&conclusion.whole, &conclusion.best, conclusion.ending) {
        (Some(whole), Some(best), Ending::Found) => match &best.commits[..] {
            [one] => {
                let id = code(record.commits[*one].short_id());
                format!("{id} is the first {} commit ({} sure)", direction(whole), chance(best.chance))
            }
            several => format!(
                "the first {} commit is one of {} that cannot be told apart ({} sure)",
                direction(whole),
                several.len(),
                chance(best.chance)
            ),
        },
        (None, ..) => "both ends do not differ for sure".into(),
        (.., Ending::Contradiction) => "more than one commit changed this benchmark".into(),
        _ => "undecided".into(),
    }
}

fn details(record: &BisectionRecord, conclusion: &Conclusion) -> String {
    let mut text = String::new();
    for (commit, standing) in record.commits.iter().zip(&conclusion.commits) {
        if !standing.looked_at {
            continue;
        }
        let found = match &standing.known {
            Known::Measured(measured, layouts) => measurement(measured, *layouts),
            Known::BadEnd => "bad end".into(),
            Known::SameAs(None) => "as the good end".into(),
            Known::SameAs(Some(other)) => format!("as {}", code(record.commits[*other].short_id())),
            Known::Skipped(reason) => format!("skipped: {}", code(reason)),
            Known::NotLookedAt => String::new(),
        };
        let _ = writeln!(
            text,
            "| {} | {found} | {} | {} |",
            code(commit.short_id()),
            chance(standing.chance),
            code(&commit.summary)
        );
    }
    if text.is_empty() {
        return text;
    }
    format!(
        "\n<details><summary>commits</summary>\n\n| commit | against good | brought it | subject |\n|---|---|---|---|\n{text}\n</details>\n"
    )
}
