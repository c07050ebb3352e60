//! What can be typed behind `bench`.

use clap::{Args, ValueEnum};

use super::FormatChoice;
use super::building::Building;
use super::profiling::Profiling;
use super::values::{CounterChoice, CpuChoice, parse_counters, parse_cpus, parse_duration_ms, parse_percent};
use crate::analysis::comparison::FailOn;
use crate::analysis::policies::TypedPolicy;
use crate::commands::Output;
use crate::commands::bench::{BenchOptions, CountWhich, Effort, Profiles};
use crate::model::failure::{Failure, Outcome};
use crate::model::policy::Mode;
use crate::model::revision::RevisionSpec;
use crate::trial::{Seat, Selection, USUAL_HANG_TIMEOUT_S};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOnChoice {
    /// Exit with 5 when a benchmark stays inconclusive.
    Inconclusive,
    /// Exit with 100 when a benchmark is slower as built, and its layout decides whether it is slower.
    LayoutSensitive,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CountsChoice {
    /// Those that changed or stayed inconclusive.
    Auto,
    /// All of them.
    Always,
    /// None.
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Gate {
    /// Exit with 100 when a benchmark executes more instructions.
    Instructions,
}

/// Arguments of `bench`.
#[derive(Debug, Args)]
#[command(after_help = "\
Revisions: a tag, branch, hash or `HEAD~3`; `workdir` (with uncommitted changes); `path:DIR`; `published:1.2.0`.\n\
What counts as a change, and which benchmarks may fail the run, stands in `rqs.toml` (`cargo rqs schema config`); what is typed \
here beats it. `cargo rqs accept` signs changes off.\n\
Exit codes: 0 clean, 100 a regression or a failed gate, 101 could not complete, 2 usage, 4 nothing to run, 5 inconclusive (if asked, \
or where a critical benchmark is), 7 the host does not meet what `[env] require` in `rqs.toml` or --strict demands.")]
pub struct Bench {
    /// Measure only benchmarks whose name matches this regular expression.
    filter: Option<String>,
    /// The revision to compare with.
    #[arg(long, value_name = "REV", required_unless_present = "resume")]
    baseline: Option<String>,
    /// The revision that is judged [default: the work tree when it has uncommitted changes, else HEAD].
    #[arg(long, value_name = "REV")]
    candidate: Option<String>,
    /// Take the filter as a whole name, not as a regular expression.
    #[arg(long, requires = "filter")]
    exact: bool,
    /// Take up the newest run that was interrupted.
    #[arg(long, conflicts_with_all = ["baseline", "candidate", "filter"])]
    pub resume: bool,
    /// Build and list the benchmarks of both sides, without measuring.
    #[arg(long)]
    list: bool,
    /// Show what would be built and measured, without doing it.
    #[arg(long)]
    dry_run: bool,
    /// Format of the result on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: FormatChoice,
    /// Tune the host for the run, and put every setting back afterwards, however the run ends.
    #[arg(long)]
    tune: bool,
    /// Measure nothing when `cargo rqs env check` finds a blocker.
    #[arg(long)]
    strict: bool,
    /// Show processor share, memory, disk and network use of every benchmark, not only notable changes of memory.
    #[arg(long)]
    resources: bool,
    /// Measure benchmarks even where both sides are the same code.
    #[arg(long)]
    measure_identical: bool,
    /// Exit with an error in more cases; may be given several times.
    #[arg(long, value_enum, value_name = "CASE", value_delimiter = ',')]
    fail_on: Vec<FailOnChoice>,
    #[command(flatten)]
    judging: Judging,
    /// Which benchmarks to profile at both revisions, after the measuring.
    #[arg(long, value_enum, default_value = "changed", help_heading = "Profiling")]
    profile: ProfilesChoice,
    #[command(flatten)]
    profiling: Profiling,
    #[command(flatten)]
    explaining: Explaining,
    #[command(flatten)]
    building: Building,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ProfilesChoice {
    /// Those that regressed or improved.
    Changed,
    /// All that were measured.
    All,
    /// None.
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ModeChoice {
    /// The whole run: every benchmark gets an equal share. For pass or fail.
    Gate,
    /// The changes shown (e-BH). Finds more where much has changed; for reading.
    Report,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Judging and measuring")]
struct Judging {
    /// The largest change that counts as none, in percent; beats `rqs.toml` for all benchmarks [default: 1].
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    margin: Option<f64>,
    /// The smallest change that counts as one, in percent; beats `rqs.toml` for all benchmarks [default: 0.5].
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    floor: Option<f64>,
    /// The chance that the whole run raises any false alarm; in report mode the share of the changes shown that may be
    /// false. Beats `false-alarms` in `rqs.toml` [default: 0.01].
    #[arg(long, value_name = "CHANCE")]
    alpha: Option<f64>,
    /// What that chance is about; beats `rqs.toml` [default: gate].
    #[arg(long, value_enum)]
    mode: Option<ModeChoice>,
    /// Wall time for all measuring, as `90s`, `5m`, or `60` for seconds; confirming changes over other layouts may take as
    /// long again [default: five seconds a benchmark, at least a minute].
    #[arg(long, value_name = "TIME", value_parser = parse_duration_ms)]
    time_budget: Option<u64>,
    /// Epochs for a benchmark before it is called inconclusive.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_epochs: Option<u32>,
    /// Spend less: find large changes only.
    #[arg(long, conflicts_with = "thorough")]
    quick: bool,
    /// Spend more: find small changes too.
    #[arg(long)]
    thorough: bool,
    /// Pairs of executables with other layouts, at most, that confirm what changed: relinked, their sections in an order
    /// drawn by lot; 0 for none.
    #[arg(long, value_name = "N", default_value_t = 24)]
    layouts: u32,
    /// Seed of all coins [default: a random one, kept in the record].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Cores for the benchmarks, as `3` or `2,3` or `2-5`; `none` leaves them unpinned [default: the last one].
    #[arg(long, value_name = "CORES", value_parser = parse_cpus)]
    cpu: Option<CpuChoice>,
    /// Events to count: `default`, `all`, `none`, or names with commas between, as `instructions,cycles,page-faults`. All
    /// but `default` count in benchmarks that start threads too, and make the start of a thread slower.
    #[arg(long, value_name = "NAMES", value_parser = parse_counters, default_value = "default")]
    counters: CounterChoice,
    /// Seconds without a sign of life after which a benchmark counts as hung.
    #[arg(long, value_name = "SECONDS", default_value_t = USUAL_HANG_TIMEOUT_S)]
    hang_timeout: u64,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Explaining")]
struct Explaining {
    /// Whose instructions to count afterwards, exactly, with valgrind.
    #[arg(long, value_enum, default_value = "auto")]
    counts: CountsChoice,
    /// Fail on more than slower times.
    #[arg(long, value_enum)]
    gate: Option<Gate>,
    /// The largest change of an iteration's instructions that counts as the same work, in percent.
    #[arg(long, value_name = "PERCENT", default_value = "0.1", value_parser = parse_percent)]
    instructions_margin: f64,
}

impl Bench {
    /// What was meant, checked once.
    ///
    /// # Errors
    /// A usage error for values that contradict each other or make no sense.
    pub fn into_options(self, arguments: Vec<String>) -> Outcome<BenchOptions> {
        let judging = self.judging;
        let effort = match (judging.quick, judging.thorough) {
            (true, _) => Effort::Quick,
            (_, true) => Effort::Thorough,
            _ => Effort::Usual,
        };
        let spec = |text: String| text.parse::<RevisionSpec>().map_err(Failure::usage);
        let baseline = self.baseline.ok_or_else(|| Failure::usage("there is no `--baseline`"))?;
        Ok(BenchOptions {
            arguments,
            sides: self.building.into_sides(spec(baseline)?, self.candidate.map(spec).transpose()?),
            selection: Selection {
                filter: self.filter,
                exact: self.exact,
                measure_identical: self.measure_identical,
            },
            seat: Seat {
                cpus: judging.cpu.map(|choice| choice.0),
                hang_timeout_s: judging.hang_timeout.max(1),
                count_threads: judging.counters.by_name,
                counters: judging.counters.counters,
                tune: self.tune,
                strict: self.strict,
            },
            list: self.list,
            dry_run: self.dry_run,
            fail_on: FailOn {
                inconclusive: self.fail_on.contains(&FailOnChoice::Inconclusive),
                layout_sensitive: self.fail_on.contains(&FailOnChoice::LayoutSensitive),
            },
            output: Output { format: self.format.into(), resources: self.resources, ledger: false },
            policy: TypedPolicy {
                mode: judging.mode.map(|mode| match mode {
                    ModeChoice::Gate => Mode::Gate,
                    ModeChoice::Report => Mode::Report,
                }),
                instructions_margin: Some(self.explaining.instructions_margin),
                gate_on_instructions: self.explaining.gate.is_some(),
                ..policy(judging.margin, judging.floor, judging.alpha)?
            },
            counts: match self.explaining.counts {
                CountsChoice::Auto => CountWhich::Unsettling,
                CountsChoice::Always => CountWhich::All,
                CountsChoice::Never => CountWhich::None,
            },
            effort,
            time_budget_ms: judging.time_budget,
            max_epochs: judging.max_epochs,
            layouts: judging.layouts,
            seed: judging.seed,
            profile: self.profiling.into_options(match self.profile {
                ProfilesChoice::Changed => Profiles::Changed,
                ProfilesChoice::All => Profiles::All,
                ProfilesChoice::None => Profiles::None,
            }),
        })
    }
}

/// What was typed of the policy, as fractions.
fn policy(margin: Option<f64>, floor: Option<f64>, alpha: Option<f64>) -> Outcome<TypedPolicy> {
    if let Some(alpha) = alpha.filter(|alpha| !(0.0 < *alpha && *alpha < 1.0)) {
        return Err(Failure::usage(format!("`--alpha {alpha}` is not between 0 and 1")));
    }
    if margin.is_some_and(|margin| margin <= 0.0 || margin >= 1.0) || floor.is_some_and(|floor| floor >= 1.0)
    {
        return Err(Failure::usage("`--margin` must be between 0 and 100 percent and `--floor` below 100"));
    }
    Ok(TypedPolicy { margin, floor, alpha, ..TypedPolicy::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senseless_thresholds_are_refused() {
        assert!(policy(Some(0.0), None, None).is_err());
        assert!(policy(None, Some(1.0), None).is_err());
        assert!(policy(None, None, Some(1.0)).is_err());
        assert!(policy(None, None, Some(f64::NAN)).is_err());
        let typed = policy(Some(0.02), None, Some(0.05)).unwrap();
        assert_eq!((typed.margin, typed.floor, typed.alpha), (Some(0.02), None, Some(0.05)));
    }
}
