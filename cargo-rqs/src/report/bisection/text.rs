//! A bisection for people at a terminal.

use super::{between, chance, change, date, measurement, remarks, sentence, subject};
use crate::analysis::bisection::{Block, Change, Conclusion, Ending, Known, Standing};
use crate::model::bisection::{BisectionRecord, Commit};
use crate::model::revision::Revision;
use crate::report::escape::visible;
use crate::report::numbers;
use crate::report::paint::{Paint, Tone};
use crate::report::table::{self, Align, Line};

/// Commits below this chance that nothing was found out about are not listed.
const WORTH_A_LINE: f64 = 0.001;
/// Commits of a block that are named.
const MOST_OF_A_BLOCK: usize = 12;

/// The whole report. `path` says where the record lies, if it was written.
pub fn render(record: &BisectionRecord, conclusion: &Conclusion, path: Option<&str>, paint: Paint) -> String {
    let mut text = header(record, conclusion, paint);
    let tone = if conclusion.ending == Ending::Found { Tone::Strong } else { Tone::Caution };
    text += &format!("\n{}\n", paint.tone(tone, &sentence(record, conclusion)));
    text += &best(record, conclusion, paint);
    text += &commits(record, conclusion, paint);
    text.push('\n');
    for remark in remarks(record, conclusion) {
        text += &format!("{remark}\n");
    }
    for note in &record.notes {
        text += &format!("note: {}\n", visible(note));
    }
    text += &path.map_or_else(String::new, |path| format!("record: {}\n", visible(path)));
    text
}

fn header(record: &BisectionRecord, conclusion: &Conclusion, paint: Paint) -> String {
    let title = format!("cargo rqs {}, bisection {}", visible(&record.tool), visible(&record.id));
    let took = numbers::duration(record.elapsed_ms / 1000);
    let mut lines = vec![end("good", &record.good), end("bad", &record.bad)];
    lines.push(fact("between", between(record, conclusion)));
    if let Some(whole) = &conclusion.whole {
        lines.push(fact("benchmark", subject(record)));
        lines.push(fact("change", format!("{} from good to bad", change(whole))));
    }
    format!(
        "{}, {}, took {took}\n{}",
        paint.tone(Tone::Strong, &title),
        numbers::date_time(record.started_unix_s),
        table::render(&lines, &[Align::Left; 2], None, paint)
    )
}

fn end(label: &str, revision: &Revision) -> Line {
    let spec = if revision.spec == revision.id { String::new() } else { format!("{} ", revision.spec) };
    fact(label, visible(&format!("{spec}{} {}", revision.short_id(), revision.summary)))
}

fn fact(label: &str, text: String) -> Line {
    Line::Cells(vec![(format!("  {label}"), Tone::Quiet), (text, Tone::Normal)])
}

/// Who, when, what, and how much by itself.
fn best(record: &BisectionRecord, conclusion: &Conclusion, paint: Paint) -> String {
    let Some(best) = &conclusion.best else { return String::new() };
    let mut lines = Vec::new();
    match &best.commits[..] {
        [one] => {
            let commit = &record.commits[*one];
            lines.push(fact("author", visible(&commit.author)));
            lines.push(fact("date", date(commit.authored_unix_s)));
            lines.push(fact("subject", visible(&commit.summary)));
        }
        several => {
            for number in several.iter().take(MOST_OF_A_BLOCK) {
                lines.push(fact(
                    record.commits[*number].short_id(),
                    visible(&record.commits[*number].summary),
                ));
            }
            if several.len() > MOST_OF_A_BLOCK {
                lines.push(fact("", format!("and {} more", several.len() - MOST_OF_A_BLOCK)));
            }
        }
    }
    if let Some(check) = &conclusion.check {
        let before = check.before.map_or(record.good.short_id(), |before| record.commits[before].short_id());
        let after = record.commits[check.after].short_id();
        lines.push(fact(
            "by itself",
            format!("{} ({after} against {before}, measured afresh)", change(&check.change)),
        ));
        lines.extend(check.time.map(|time| fact("", format!("{} in time", change(&Change::Time(time))))));
    }
    if !conclusion.runners_up.is_empty() {
        let runners: Vec<String> =
            conclusion.runners_up.iter().map(|block| runner_up(record, block)).collect();
        lines.push(fact("runners-up", runners.join(", ")));
    }
    table::render(&lines, &[Align::Left; 2], None, paint)
}

fn runner_up(record: &BisectionRecord, block: &Block) -> String {
    let more = match block.commits.len() {
        0 | 1 => String::new(),
        several => format!(" and {} more", several - 1),
    };
    let first = block.commits.first().map_or("", |number| record.commits[*number].short_id());
    format!("{first}{more} {}", chance(block.chance))
}

/// What was found out of which commit, oldest first.
fn commits(record: &BisectionRecord, conclusion: &Conclusion, paint: Paint) -> String {
    let titles = ["commit", "against good", "has it", "brought it", "subject"];
    let mut lines = vec![Line::Cells(titles.map(|title| (title.to_owned(), Tone::Quiet)).to_vec())];
    for (commit, standing) in record.commits.iter().zip(&conclusion.commits) {
        if standing.looked_at || standing.chance >= WORTH_A_LINE {
            lines.push(row(record, commit, standing));
        }
    }
    if lines.len() == 1 {
        return String::new();
    }
    let aligns = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Left];
    format!("\n{}", table::render(&lines, &aligns, None, paint))
}

fn row(record: &BisectionRecord, commit: &Commit, standing: &Standing) -> Line {
    let mut about = visible(&commit.summary);
    let found = match &standing.known {
        Known::Measured(measured, layouts) => measurement(measured, *layouts),
        Known::BadEnd => "bad end".to_owned(),
        Known::SameAs(None) => "as the good end".to_owned(),
        Known::SameAs(Some(other)) => format!("as {}", record.commits[*other].short_id()),
        Known::Skipped(reason) => {
            about += &format!(" ({})", visible(reason));
            "skipped".to_owned()
        }
        Known::NotLookedAt => String::new(),
    };
    let has = standing.chance_after.map(chance).unwrap_or_default();
    Line::Cells(vec![
        (commit.short_id().to_owned(), Tone::Normal),
        (found, Tone::Normal),
        (has, Tone::Normal),
        (chance(standing.chance), if standing.chance >= 0.5 { Tone::Strong } else { Tone::Normal }),
        (about, Tone::Quiet),
    ])
}
