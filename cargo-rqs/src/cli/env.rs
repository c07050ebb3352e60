//! What can be typed behind `env`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::values::{CpuChoice, parse_cpus};
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

/// What to do with the host.
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
    /// Wait for the end of a run and put back what it left.
    #[command(hide = true)]
    Guard(Guard),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CheckFormat {
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
    format: CheckFormat,
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

impl Check {
    /// What was meant.
    pub fn into_options(self) -> CheckOptions {
        let format = match self.format {
            CheckFormat::Text => Format::Text,
            CheckFormat::Json => Format::Json,
        };
        CheckOptions {
            sysroot: self.machine.root(),
            cpus: self.cpu.map(|choice| choice.0),
            strict: self.strict,
            output: Output { format },
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
