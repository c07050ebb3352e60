//! Where a benchmark spends its time: what the record keeps of a profile, and the stacks that artifacts are made of.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ByRole;

/// How stacks were taken, in order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProfileEngine {
    /// Sampled by the kernel.
    Perf,
    /// Sampled by the suite itself.
    Pprof,
    /// Executed by callgrind, instructions counted.
    Callgrind,
}

impl ProfileEngine {
    /// All of them, the best first.
    pub const ALL: [ProfileEngine; 3] = [ProfileEngine::Perf, ProfileEngine::Pprof, ProfileEngine::Callgrind];

    /// Whether the weights are samples, which have noise, and not counts.
    pub fn samples(self) -> bool {
        self != ProfileEngine::Callgrind
    }
}

impl fmt::Display for ProfileEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ProfileEngine::Perf => "perf",
            ProfileEngine::Pprof => "pprof",
            ProfileEngine::Callgrind => "callgrind",
        })
    }
}

/// A stack below the harness's measuring function, and its weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// Function names, the outermost first; never empty.
    pub frames: Vec<String>,
    /// Samples, or instructions under callgrind.
    pub weight: u64,
}

/// The passes of a run that took stacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProfilingPass {
    /// The folder of the artifacts, relative to the repository where it lies in it; they are not part of the record.
    pub artifacts: String,
    /// Wall time of everything, building included.
    pub wall_ms: u64,
}

/// What a record keeps of one benchmark's profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProfileRecord {
    /// How the stacks were taken.
    pub engine: ProfileEngine,
    /// Both sides.
    pub sides: ByRole<ProfiledSide>,
    /// Wall time of the pass over this benchmark, both sides, without building.
    pub wall_ms: u64,
    /// The functions that contribute most to the difference, the largest contribution first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<FunctionWeight>,
}

/// One side of a profile in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProfiledSide {
    /// Samples, or instructions under callgrind, within the benchmark's routine.
    pub weight: u64,
    /// The same outside of it, in the harness or in set-up code.
    pub outside: u64,
    /// Samples that the kernel could not keep.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u64,
    /// Iterations that the weight belongs to, where the harness told them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iterations: Option<u64>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What a function took with what the standard library and the system did for it, without other functions it called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FunctionWeight {
    /// Its name.
    pub name: String,
    /// Samples, or instructions under callgrind.
    pub charged: ByRole<u64>,
}
