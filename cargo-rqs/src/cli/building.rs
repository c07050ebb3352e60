//! What is built and how, as both `bench` and `profile` take it.

use clap::{ArgAction, Args, ValueEnum};

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
    cargo_profile: Option<String>,
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

impl Building {
    /// Two revisions, built as was typed.
    pub(super) fn into_sides(self, baseline: RevisionSpec, candidate: Option<RevisionSpec>) -> Sides {
        let benches_from_candidate = matches!(self.benches_from, BenchesFrom::Candidate);
        let build = BuildOptions {
            packages: self.package,
            workspace: self.workspace,
            benches: self.bench,
            features: self.features,
            all_features: self.all_features,
            no_default_features: self.no_default_features,
            profile: self.cargo_profile,
            config: self.config,
            target: None,
            offline: self.offline,
            locked: self.locked,
            instrumented: false,
        };
        Sides { baseline, candidate, benches_from_candidate, toolchain: self.toolchain, build }
    }
}
