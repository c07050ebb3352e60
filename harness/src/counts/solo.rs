//! One probed process on its own, led through one benchmark.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use super::{SCOUT_WARM_UP_NS, Stand, Valgrind, counted_sampling, valgrind};
use crate::conductor::Occurrences;
use crate::conductor::stage::{Event, MeasureError, ProbeSettings, Stage, system};
use crate::conductor::stations::{self, Broken, Reached, Step, unbroken};
use crate::contract::{BenchmarkKey, NotCounted, Role, Turn};
use crate::criterion::command_line::{FEWEST_SAMPLES, PRETENDED};
use crate::criterion::message::{Measured, Message};
use crate::criterion::sampling::{Config, Mode, Sampling};
use crate::process::Executable;
use crate::shared::layout::station;
use crate::shared::{PlannedTurn, SharedMemory};

/// Which of the two places in the shared memory it takes does not matter.
const ROLE: Role = Role::Candidate;
/// Seed of `getrandom`: always the same, so that hash maps hash alike.
const RANDOM_SEED: u64 = 1;
/// Arguments and environment fill whole pages of the stack.
const STACK_PAGE: usize = 4096;

/// The process and what was heard from it.
pub struct Solo<'a> {
    stage: Stage<'a>,
    memory: SharedMemory,
    occurrences: Occurrences,
}

impl<'a> Solo<'a> {
    /// Starts an executable; with a valgrind and a place for its counts, under callgrind.
    pub fn start(
        stand: &'a Stand<'_>,
        executable: &Executable,
        arguments: &[String],
        emulation: Option<(&Valgrind, &Path)>,
    ) -> Result<Self, MeasureError> {
        let memory = system(SharedMemory::create(), || "cannot make shared memory".into())?;
        // Outside of the emulator as well: how a benchmark is configured is asked under the same clock.
        memory.set_counting();
        if emulation.is_none() {
            memory.set_stack_wanted();
        }
        let mut stage = Stage::new(&stand.conditions, stand.interrupted);
        let settings = ProbeSettings {
            file: &stand.probe,
            memory: &memory,
            heap_shift: 0,
            mapping_shift: 0,
            random_seed: RANDOM_SEED,
            under_valgrind: emulation.is_some(),
        };
        // A shell that starts valgrind would set it; so it is there in any case.
        let mut own = executable.clone();
        own.env.push(("PWD".to_owned(), own.cwd.to_string_lossy().into_owned()));
        let padding = padding(&own, arguments);
        match emulation {
            None => stage.enter(ROLE, &own, arguments, &stand.scratch, Some((&settings, padding)))?,
            Some((valgrind, output)) => {
                let emulated = valgrind.launch(&own);
                let arguments = valgrind.arguments(output, &own, arguments);
                stage.enter(ROLE, &emulated, &arguments, &stand.scratch, Some((&settings, padding)))?;
            }
        }
        let mut solo = Solo { stage, memory, occurrences: Occurrences::default() };
        // Without a probe in it the process is not greeted, and `reach` finds it silent or ended.
        solo.greet()?;
        Ok(solo)
    }

    fn greet(&mut self) -> Result<(), MeasureError> {
        if !stations::greet(&mut self.stage, &self.memory, ROLE)? {
            return Err(MeasureError::Protocol(ROLE, "the probe is not loaded".to_owned()));
        }
        Ok(())
    }

    /// Leads it to the warm-up of a benchmark; gives the time in nanoseconds that its harness means to warm up.
    pub fn reach(&mut self, key: &BenchmarkKey) -> Step<f64> {
        loop {
            let reached = stations::advance(&mut self.stage, &self.memory, ROLE, &mut self.occurrences)?;
            match reached {
                Reached::WarmUp(found, warm_up_ns) if found == *key => {
                    self.memory.set_clock_step_ns(ROLE, clock_step_ns(warm_up_ns));
                    return Ok(Ok(warm_up_ns));
                }
                Reached::End(status) => return Ok(Err(Broken::Ended(ROLE, status))),
                Reached::WarmUp(_, warm_up_ns) => {
                    self.memory.set_clock_step_ns(ROLE, clock_step_ns(warm_up_ns));
                    // The filter picks ids, so other benchmarks of a repeated id run along.
                    let (warm_up, _) = unbroken!(self.warm_up(SCOUT_WARM_UP_NS, 0));
                    unbroken!(self.pass_by(warm_up_ns, warm_up));
                }
            }
        }
    }

    /// Leads it to the warm-up of its next benchmark; gives which one, and for how many nanoseconds its harness means to
    /// warm up.
    #[cfg(feature = "profile")]
    pub fn next(&mut self) -> Step<(BenchmarkKey, f64)> {
        match stations::advance(&mut self.stage, &self.memory, ROLE, &mut self.occurrences)? {
            Reached::WarmUp(key, warm_up_ns) => {
                self.memory.set_clock_step_ns(ROLE, clock_step_ns(warm_up_ns));
                unbroken!(stations::await_station(&mut self.stage, &self.memory, ROLE, station::WARM_UP));
                Ok(Ok((key, warm_up_ns)))
            }
            Reached::End(status) => Ok(Err(Broken::Ended(ROLE, status))),
        }
    }

    /// The return addresses on its stack at the first clock read of the warm-up that it stands before.
    #[cfg(feature = "profile")]
    pub fn stack(&self) -> Vec<u64> {
        self.memory.stack(ROLE)
    }

    /// The kernel's id of the process.
    #[cfg(feature = "profile")]
    pub fn pid(&mut self) -> Option<u32> {
        self.stage.actor(ROLE).map(|actor| actor.pid())
    }

    /// Lets a benchmark that has warmed up take the fewest samples, to be done with it.
    pub fn pass_by(&mut self, warm_up_ns: f64, warm_up: Turn) -> Step<()> {
        let config = Config {
            warm_up_ns,
            measurement_ns: PRETENDED.measurement_s * 1e9,
            samples: FEWEST_SAMPLES,
            mode: Mode::Flat,
        };
        unbroken!(self.begin_measurement(&counted_sampling(&config, None, warm_up)));
        unbroken!(self.run_through());
        Ok(Ok(()))
    }

    /// Lets it warm up for a time and a number of calls, each of twice the iterations of the one before; gives what it did, and the processor time of its other threads in nanoseconds.
    pub fn warm_up(&mut self, ns: u64, least_calls: u32) -> Step<(Turn, u64)> {
        unbroken!(stations::await_station(&mut self.stage, &self.memory, ROLE, station::WARM_UP));
        self.memory.set_warm_up_ns(ROLE, ns);
        self.memory.set_least_calls(ROLE, least_calls);
        unbroken!(self.go_to(station::WARM_UP_END));
        let (calls, elapsed_ns, helper_cpu_ns) = self.memory.warm_up(ROLE);
        Ok(Ok((Turn { iterations: (1u64 << calls.min(63)) - 1, elapsed_ns }, helper_cpu_ns)))
    }

    /// Ends the warm-up as the sampling wants it; gives the samples and iterations that the harness chose.
    pub fn begin_measurement(&mut self, sampling: &Sampling) -> Step<(u64, u64)> {
        self.memory.set_pretended_ns(ROLE, sampling.pretended_ns);
        self.memory.grant(ROLE);
        let announced = unbroken!(stations::await_measurement(&mut self.stage, &self.memory, ROLE));
        self.memory.set_turns(&[PlannedTurn { owner: ROLE, samples: u32::MAX }], false);
        Ok(Ok(announced))
    }

    /// Lets it go on from where it stands to the given station.
    pub fn go_to(&mut self, wanted: u32) -> Step<()> {
        self.memory.grant(ROLE);
        stations::await_station(&mut self.stage, &self.memory, ROLE, wanted)
    }

    /// Lets it measure without stops.
    pub fn run_through(&mut self) -> Step<Measured> {
        self.memory.set_turns(&[], false);
        self.memory.grant(ROLE);
        loop {
            match self.stage.next_event(ROLE, Some(&self.memory))? {
                Event::Message(Message::Measured(measured)) => {
                    stations::go_on(&mut self.stage, ROLE)?;
                    return Ok(Ok(measured));
                }
                Event::Message(Message::GroupEnds) => stations::go_on(&mut self.stage, ROLE)?,
                Event::Message(_) | Event::Rang => {}
                Event::Ended(status) => return Ok(Err(Broken::Ended(ROLE, status))),
            }
        }
    }

    /// Whether only what lies between the inner clock reads of a sample is counted.
    pub fn counts_inner(&self) -> bool {
        self.memory.counts_inner(ROLE)
    }

    /// Why it could not be counted.
    pub fn reason(&mut self, broken: Broken) -> NotCounted {
        let Broken::Ended(_, status) = broken else { return NotCounted::SamplesNotApart };
        let printed = self.stage.actor(ROLE).map(|actor| actor.failure(status).stderr_tail);
        let ended = match (status.code(), status.signal()) {
            (_, Some(signal)) => NotCounted::Killed(signal),
            (code, None) => NotCounted::Ended(code.unwrap_or_default()),
        };
        valgrind::complaint(&printed.unwrap_or_default()).unwrap_or(ended)
    }
}

/// The step of the clock in a warm-up that is meant to last so long: small against it, so that the harness does not end
/// it of its own accord, and large against the reads of a runtime that waits for a timer.
fn clock_step_ns(warm_up_ns: f64) -> u64 {
    (warm_up_ns / 5000.0).clamp(1e3, 1e6) as u64
}

/// Bytes that fill the arguments and the environment up to whole pages, so that the stack begins alike whatever the
/// user's environment holds.
fn padding(executable: &Executable, arguments: &[String]) -> usize {
    let mut variables: std::collections::BTreeMap<std::ffi::OsString, usize> =
        std::env::vars_os().map(|(name, value)| (name, value.len())).collect();
    variables.extend(executable.env.iter().map(|(name, value)| (name.into(), value.len())));
    // Text, an equals sign, a final zero and a pointer for each.
    let variables: usize = variables.iter().map(|(name, value)| name.len() + value + 10).sum();
    let arguments: usize = arguments.iter().map(|argument| argument.len() + 9).sum();
    let path = 2 * (executable.path.as_os_str().len() + 1);
    STACK_PAGE - (variables + arguments + path) % STACK_PAGE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_and_environment_fill_whole_pages_whatever_is_in_them() {
        let executable = |value: &str| Executable {
            path: "/a/bench".into(),
            cwd: "/a".into(),
            env: vec![("RQS_TEST_PADDING".to_owned(), value.to_owned())],
        };
        let arguments = ["--bench".to_owned()];
        let short = padding(&executable(""), &arguments);
        let long = padding(&executable(&"x".repeat(100)), &arguments);
        assert_eq!((long + 100) % STACK_PAGE, short % STACK_PAGE);
        assert!((1..=STACK_PAGE).contains(&short) && (1..=STACK_PAGE).contains(&long));
    }
}
