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
pub enum CountedEvent {
    /// Instructions.
    Instructions,
    /// Reads of data.
    DataReads,
    /// Writes of data.
    DataWrites,
    /// Conditional branches.
    Branches,
}

impl CountedEvent {
    /// All of them.
    pub const ALL: [CountedEvent; 4] = [
        CountedEvent::Instructions,
        CountedEvent::DataReads,
        CountedEvent::DataWrites,
        CountedEvent::Branches,
    ];
}

impl Counts {
    /// The samples' counts of one event.
    pub fn column(&self, event: CountedEvent) -> &[u64] {
        match event {
            CountedEvent::Instructions => &self.instructions,
            CountedEvent::DataReads => &self.data_reads,
            CountedEvent::DataWrites => &self.data_writes,
            CountedEvent::Branches => &self.branches,
        }
    }

    /// Whether there is a sample, every sample has iterations, and all columns are as long as there are samples.
    pub fn is_sound(&self) -> bool {
        let samples = self.iterations.len();
        samples > 0
            && self.iterations.iter().all(|iterations| *iterations > 0)
            && CountedEvent::ALL.iter().all(|event| self.column(*event).len() == samples)
    }

    /// Adds the samples of another process.
    pub fn append(&mut self, mut other: Counts) {
        self.iterations.append(&mut other.iterations);
        self.instructions.append(&mut other.instructions);
        self.data_reads.append(&mut other.data_reads);
        self.data_writes.append(&mut other.data_writes);
        self.branches.append(&mut other.branches);
        self.whole_samples |= other.whole_samples;
        self.helper_threads |= other.helper_threads;
    }

    /// Adds a sample: its counts in the order of [`CountedEvent::ALL`].
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
    NotCounted(NotCounted),
}

/// Why a benchmark could not be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NotCounted {
    /// It gave no sign of life for so many seconds.
    Silent(u64),
    /// Its process ended with this exit status.
    Ended(i32),
    /// Its process was ended by this signal.
    Killed(i32),
    /// Clock reads do not tell where its samples begin and end.
    SamplesNotApart,
    /// It takes other samples in the emulator than outside.
    OtherSamples,
    /// It uses an instruction that the emulator does not know.
    UnknownInstruction,
    /// It uses a system call that the emulator does not know.
    UnknownSystemCall,
    /// The emulator itself failed.
    EmulatorFailed,
    /// What the emulator wrote could not be understood.
    ProfileUnusable,
}

impl std::fmt::Display for NotCounted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NotCounted::Silent(seconds) => {
                write!(f, "it gave no sign of life for {seconds} s in the emulator")
            }
            NotCounted::Ended(code) => write!(f, "its process ended early with exit status {code}"),
            NotCounted::Killed(signal) => write!(f, "its process was ended by signal {signal}"),
            NotCounted::SamplesNotApart => f.write_str("its samples cannot be told apart"),
            NotCounted::OtherSamples => f.write_str("it takes other samples in the emulator than outside"),
            NotCounted::UnknownInstruction => {
                f.write_str("it uses an instruction that this valgrind does not know")
            }
            NotCounted::UnknownSystemCall => {
                f.write_str("it uses a system call that this valgrind does not know")
            }
            NotCounted::EmulatorFailed => f.write_str("valgrind could not run it"),
            NotCounted::ProfileUnusable => f.write_str("what valgrind wrote cannot be understood"),
        }
    }
}
