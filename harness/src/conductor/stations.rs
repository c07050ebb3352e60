//! Leads one probed process from station to station: to its next warm-up, through it, and to its measurement.
//!
//! A group can end in any of them: one that is dropped by a panic tells its end and waits for the answer like any other.

use std::process::ExitStatus;

use super::Occurrences;
use super::stage::{Actor, Event, MeasureError, Stage, system};
use crate::contract::{BenchmarkKey, Role};
use crate::criterion::message::Message;
use crate::shared::SharedMemory;
use crate::shared::layout::station;

/// How one step of a benchmark can fail to go on.
pub enum Broken {
    /// A process ended in the middle of a benchmark.
    Ended(Role, ExitStatus),
    /// The probe cannot steer this benchmark.
    WithoutTurns,
}

/// What came of a step: the outer error ends the measuring, the inner one this benchmark.
pub type Step<T> = Result<Result<T, Broken>, MeasureError>;

/// Goes on with the inner value, or hands what broke to the caller.
macro_rules! unbroken {
    ($step:expr) => {
        match $step? {
            Ok(value) => value,
            Err(broken) => return Ok(Err(broken)),
        }
    };
}
pub(crate) use unbroken;

/// Where a side is after [`advance`].
pub enum Reached {
    /// Before the warm-up of this benchmark; how long its harness means to warm up, in nanoseconds.
    WarmUp(BenchmarkKey, f64),
    /// At its end.
    End(ExitStatus),
}

/// Greets a side once it has connected; `false` when it has no probe and so must not be started.
pub fn greet(stage: &mut Stage<'_>, memory: &SharedMemory, role: Role) -> Result<bool, MeasureError> {
    loop {
        let Some(actor) = stage.actor(role) else { return Ok(false) };
        if actor.connection().is_connected() {
            let probed = memory.is_loaded(role);
            if probed {
                system(actor.connection().greet(), || "cannot greet a benchmark".into())?;
            }
            return Ok(probed);
        }
        if actor.has_ended() {
            return Ok(true);
        }
        stage.listen()?;
        stage.check(role, memory)?;
    }
}

/// Follows a side to its next warm-up or its end.
pub fn advance(
    stage: &mut Stage<'_>,
    memory: &SharedMemory,
    role: Role,
    occurrences: &mut Occurrences,
) -> Result<Reached, MeasureError> {
    loop {
        match stage.next_event(role, Some(memory))? {
            Event::Message(Message::WarmUp { id, warm_up_ns }) => {
                return Ok(Reached::WarmUp(occurrences.next(&id), warm_up_ns));
            }
            Event::Message(Message::GroupEnds) => go_on(stage, role)?,
            Event::Message(_) | Event::Rang => {}
            Event::Ended(status) => return Ok(Reached::End(status)),
        }
    }
}

/// Lets a side's harness go on.
pub fn go_on(stage: &mut Stage<'_>, role: Role) -> Result<(), MeasureError> {
    stage.actor(role).map_or(Ok(()), Actor::send_continue)
}

/// Waits for a side to stand at a station. The station itself is looked at, not the bell alone: a bell may be heard
/// before the message that was sent earlier.
pub fn await_station(stage: &mut Stage<'_>, memory: &SharedMemory, role: Role, wanted: u32) -> Step<()> {
    loop {
        match memory.station(role) {
            at if at == wanted => return Ok(Ok(())),
            // A warm-up of one call is over before its end could be told.
            station::MEASUREMENT | station::LOST => return Ok(Err(Broken::WithoutTurns)),
            _ => {}
        }
        match stage.next_event(role, Some(memory))? {
            // The harness went on without its clock reads being seen.
            Event::Message(Message::Measured(_)) => return Ok(Err(Broken::WithoutTurns)),
            Event::Message(Message::GroupEnds) => go_on(stage, role)?,
            Event::Message(_) | Event::Rang => {}
            Event::Ended(status) => return Ok(Err(Broken::Ended(role, status))),
        }
    }
}

/// Waits for a side to stand before its measurement; gives the samples and the iterations that it announced.
pub fn await_measurement(stage: &mut Stage<'_>, memory: &SharedMemory, role: Role) -> Step<(u64, u64)> {
    let mut announced = None;
    loop {
        match (memory.station(role), announced) {
            (station::MEASUREMENT, Some(announced)) => return Ok(Ok(announced)),
            (station::LOST, _) => return Ok(Err(Broken::WithoutTurns)),
            _ => {}
        }
        match stage.next_event(role, Some(memory))? {
            Event::Message(Message::MeasurementBegins { samples, iterations }) => {
                announced = Some((samples, iterations));
            }
            Event::Message(Message::Measured(_)) => return Ok(Err(Broken::WithoutTurns)),
            Event::Message(Message::GroupEnds) => go_on(stage, role)?,
            Event::Message(_) | Event::Rang => {}
            Event::Ended(status) => return Ok(Err(Broken::Ended(role, status))),
        }
    }
}
