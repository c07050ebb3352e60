//! Accompanies one benchmark process from its start to the end of the benchmark that is asked for.

use super::{Assignment, ProfileError};
use crate::conductor::Occurrences;
use crate::conductor::stage::{Event, Stage, system};
use crate::contract::Role;
use crate::criterion::message::{Measured, Message};
use crate::kernel;
use crate::process::{Conditions, Executable};

/// The one process on the stage.
const ROLE: Role = Role::Baseline;

/// What is done at the moments that matter to a profiler.
pub(super) trait Companion {
    /// The process exists and waits for its greeting.
    fn started(&mut self, pid: u32) -> Result<(), ProfileError>;
    /// The benchmark begins about now.
    fn benchmark_begins(&mut self, _now_ns: u64) {}
    /// The benchmark has ended about now.
    fn benchmark_ends(&mut self, _now_ns: u64) {}
}

/// How long to stay.
#[derive(Clone, Copy, Debug)]
pub(super) enum Until {
    /// Until the benchmark is measured, or these nanoseconds after its beginning.
    Measured {
        /// At most so long; its own code may ask for minutes.
        most_ns: u64,
    },
    /// Until the process has ended.
    TheEnd,
}

/// Runs a program for an assignment; what its harness measured comes back if it came so far.
pub(super) fn run(
    assignment: &Assignment<'_>,
    conditions: &Conditions,
    program: &Executable,
    arguments: &[String],
    until: Until,
    companion: &mut dyn Companion,
) -> Result<Option<Measured>, ProfileError> {
    let home = assignment.scratch.join("home");
    system(std::fs::create_dir_all(&home), || format!("cannot make `{}`", home.display()))?;
    let mut stage = Stage::new(conditions, assignment.interrupted);
    stage.enter(ROLE, program, arguments, &home, None)?;
    if let Some(actor) = stage.actor(ROLE) {
        actor.connection().hold_greeting();
        companion.started(actor.pid())?;
        system(actor.connection().greet(), || "cannot greet a benchmark".into())?;
    }
    let mut occurrences = Occurrences::default();
    let mut begun_ns = None;
    loop {
        if let (Until::Measured { most_ns }, Some(begun_ns)) = (until, begun_ns)
            && kernel::monotonic_ns().saturating_sub(begun_ns) > most_ns
        {
            companion.benchmark_ends(kernel::monotonic_ns());
            return Ok(None);
        }
        let Some(event) = stage.event_soon(ROLE)? else { continue };
        let Some(actor) = stage.actor(ROLE) else { return Ok(None) };
        match event {
            Event::Message(Message::BenchmarkBegins(id)) if occurrences.next(&id) == *assignment.key => {
                begun_ns = Some(kernel::monotonic_ns());
                companion.benchmark_begins(kernel::monotonic_ns());
            }
            Event::Message(Message::Measured(measured)) => {
                if begun_ns.is_some() && matches!(until, Until::Measured { .. }) {
                    companion.benchmark_ends(kernel::monotonic_ns());
                    return Ok(Some(measured));
                }
                actor.send_continue()?;
            }
            Event::Message(Message::GroupEnds) => actor.send_continue()?,
            Event::Message(_) | Event::Rang => {}
            Event::Ended(status) if !status.success() => {
                let failure = actor.failure(status);
                let last_words = failure.stderr_tail.lines().last().unwrap_or_default();
                return Err(ProfileError::Benchmark(format!("it {}: {last_words}", failure.what)));
            }
            Event::Ended(_) if matches!(until, Until::TheEnd) => return Ok(None),
            Event::Ended(_) => {
                return Err(ProfileError::Benchmark("it ended without running the benchmark".into()));
            }
        }
    }
}
