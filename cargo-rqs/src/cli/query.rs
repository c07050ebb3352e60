//! What can be typed behind `query`, and which metrics it and `export` are about.

use clap::{ArgAction, Args, ValueEnum};

use super::values::DaysTyped;
use crate::commands::query::{Filter, QueryOptions, RowFormat};
use crate::model::Role;
use crate::model::metric::Metric;

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SideChoice {
    Baseline,
    Candidate,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RowFormatChoice {
    /// For people at a terminal.
    Text,
    /// For tools.
    Json,
    /// For spreadsheets.
    Csv,
}

/// Metrics that one name means.
#[derive(Clone, Debug)]
pub(super) struct Metrics(pub(super) Vec<Metric>);

/// Which metrics of which runs.
#[derive(Debug, Args)]
pub(super) struct Wanted {
    /// Patterns over the names of benchmarks, as in `rqs.toml`; all of them when absent.
    #[arg(value_name = "PATTERN")]
    benchmarks: Vec<String>,
    /// Only this revision: as it was typed then, or the first seven digits or more of its commit.
    #[arg(long, value_name = "REV")]
    revision: Option<String>,
    /// Only this side.
    #[arg(long, value_enum)]
    side: Option<SideChoice>,
    /// Only this environment: its fingerprint, or the beginning of it.
    #[arg(long, value_name = "FINGERPRINT")]
    environment: Option<String>,
    #[command(flatten)]
    days: DaysTyped,
    /// Only so many of the newest runs that are left.
    #[arg(long, value_name = "N")]
    last: Option<usize>,
}

/// Arguments of `query`.
#[derive(Debug, Args)]
#[command(after_help = METRICS)]
pub struct Query {
    #[command(flatten)]
    wanted: Wanted,
    /// The metric, or a family of them; may be repeated.
    #[arg(long, value_name = "NAME", value_parser = parse_metric, action = ArgAction::Append, default_value = "latency_ms_p50")]
    metric: Vec<Metrics>,
    /// Format of the result on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: RowFormatChoice,
}

/// What there is, for the help.
pub(super) const METRICS: &str = "\
Metrics: latency_ms (avg, p50, p95 and p99, each by itself as latency_ms_p95), throughput_ops_sec, error_rate, cpu_percent, \
memory_mb, disk_io_mbps, network_mbps, instructions. Times of different runs are not comparable: only the two sides of one \
run were measured in alternation.";

pub(super) fn parse_metric(name: &str) -> Result<Metrics, String> {
    match &Metric::named(name)[..] {
        [] => {
            let names: Vec<&str> = Metric::ALL.into_iter().map(Metric::name).collect();
            Err(format!("there is no metric `{name}`; there are {}", names.join(", ")))
        }
        found => Ok(Metrics(found.to_vec())),
    }
}

impl Query {
    /// What was meant.
    pub fn into_options(self) -> QueryOptions {
        QueryOptions {
            filter: self.wanted.into_filter(self.metric),
            format: match self.format {
                RowFormatChoice::Text => RowFormat::Text,
                RowFormatChoice::Json => RowFormat::Json,
                RowFormatChoice::Csv => RowFormat::Csv,
            },
        }
    }
}

impl Wanted {
    /// What was meant, with these metrics.
    pub(super) fn into_filter(self, metrics: Vec<Metrics>) -> Filter {
        Filter {
            benchmarks: self.benchmarks,
            metrics: metrics.into_iter().flat_map(|metrics| metrics.0).collect(),
            revision: self.revision,
            side: self.side.map(|side| match side {
                SideChoice::Baseline => Role::Baseline,
                SideChoice::Candidate => Role::Candidate,
            }),
            environment: self.environment,
            days: self.days.into_days(),
            last: self.last,
        }
    }
}
