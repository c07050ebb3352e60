//! What a benchmark executed, counted exactly on an emulated processor.

use serde::{Deserialize, Serialize};

/// What one side's samples executed. Columns of equal length, one entry for each sample.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counts {
    /// Iterations of the routine.
    pub iterations: Vec<u64>,
    /// Instructions, callgrind's `Ir`.
    pub instructions: Vec<u64>,
    /// Instructions' reads of data, callgrind's `Dr`.
    pub data_reads: Vec<u64>,
    /// Instructions' writes of data, callgrind's `Dw`.
    pub data_writes: Vec<u64>,
    /// Conditional branches, callgrind's `Bc`.
    pub branches: Vec<u64>,
    /// Whether whole samples were counted, the harness's own work in them included, because the routine reads the clock
    /// itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_samples: bool,
    /// Whether the benchmark has threads of its own. Only the measuring thread's work is counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub helper_threads: bool,
}

/// One of the numbers that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Instructions.
    Instructions,
    /// Reads of data.
    DataReads,
    /// Writes of data.
    DataWrites,
    /// Conditional branches.
    Branches,
}

impl Event {
    /// All of them.
    pub const ALL: [Event; 4] = [Event::Instructions, Event::DataReads, Event::DataWrites, Event::Branches];
}

impl Counts {
    /// The samples' counts of one event.
    pub fn column(&self, event: Event) -> &[u64] {
        match event {
            Event::Instructions => &self.instructions,
            Event::DataReads => &self.data_reads,
            Event::DataWrites => &self.data_writes,
            Event::Branches => &self.branches,
        }
    }

    /// Adds a sample: its counts in the order of [`Event::ALL`].
    pub fn push(&mut self, iterations: u64, counts: [u64; 4]) {
        self.iterations.push(iterations);
        let [instructions, data_reads, data_writes, branches] = counts;
        self.instructions.push(instructions);
        self.data_reads.push(data_reads);
        self.data_writes.push(data_writes);
        self.branches.push(branches);
    }
}

/// What came of counting one side of a benchmark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// The counts.
    Counts(Counts),
    /// Why there are none.
    NotCounted(String),
}
