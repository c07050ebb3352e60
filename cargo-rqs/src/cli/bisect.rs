//! What can be typed behind `bisect`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::FormatChoice;
use super::building::Building;
use super::values::{CpuChoice, parse_cpus, parse_duration_ms};
use crate::commands::bisect::{BisectOptions, By};
use crate::model::failure::{Failure, Outcome};
use crate::model::revision::RevisionSpec;
use crate::trial::{Seat, Selection, USUAL_HANG_TIMEOUT_S};

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ByChoice {
    /// Wall time; instructions where time cannot tell both ends apart and valgrind is there.
    Auto,
    /// Wall time, measured in alternation.
    Time,
    /// Instructions of an iteration, counted exactly by valgrind.
    Instructions,
}

/// Arguments of `bisect`.
#[derive(Debug, Args)]
#[command(after_help = "\
Where several benchmarks differ between both ends, the one that does so most surely is bisected and the others are named.\n\
A change to the better is found as well. Your work tree, branches and a `git bisect` of your own are not touched.\n\
Interrupted? The same command line goes on from there.\n\
Exit codes: 0 found, 5 not decided, or no change for sure between both ends; 101 could not complete, 2 usage, 4 nothing to run,\n\
7 the host does not meet what `[env] require` in `rqs.toml` demands.")]
pub struct Bisect {
    /// Compare only benchmarks whose name matches this regular expression.
    filter: Option<String>,
    /// A revision without the change.
    #[arg(long, value_name = "REV")]
    good: String,
    /// A revision with the change.
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    bad: String,
    /// Take the filter as a whole name, not as a regular expression.
    #[arg(long, requires = "filter")]
    exact: bool,
    /// Follow only the first parents of merges: the answer may then be a merge.
    #[arg(long)]
    first_parent: bool,
    /// What to tell commits apart by.
    #[arg(long, value_enum, default_value = "auto")]
    by: ByChoice,
    /// How sure the answer has to be, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 95.0)]
    confidence: f64,
    /// Wall time for everything, as `90s`, `20m` or `2h`.
    #[arg(long, value_name = "TIME", value_parser = parse_duration_ms, default_value = "1h")]
    budget: u64,
    /// Write the log that `git bisect replay` reads.
    #[arg(long, value_name = "FILE")]
    trail: Option<PathBuf>,
    /// Format of the result on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: FormatChoice,
    /// Seed of all coins [default: a random one, kept in the record].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Cores for the benchmarks, as `3` or `2,3` or `2-5`; `none` leaves them unpinned [default: the last one].
    #[arg(long, value_name = "CORES", value_parser = parse_cpus)]
    cpu: Option<CpuChoice>,
    /// Seconds without a sign of life after which a benchmark counts as hung.
    #[arg(long, value_name = "SECONDS", default_value_t = USUAL_HANG_TIMEOUT_S)]
    hang_timeout: u64,
    #[command(flatten)]
    building: Building,
}

impl Bisect {
    /// What was meant, checked once.
    ///
    /// # Errors
    /// A usage error for values that make no sense.
    pub fn into_options(self, arguments: Vec<String>) -> Outcome<BisectOptions> {
        let spec = |text: String| text.parse::<RevisionSpec>().map_err(Failure::usage);
        if !(50.0..100.0).contains(&self.confidence) {
            return Err(Failure::usage(format!(
                "`--confidence {}` is not between 50 and 100 percent",
                self.confidence
            ))
            .hint("nothing that is measured is ever sure to 100 percent; 95 is usual"));
        }
        let bad = spec(self.bad)?;
        Ok(BisectOptions {
            arguments,
            sides: self.building.into_sides(spec(self.good)?, Some(bad.clone())),
            bad,
            first_parent: self.first_parent,
            by: match self.by {
                ByChoice::Auto => By::Auto,
                ByChoice::Time => By::Time,
                ByChoice::Instructions => By::Instructions,
            },
            selection: Selection { filter: self.filter, exact: self.exact, measure_identical: false },
            seat: Seat::plain(self.cpu.map(|choice| choice.0), self.hang_timeout.max(1)),
            confidence: self.confidence / 100.0,
            budget_ms: self.budget,
            seed: self.seed,
            trail: self.trail,
            format: self.format.into(),
        })
    }
}
