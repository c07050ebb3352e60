//! The words that cross the border between the side that measures and the side that judges.
//!
//! The harness writes these types, the tool reads and stores them. Everything is a raw integer with its unit in
//! the name; nothing here is derived.

mod counts;
mod profile;
mod reading;
mod used;

use serde::{Deserialize, Serialize};

pub use counts::{Counted, CountedEvent, Counts, NotCounted};
pub use profile::{PROFILE_DIR, profile_name};
pub use reading::{Reading, Work};
pub use used::{Counter, CounterSums, Counters, Missing, Resources};

/// Which of the two builds something belongs to. `Baseline` comes first everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The build that the candidate is held against.
    Baseline,
    /// The build whose change is judged.
    Candidate,
}

impl Role {
    /// Both roles, baseline first.
    pub const BOTH: [Role; 2] = [Role::Baseline, Role::Candidate];

    /// The other role.
    pub fn other(self) -> Role {
        match self {
            Role::Baseline => Role::Candidate,
            Role::Candidate => Role::Baseline,
        }
    }

    /// 0 for the baseline, 1 for the candidate.
    pub fn index(self) -> usize {
        self as usize
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Role::Baseline => "baseline",
            Role::Candidate => "candidate",
        })
    }
}

/// One value for each role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ByRole<T> {
    /// The baseline's value.
    pub baseline: T,
    /// The candidate's value.
    pub candidate: T,
}

impl<T> ByRole<T> {
    /// Pairs two values.
    pub fn new(baseline: T, candidate: T) -> Self {
        ByRole { baseline, candidate }
    }

    /// Makes each value from its role.
    pub fn from_fn(mut make: impl FnMut(Role) -> T) -> Self {
        ByRole { baseline: make(Role::Baseline), candidate: make(Role::Candidate) }
    }

    /// Like [`ByRole::from_fn`]; the first error ends it.
    pub fn try_from_fn<E>(mut make: impl FnMut(Role) -> Result<T, E>) -> Result<Self, E> {
        Ok(ByRole { baseline: make(Role::Baseline)?, candidate: make(Role::Candidate)? })
    }

    /// The value of one role.
    pub fn get(&self, role: Role) -> &T {
        match role {
            Role::Baseline => &self.baseline,
            Role::Candidate => &self.candidate,
        }
    }

    /// The value of one role, to change.
    pub fn get_mut(&mut self, role: Role) -> &mut T {
        match role {
            Role::Baseline => &mut self.baseline,
            Role::Candidate => &mut self.candidate,
        }
    }

    /// Borrows both values.
    pub fn as_ref(&self) -> ByRole<&T> {
        ByRole { baseline: &self.baseline, candidate: &self.candidate }
    }

    /// Maps both values.
    pub fn map<U>(self, mut f: impl FnMut(T) -> U) -> ByRole<U> {
        ByRole { baseline: f(self.baseline), candidate: f(self.candidate) }
    }

    /// Both values with their roles, baseline first.
    pub fn iter(&self) -> impl Iterator<Item = (Role, &T)> {
        [(Role::Baseline, &self.baseline), (Role::Candidate, &self.candidate)].into_iter()
    }
}

/// Names one benchmark inside a suite: the harness's own id, and its occurrence when a suite uses an id twice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BenchmarkKey {
    /// The id as the harness prints it, for Criterion `group/function/parameter`.
    pub id: String,
    /// 0 for the first benchmark of this id in the suite, 1 for the second, ...
    #[serde(default, skip_serializing_if = "is_zero")]
    pub occurrence: u32,
}

fn is_zero_ns(ns: &u64) -> bool {
    *ns == 0
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl std::fmt::Display for BenchmarkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.occurrence {
            0 => f.write_str(&self.id),
            n => write!(f, "{}#{}", self.id, n + 1),
        }
    }
}

/// How a number was taken, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// Both processes alternate sample by sample under the clock probe.
    Turns,
    /// Both processes alternate benchmark by benchmark over the harness's socket.
    Alternation,
}

impl std::fmt::Display for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Engine::Turns => "turns",
            Engine::Alternation => "alternation",
        })
    }
}

/// The order of the four turns in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BlockOrder {
    /// Baseline, candidate, candidate, baseline.
    Abba,
    /// Candidate, baseline, baseline, candidate.
    Baab,
    /// Both turns of the baseline, then both of the candidate: not interleaved.
    Aabb,
    /// Both turns of the candidate, then both of the baseline: not interleaved.
    Bbaa,
}

/// What one side did in one turn: the sum over the turn's samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Turn {
    /// Iterations of the routine, over all samples of the turn.
    pub iterations: u64,
    /// Time as the benchmark's own harness measured it, over all samples of the turn.
    pub elapsed_ns: u64,
}

/// What disturbed a block while it was measured, both sides together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Disturbance {
    /// Times the kernel took the core away from the timing thread.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub involuntary_switches: u32,
    /// Page faults that waited for a disk.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub major_faults: u32,
    /// Clock ticks (10 ms) that the hypervisor took from the core.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub steal_ticks: u32,
}

impl Disturbance {
    /// Whether there was any.
    pub fn any(&self) -> bool {
        *self != Disturbance::default()
    }
}

/// Four turns, two of each side, close together in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Block {
    /// In which order the turns were taken.
    pub order: BlockOrder,
    /// The two turns of each side, in time order.
    pub turns: ByRole<[Turn; 2]>,
    /// What disturbed them.
    #[serde(default, skip_serializing_if = "is_calm")]
    pub disturbance: Disturbance,
}

/// A block may see one switch or stolen tick for so much of its own time. A block of a slow benchmark lasts seconds,
/// in which the kernel's own limit on real-time threads alone takes the core away, from both sides alike.
const TOLERATED_EVERY_NS: u64 = 100_000_000;

impl Block {
    /// Whether the block is to be dropped, both sides: something disturbed it that its length does not excuse. With
    /// `helper_threads`, the timing thread makes room for threads of the benchmark's own, which is no disturbance.
    pub fn is_disturbed(&self, helper_threads: bool) -> bool {
        let turns = self.turns.baseline.iter().chain(&self.turns.candidate);
        let tolerated = turns.map(|turn| turn.elapsed_ns).sum::<u64>() / TOLERATED_EVERY_NS;
        let Disturbance { involuntary_switches, major_faults, steal_ticks } = self.disturbance;
        let switches = if helper_threads { 0 } else { involuntary_switches };
        major_faults > 0 || u64::from(switches) + u64::from(steal_ticks) > tolerated
    }
}

fn is_calm(d: &Disturbance) -> bool {
    !d.any()
}

/// One benchmark in one epoch: the raw integers of a fresh pair of processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EpochSample {
    /// The number of the epoch in the run, from 0.
    pub epoch: u32,
    /// How the numbers were taken.
    pub engine: Engine,
    /// Which side was spawned first.
    pub spawned_first: Role,
    /// Which side warmed up first.
    pub warmed_first: Role,
    /// Iterations and time of the warm-up, which is not part of the blocks.
    pub warm_up: ByRole<Turn>,
    /// Whether helper threads used the processor, so that whole processes were stopped between turns.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub helper_threads: bool,
    /// Median time from the end of a turn of one side to the begin of the other side's next; 0 where no turns were
    /// handed over.
    #[serde(default, skip_serializing_if = "is_zero_ns")]
    pub handover_ns: u64,
    /// What was counted in the turns of each side.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters: Option<ByRole<CounterSums>>,
    /// What the process of each side used of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<ByRole<Resources>>,
    /// The blocks in time order, written as columns.
    #[serde(with = "crate::columns")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::columns::BlockColumns"))]
    pub blocks: Vec<Block>,
}

/// Why a benchmark gave no numbers on one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BenchmarkFailure {
    /// The side it happened on.
    pub role: Role,
    /// What happened, for example `panicked (exit status 101)`.
    pub what: String,
    /// The last lines that the process printed on standard error.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stderr_tail: String,
}
