//! Counts many benchmarks, several at once: nothing is timed, so they cannot disturb each other.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{Counter, Valgrind};
use crate::conductor::stage::MeasureError;
use crate::contract::{BenchmarkKey, Counted};
use crate::process::Executable;

/// One benchmark of one executable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The executable.
    pub executable: Executable,
    /// The benchmark in it.
    pub key: BenchmarkKey,
}

/// How many are counted.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Processes at once.
    pub workers: usize,
    /// After this time no further benchmark is begun; `None` counts them all.
    pub budget: Option<Duration>,
    /// Seconds without a sign of life after which a benchmark counts as hung.
    pub hang_timeout_s: u64,
}

/// Counts jobs in their order, and hands each result with the job's number to `done`, on the calling thread. What the
/// budget does not reach is left out. `scratch` is a folder for everything that is written; it is left behind.
///
/// # Errors
/// When counting as such is impossible or the user asks to stop. What was done until then was handed over.
pub fn count_all(
    valgrind: &Valgrind,
    jobs: &[Job],
    effort: Effort,
    interrupted: &AtomicBool,
    scratch: &Path,
    mut done: impl FnMut(usize, Counted),
) -> Result<(), MeasureError> {
    let (begin, next) = (Instant::now(), AtomicUsize::new(0));
    let counters: Vec<Counter<'_>> = (0..effort.workers.clamp(1, 99))
        .map(|k| {
            // Names of one length: they are part of the processes' environment.
            let scratch = scratch.join(format!("count-{k:02}"));
            Counter::new(valgrind, effort.hang_timeout_s, interrupted, &scratch)
        })
        .collect::<Result<_, _>>()?;
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        for counter in &counters {
            let (tell, next) = (tell.clone(), &next);
            scope.spawn(move || {
                loop {
                    if effort.budget.is_some_and(|budget| begin.elapsed() >= budget) {
                        return;
                    }
                    let k = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(k) else { return };
                    let counted = counter.count(&job.executable, &job.key);
                    let failed = counted.is_err();
                    // The receiver goes away after a failure of another worker.
                    if tell.send((k, counted)).is_err() || failed {
                        return;
                    }
                }
            });
        }
        drop(tell);
        for (k, counted) in told {
            done(k, counted?);
        }
        Ok(())
    })
}
