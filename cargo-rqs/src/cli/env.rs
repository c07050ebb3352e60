//! What can be typed behind `env`.

use clap::{Args, Subcommand};

use super::FormatChoice;
use super::values::{CpuChoice, parse_cpus};
use crate::commands::Output;
use crate::commands::env::bench::ProbeOptions;
use crate::commands::env::capture::CaptureOptions;

/// Arguments of `env`.
#[derive(Debug, Args)]
pub struct Env {
    /// What to do.
    #[command(subcommand)]
    pub command: EnvCommand,
}

/// What to do with the machine.
#[derive(Debug, Subcommand)]
pub enum EnvCommand {
    /// Record the machine, its software, the toolchain and the variables that matter.
    Capture(Capture),
    /// Say how two environments differ, and whether results of one may be compared with results of the other.
    Compare(Compare),
    /// Measure in seconds what the machine can do, how evenly it runs, and how small a change it can show.
    Bench(Probe),
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

/// Formats of what is not made for comments.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum PlainFormat {
    /// For people at a terminal.
    Text,
    /// For tools; its schema is in `results/schemas`.
    Json,
}

impl PlainFormat {
    fn is_json(self) -> bool {
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
        Output { format: self.format.into() }
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
