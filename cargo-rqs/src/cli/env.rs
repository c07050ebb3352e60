//! What can be typed behind `env`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::FormatChoice;
use super::values::{CpuChoice, parse_cpus};
use crate::commands::env::bench::ProbeOptions;
use crate::commands::env::capture::CaptureOptions;
use crate::commands::env::check::CheckOptions;
use crate::commands::env::tune::TuneOptions;
use crate::commands::{Format, Output};

/// Arguments of `env`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct Env {
    /// What to do.
    #[command(subcommand)]
    pub command: EnvCommand,
}

/// What to do with the machine.
#[derive(Debug, Subcommand)]
pub enum EnvCommand {
    /// Check every condition that a result depends on.
    Check(Check),
    /// Change the settings that are wrong and may be changed, until `restore`.
    Tune(Tune),
    /// Put back every setting that was changed, exactly as it was.
    Restore(Restore),
    /// Tell which settings are changed.
    Status(Restore),
    /// Record the machine, its software, the toolchain and the variables that matter.
    Capture(Capture),
    /// Say how two environments differ, and whether results of one may be compared with results of the other.
    Compare(Compare),
    /// Measure in seconds what the machine can do, how evenly it runs, and how small a change it can show.
    Bench(Probe),
    /// Wait for the end of a run and put back what it left.
    #[command(hide = true)]
    Guard(Guard),
}

/// Formats of what is not made for comments.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum PlainFormat {
    /// For people at a terminal.
    Text,
    /// For tools; its schema is in `results/schemas`.
    Json,
}

/// The machine that is meant.
#[derive(Debug, Args)]
struct Machine {
    /// Read `/proc` and `/sys` below this folder: a copy of another machine's.
    #[arg(long, value_name = "DIR", default_value = "/")]
    sysroot: PathBuf,
}

impl Machine {
    /// The folder, by a name that does not depend on where one stands.
    fn root(&self) -> PathBuf {
        std::path::absolute(&self.sysroot).unwrap_or_else(|_| self.sysroot.clone())
    }
}

/// Arguments of `env check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 every demand is met; 7 a condition that `[env] require` in `rqs.toml` names is not as wanted, or with \
--strict there is a blocker; 2 usage; 101 could not complete.")]
pub struct Check {
    /// Cores for the benchmarks, as `3` or `2,3` or `2-5`; `none` leaves them unpinned [default: the last one].
    #[arg(long, value_name = "CORES", value_parser = parse_cpus)]
    cpu: Option<CpuChoice>,
    /// Exit with 7 when there is any blocker.
    #[arg(long)]
    strict: bool,
    /// Format of the result on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: PlainFormat,
    #[command(flatten)]
    machine: Machine,
}

/// Arguments of `env tune`.
#[derive(Debug, Args)]
#[command(after_help = "\
What every setting was is written down before the first change: by root in /var/lib/cargo-rqs, by others in \
$XDG_STATE_HOME/cargo-rqs, or in the folder that CARGO_RQS_STATE_DIR names. Only settings that need changing are \
changed; commands for those that need other rights are printed.")]
pub struct Tune {
    /// Cores for the benchmarks, as `3` or `2,3` or `2-5`; `none` leaves them unpinned [default: the last one].
    #[arg(long, value_name = "CORES", value_parser = parse_cpus)]
    cpu: Option<CpuChoice>,
    /// Take the siblings of the benchmark cores offline too; processes that are pinned to them are moved for good.
    #[arg(long)]
    siblings: bool,
    /// Show what would be changed, without doing it.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    machine: Machine,
}

/// Arguments of `env restore` and `env status`.
#[derive(Debug, Args)]
pub struct Restore {
    #[command(flatten)]
    machine: Machine,
}

/// Arguments of the guardian.
#[derive(Debug, Args)]
pub struct Guard {
    /// The tuning that it guards.
    #[arg(long, value_name = "ID")]
    pub journal: String,
    #[command(flatten)]
    machine: Machine,
}

/// Arguments of `env capture`.
#[derive(Debug, Args)]
pub struct Capture {
    /// Print the environment without recording it.
    #[arg(long)]
    no_store: bool,
    /// Toolchain [default: the one that is active here].
    #[arg(long, value_name = "NAME")]
    toolchain: Option<String>,
    /// Format on standard output: text or json.
    #[arg(long, value_enum, default_value = "text")]
    format: PlainFormat,
}

/// Arguments of `env compare`.
#[derive(Debug, Args)]
#[command(after_help = "\
An environment is named by `here`, by its fingerprint or the beginning of it, by the id of a run or the beginning of \
it, by `latest` for the newest run, or by the path of a record.\n\
Exit codes: 0 comparable, 6 not comparable, 2 an unknown name, 101 could not complete.")]
pub struct Compare {
    /// The first environment.
    pub first: String,
    /// The second environment.
    #[arg(default_value = "here")]
    pub second: String,
    /// Format on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: FormatChoice,
}

/// Arguments of `env bench`.
#[derive(Debug, Args)]
pub struct Probe {
    /// Measure less, in a few seconds.
    #[arg(long)]
    quick: bool,
    /// Print the numbers without recording them.
    #[arg(long)]
    no_store: bool,
    /// Seed of all coins [default: a random one, kept in the record].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Cores to measure on, as `3` or `2,3`; `none` for none in particular [default: the last one, as for benchmarks].
    #[arg(long, value_name = "CORES", value_parser = parse_cpus)]
    cpu: Option<CpuChoice>,
    /// Toolchain [default: the one that is active here].
    #[arg(long, value_name = "NAME")]
    toolchain: Option<String>,
    /// Format on standard output: text or json.
    #[arg(long, value_enum, default_value = "text")]
    format: PlainFormat,
}

impl Check {
    /// What was meant.
    pub fn into_options(self) -> CheckOptions {
        let format = match self.format {
            PlainFormat::Text => Format::Text,
            PlainFormat::Json => Format::Json,
        };
        CheckOptions {
            sysroot: self.machine.root(),
            cpus: self.cpu.map(|choice| choice.0),
            strict: self.strict,
            output: Output::of(format),
        }
    }
}

impl Tune {
    /// What was meant.
    pub fn into_options(self) -> TuneOptions {
        TuneOptions {
            sysroot: self.machine.root(),
            cpus: self.cpu.map(|choice| choice.0),
            siblings: self.siblings,
            dry_run: self.dry_run,
        }
    }
}

impl Restore {
    /// The root of `/proc` and `/sys`.
    pub fn sysroot(&self) -> PathBuf {
        self.machine.root()
    }
}

impl Guard {
    /// The root of `/proc` and `/sys`.
    pub fn sysroot(&self) -> PathBuf {
        self.machine.root()
    }
}

impl PlainFormat {
    pub(super) fn is_json(self) -> bool {
        matches!(self, PlainFormat::Json)
    }
}

impl Capture {
    /// What was meant.
    pub fn options(self) -> CaptureOptions {
        CaptureOptions { store: !self.no_store, toolchain: self.toolchain, json: self.format.is_json() }
    }
}

impl Compare {
    /// How to print.
    pub fn output(&self) -> Output {
        Output::of(self.format.into())
    }
}

impl Probe {
    /// What was meant.
    pub fn into_options(self) -> ProbeOptions {
        ProbeOptions {
            quick: self.quick,
            store: !self.no_store,
            seed: self.seed,
            cpus: self.cpu.map(|choice| choice.0),
            toolchain: self.toolchain,
            json: self.format.is_json(),
        }
    }
}
