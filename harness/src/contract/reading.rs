//! What a probe of a machine measures.

use serde::{Deserialize, Serialize};

/// What the work of a [`Reading`] consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Steps of a calculation, each of which waits for the one before.
    Steps,
    /// Bytes that are read, written or copied.
    Bytes,
    /// Loads from memory, each of which waits for the one before.
    Loads,
    /// Reads of the clock.
    ClockReads,
    /// Writes that are on the disk before the next one begins.
    Writes,
    /// The smallest step that the clock makes.
    Ticks,
    /// Hand-overs of the turn from one process to another on the same core.
    Handovers,
}

/// One property of a machine, measured several times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reading {
    /// Which property, for example `memory_read`.
    pub name: String,
    /// What the work consists of.
    pub work: Work,
    /// How much of it each repetition does.
    pub amount: u64,
    /// Bytes of memory that the work goes over, where that matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_set_bytes: Option<u64>,
    /// Time of each repetition, in time order.
    pub elapsed_ns: Vec<u64>,
}
