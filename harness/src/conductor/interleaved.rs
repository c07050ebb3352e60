//! One epoch in turns: a fresh pair of processes measures every benchmark of the request, sample by sample in
//! alternation.

mod steps;
mod traces;
mod using;

use std::collections::BTreeMap;
use std::process::ExitStatus;
use std::time::Instant;

use super::copies::Copies;
use super::stage::{MeasureError, ProbeSettings, Stage, system};
use super::stations::{self, Broken, Reached, Step, unbroken};
use super::turns::{self, TurnPlan};
use super::{EpochReport, EpochRequest, HELPER_SHARE, Learned, Occurrences, Pair, Task};
use crate::coin::Coins;
use crate::contract::{BenchmarkKey, ByRole, Engine, EpochSample, Role, Turn};
use crate::criterion::command_line::{self, FEWEST_SAMPLES, PRETENDED};
use crate::criterion::message::Measured;
use crate::criterion::sampling::{self, Config, Mode, Sampling};
use crate::kernel;
use crate::shared::SharedMemory;
use crate::shared::layout::station;

/// The shortest turn: below it the hand-over would be a notable share.
const LEAST_TURN_NS: f64 = 100_000.0;
/// Turns of a benchmark whose whole processes are stopped in between, which costs much more.
const LEAST_WHOLE_TURN_NS: f64 = 2_000_000.0;
/// A measurement may take this many times what was wanted before it is refused as out of control.
const MOST_OVERRUN: f64 = 50.0;
/// ... unless it takes less than this anyway.
const BEARABLE_NS: f64 = 20e9;

/// Warm-up of a benchmark that is only scouted.
const SCOUT_WARM_UP_NS: u64 = 500_000;

/// Why a pair of processes is run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// To learn how benchmarks are configured and how long they take.
    Scout,
    /// To measure them.
    Measure,
}

struct Epoch<'p, 'a> {
    pair: &'p mut Pair<'a>,
    stage: Stage<'a>,
    memory: SharedMemory,
    coins: Coins,
    number: u32,
    spawned_first: Role,
    /// Which side gives its memory back first. The kernel hands out what came back last, so with an order that follows
    /// from the others a side would get the same memory again in the next epoch, and what its place in the caches does
    /// to it would be no chance any more: two such epochs are not two. A coin of its own breaks that.
    ends_first: Role,
    purpose: Purpose,
    samples: u64,
    occurrences: ByRole<Occurrences>,
}

impl Pair<'_> {
    /// Measures one epoch in turns. Benchmarks that were never run are scouted first; the others run in one pair of
    /// processes for each number of samples that suits their length.
    ///
    /// # Errors
    /// When measuring as such is impossible; what a single benchmark does wrong is in the report.
    pub fn take_turns(&mut self, request: &EpochRequest) -> Result<EpochReport, MeasureError> {
        let mut report = EpochReport::default();
        let mut coins = Coins::new(request.seed);
        let unknown: Vec<Task> =
            request.tasks.iter().filter(|task| !self.learned.contains_key(&task.key)).cloned().collect();
        if !unknown.is_empty() {
            self.run_pair(Purpose::Scout, FEWEST_SAMPLES, request, &unknown, &mut coins, &mut report)?;
        }
        let mut groups: BTreeMap<u64, Vec<Task>> = BTreeMap::new();
        for task in &request.tasks {
            if let Some(learned) = self.learned.get(&task.key) {
                groups.entry(command_line::samples_for(learned.mean_ns)).or_default().push(task.clone());
            }
        }
        for (samples, tasks) in groups.into_iter().rev() {
            self.run_pair(Purpose::Measure, samples, request, &tasks, &mut coins, &mut report)?;
        }
        Ok(report)
    }

    fn run_pair(
        &mut self,
        purpose: Purpose,
        samples: u64,
        request: &EpochRequest,
        tasks: &[Task],
        coins: &mut Coins,
        report: &mut EpochReport,
    ) -> Result<(), MeasureError> {
        let copies = Copies::of(&self.executables, coins)?;
        let executables = copies.executables();
        let memory = system(SharedMemory::create(), || "cannot make shared memory".into())?;
        memory.set_events(&self.conditions.events);
        let mut stage = Stage::new(self.conditions, self.interrupted);
        let settings = ProbeSettings {
            file: &self.probe,
            memory: &memory,
            // Multiples of 16, as the heap's own alignment.
            heap_shift: 16 * coins.below(256),
            mapping_shift: coins.below(256),
            random_seed: coins.bits() | 1,
            under_valgrind: false,
        };
        let stack_shift = 16 * coins.below(256) as usize;
        let longest =
            Role::BOTH.into_iter().map(|role| executables.get(role).stack_bytes()).max().unwrap_or(0);
        let keys: Vec<BenchmarkKey> = tasks.iter().map(|task| task.key.clone()).collect();
        let arguments = command_line::measuring(&keys, PRETENDED, samples);
        let spawned_first = request.spawned_first;
        for role in [spawned_first, spawned_first.other()] {
            let executable = executables.get(role);
            // Arguments and environment lie on top of the stack: with equal lengths both stacks begin alike.
            let padding = stack_shift + longest - executable.stack_bytes();
            stage.enter(role, executable, &arguments, &self.home(role), Some((&settings, padding)))?;
        }
        let (number, mut coins) = (request.number, Coins::new(coins.bits()));
        let mut epoch = Epoch {
            pair: self,
            stage,
            memory,
            ends_first: if coins.flip() { Role::Baseline } else { Role::Candidate },
            coins,
            number,
            spawned_first,
            purpose,
            samples,
            occurrences: ByRole::default(),
        };
        epoch.run(tasks, report)
    }
}

impl Epoch<'_, '_> {
    fn run(&mut self, tasks: &[Task], report: &mut EpochReport) -> Result<(), MeasureError> {
        for role in [self.spawned_first, self.spawned_first.other()] {
            if !self.greet(role)? {
                report.without_turns.extend(tasks.iter().map(|task| task.key.clone()));
                return Ok(());
            }
        }
        let mut last_key = None;
        loop {
            let begin = Instant::now();
            // Set-up code of the suite runs in here, and who runs it first gets other memory than who comes second. So that
            // is the side that was spawned first, as in everything else: with the baseline always first, a ring of 64 MiB
            // was up to 3 % faster than itself in every epoch of a run.
            let is_done = last_key.is_some() && last_key.as_ref() == tasks.last().map(|task| &task.key);
            let leader = if is_done { self.ends_first } else { self.spawned_first };
            let (first, second) = (self.advance(leader)?, self.advance(leader.other())?);
            let (baseline, candidate) = match leader {
                Role::Baseline => (first, second),
                Role::Candidate => (second, first),
            };
            let (key, warm_ups) = match (baseline, candidate) {
                (Reached::End(a), Reached::End(b)) if a.success() && b.success() => return Ok(()),
                (Reached::WarmUp(key, a), Reached::WarmUp(other, b)) if key == other => {
                    (key, ByRole::new(a, b))
                }
                (Reached::WarmUp(..), Reached::WarmUp(..)) => {
                    return Err(MeasureError::OtherOrder);
                }
                (Reached::End(status), _) => {
                    self.blame(Role::Baseline, status, tasks, &last_key, report);
                    return Ok(());
                }
                (_, Reached::End(status)) => {
                    self.blame(Role::Candidate, status, tasks, &last_key, report);
                    return Ok(());
                }
            };
            // A filter picks ids, so the other benchmarks of a repeated id run along; they are only scouted.
            let asked = tasks.iter().find(|task| task.key == key);
            let scouting = self.purpose == Purpose::Scout || asked.is_none();
            let stowaway =
                Task { key: key.clone(), warm_up_ns: 0, measure_ns: 0, warmed_first: self.spawned_first };
            match self.measure(asked.unwrap_or(&stowaway), scouting, &warm_ups, report) {
                Ok(Ok(())) if scouting => {}
                Ok(Ok(())) => report.costs.push((key, begin.elapsed())),
                Ok(Err(Broken::WithoutTurns)) => {
                    report.without_turns.push(key);
                    return Ok(());
                }
                Ok(Err(Broken::Ended(role, status))) => {
                    self.fail(role, status, key, report);
                    return Ok(());
                }
                // The probe may be what it hangs on (timers of an asynchronous runtime): without it, it gets one more chance.
                Err(MeasureError::Hung(_)) if self.purpose == Purpose::Scout => {
                    report.without_turns.push(key);
                    return Ok(());
                }
                Err(MeasureError::Hung(role)) => {
                    let timeout_s = self.pair.conditions.hang_timeout_s;
                    report.failures.extend(self.stage.actor(role).map(|actor| (key, actor.hang(timeout_s))));
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            last_key = asked.map(|task| task.key.clone()).or(last_key);
        }
    }

    fn greet(&mut self, role: Role) -> Result<bool, MeasureError> {
        stations::greet(&mut self.stage, &self.memory, role)
    }

    fn advance(&mut self, role: Role) -> Result<Reached, MeasureError> {
        let occurrences = self.occurrences.get_mut(role);
        stations::advance(&mut self.stage, &self.memory, role, occurrences)
    }

    fn go_on(&mut self, role: Role) -> Result<(), MeasureError> {
        stations::go_on(&mut self.stage, role)
    }

    fn await_station(&mut self, role: Role, wanted: u32) -> Step<()> {
        stations::await_station(&mut self.stage, &self.memory, role, wanted)
    }

    /// A side ended between benchmarks: the next one of the request takes the blame, if there is one.
    fn blame(
        &mut self,
        role: Role,
        status: ExitStatus,
        tasks: &[Task],
        last: &Option<BenchmarkKey>,
        report: &mut EpochReport,
    ) {
        let done = last.as_ref().and_then(|last| tasks.iter().position(|task| task.key == *last));
        let next = done.map_or(0, |done| done + 1);
        if let Some(task) = tasks.get(next).or(tasks.last()) {
            self.fail(role, status, task.key.clone(), report);
        }
    }

    fn fail(&mut self, role: Role, status: ExitStatus, key: BenchmarkKey, report: &mut EpochReport) {
        report.failures.extend(self.stage.actor(role).map(|actor| (key, actor.failure(status))));
    }

    /// Measures one benchmark whose two sides are about to warm up.
    fn measure(
        &mut self,
        task: &Task,
        scouting: bool,
        warm_up_ns: &ByRole<f64>,
        report: &mut EpochReport,
    ) -> Step<()> {
        let warmed_first = task.warmed_first;
        let order = [warmed_first, warmed_first.other()];
        let (warm_up_target_ns, measure_ns) =
            if scouting { (SCOUT_WARM_UP_NS, 0.0) } else { (task.warm_up_ns, task.measure_ns as f64) };
        let mut warm_up =
            ByRole::new(Turn { iterations: 0, elapsed_ns: 0 }, Turn { iterations: 0, elapsed_ns: 0 });
        // What has shown threads of its own before is taken to have them again, so that nothing is open while it warms up.
        let mut threaded = self.pair.learned.get(&task.key).is_some_and(|learned| learned.helpers);
        let mut helpers = false;
        let mut peaks = ByRole::<bool>::default();
        for role in order {
            unbroken!(self.await_station(role, station::WARM_UP));
            *peaks.get_mut(role) = self.forget_peak(role);
            self.count_unless(threaded);
            self.memory.set_warm_up_ns(role, warm_up_target_ns);
            self.memory.grant(role);
            unbroken!(self.await_station(role, station::WARM_UP_END));
            let (calls, elapsed_ns, helper_cpu_ns) = self.memory.warm_up(role);
            *warm_up.get_mut(role) = Turn { iterations: (1u64 << calls.min(63)) - 1, elapsed_ns };
            helpers |= helper_cpu_ns as f64 > HELPER_SHARE * elapsed_ns as f64;
        }
        threaded |= helpers;
        self.count_unless(threaded);
        if helpers && self.pair.conditions.fifo {
            // A real-time thread that spins for a helper on its own core would starve it.
            for role in Role::BOTH {
                let thread = self.memory.timing_thread(role);
                system(kernel::make_ordinary(thread), || "cannot change a scheduling class".into())?;
            }
        }
        let configs = self.configs(&task.key, warm_up_ns);
        let means = warm_up.map(|turn| turn.elapsed_ns as f64 / turn.iterations.max(1) as f64);
        let mean_ns = (means.baseline * means.candidate).sqrt();
        let samplings = ByRole::from_fn(|role| {
            sampling::choose(configs.get(role), measure_ns, mean_ns, *warm_up.get(role))
        });
        let predicted = unbroken!(self.end_warm_ups(&order, &samplings, mean_ns, task));
        let least_ns = if helpers { LEAST_WHOLE_TURN_NS } else { LEAST_TURN_NS };
        let iterations = samplings.as_ref().map(|sampling| sampling.iterations.clone());
        let plan = if predicted && !scouting {
            turns::plan(&iterations, mean_ns, least_ns, &mut self.coins)
        } else {
            // Nothing is measured: this time only learns how the benchmark samples.
            TurnPlan { samples: ByRole::default(), orders: Vec::new() }
        };
        let before = self.standing(&peaks);
        let steal_before = kernel::steal_ticks(&self.pair.conditions.bench_cpus);
        let measured = unbroken!(self.run_turns(&plan, helpers));
        let steal = kernel::steal_ticks(&self.pair.conditions.bench_cpus).saturating_sub(steal_before);
        self.learn(&task.key, mean_ns, &configs, &samplings, &measured, threaded);
        let as_planned = measured.iter().all(|(role, side)| {
            side.iterations == samplings.get(role).iterations
                && self.memory.samples_seen(role) as usize == side.iterations.len()
        });
        for role in order {
            self.go_on(role)?;
        }
        if scouting {
            // Its numbers are of no use.
        } else if !predicted {
            report.scouted.push(task.key.clone());
        } else if plan.orders.is_empty() || !as_planned {
            report.without_turns.push(task.key.clone());
        } else {
            let blocks = self.blocks(&plan, &measured, steal);
            let (counters, resources) = self.used(&before, threaded, report);
            let sample = EpochSample {
                epoch: self.number,
                engine: Engine::Turns,
                spawned_first: self.spawned_first,
                warmed_first,
                warm_up,
                helper_threads: helpers,
                handover_ns: self.handover_ns(&plan),
                counters,
                resources: Some(resources),
                blocks,
            };
            report.samples.push((task.key.clone(), sample));
        }
        Ok(Ok(()))
    }

    fn configs(&self, key: &BenchmarkKey, warm_up_ns: &ByRole<f64>) -> ByRole<Config> {
        let learned = self.pair.learned.get(key);
        ByRole::from_fn(|role| {
            let warm_up_ns = *warm_up_ns.get(role);
            match learned {
                Some(learned) => Config {
                    warm_up_ns,
                    samples: learned.own_samples.get(role).unwrap_or(self.samples),
                    ..*learned.configs.get(role)
                },
                None => Config {
                    warm_up_ns,
                    measurement_ns: PRETENDED.measurement_s * 1e9,
                    samples: self.samples,
                    mode: Mode::Auto,
                },
            }
        })
    }

    /// Remembers what the benchmark's own code configures.
    fn learn(
        &mut self,
        key: &BenchmarkKey,
        mean_ns: f64,
        configs: &ByRole<Config>,
        samplings: &ByRole<Sampling>,
        measured: &ByRole<Measured>,
        helpers: bool,
    ) {
        let learned_configs = ByRole::from_fn(|role| {
            let (config, side) = (configs.get(role), measured.get(role));
            let samples = side.iterations.len() as u64;
            let known = side.measurement_ns == config.measurement_ns && samples == config.samples;
            let iterations = &samplings.get(role).iterations;
            let expected_flat = iterations.first() == iterations.last();
            let mode =
                if known { sampling::learn_mode(config, expected_flat, side.flat) } else { config.mode };
            Config { measurement_ns: side.measurement_ns, samples, mode, ..*config }
        });
        let own_samples = ByRole::from_fn(|role| {
            let samples = learned_configs.get(role).samples;
            let known = self.pair.learned.get(key).and_then(|learned| *learned.own_samples.get(role));
            known.or((samples != self.samples).then_some(samples))
        });
        let learned = Learned { mean_ns, configs: learned_configs, own_samples, helpers };
        self.pair.learned.insert(key.clone(), learned);
    }
}
