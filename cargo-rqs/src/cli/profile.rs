//! What can be typed behind `profile`.

use clap::{Args, ValueEnum};

use super::building::Building;
use super::profiling::Profiling;
use super::values::{CpuChoice, parse_cpus};
use crate::analysis::comparison::FailOn;
use crate::analysis::policies::TypedPolicy;
use crate::commands::bench::{BenchOptions, CountWhich, Effort, Profiles};
use crate::commands::{Format, Output};
use crate::model::failure::{Failure, Outcome};
use crate::model::revision::RevisionSpec;
use crate::trial::{Seat, Selection, USUAL_HANG_TIMEOUT_S};

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ProfileFormat {
    /// For people at a terminal.
    Text,
    /// For tools.
    Json,
}

/// Arguments of `profile`.
#[derive(Debug, Args)]
#[command(after_help = "\
Revisions: a tag, branch, hash or `HEAD~3`; `workdir` (with uncommitted changes); `path:DIR`; `published:1.2.0`.\n\
Nothing is judged here: `bench` measures what changed, and profiles it by itself.")]
pub struct Profile {
    /// Profile only benchmarks whose name matches this regular expression.
    filter: Option<String>,
    /// The revision to compare with.
    #[arg(long, value_name = "REV")]
    baseline: String,
    /// The other revision [default: the work tree when it has uncommitted changes, else HEAD].
    #[arg(long, value_name = "REV")]
    candidate: Option<String>,
    /// Take the filter as a whole name, not as a regular expression.
    #[arg(long, requires = "filter")]
    exact: bool,
    /// Format of the functions on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: ProfileFormat,
    /// Cores for the benchmarks, as `3` or `2,3` or `2-5`; `none` leaves them unpinned [default: the last one].
    #[arg(long, value_name = "CORES", value_parser = parse_cpus)]
    cpu: Option<CpuChoice>,
    /// Seconds without a sign of life after which a benchmark counts as hung.
    #[arg(long, value_name = "SECONDS", default_value_t = USUAL_HANG_TIMEOUT_S)]
    hang_timeout: u64,
    #[command(flatten)]
    profiling: Profiling,
    #[command(flatten)]
    building: Building,
}

impl Profile {
    /// What was meant; nothing is measured, so what concerns measuring has its default.
    ///
    /// # Errors
    /// A usage error for a revision that makes no sense.
    pub fn into_options(self) -> Outcome<BenchOptions> {
        let spec = |text: String| text.parse::<RevisionSpec>().map_err(Failure::usage);
        let format = match self.format {
            ProfileFormat::Text => Format::Text,
            ProfileFormat::Json => Format::Json,
        };
        Ok(BenchOptions {
            arguments: Vec::new(),
            sides: self.building.into_sides(spec(self.baseline)?, self.candidate.map(spec).transpose()?),
            // The same code spends its time somewhere too.
            selection: Selection { filter: self.filter, exact: self.exact, measure_identical: true },
            seat: Seat::plain(self.cpu.map(|choice| choice.0), self.hang_timeout.max(1)),
            list: false,
            dry_run: false,
            fail_on: FailOn::default(),
            output: Output::of(format),
            policy: TypedPolicy::default(),
            effort: Effort::Usual,
            time_budget_ms: None,
            max_epochs: None,
            layouts: 0,
            seed: None,
            profile: self.profiling.into_options(Profiles::All),
            counts: CountWhich::None,
        })
    }
}
