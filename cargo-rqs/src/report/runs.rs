//! The runs that are recorded, one line each.

use super::escape::visible;
use super::numbers;
use super::paint::{Paint, Tone};
use super::table::{self, Align, Line};
use super::words;
use crate::analysis::summary::Counts;

/// On a terminal, a revision's name is cut to this width.
const REVISION_WIDTH: usize = 24;

/// A recorded run.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The run's id.
    pub id: String,
    /// What its record says, or why it cannot be read.
    pub outline: Result<Outline, String>,
}

/// A run in short.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// When it started, in seconds since 1970.
    pub started_unix_s: u64,
    /// The baseline as the user wrote it.
    pub baseline: String,
    /// The candidate as the user wrote it.
    pub candidate: String,
    /// How many benchmarks of each finding.
    pub counts: Counts,
}

/// The table of all runs, in the order given. On a terminal of some `width`, long revisions are cut.
pub fn render(runs: &[Run], width: Option<usize>, paint: Paint) -> String {
    if runs.is_empty() {
        return "no runs are recorded yet; `cargo rqs bench --baseline REV` makes the first\n".into();
    }
    let titles = ["run", "started", "baseline", "candidate", "outcome"];
    let mut lines = vec![Line::Cells(titles.map(|title| (title.to_owned(), Tone::Quiet)).to_vec())];
    lines.extend(runs.iter().map(|run| line(run, width.is_some())));
    table::render(&lines, &[Align::Left; 5], None, paint)
}

fn line(run: &Run, cut: bool) -> Line {
    let outline = match &run.outline {
        Ok(outline) => outline,
        Err(cause) => {
            let outcome = (format!("unreadable: {}", visible(cause)), Tone::Caution);
            let nothing = || (String::new(), Tone::Normal);
            return Line::Cells(vec![
                (visible(&run.id), Tone::Normal),
                nothing(),
                nothing(),
                nothing(),
                outcome,
            ]);
        }
    };
    let revision = |spec: &str| {
        let spec = visible(spec);
        (if cut { table::cut_middle(&spec, REVISION_WIDTH) } else { spec }, Tone::Normal)
    };
    Line::Cells(vec![
        (visible(&run.id), Tone::Normal),
        (numbers::date_time(outline.started_unix_s), Tone::Quiet),
        revision(&outline.baseline),
        revision(&outline.candidate),
        outcome(&outline.counts),
    ])
}

/// The counts, in the tone of the worst of them.
fn outcome(counts: &Counts) -> (String, Tone) {
    let counts = words::counts(counts);
    let tone = counts.first().map(|(_, tone)| *tone).unwrap_or_default();
    let texts: Vec<String> = counts.into_iter().map(|(text, _)| text).collect();
    (if texts.is_empty() { "no benchmarks".into() } else { texts.join(", ") }, tone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: &str, baseline: &str, counts: Counts) -> Run {
        let (baseline, candidate) = (baseline.to_owned(), "workdir".to_owned());
        Run {
            id: id.into(),
            outline: Ok(Outline { started_unix_s: 1_795_342_500, baseline, candidate, counts }),
        }
    }

    fn runs() -> Vec<Run> {
        vec![
            run(
                "20261122T101500Z-1a2b3c4d",
                "v1.2.0",
                Counts { regressed: 1, unchanged: 12, ..Counts::default() },
            ),
            run("20261122T101500Z-00000000", "release/a-very-long-branch-name\x1b[2J", Counts::default()),
            Run {
                id: "20261121T000000Z-ffffffff".into(),
                outline: Err("its content hash\ndoes not match".into()),
            },
        ]
    }

    #[test]
    fn runs_are_listed_with_their_outcome_or_why_they_cannot_be_read() {
        assert_eq!(render(&runs(), Some(80), Paint::Plain), include_str!("expected/runs.txt"));
    }

    #[test]
    fn nothing_is_cut_without_a_terminal() {
        assert!(render(&runs(), None, Paint::Plain).contains("release/a-very-long-branch-name\\x1b[2J"));
    }

    #[test]
    fn an_empty_list_says_how_to_begin() {
        assert!(render(&[], None, Paint::Plain).contains("cargo rqs bench --baseline REV"));
    }
}
