//! What can be typed behind `export`.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use super::query::{METRICS, Metrics, Wanted, parse_metric};
use crate::commands::query::export::{ExportFormat, ExportOptions};
use crate::model::failure::{Failure, Outcome};
use crate::model::metric::Metric;

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ExportFormatChoice {
    /// One JSON object in each line.
    Jsonl,
    /// Comma-separated values with a title line.
    Csv,
    /// OpenMetrics text, for Prometheus and what reads its format; every value with the time of its run.
    Openmetrics,
    /// Bencher Metric Format: the newest value of each benchmark.
    Bencher,
    /// Two files for github-action-benchmark, `smaller.json` and `bigger.json`, by what is better: the newest value of each
    /// benchmark.
    GithubActionBenchmark,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
#[command(after_help = METRICS)]
pub struct Export {
    #[command(flatten)]
    wanted: Wanted,
    /// Only this metric, or a family of them; may be repeated.
    #[arg(long, value_name = "NAME", value_parser = parse_metric, action = ArgAction::Append)]
    metric: Vec<Metrics>,
    /// Format.
    #[arg(long, value_enum)]
    format: ExportFormatChoice,
    /// Write to this file; for github-action-benchmark to this folder.
    #[arg(long, value_name = "PATH")]
    to: Option<PathBuf>,
}

impl Export {
    /// What was meant.
    ///
    /// # Errors
    /// A usage error when two files are wanted, but no folder is named.
    pub fn into_options(self) -> Outcome<ExportOptions> {
        let format = match self.format {
            ExportFormatChoice::Jsonl => ExportFormat::JsonLines,
            ExportFormatChoice::Csv => ExportFormat::Csv,
            ExportFormatChoice::Openmetrics => ExportFormat::OpenMetrics,
            ExportFormatChoice::Bencher => ExportFormat::Bencher,
            ExportFormatChoice::GithubActionBenchmark => ExportFormat::GithubActionBenchmark,
        };
        if format == ExportFormat::GithubActionBenchmark && self.to.is_none() {
            return Err(Failure::usage("github-action-benchmark reads two files, so a folder is needed")
                .hint("name one with `--to DIR`"));
        }
        let mut filter = self.wanted.into_filter(self.metric);
        if filter.metrics.is_empty() {
            filter.metrics = Metric::ALL.to_vec();
        }
        Ok(ExportOptions { filter, format, to: self.to })
    }
}
