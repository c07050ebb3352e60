//! The runs that are recorded, one line each.

use super::escape::visible;
use super::json::pretty;
use super::numbers;
use super::paint::{Paint, Tone};
use super::table::{self, Align, Line};
use super::words;
use crate::analysis::summary::Counts;
use crate::model::ByRole;
use crate::model::revision::Revision;
use schemars::JsonSchema;
use serde::Serialize;

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
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Outline {
    /// When it started, in seconds since 1970.
    pub started_unix_s: u64,
    /// Fingerprint of the environment.
    pub environment: String,
    /// The two revisions.
    pub revisions: ByRole<Revision>,
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
        revision(&outline.revisions.baseline.spec),
        revision(&outline.revisions.candidate.spec),
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

/// What `list --format json` prints.
#[derive(Serialize, JsonSchema)]
struct ListReport<'a> {
    /// Version of this format.
    format: u32,
    /// The runs, newest first.
    runs: Vec<RunReport<'a>>,
}

/// A run, or why its record cannot be read.
#[derive(Serialize, JsonSchema)]
struct RunReport<'a> {
    /// The run's id.
    id: &'a str,
    /// What its record says; null where it cannot be read.
    run: Option<&'a Outline>,
    /// Why it cannot be read.
    unusable: Option<&'a str>,
}

/// The runs for programs, in the order given, with a line break at its end.
pub fn json(runs: &[Run]) -> String {
    let report = runs.iter().map(|run| RunReport {
        id: &run.id,
        run: run.outline.as_ref().ok(),
        unusable: run.outline.as_ref().err().map(String::as_str),
    });
    pretty(&ListReport { format: 1, runs: report.collect() })
}

/// The JSON Schema of what [`json`] prints.
pub fn schema() -> String {
    format!("{:#}\n", schemars::schema_for!(ListReport<'_>).as_value())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::revision::RevisionKind;

    fn run(id: &str, baseline: &str, counts: Counts) -> Run {
        let revision = |spec: &str| Revision {
            spec: spec.to_owned(),
            kind: RevisionKind::Commit,
            id: "ab".repeat(20),
            summary: String::new(),
            committed_unix_s: None,
        };
        let revisions = ByRole::new(revision(baseline), revision("workdir"));
        let environment = "cd".repeat(32);
        Run {
            id: id.into(),
            outline: Ok(Outline { started_unix_s: 1_795_342_500, environment, revisions, counts }),
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
    fn programs_get_every_run_and_why_some_cannot_be_read() {
        let report: serde_json::Value = serde_json::from_str(&json(&runs())).unwrap();
        let listed = report["runs"].as_array().unwrap();
        assert_eq!(listed.len(), 3);
        assert_eq!(listed[0]["run"]["counts"]["unchanged"], 12);
        assert_eq!(listed[0]["run"]["revisions"]["baseline"]["spec"], "v1.2.0");
        assert!(listed[2]["run"].is_null() && listed[2]["unusable"].is_string());
        assert!(!json(&runs()).contains('\u{1b}'));
        let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
        for field in report.as_object().unwrap().keys() {
            assert!(schema["properties"].get(field).is_some(), "{field} has no schema");
        }
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
