//! How benchmarks are profiled, as both `bench` and `profile` take it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::parse_duration_ms;
use crate::commands::bench::{ProfileOptions, Profiles};
use crate::model::profile::ProfileEngine;

#[derive(Clone, Copy, Debug, ValueEnum)]
enum EngineChoice {
    /// The best that can be had: perf, then pprof, then callgrind.
    Auto,
    /// Sampled by the kernel.
    Perf,
    /// Sampled by the suite itself, which links `rqs-harness` for it.
    Pprof,
    /// Executed by valgrind's callgrind, which counts instructions: slow and exact.
    Callgrind,
}

/// How profiles are taken.
#[derive(Debug, Args)]
#[command(next_help_heading = "Profiling")]
pub(super) struct Profiling {
    /// How stacks are taken.
    #[arg(long, value_enum, default_value = "auto")]
    profile_engine: EngineChoice,
    /// Time for each side of a benchmark.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_duration_ms)]
    profile_time: u64,
    /// Benchmarks at most, the worst first.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    profile_max: u32,
    /// Folder for the flamegraphs [default: `target/rqs/artifacts/RUN`].
    #[arg(long, value_name = "DIR")]
    artifacts: Option<PathBuf>,
}

impl Profiling {
    /// What was meant.
    pub(super) fn into_options(self, which: Profiles) -> ProfileOptions {
        ProfileOptions {
            which,
            engine: match self.profile_engine {
                EngineChoice::Auto => None,
                EngineChoice::Perf => Some(ProfileEngine::Perf),
                EngineChoice::Pprof => Some(ProfileEngine::Pprof),
                EngineChoice::Callgrind => Some(ProfileEngine::Callgrind),
            },
            seconds: self.profile_time as f64 / 1e3,
            most: self.profile_max as usize,
            artifacts: self.artifacts,
        }
    }
}
