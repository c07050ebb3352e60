//! What can be typed: clap structures and their conversion into what the commands understand; nothing else.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::commands::bench::{BenchOptions, Effort};
use crate::commands::{Format, Output};
use crate::host::cargo::BuildOptions;
use crate::host::terminal::Colour;
use crate::model::failure::{Failure, Outcome};
use crate::model::policy::Policy;
use crate::model::revision::RevisionSpec;

/// `cargo rqs` is called by cargo as `cargo-rqs rqs ...`.
#[derive(Debug, Parser)]
#[command(name = "cargo", bin_name = "cargo", styles = clap_styles())]
pub enum Cargo {
    /// Release Quality System: is this revision worse than that one, in what, by how much, and how sure?
    #[command(version, about, long_about = None)]
    Rqs(Rqs),
}

fn clap_styles() -> clap::builder::Styles {
    use clap::builder::styling::{AnsiColor, Style};
    let bold = Style::new().bold();
    clap::builder::Styles::styled().header(bold).usage(bold).literal(AnsiColor::Cyan.on_default())
}

/// The subcommands.
#[derive(Debug, Args)]
pub struct Rqs {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Colour in the output.
    #[arg(long, value_enum, default_value = "auto", global = true)]
    color: ColourChoice,
    /// Directory of the results [default: `results` at the root of the repository].
    #[arg(long, value_name = "DIR", global = true)]
    results: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure the benchmarks of two revisions in alternation, and judge each of them.
    Bench(Box<Bench>),
    /// Print a stored run as `bench` printed it.
    Show(Show),
    /// List the stored runs.
    List(List),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ColourChoice {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatChoice {
    /// For people at a terminal.
    Text,
    /// For tools; its schema is in `results/schemas`.
    Json,
    /// For comments on pull requests.
    Markdown,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum BenchesFrom {
    /// Each side measures the benchmarks of its own revision.
    Own,
    /// The baseline measures the candidate's benchmarks.
    Candidate,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    /// Exit with 5 when a benchmark stays inconclusive.
    Inconclusive,
}

/// Arguments of `bench`.
#[derive(Debug, Args)]
#[command(after_help = "\
Revisions: a tag, branch, hash or `HEAD~3`; `workdir` (with uncommitted changes); `path:DIR`; `published:1.2.0`.\n\
Exit codes: 0 clean, 100 a regression, 101 could not complete, 2 usage, 4 nothing to run, 5 inconclusive (if asked).")]
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
    /// Measure benchmarks even where both sides are the same code.
    #[arg(long)]
    measure_identical: bool,
    /// Exit with an error in more cases.
    #[arg(long, value_enum)]
    fail_on: Option<FailOn>,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    building: Building,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Judging and measuring")]
struct Judging {
    /// The largest change that counts as none, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 1.0)]
    margin: f64,
    /// The smallest change that counts as one, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.5)]
    floor: f64,
    /// The chance that the whole run raises any false alarm.
    #[arg(long, value_name = "CHANCE", default_value_t = 0.01)]
    alpha: f64,
    /// Wall time for all measuring, as `90s`, `5m`, or `60` for seconds [default: five seconds a benchmark, at least a minute].
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
    /// Seed of all coins [default: a random one, kept in the record].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Cores for the benchmarks, as `3` or `2,3` or `2-5`; `none` leaves them unpinned [default: the last one].
    #[arg(long, value_name = "CORES", value_parser = parse_cpus)]
    cpu: Option<CpuChoice>,
    /// Seconds without a sign of life after which a benchmark counts as hung.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    hang_timeout: u64,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Building")]
struct Building {
    /// Measure only these packages.
    #[arg(short, long, value_name = "SPEC", action = ArgAction::Append)]
    package: Vec<String>,
    /// Measure all packages of the workspace.
    #[arg(long)]
    workspace: bool,
    /// Measure only these bench targets.
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    bench: Vec<String>,
    /// Features to switch on.
    #[arg(short = 'F', long, value_name = "FEATURES", value_delimiter = ',', action = ArgAction::Append)]
    features: Vec<String>,
    /// Switch all features on.
    #[arg(long)]
    all_features: bool,
    /// Leave the default features out.
    #[arg(long)]
    no_default_features: bool,
    /// Cargo profile [default: bench].
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Override a cargo configuration value.
    #[arg(long, value_name = "KEY=VALUE", action = ArgAction::Append)]
    config: Vec<String>,
    /// Toolchain for both sides [default: the one that is active here].
    #[arg(long, value_name = "NAME")]
    toolchain: Option<String>,
    /// Whose benchmarks to measure.
    #[arg(long, value_enum, default_value = "own")]
    benches_from: BenchesFrom,
    /// Insist on the committed lockfile.
    #[arg(long)]
    locked: bool,
    /// Work without the network.
    #[arg(long)]
    offline: bool,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct Show {
    /// A run's id, the beginning of one, the path of a record, or `latest`.
    #[arg(default_value = "latest")]
    pub run: String,
    /// Format of the result on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: FormatChoice,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct List {}

#[derive(Clone, Debug)]
struct CpuChoice(Vec<u32>);

impl Rqs {
    /// Whether colour is wanted.
    pub fn colour(&self) -> Colour {
        match self.color {
            ColourChoice::Auto => Colour::Auto,
            ColourChoice::Always => Colour::Always,
            ColourChoice::Never => Colour::Never,
        }
    }

    /// Where results are kept, if that was typed.
    pub fn results(&self) -> Option<PathBuf> {
        self.results.clone()
    }
}

impl Show {
    /// How to print.
    pub fn output(&self) -> Output {
        Output { format: self.format.into() }
    }
}

impl From<FormatChoice> for Format {
    fn from(choice: FormatChoice) -> Format {
        match choice {
            FormatChoice::Text => Format::Text,
            FormatChoice::Json => Format::Json,
            FormatChoice::Markdown => Format::Markdown,
        }
    }
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
            baseline: spec(baseline)?,
            candidate: self.candidate.map(spec).transpose()?,
            filter: self.filter,
            exact: self.exact,
            list: self.list,
            dry_run: self.dry_run,
            measure_identical: self.measure_identical,
            fail_on_inconclusive: self.fail_on.is_some(),
            output: Output { format: self.format.into() },
            policy: policy(judging.margin, judging.floor, judging.alpha)?,
            effort,
            time_budget_ms: judging.time_budget,
            max_epochs: judging.max_epochs,
            seed: judging.seed,
            cpus: judging.cpu.map(|choice| choice.0),
            hang_timeout_s: judging.hang_timeout.max(1),
            benches_from_candidate: matches!(self.building.benches_from, BenchesFrom::Candidate),
            toolchain: self.building.toolchain,
            build: BuildOptions {
                packages: self.building.package,
                workspace: self.building.workspace,
                benches: self.building.bench,
                features: self.building.features,
                all_features: self.building.all_features,
                no_default_features: self.building.no_default_features,
                profile: self.building.profile,
                config: self.building.config,
                target: None,
                offline: self.building.offline,
                locked: self.building.locked,
            },
        })
    }
}

fn policy(margin: f64, floor: f64, alpha: f64) -> Outcome<Policy> {
    if !(0.0 < alpha && alpha < 1.0) {
        return Err(Failure::usage(format!("`--alpha {alpha}` is not between 0 and 1")));
    }
    if !(margin > 0.0 && margin < 100.0 && floor >= 0.0) {
        return Err(Failure::usage(
            "`--margin` must be between 0 and 100 percent and `--floor` not negative",
        ));
    }
    if floor > margin {
        return Err(Failure::usage(format!("`--floor {floor}` is larger than `--margin {margin}`"))
            .hint("a change below the floor counts as none, so the margin has to include it"));
    }
    Ok(Policy { margin: margin / 100.0, floor: floor / 100.0, alpha })
}

/// `90`, `90s`, `500ms`, `5m`, `1h` in milliseconds.
fn parse_duration_ms(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().map_err(|_| format!("`{text}` does not begin with a number"))?;
    let unit_ms = match &text[digits..] {
        "ms" => 1.0,
        "" | "s" => 1e3,
        "m" | "min" => 60e3,
        "h" => 3600e3,
        unit => return Err(format!("`{unit}` is no unit of time; use `ms`, `s`, `m` or `h`")),
    };
    let ms = number * unit_ms;
    if (1.0..1e12).contains(&ms) { Ok(ms as u64) } else { Err(format!("`{text}` is out of range")) }
}

/// `none`, or numbers and ranges with commas between.
fn parse_cpus(text: &str) -> Result<CpuChoice, String> {
    if text == "none" {
        return Ok(CpuChoice(Vec::new()));
    }
    let mut cpus = Vec::new();
    for part in text.split(',') {
        let number = |text: &str| text.parse::<u32>().map_err(|_| format!("`{text}` is no core number"));
        match part.split_once('-') {
            Some((first, last)) => cpus.extend(number(first)?..=number(last)?.min(number(first)? + 4096)),
            None => cpus.push(number(part)?),
        }
    }
    cpus.sort_unstable();
    cpus.dedup();
    if cpus.is_empty() { Err(format!("`{text}` names no core")) } else { Ok(CpuChoice(cpus)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cargo::command().debug_assert();
    }

    #[test]
    fn durations_and_cores_are_read_in_every_spelling() {
        assert_eq!(parse_duration_ms("90"), Ok(90_000));
        assert_eq!(parse_duration_ms("1.5m"), Ok(90_000));
        assert_eq!(parse_duration_ms("250ms"), Ok(250));
        assert!(parse_duration_ms("5 parsecs").is_err());
        assert!(parse_duration_ms("0").is_err());
        assert_eq!(parse_cpus("3,1-2").unwrap().0, [1, 2, 3]);
        assert!(parse_cpus("none").unwrap().0.is_empty());
        assert!(parse_cpus("5-2").is_err());
        assert!(parse_cpus("x").is_err());
    }

    #[test]
    fn contradicting_thresholds_are_refused() {
        assert!(policy(1.0, 2.0, 0.01).is_err());
        assert!(policy(1.0, 0.5, 1.0).is_err());
        assert!(policy(f64::NAN, 0.5, 0.01).is_err());
        assert_eq!(policy(2.0, 1.0, 0.05).unwrap(), Policy { margin: 0.02, floor: 0.01, alpha: 0.05 });
    }
}
