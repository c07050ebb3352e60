//! How evenly a host runs: the reference benchmarks against themselves, in turns, epoch by epoch, with the same
//! machinery that measures suites. Whatever difference comes out is the host's.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use crate::coin::Coins;
use crate::conductor::stage::{MeasureError, system};
use crate::conductor::{EpochRequest, Pair, Task};
use crate::contract::{BenchmarkKey, ByRole, EpochSample, Role};
use crate::process::{Conditions, Executable, install};

/// The reference benchmarks, as `harness/reference` names them.
const BENCHMARKS: [&str; 4] = ["arithmetic", "memory", "sorting", "allocation"];
/// Warm-up and measuring time of a benchmark on each side in each epoch, as a usual run has them.
const WARM_UP_NS: u64 = 3_000_000;
const MEASURE_NS: u64 = 10_000_000;

/// One reference benchmark against itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evenness {
    /// Its name.
    pub benchmark: String,
    /// The epochs in time order.
    pub epochs: Vec<EpochSample>,
    /// Wall time that each of them took, in microseconds, starting the processes not counted.
    pub cost_us: Vec<u64>,
}

/// Measures some epochs of every reference benchmark. Both sides are the same executable, which is installed below
/// `scratch`; `step` is told the number of each epoch.
///
/// # Errors
/// When the user asks to stop, or nothing can be measured in turns here; the message says why.
pub fn measure(
    epochs: u32,
    seed: u64,
    conditions: &Conditions,
    scratch: &Path,
    interrupted: &AtomicBool,
    step: &mut dyn FnMut(u32),
) -> Result<Vec<Evenness>, MeasureError> {
    if !crate::can_probe() || crate::REFERENCE.is_empty() {
        let why = std::io::Error::other("processes can take turns on x86-64 Linux with glibc only");
        return Err(MeasureError::System("cannot measure how evenly this host runs".into(), why));
    }
    let executables = ByRole::try_from_fn(|role| install_reference(scratch, role))?;
    let mut pair = Pair::new(executables, conditions, interrupted, scratch)?;
    pair.set_versions(ByRole::new(Some([0, 8, 2]), Some([0, 8, 2])));
    let mut coins = Coins::new(seed);
    let mut found: Vec<Evenness> = BENCHMARKS
        .iter()
        .map(|name| Evenness { benchmark: (*name).to_owned(), ..Evenness::default() })
        .collect();
    let mut flips = [false; 2];
    for number in 0..epochs {
        step(number);
        // Balanced over two epochs each, as in a run.
        flips = flips.map(|flip| if number % 2 == 0 { coins.flip() } else { !flip });
        let [spawned_first, warmed_first] =
            flips.map(|flip| if flip { Role::Baseline } else { Role::Candidate });
        let request = EpochRequest { number, seed: coins.bits(), spawned_first, tasks: tasks(warmed_first) };
        let report = pair.take_turns(&request)?;
        if let Some((key, failure)) = report.failures.first() {
            let why = std::io::Error::other(format!("{}: {}", failure.what, failure.stderr_tail));
            return Err(MeasureError::System(format!("the reference benchmark `{}` failed", key.id), why));
        }
        for one in &mut found {
            let of_this = |key: &BenchmarkKey| key.id == one.benchmark;
            one.epochs
                .extend(report.samples.iter().filter(|(key, _)| of_this(key)).map(|(_, it)| it.clone()));
            let costs = report.costs.iter().filter(|(key, _)| of_this(key));
            one.cost_us.extend(costs.map(|(_, cost)| cost.as_micros() as u64));
        }
    }
    Ok(found)
}

fn tasks(warmed_first: Role) -> Vec<Task> {
    let task = |name: &&str| Task {
        key: BenchmarkKey { id: (*name).to_owned(), occurrence: 0 },
        warm_up_ns: WARM_UP_NS,
        measure_ns: MEASURE_NS,
        warmed_first,
    };
    BENCHMARKS.iter().map(task).collect()
}

/// The same bytes for both sides, in files whose paths are equally long.
fn install_reference(scratch: &Path, role: Role) -> Result<Executable, MeasureError> {
    let name = match role {
        Role::Baseline => "reference-a",
        Role::Candidate => "reference-b",
    };
    let path = scratch.join(name);
    system(install(&path, crate::REFERENCE), || format!("cannot write `{}`", path.display()))?;
    Ok(Executable { path, cwd: scratch.to_owned(), env: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_benchmark_is_measured_in_turns_in_every_epoch() {
        if !crate::can_probe() {
            return;
        }
        let scratch = tempfile::tempdir().unwrap();
        let conditions = Conditions { hang_timeout_s: 60, ..Conditions::default() };
        let mut steps = 0;
        let found = measure(3, 7, &conditions, scratch.path(), &AtomicBool::new(false), &mut |_| steps += 1);
        let found = found.unwrap();
        assert_eq!((found.len(), steps), (BENCHMARKS.len(), 3));
        for one in found {
            assert_eq!((one.epochs.len(), one.cost_us.len()), (3, 3), "{}", one.benchmark);
            assert!(
                one.epochs.iter().all(|epoch| epoch.blocks.len() > 5 && epoch.handover_ns > 0),
                "{one:?}"
            );
        }
    }
}
