//! What is built and how, as both `bench` and `profile` take it.

use clap::{ArgAction, Args, ValueEnum};

use super::resolving::Resolving;
use crate::host::cargo::BuildOptions;
use crate::model::revision::RevisionSpec;
use crate::trial::Sides;

#[derive(Clone, Copy, Debug, ValueEnum)]
enum BenchesFrom {
    /// Each side measures the benchmarks of its own revision.
    Own,
    /// The baseline measures the candidate's benchmarks; in a bisection, every commit those of the bad end.
    #[value(alias = "bad")]
    Candidate,
}

/// What to build, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Building")]
pub(super) struct Building {
    /// Measure only these packages.
    #[arg(short, long, value_name = "SPEC", action = ArgAction::Append)]
    package: Vec<String>,
    /// Measure all packages of the workspace.
    #[arg(long)]
    workspace: bool,
    /// Measure only these bench targets.
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    bench: Vec<String>,
    /// Cargo profile [default: bench].
    #[arg(long, value_name = "NAME")]
    cargo_profile: Option<String>,
    /// Whose benchmarks to measure.
    #[arg(long, value_enum, default_value = "own")]
    benches_from: BenchesFrom,
    #[command(flatten)]
    resolving: Resolving,
}

impl Building {
    /// Two revisions, built as was typed.
    pub(super) fn into_sides(self, baseline: RevisionSpec, candidate: Option<RevisionSpec>) -> Sides {
        let benches_from_candidate = matches!(self.benches_from, BenchesFrom::Candidate);
        let toolchain = self.resolving.toolchain.clone();
        let build = BuildOptions {
            packages: self.package,
            workspace: self.workspace,
            benches: self.bench,
            profile: self.cargo_profile,
            ..self.resolving.options()
        };
        Sides { baseline, candidate, benches_from_candidate, toolchain, build }
    }
}
