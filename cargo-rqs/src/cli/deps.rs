//! What can be typed behind `deps`.

use clap::{Args, Subcommand};

use super::FormatChoice;
use super::env::PlainFormat;
use super::resolving::Resolving;
use crate::commands::deps::capture::CaptureOptions;
use crate::commands::deps::compare::CompareOptions;
use crate::commands::deps::validate::ValidateOptions;

/// Arguments of `deps`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct Deps {
    /// What to do.
    #[command(subcommand)]
    pub command: DepsCommand,
}

/// What to do with dependencies.
#[derive(Debug, Subcommand)]
pub enum DepsCommand {
    /// Record the dependency graph of a revision: versions, sources, checksums, features, licences.
    Capture(Capture),
    /// Say how the dependencies of two revisions or runs differ.
    Compare(Compare),
    /// Check that the packages on this machine are those that the lockfile names.
    Validate(Validate),
}

/// Arguments of `deps capture`.
#[derive(Debug, Args)]
pub struct Capture {
    /// The revision: anything git understands, `workdir`, `path:DIR` or `published:VERSION`.
    #[arg(default_value = "workdir")]
    revision: String,
    /// Show all packages, and not only those that the workspace names.
    #[arg(long)]
    all: bool,
    /// Print the graph without recording it.
    #[arg(long)]
    no_store: bool,
    /// Format on standard output: text or json.
    #[arg(long, value_enum, default_value = "text")]
    format: PlainFormat,
    #[command(flatten)]
    resolving: Resolving,
}

/// Arguments of `deps compare`.
#[derive(Debug, Args)]
#[command(after_help = "\
A graph is named by a revision (anything git understands, `workdir`, `path:DIR`, `published:VERSION`), by a run's id, \
the beginning of one or `latest` (with `:baseline` behind it for that side), by a fingerprint, or by the path of a \
record.\n\
Exit codes: 0 the difference is told, 100 a published version has other content than before, 2 usage, 101 could not \
complete.")]
pub struct Compare {
    /// The first graph.
    first: String,
    /// The second graph.
    #[arg(default_value = "workdir")]
    second: String,
    /// Format on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: FormatChoice,
    #[command(flatten)]
    resolving: Resolving,
}

/// Arguments of `deps validate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 nothing is wrong, 100 something is not what the lockfile names, 2 usage, 101 could not complete.")]
pub struct Validate {
    /// The revision: anything git understands, `workdir`, `path:DIR` or `published:VERSION`.
    #[arg(default_value = "workdir")]
    revision: String,
    /// Compare downloaded archives with the checksums of the lockfile, and unpacked files with the archives; this is done
    /// without the flag too.
    #[arg(long)]
    integrity: bool,
    /// Format on standard output: text or json.
    #[arg(long, value_enum, default_value = "text")]
    format: PlainFormat,
    #[command(flatten)]
    resolving: Resolving,
}

impl Capture {
    /// What was meant.
    pub fn into_options(self) -> CaptureOptions {
        CaptureOptions {
            revision: self.revision,
            resolving: self.resolving.meant(),
            store: !self.no_store,
            all: self.all,
            json: self.format.is_json(),
        }
    }
}

impl Compare {
    /// What was meant.
    pub fn into_options(self) -> CompareOptions {
        let names = [self.first, self.second];
        CompareOptions { names, resolving: self.resolving.meant(), format: self.format.into() }
    }
}

impl Validate {
    /// What was meant.
    pub fn into_options(self) -> ValidateOptions {
        let json = self.format.is_json();
        ValidateOptions { revision: self.revision, resolving: self.resolving.meant(), json }
    }
}
