//! The conductor: lists what a pair of executables can measure, and measures it epoch by epoch.

pub mod alternation;
mod copies;
pub mod interleaved;
pub mod listing;
pub mod stage;
pub(crate) mod stations;
pub mod turns;
mod watching;

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::contract::{BenchmarkFailure, BenchmarkKey, ByRole, Counter, EpochSample, Missing, Role};
use crate::criterion::sampling::Config;
use crate::process::{Conditions, Executable};
use crate::usage::Proc;
use stage::MeasureError;

/// Helper threads below this share of the time do not count as running.
const HELPER_SHARE: f64 = 0.02;

/// One benchmark to measure in an epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Which one.
    pub key: BenchmarkKey,
    /// Real time that each side warms up.
    pub warm_up_ns: u64,
    /// Real time that each side's samples should take together.
    pub measure_ns: u64,
    /// Which side warms up first.
    pub warmed_first: Role,
}

/// One epoch to measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochRequest {
    /// Its number in the run.
    pub number: u32,
    /// Seed of its coins.
    pub seed: u64,
    /// Which side is spawned first.
    pub spawned_first: Role,
    /// What to measure, in program order.
    pub tasks: Vec<Task>,
}

/// What came of an epoch. A benchmark of the request that is in none of the lists was not reached, because an
/// earlier one failed; it can be asked for again.
#[derive(Debug, Default)]
pub struct EpochReport {
    /// The measurements.
    pub samples: Vec<(BenchmarkKey, EpochSample)>,
    /// Benchmarks that gave no numbers, each at most one side.
    pub failures: Vec<(BenchmarkKey, BenchmarkFailure)>,
    /// Benchmarks that sampled in another way than was known; they can be measured from the next epoch on.
    pub scouted: Vec<BenchmarkKey>,
    /// Benchmarks that cannot take turns; they need [`Pair::alternate`].
    pub without_turns: Vec<BenchmarkKey>,
    /// Counters that a process could not open although the coordinator could, and why.
    pub missing: BTreeMap<Counter, Missing>,
    /// Wall time that each measured benchmark took, both sides together, set-up before it included.
    pub costs: Vec<(BenchmarkKey, Duration)>,
}

/// What is known of a benchmark once it has run.
#[derive(Clone, Copy, Debug)]
struct Learned {
    /// Time per iteration, the geometric mean of both sides.
    mean_ns: f64,
    /// How each side's code configures it.
    configs: ByRole<Config>,
    /// The number of samples that each side's code sets, against the command line.
    own_samples: ByRole<Option<u64>>,
    /// Whether threads of its own used the processor.
    helpers: bool,
}

/// Two executables of one suite, and what was learned about their benchmarks so far.
pub struct Pair<'a> {
    executables: ByRole<Executable>,
    conditions: &'a Conditions,
    interrupted: &'a AtomicBool,
    scratch: PathBuf,
    probe: File,
    proc: Proc,
    learned: HashMap<BenchmarkKey, Learned>,
    versions: ByRole<Option<[u8; 3]>>,
}

impl<'a> Pair<'a> {
    /// Pairs two executables. `scratch` is a folder for everything that the harness writes; it is left behind.
    ///
    /// # Errors
    /// When the probe or the scratch folders cannot be written.
    pub fn new(
        executables: ByRole<Executable>,
        conditions: &'a Conditions,
        interrupted: &'a AtomicBool,
        scratch: &Path,
    ) -> Result<Self, MeasureError> {
        let path = scratch.join("rqs_probe.so");
        let probe = crate::process::install(&path, crate::PROBE).and_then(|()| File::open(&path));
        let probe = stage::system(probe, || format!("cannot install the probe at `{}`", path.display()))?;
        for role in Role::BOTH {
            let folder = scratch.join(home_name(role));
            stage::system(std::fs::create_dir_all(&folder), || {
                format!("cannot make `{}`", folder.display())
            })?;
        }
        Ok(Pair {
            executables,
            conditions,
            interrupted,
            scratch: scratch.to_owned(),
            probe,
            proc: Proc::default(),
            learned: HashMap::new(),
            versions: ByRole::default(),
        })
    }

    /// The folder that stands for `CRITERION_HOME`, its name as long for both sides.
    fn home(&self, role: Role) -> PathBuf {
        self.scratch.join(home_name(role))
    }

    /// Remembers the harness versions that the listings found; they decide which command lines are understood.
    pub fn set_versions(&mut self, versions: ByRole<Option<[u8; 3]>>) {
        self.versions = versions;
    }

    /// Goes on with other executables of the same benchmarks. What was learned of them stays known: nothing of it depends on
    /// where code lies.
    pub fn exchange(&mut self, executables: ByRole<Executable>) -> ByRole<Executable> {
        std::mem::replace(&mut self.executables, executables)
    }

    /// Whether the sides can take turns on this platform at all.
    pub fn can_take_turns(&self) -> bool {
        crate::can_probe()
    }
}

fn home_name(role: Role) -> &'static str {
    match role {
        Role::Baseline => "home-a",
        Role::Candidate => "home-b",
    }
}

/// Benchmarks of a suite in program order, with repeated ids told apart.
#[derive(Debug, Default)]
pub struct Occurrences {
    seen: HashMap<String, u32>,
}

impl Occurrences {
    /// The key of the next benchmark with this id.
    pub fn next(&mut self, id: &str) -> BenchmarkKey {
        let count = self.seen.entry(id.to_owned()).or_default();
        *count += 1;
        BenchmarkKey { id: id.to_owned(), occurrence: *count - 1 }
    }
}
