//! What can be typed: clap structures and their conversion into what the commands understand; nothing else.

mod accept;
mod backfill;
mod bench;
mod bisect;
mod building;
mod calibrate;
mod compare;
mod deps;
mod env;
mod export;
mod list;
mod profile;
mod profiling;
mod query;
mod resolving;
mod trend;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::{Format, Output, schema};
use crate::host::terminal::Colour;

use accept::Accept;
use backfill::Backfill;
use bench::Bench;
use bisect::Bisect;
use calibrate::Calibrate;
use compare::Compare;
pub use deps::{Deps, DepsCommand};
use env::PlainFormat;
pub use env::{Env, EnvCommand};
use export::Export;
use list::List;
use profile::Profile;
use query::Query;
use trend::Trend;

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
    /// Measure older revisions, each against its neighbour, so that `trend` and `compare` can look back.
    Backfill(Backfill),
    /// Measure the tool itself on this host: its rate of false alarms, and how small a change it finds.
    Calibrate(Box<Calibrate>),
    /// Find the commit that made a benchmark slower, or faster.
    Bisect(Box<Bisect>),
    /// Look at the machine: what it is, whether it is fit to measure on, and what it can show.
    Env(Env),
    /// Look at the dependencies: what they are, how they differ, and whether they are what the lockfile names.
    Deps(Deps),
    /// Show where benchmarks spend their time at two revisions: flamegraphs and functions, without measuring.
    Profile(Box<Profile>),
    /// Print a stored run or calibration as it was printed first.
    Show(Show),
    /// List the stored runs and calibrations.
    List(List),
    /// Compare two revisions by what is stored: benchmarks, dependencies, and what may have brought the changes.
    Compare(Compare),
    /// Show how benchmarks moved over revisions: changes of level, drift, what stands out, and what is to be expected.
    Trend(Trend),
    /// Print metrics of stored runs: times, throughput, memory and more, by benchmark, revision and day.
    Query(Query),
    /// Hand metrics of stored runs to other tools: as JSON lines, CSV, OpenMetrics, or what Bencher and
    /// github-action-benchmark read.
    Export(Export),
    /// Check that every record is readable, in its place, and has all that it refers to.
    Fsck(Fsck),
    /// Sign a change of a run off, with a reason, so that later runs let it pass.
    Accept(Accept),
    /// Print the JSON Schema of `rqs.toml`, for editors, or of a report, for programs.
    Schema(Schema),
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

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The id of a run or a calibration, the beginning of one, the path of a record, or `latest` for the newest run.
    #[arg(default_value = "latest")]
    pub run: String,
    /// Format of the result on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: FormatChoice,
    /// Show processor share, memory, disk and network use of every benchmark.
    #[arg(long)]
    resources: bool,
    /// Show what happened on the machine during each epoch.
    #[arg(long)]
    ledger: bool,
}

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// Of what.
    #[arg(value_enum)]
    of: SchemaChoice,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SchemaChoice {
    /// `rqs.toml`, and the table `rqs` of a manifest's metadata.
    Config,
    /// What `bench --format json` and `show --format json` print.
    Report,
    /// What `fsck --format json` prints.
    Soundness,
    /// What `query --format json` prints.
    Query,
    /// What `compare --format json` prints.
    Comparison,
    /// What `trend --format json` prints.
    Trend,
    /// What `list --format json` prints.
    List,
}

impl Schema {
    /// Which schema.
    pub fn which(&self) -> schema::Schema {
        match self.of {
            SchemaChoice::Config => schema::Schema::Config,
            SchemaChoice::Report => schema::Schema::Report,
            SchemaChoice::Soundness => schema::Schema::Soundness,
            SchemaChoice::Query => schema::Schema::Query,
            SchemaChoice::Comparison => schema::Schema::Comparison,
            SchemaChoice::Trend => schema::Schema::Trend,
            SchemaChoice::List => schema::Schema::List,
        }
    }
}

/// Arguments of `fsck`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 sound, 100 something is wrong, 4 there is nothing, 101 could not complete.\n\
`cargo rqs schema soundness` prints the schema of its JSON.")]
pub struct Fsck {
    /// Format on standard output: text or json.
    #[arg(long, value_enum, default_value = "text")]
    format: PlainFormat,
}

impl Fsck {
    /// Whether JSON is wanted.
    pub fn json(&self) -> bool {
        self.format.is_json()
    }
}

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
        Output { format: self.format.into(), resources: self.resources, ledger: self.ledger }
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cargo::command().debug_assert();
    }
}
