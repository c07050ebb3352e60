//! What the machine itself can do: a short probe of processor, memory, disk and clock, and of how evenly it runs.
//! Everything is measured where benchmarks are: on their core, in their scheduling class.

mod caches;
mod compute;
mod disk;
mod evenness;
mod memory;
mod timer;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

pub use evenness::{Evenness, measure as evenness};

use crate::conductor::stage::{MeasureError, system};
use crate::contract::{Reading, Work};
use crate::kernel;
use crate::process::Conditions;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Repetitions of each measurement.
    pub repetitions: usize,
    /// Time that one repetition should take.
    pub repetition_ns: u64,
    /// Bytes of one sequential write to the disk.
    pub disk_bytes: usize,
}

impl Extent {
    /// About five seconds.
    pub const USUAL: Extent = Extent { repetitions: 9, repetition_ns: 30_000_000, disk_bytes: 64 << 20 };
    /// About a second.
    pub const QUICK: Extent = Extent { repetitions: 5, repetition_ns: 8_000_000, disk_bytes: 16 << 20 };
}

/// What a probe of the machine gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readings {
    /// The measurements, in the order they were taken.
    pub readings: Vec<Reading>,
    /// What could not be measured, and why.
    pub left_out: Vec<String>,
}

/// Measures processor, memory, clock and disk; files are written below `scratch` and removed. `step` is told what is
/// measured next.
///
/// # Errors
/// When the user asks to stop, or this process may not measure where benchmarks run.
pub fn readings(
    extent: Extent,
    conditions: &Conditions,
    scratch: &Path,
    interrupted: &AtomicBool,
    step: &mut dyn FnMut(&str),
) -> Result<Readings, MeasureError> {
    let mut taken = Readings::default();
    let caches = caches::of_cpu(conditions.bench_cpus.last().copied().unwrap_or(0));
    let mut take = |what: &str, measure: &mut (dyn FnMut(&mut Readings) + Send)| {
        if interrupted.load(Ordering::Relaxed) {
            return Err(MeasureError::Interrupted);
        }
        step(what);
        on_bench_core(conditions, || measure(&mut taken))
    };
    take("the processor", &mut |taken| taken.readings.extend(compute::measure(extent)))?;
    take("the clock", &mut |taken| taken.readings.extend(timer::measure(extent)))?;
    take("memory bandwidth", &mut |taken| memory::bandwidth(extent, &caches, taken))?;
    take("memory latency", &mut |taken| memory::latency(extent, &caches, taken))?;
    take("the disk", &mut |taken| disk::measure(extent, scratch, taken))?;
    Ok(taken)
}

/// Runs something in a thread that is placed as benchmark processes are.
fn on_bench_core<T: Send>(
    conditions: &Conditions,
    measure: impl FnOnce() -> T + Send,
) -> Result<T, MeasureError> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            if !conditions.bench_cpus.is_empty() {
                system(kernel::pin(0, &conditions.bench_cpus), || "cannot pin a thread".into())?;
            }
            if conditions.fifo {
                system(kernel::make_fifo(0), || "cannot give a thread real-time priority".into())?;
            }
            Ok(measure())
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Repeats work that takes an amount: first alone, to find the amount that fills the wanted time, then for the reading.
fn repeat(name: &str, work: Work, extent: Extent, first_amount: u64, mut run: impl FnMut(u64)) -> Reading {
    let mut timed = |amount: u64| {
        let begin = Instant::now();
        run(amount);
        begin.elapsed().as_nanos() as u64
    };
    timed(first_amount);
    let mut amount = first_amount;
    loop {
        let elapsed_ns = timed(amount).max(1);
        if elapsed_ns * 4 >= extent.repetition_ns {
            let wanted = u128::from(amount) * u128::from(extent.repetition_ns) / u128::from(elapsed_ns);
            amount = u64::try_from(wanted).unwrap_or(u64::MAX).max(1);
            break;
        }
        amount = amount.saturating_mul(2);
    }
    let elapsed_ns = (0..extent.repetitions).map(|_| timed(amount)).collect();
    Reading { name: name.to_owned(), work, amount, working_set_bytes: None, elapsed_ns }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As little as possible: what is tested is what comes out, not how long it takes.
    const LEAST: Extent = Extent { repetitions: 3, repetition_ns: 200_000, disk_bytes: 1 << 20 };

    #[test]
    fn every_property_is_read_as_often_as_asked_and_no_file_is_left() {
        let scratch = tempfile::tempdir().unwrap();
        let (conditions, go_on) = (Conditions::default(), AtomicBool::new(false));
        let mut steps = Vec::new();
        let taken = readings(LEAST, &conditions, scratch.path(), &go_on, &mut |step| {
            steps.push(step.to_owned());
        });
        let taken = taken.unwrap();
        let names: Vec<&str> = taken.readings.iter().map(|reading| reading.name.as_str()).collect();
        for name in
            ["integer", "floating_point", "clock_read", "clock_resolution", "memory_read", "latency_l1"]
        {
            assert!(names.contains(&name), "{name} is missing in {names:?}: {:?}", taken.left_out);
        }
        for reading in &taken.readings {
            assert_eq!(reading.elapsed_ns.len(), 3, "{reading:?}");
            assert!(reading.amount > 0 && reading.elapsed_ns.iter().all(|&ns| ns > 0), "{reading:?}");
        }
        assert_eq!(steps.len(), 5);
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
    }

    #[test]
    fn somebody_who_asks_to_stop_is_heard() {
        let scratch = tempfile::tempdir().unwrap();
        let stop = AtomicBool::new(true);
        let taken = readings(LEAST, &Conditions::default(), scratch.path(), &stop, &mut |_| {});
        assert!(matches!(taken, Err(MeasureError::Interrupted)));
    }

    #[test]
    fn an_amount_is_raised_until_it_fills_the_wanted_time() {
        let mut amounts = Vec::new();
        let reading = repeat("x", Work::Steps, LEAST, 1, |amount| {
            amounts.push(amount);
            std::thread::sleep(std::time::Duration::from_micros(20 * amount));
        });
        assert!(reading.amount >= 1 && amounts.iter().rev().take(3).all(|&amount| amount == reading.amount));
    }
}
