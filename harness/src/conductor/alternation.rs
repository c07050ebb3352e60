//! The engine for executables that the probe cannot steer: both processes of a pair alternate benchmark by
//! benchmark, held back where Criterion waits for its runner anyway.

use std::time::Instant;

use super::copies::Copies;
use super::stage::{Event, MeasureError, Stage, system};
use super::turns::sum;
use super::watching::{Seen, Watch};
use super::{EpochReport, EpochRequest, Occurrences, Pair};
use crate::coin::Coins;
use crate::contract::{
    BenchmarkFailure, BenchmarkKey, Block, BlockOrder, ByRole, Disturbance, Engine, EpochSample, Role, Turn,
};
use crate::criterion::command_line::{self, PLAIN_SAMPLES, SHORT, WHOLE_SECONDS};
use crate::criterion::message::{Measured, Message};
use crate::kernel;

/// One side's numbers of one benchmark.
struct Taken {
    measured: Measured,
    seen: Seen,
}

/// What a side came to when it was let go.
enum Step {
    Measured(BenchmarkKey, Box<Taken>),
    Failed(BenchmarkFailure),
    Ended,
}

impl Pair<'_> {
    /// Measures one epoch benchmark by benchmark in alternation.
    ///
    /// # Errors
    /// When measuring as such is impossible; what a single benchmark does wrong is in the report.
    pub fn alternate(&mut self, request: &EpochRequest) -> Result<EpochReport, MeasureError> {
        let mut report = EpochReport::default();
        let keys: Vec<BenchmarkKey> = request.tasks.iter().map(|task| task.key.clone()).collect();
        let old = |version: &Option<[u8; 3]>| version.is_none_or(|[major, minor, _]| (major, minor) < (0, 4));
        let either_is_old = self.versions.iter().any(|(_, version)| old(version));
        let times = if either_is_old { WHOLE_SECONDS } else { SHORT };
        let arguments = command_line::measuring(&keys, times, PLAIN_SAMPLES);
        let mut coins = Coins::new(request.seed);
        let copies = Copies::of(&self.executables, &mut coins)?;
        let ends_first = if coins.flip() { Role::Baseline } else { Role::Candidate };
        let mut stage = Stage::new(self.conditions, self.interrupted);
        let spawned_first = request.spawned_first;
        let mut watches = ByRole::<Option<Watch>>::default();
        for role in [spawned_first, spawned_first.other()] {
            stage.enter(role, copies.executables().get(role), &arguments, &self.home(role), None)?;
            if let Some(actor) = stage.actor(role) {
                actor.connection().hold_greeting();
                let watch = Watch::new(actor.pid(), &self.proc, self.conditions);
                let missing = watch.counters().missing();
                report.missing.extend(missing.iter().map(|(counter, why)| (*counter, *why)));
                *watches.get_mut(role) = Some(watch);
            }
        }
        let mut occurrences = ByRole::<Occurrences>::default();
        let mut first_benchmark = true;
        loop {
            let next = request.tasks.get(report.samples.len()).map(|task| task.warmed_first);
            // At the end, who gives its memory back first is left to a coin of its own, as with turns.
            let warmed_first = next.unwrap_or(ends_first);
            let begin = Instant::now();
            let mut measured = ByRole::<Option<(BenchmarkKey, Taken)>>::default();
            let steal_before = kernel::steal_ticks(&self.conditions.bench_cpus);
            for role in [warmed_first, warmed_first.other()] {
                let watch = watches.get_mut(role).as_mut();
                match step(&mut stage, role, first_benchmark, watch, occurrences.get_mut(role))? {
                    Step::Measured(key, taken) => *measured.get_mut(role) = Some((key, *taken)),
                    Step::Failed(failure) => {
                        let key = measured.get(role.other()).as_ref().map(|(key, _)| key.clone());
                        let key = key.or_else(|| keys.get(report.samples.len()).cloned());
                        report.failures.extend(key.map(|key| (key, failure)));
                        return Ok(report);
                    }
                    Step::Ended => return Ok(report),
                }
            }
            first_benchmark = false;
            let (Some((key, baseline)), Some((other, candidate))) = (measured.baseline, measured.candidate)
            else {
                return Ok(report);
            };
            if key != other {
                return Err(MeasureError::OtherOrder);
            }
            let steal = kernel::steal_ticks(&self.conditions.bench_cpus).saturating_sub(steal_before);
            let taken = ByRole::new(baseline, candidate);
            report.costs.push((key.clone(), begin.elapsed()));
            report.samples.push((key, sample(request.number, spawned_first, warmed_first, &taken, steal)));
        }
    }
}

/// Lets a side run until it has measured its next benchmark.
fn step(
    stage: &mut Stage<'_>,
    role: Role,
    first: bool,
    mut watch: Option<&mut Watch>,
    occurrences: &mut Occurrences,
) -> Result<Step, MeasureError> {
    if let Some(watch) = &mut watch {
        watch.benchmark_begins();
    }
    if let Some(actor) = stage.actor(role) {
        if first {
            system(actor.connection().greet(), || "cannot greet a benchmark".into())?;
        } else {
            actor.send_continue()?;
        }
    }
    loop {
        let event = match stage.next_event(role, None) {
            Err(MeasureError::Hung(_)) => {
                let failure = stage.hang(role);
                return Ok(failure.map_or(Step::Ended, Step::Failed));
            }
            event => event?,
        };
        let Some(actor) = stage.actor(role) else { return Ok(Step::Ended) };
        match event {
            Event::Message(Message::MeasurementBegins { .. }) => {
                if let Some(watch) = &mut watch {
                    watch.measurement_begins();
                }
            }
            Event::Message(Message::Measured(measured)) => {
                let seen = watch.map_or_else(Seen::default, Watch::measured);
                let key = occurrences.next(&measured.id);
                return Ok(Step::Measured(key, Box::new(Taken { measured, seen })));
            }
            Event::Message(Message::GroupEnds) => actor.send_continue()?,
            Event::Message(_) | Event::Rang => {}
            Event::Ended(status) if status.success() => return Ok(Step::Ended),
            Event::Ended(status) => return Ok(Step::Failed(actor.failure(status))),
        }
    }
}

/// One block out of two measurements: each side's samples in two halves.
fn sample(
    number: u32,
    spawned_first: Role,
    warmed_first: Role,
    taken: &ByRole<Taken>,
    steal: u64,
) -> EpochSample {
    let halves = |side: &Taken| {
        let side = &side.measured;
        let turn = |(&iterations, &elapsed_ns)| Turn { iterations, elapsed_ns };
        let samples: Vec<Turn> = side.iterations.iter().zip(&side.elapsed_ns).map(turn).collect();
        let (first, second) = samples.split_at(samples.len() / 2);
        [sum(first), sum(second)]
    };
    let order = if warmed_first == Role::Baseline { BlockOrder::Aabb } else { BlockOrder::Bbaa };
    let disturbance = Disturbance { steal_ticks: steal as u32, ..Disturbance::default() };
    let nothing = Turn { iterations: 0, elapsed_ns: 0 };
    EpochSample {
        epoch: number,
        engine: Engine::Alternation,
        spawned_first,
        warmed_first,
        warm_up: ByRole::new(nothing, nothing),
        helper_threads: false,
        handover_ns: 0,
        counters: ByRole::try_from_fn(|role| taken.get(role).seen.counters.clone().ok_or(())).ok(),
        resources: ByRole::try_from_fn(|role| taken.get(role).seen.resources.ok_or(())).ok(),
        blocks: vec![Block { order, turns: taken.as_ref().map(halves), disturbance }],
    }
}
