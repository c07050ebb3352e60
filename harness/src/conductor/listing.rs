//! Asks an executable for its benchmarks: with a filter that matches nothing, Criterion tells every id it skips.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::Occurrences;
use super::stage::{Event, MeasureError, Stage};
use crate::contract::{BenchmarkFailure, BenchmarkKey, Role};
use crate::criterion::command_line;
use crate::criterion::message::Message;
use crate::process::{Conditions, Executable};

/// What an executable can measure.
#[derive(Debug)]
pub enum Listing {
    /// A Criterion executable and its benchmarks in program order.
    Criterion {
        /// Criterion's version.
        version: [u8; 3],
        /// The benchmarks.
        keys: Vec<BenchmarkKey>,
    },
    /// It ran and ended without ever speaking Criterion's protocol.
    NotCriterion,
    /// It could not even list: it panicked, exited with an error or was killed in its set-up code.
    Failed(BenchmarkFailure),
}

/// Lists one executable.
///
/// # Errors
/// When it hangs, breaks the protocol, or cannot be started.
pub fn list(
    role: Role,
    executable: &Executable,
    conditions: &Conditions,
    interrupted: &AtomicBool,
    scratch: &Path,
) -> Result<Listing, MeasureError> {
    // Nothing is timed, so nothing needs priority.
    let ordinary = Conditions { fifo: false, ..conditions.clone() };
    let mut stage = Stage::new(&ordinary, interrupted);
    stage.enter(role, executable, &command_line::listing(), scratch, None)?;
    let mut occurrences = Occurrences::default();
    let mut keys = Vec::new();
    loop {
        let event = stage.next_event(role, None)?;
        let Some(actor) = stage.actor(role) else { return Ok(Listing::NotCriterion) };
        match event {
            Event::Message(Message::Skipped(id) | Message::BenchmarkBegins(id)) => {
                keys.push(occurrences.next(&id));
            }
            Event::Message(Message::GroupEnds | Message::Measured(_)) => actor.send_continue()?,
            Event::Message(_) | Event::Rang => {}
            Event::Ended(status) if !status.success() => return Ok(Listing::Failed(actor.failure(status))),
            Event::Ended(_) => {
                return Ok(match actor.connection().version() {
                    Some(version) => Listing::Criterion { version, keys },
                    None => Listing::NotCriterion,
                });
            }
        }
    }
}
