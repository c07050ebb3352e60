//! Where a benchmark spends its time: stacks of one executable, taken in a pass of its own and never while timing.
//!
//! Three engines give the same thing, weighted stacks of function names with the outermost first: [`perf`] samples with
//! events of the kernel, [`pprof`] lets the suite sample itself, and [`callgrind`] executes it under valgrind and counts
//! instructions. What the numbers mean is for others to say.

pub mod callgrind;
mod escort;
pub(crate) mod mappings;
pub mod perf;
pub mod pprof;
mod roots;
mod symbols;

use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::conductor::stage::MeasureError;
use crate::contract::BenchmarkKey;
use crate::process::{Conditions, Executable};

/// One benchmark of one executable to profile.
#[derive(Clone, Copy)]
pub struct Assignment<'a> {
    /// The executable, built with line tables.
    pub executable: &'a Executable,
    /// Which benchmark.
    pub key: &'a BenchmarkKey,
    /// The version of its Criterion, which decides what its command line understands.
    pub version: Option<[u8; 3]>,
    /// Wall time to spend in the benchmark, in seconds.
    pub seconds: f64,
    /// Where it runs.
    pub conditions: &'a Conditions,
    /// True once the user asks to stop.
    pub interrupted: &'a AtomicBool,
    /// A folder for everything that is written on the way.
    pub scratch: &'a Path,
}

/// A stack and how often it was met, or what it cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightedStack {
    /// Function names, the outermost first, inlined ones included where the line tables tell them.
    pub frames: Vec<String>,
    /// Samples, or instructions under callgrind.
    pub weight: u64,
}

/// What one pass over a benchmark gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stacks {
    /// The stacks within the harness's measuring function, without the frames above and including it; equal ones are
    /// joined.
    pub stacks: Vec<WeightedStack>,
    /// The weight of everything else that the process did meanwhile.
    pub outside: u64,
    /// Whether the measuring function also calls a set-up that is not part of what it times.
    pub with_set_up: bool,
    /// Samples that the kernel could not keep.
    pub lost: u64,
    /// What the benchmark's own harness measured meanwhile, where it measured at all.
    pub work: Option<Work>,
}

/// Iterations, and what they took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Iterations of the routine.
    pub iterations: u64,
    /// What they took at their usual pace: nanoseconds, or instructions under callgrind.
    pub amount: u64,
}

/// Why there is no profile.
#[derive(Debug)]
pub enum ProfileError {
    /// The engine cannot be used here: why, and what would help.
    Unavailable(String),
    /// The benchmark did not do what was asked.
    Benchmark(String),
    /// The user asked to stop, or the system refused something.
    Measure(MeasureError),
}

impl std::fmt::Display for ProfileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ProfileError::Unavailable(why) | ProfileError::Benchmark(why) => f.write_str(why),
            ProfileError::Measure(error) => {
                std::fmt::Display::fmt(error, f)?;
                let source = std::error::Error::source(error);
                source.map_or(Ok(()), |source| write!(f, ": {source}"))
            }
        }
    }
}

impl std::error::Error for ProfileError {}

impl From<MeasureError> for ProfileError {
    fn from(error: MeasureError) -> Self {
        ProfileError::Measure(error)
    }
}

impl Stacks {
    /// Adds the stacks of another pass over the same benchmark.
    pub fn join(&mut self, other: Stacks) {
        let mut tally = Tally::default();
        for stack in self.stacks.drain(..).chain(other.stacks) {
            tally.add(stack.frames, stack.weight);
        }
        self.stacks = tally.into_stacks();
        self.outside += other.outside;
        self.with_set_up |= other.with_set_up;
        self.lost += other.lost;
        self.work = match (self.work, other.work) {
            (Some(one), Some(two)) => {
                Some(Work { iterations: one.iterations + two.iterations, amount: one.amount + two.amount })
            }
            (one, two) => one.or(two),
        };
    }

    /// The weight of all stacks within the measuring function.
    pub fn weight(&self) -> u64 {
        self.stacks.iter().map(|stack| stack.weight).sum()
    }
}

/// Joins equal stacks.
#[derive(Default)]
struct Tally(std::collections::BTreeMap<Vec<String>, u64>);

impl Tally {
    fn add(&mut self, frames: Vec<String>, weight: u64) {
        *self.0.entry(frames).or_default() += weight;
    }

    fn into_stacks(self) -> Vec<WeightedStack> {
        let stacks = self.0.into_iter().filter(|(_, weight)| *weight > 0);
        stacks.map(|(frames, weight)| WeightedStack { frames, weight }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_over_the_same_benchmark_are_joined_stack_by_stack() {
        let stack = |name: &str, weight| WeightedStack { frames: vec!["main".into(), name.into()], weight };
        let pass = |stacks, lost, iterations| Stacks {
            stacks,
            outside: lost,
            lost,
            with_set_up: false,
            work: Some(Work { iterations, amount: 10 * iterations }),
        };
        let mut joined = pass(vec![stack("a", 1), stack("b", 2)], 1, 5);
        joined.join(pass(vec![stack("b", 3), stack("c", 4)], 2, 7));
        assert_eq!(joined, pass(vec![stack("a", 1), stack("b", 5), stack("c", 4)], 3, 12));
        assert_eq!(joined.weight(), 10);
    }
}
