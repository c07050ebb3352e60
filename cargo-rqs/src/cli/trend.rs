//! What can be typed behind `trend`.

use clap::{Args, ValueEnum};

use super::query::{Metrics, parse_metric};
use super::values::DaysTyped;
use crate::commands::trend::{TrendFormat, TrendOptions};
use crate::model::failure::{Failure, Outcome};

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TrendFormatChoice {
    /// For people at a terminal.
    Text,
    /// For tools.
    Json,
    /// For spreadsheets.
    Csv,
    /// Pictures in one file.
    Svg,
    /// A page with pictures, words at every point, and zoom.
    Html,
}

/// Arguments of `trend`.
#[derive(Debug, Args)]
#[command(after_help = "\
Without `--metric` it is the time of an iteration against the first revision: ratios of runs that measured two revisions in \
alternation, chained from one revision to the next, so that what the machine did between runs is not in them. A metric is shown \
by its values: its changes of level are found by the series, and hold less than what was measured in alternation.\n\
Exit codes: 0 shown, 4 nothing is stored of such benchmarks; 101 could not complete, 2 usage.\n\
`cargo rqs schema trend` prints the schema of its JSON.")]
pub struct Trend {
    /// Patterns over the names of benchmarks, as in `rqs.toml`; all of them when absent.
    #[arg(value_name = "PATTERN")]
    benchmarks: Vec<String>,
    /// A metric in place of time, as `memory_mb` or `instructions`.
    #[arg(long, value_name = "NAME", value_parser = parse_metric)]
    metric: Option<Metrics>,
    /// The environment: its fingerprint, or the beginning of it [default: the one with the most revisions].
    #[arg(long, value_name = "FINGERPRINT")]
    environment: Option<String>,
    #[command(flatten)]
    days: DaysTyped,
    /// Tell when this is crossed: percent above the first revision for time, as `10`, else a value of the metric.
    #[arg(long, value_name = "LIMIT", allow_negative_numbers = true)]
    limit: Option<f64>,
    /// Format of the result on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: TrendFormatChoice,
}

impl Trend {
    /// What was meant.
    ///
    /// # Errors
    /// A usage error for several metrics at once, or a limit that makes no sense.
    pub fn into_options(self) -> Outcome<TrendOptions> {
        let metric = match self.metric.as_ref().map(|metrics| &metrics.0[..]) {
            None => None,
            Some([one]) => Some(*one),
            Some(several) => {
                let names: Vec<&str> = several.iter().map(|metric| metric.name()).collect();
                return Err(Failure::usage("a trend is of one metric")
                    .hint(format!("choose one of {}", names.join(", "))));
            }
        };
        let limit = match (self.limit, metric) {
            (None, _) => None,
            (Some(percent), None) if percent > -100.0 && percent.is_finite() => {
                Some((percent / 100.0).ln_1p())
            }
            (Some(value), Some(_)) if value > 0.0 && value.is_finite() => Some(value.ln()),
            (Some(limit), _) => {
                return Err(Failure::usage(format!("`--limit {limit}` can never be crossed"))
                    .hint("write percent for time, as `10`, and a value above zero for a metric"));
            }
        };
        Ok(TrendOptions {
            benchmarks: self.benchmarks,
            metric,
            environment: self.environment,
            days: self.days.into_days(),
            limit,
            format: match self.format {
                TrendFormatChoice::Text => TrendFormat::Text,
                TrendFormatChoice::Json => TrendFormat::Json,
                TrendFormatChoice::Csv => TrendFormat::Csv,
                TrendFormatChoice::Svg => TrendFormat::Svg,
                TrendFormatChoice::Html => TrendFormat::Html,
            },
        })
    }
}
