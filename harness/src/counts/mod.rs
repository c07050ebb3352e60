//! Counts what a benchmark executes, exactly: the unmodified executable runs on callgrind's emulated processor, and the
//! probe tells callgrind which instructions belong to a sample.
//!
//! The numbers are a function of the executable, the benchmark and the machine's kind alone, the same to the last digit
//! however often they are taken. Each benchmark has a process of its own, so that the heap that it finds does not depend
//! on which others were run; addresses are not randomised, `getrandom` gives the same stream, the date is always the
//! same, arguments and environment are padded to one length, and how many samples are counted is decided by counts, never
//! by a clock.

mod dump;
pub(crate) mod solo;
mod valgrind;
mod workers;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

pub use valgrind::Valgrind;
pub use workers::{Effort, Job, count_all};

use crate::conductor::stage::{MeasureError, system};
use crate::conductor::stations::{Broken, Step, unbroken};
use crate::contract::{BenchmarkKey, Counted, Counts, NotCounted, Turn};
use crate::criterion::command_line::{self, FEWEST_SAMPLES, PRETENDED};
use crate::criterion::sampling::{self, Config, Mode, Sampling};
use crate::process::{Conditions, Executable};
use crate::shared::layout::station;
use solo::Solo;

/// Samples that are counted at most; more iterations add nothing to an exact number.
const MOST_SAMPLES: usize = 10;
/// No further sample is begun once so many instructions were counted: some seconds of emulation.
const ENOUGH_INSTRUCTIONS: u64 = 100_000_000;
/// Samples of one iteration with so many instructions need no others to tell the harness's hundred apart.
const HARNESS_IS_NEGLIGIBLE: u64 = 1_000_000;
/// Emulation is slow: this silence in seconds is allowed for at least.
const LEAST_HANG_TIMEOUT_S: u64 = 300;
/// Times that a benchmark is run beforehand to learn how its code configures it, at most.
const MOST_SCOUTS: usize = 4;
/// Warm-up of such a run, long enough to tell whether other threads work.
pub(crate) const SCOUT_WARM_UP_NS: u64 = 5_000_000;
/// Other threads that had less than this share of the warm-up did not run.
const HELPER_SHARE: f64 = 0.02;

/// Counts the benchmarks of executables, one at a time.
pub struct Counter<'a> {
    valgrind: &'a Valgrind,
    stand: Stand<'a>,
}

/// Where single processes run that are not timed.
pub(crate) struct Stand<'a> {
    pub(crate) conditions: Conditions,
    pub(crate) interrupted: &'a AtomicBool,
    pub(crate) scratch: PathBuf,
    pub(crate) probe: File,
}

impl<'a> Stand<'a> {
    /// Readies a folder of its own, which is left behind.
    pub(crate) fn ready(
        conditions: Conditions,
        interrupted: &'a AtomicBool,
        scratch: &Path,
    ) -> Result<Self, MeasureError> {
        let path = scratch.join("rqs_probe.so");
        let probe = crate::process::install(&path, crate::PROBE).and_then(|()| File::open(&path));
        let probe = system(probe, || format!("cannot install the probe at `{}`", path.display()))?;
        Ok(Stand { conditions, interrupted, scratch: scratch.to_owned(), probe })
    }
}

/// What is known of a benchmark once it has run.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scouted {
    config: Config,
    helper_threads: bool,
}

impl<'a> Counter<'a> {
    /// A counter that writes to the folder `scratch`, which is its own and is left behind. `hang_timeout_s`: seconds
    /// without a sign of life after which a benchmark counts as hung; emulated ones are given five minutes at least.
    ///
    /// # Errors
    /// When the folder or the probe in it cannot be written.
    pub fn new(
        valgrind: &'a Valgrind,
        hang_timeout_s: u64,
        interrupted: &'a AtomicBool,
        scratch: &Path,
    ) -> Result<Self, MeasureError> {
        let conditions = Conditions {
            aslr_off: true,
            hang_timeout_s: hang_timeout_s.max(LEAST_HANG_TIMEOUT_S),
            ..Conditions::default()
        };
        Ok(Counter { valgrind, stand: Stand::ready(conditions, interrupted, scratch)? })
    }

    /// Counts one benchmark.
    ///
    /// # Errors
    /// When counting as such is impossible or the user asks to stop; what is wrong with this benchmark is in the result.
    pub fn count(&self, executable: &Executable, key: &BenchmarkKey) -> Result<Counted, MeasureError> {
        match self.try_count(executable, key) {
            Ok(Ok(counts)) => Ok(Counted::Counts(counts)),
            Ok(Err(why)) => Ok(Counted::NotCounted(why)),
            Err(MeasureError::Hung(_)) => {
                Ok(Counted::NotCounted(NotCounted::Silent(self.stand.conditions.hang_timeout_s)))
            }
            Err(error) => Err(error),
        }
    }

    fn try_count(
        &self,
        executable: &Executable,
        key: &BenchmarkKey,
    ) -> Result<Result<Counts, NotCounted>, MeasureError> {
        let mut scouted = Scouted {
            config: Config {
                warm_up_ns: PRETENDED.warm_up_s * 1e9,
                measurement_ns: PRETENDED.measurement_s * 1e9,
                samples: FEWEST_SAMPLES,
                mode: Mode::Auto,
            },
            helper_threads: false,
        };
        for _ in 0..MOST_SCOUTS {
            let mut solo = Solo::start(&self.stand, executable, &self.arguments(key), None)?;
            let found = match solo.scout(key, &scouted.config)? {
                Ok(found) => found,
                Err(broken) => return Ok(Err(solo.reason(broken))),
            };
            if std::mem::replace(&mut scouted, found).config == found.config {
                break;
            }
        }
        let mut counts = match self.emulate(executable, key, &scouted, None)? {
            Ok(counts) => counts,
            Err(why) => return Ok(Err(why)),
        };
        let each = counts.iterations[0];
        let flat = counts.iterations.iter().all(|iterations| *iterations == each);
        if flat && counts.instructions[0] < HARNESS_IS_NEGLIGIBLE {
            match self.emulate(executable, key, &scouted, Some(2 * each))? {
                Ok(doubled) => counts.append(doubled),
                Err(why) => return Ok(Err(why)),
            }
        }
        Ok(Ok(counts))
    }

    /// Counts samples as the benchmark's own settings allow them, or flat ones of `each` iterations.
    fn emulate(
        &self,
        executable: &Executable,
        key: &BenchmarkKey,
        scouted: &Scouted,
        each: Option<u64>,
    ) -> Result<Result<Counts, NotCounted>, MeasureError> {
        let output = self.stand.scratch.join("counts");
        let emulated = Some((self.valgrind, output.as_path()));
        let mut solo = Solo::start(&self.stand, executable, &self.arguments(key), emulated)?;
        Ok(match solo.count(key, scouted, each, &output)? {
            Ok(counts) => counts,
            Err(broken) => Err(solo.reason(broken)),
        })
    }

    fn arguments(&self, key: &BenchmarkKey) -> Vec<String> {
        command_line::measuring(std::slice::from_ref(key), PRETENDED, FEWEST_SAMPLES)
    }
}

impl Solo<'_> {
    /// Runs the benchmark on the real processor, to learn how its code configures it.
    fn scout(&mut self, key: &BenchmarkKey, config: &Config) -> Step<Scouted> {
        let warm_up_ns = unbroken!(self.reach(key));
        let (warm_up, helper_cpu_ns) = unbroken!(self.warm_up(SCOUT_WARM_UP_NS, 0));
        let config = Config { warm_up_ns, ..*config };
        let sampling = counted_sampling(&config, None, warm_up);
        unbroken!(self.begin_measurement(&sampling));
        let measured = unbroken!(self.run_through());
        let samples = measured.iterations.len() as u64;
        let expected = measured.measurement_ns == config.measurement_ns && samples == config.samples;
        let expected_flat = sampling.iterations.first() == sampling.iterations.last();
        let mode =
            if expected { sampling::learn_mode(&config, expected_flat, measured.flat) } else { config.mode };
        let config = Config { measurement_ns: measured.measurement_ns, samples, mode, ..config };
        let helper_threads = helper_cpu_ns as f64 > HELPER_SHARE * warm_up.elapsed_ns as f64;
        Ok(Ok(Scouted { config, helper_threads }))
    }

    /// Counts the benchmark's first samples.
    fn count(
        &mut self,
        key: &BenchmarkKey,
        scouted: &Scouted,
        each: Option<u64>,
        output: &Path,
    ) -> Step<Result<Counts, NotCounted>> {
        unbroken!(self.reach(key));
        let least_calls = each.map_or(0, |each| sampling::calls_for(&scouted.config, each));
        let (warm_up, _) = unbroken!(self.warm_up(0, least_calls));
        let sampling = counted_sampling(&scouted.config, each, warm_up);
        let (samples, iterations) = unbroken!(self.begin_measurement(&sampling));
        let predicted = sampling.iterations.len() as u64 == samples
            && sampling.iterations.iter().sum::<u64>() == iterations;
        if !predicted {
            return Ok(Ok(Err(NotCounted::OtherSamples)));
        }
        let mut counts = Counts { helper_threads: scouted.helper_threads, ..Counts::default() };
        let mut counted = 0;
        for (k, &iterations) in sampling.iterations.iter().take(MOST_SAMPLES).enumerate() {
            unbroken!(self.go_to(station::TURN_END));
            let file = output.with_extension((k + 1).to_string());
            let text =
                system(std::fs::read_to_string(&file), || format!("cannot read `{}`", file.display()))?;
            system(std::fs::remove_file(&file), || format!("cannot remove `{}`", file.display()))?;
            let Ok(totals) = dump::totals(&text) else { return Ok(Ok(Err(NotCounted::ProfileUnusable))) };
            counts.push(iterations, totals);
            counted += totals[0];
            if counted >= ENOUGH_INSTRUCTIONS {
                break;
            }
        }
        if counted == 0 {
            return Ok(Err(Broken::WithoutTurns));
        }
        counts.whole_samples = !self.counts_inner();
        Ok(Ok(Ok(counts)))
    }
}

/// Samples of `each` iterations; without that, samples of 1, 2, 3, ... iterations where the benchmark allows it, so
/// that their differences hold nothing of the harness, else the fewest that it does allow.
pub(crate) fn counted_sampling(config: &Config, each: Option<u64>, warm_up: Turn) -> Sampling {
    // Only the ratio of both matters, and a measured mean would differ from time to time.
    let mean_ns = 1000.0;
    let wanted = match (each, config.mode) {
        (Some(each), _) => config.samples * each,
        (None, Mode::Flat) => config.samples,
        (None, Mode::Auto | Mode::Linear) => config.samples * (config.samples + 1) / 2,
    };
    let warm_up = Turn { elapsed_ns: 0, ..warm_up };
    sampling::choose(config, wanted as f64 * mean_ns, mean_ns, warm_up)
}
