//! `export`: metrics of stored runs for other tools.

use std::path::PathBuf;

use super::Filter;
use crate::host::terminal::Terminal;
use crate::host::trail;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::report::{export, query};
use crate::trial::Surroundings;

/// A format of other tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// A JSON object in each line.
    JsonLines,
    /// Comma-separated values.
    Csv,
    /// OpenMetrics text.
    OpenMetrics,
    /// Bencher Metric Format.
    Bencher,
    /// Two files for github-action-benchmark.
    GithubActionBenchmark,
}

/// What was asked for.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// Which metrics.
    pub filter: Filter,
    /// In which format.
    pub format: ExportFormat,
    /// The file, or the folder for two of them; else it is printed.
    pub to: Option<PathBuf>,
}

/// Exports the metrics.
///
/// # Errors
/// Exit code 4 when there are none; when a pattern is none, or a file cannot be written.
pub fn run(options: &ExportOptions, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let found = options.filter.find(around)?;
    found.say_unusable(terminal);
    if found.rows.is_empty() {
        return Err(Failure::new(Exit::NothingToRun, "no run has what was asked for")
            .hint("`cargo rqs list` lists the runs; fewer filters find more"));
    }
    let text = match options.format {
        ExportFormat::JsonLines => export::json_lines(&found.rows),
        ExportFormat::Csv => query::csv(&found.rows),
        ExportFormat::OpenMetrics => export::open_metrics(&found.rows),
        ExportFormat::Bencher => export::bencher(&found.rows),
        ExportFormat::GithubActionBenchmark => {
            let folder = around.current_dir.join(options.to.as_deref().unwrap_or(".".as_ref()));
            let [smaller, bigger] = export::github_action_benchmark(&found.rows);
            trail::write(&folder.join("smaller.json"), &smaller)?;
            trail::write(&folder.join("bigger.json"), &bigger)?;
            return Ok(Exit::Clean);
        }
    };
    match &options.to {
        Some(file) => trail::write(&around.current_dir.join(file), &text)?,
        None => terminal.result(&text)?,
    }
    Ok(Exit::Clean)
}
