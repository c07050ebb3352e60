//! What a benchmark used while it was measured: events that were counted, and resources of its process.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// An event that can be counted. Those of the processor are counted in user space only; what the kernel does on the
/// process's behalf is not in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Counter {
    /// Instructions that were retired.
    Instructions,
    /// Cycles of the core's own, changing clock.
    Cycles,
    /// Branch instructions that were retired.
    Branches,
    /// Branches that were predicted wrongly.
    BranchMisses,
    /// References to the last-level cache, or what the processor counts as such.
    CacheReferences,
    /// Those that missed it.
    CacheMisses,
    /// Loads that missed the first-level data cache.
    L1dMisses,
    /// Loads that missed the data TLB.
    DtlbMisses,
    /// Page faults of user code, minor and major.
    PageFaults,
    /// Times a thread left its core, willingly or not.
    ContextSwitches,
    /// Times a thread went to another core.
    Migrations,
    /// Nanoseconds on a processor, all threads together.
    TaskClockNs,
}

impl Counter {
    /// All of them, those of the processor first.
    pub const ALL: [Counter; 12] = [
        Counter::Instructions,
        Counter::Cycles,
        Counter::Branches,
        Counter::BranchMisses,
        Counter::CacheReferences,
        Counter::CacheMisses,
        Counter::L1dMisses,
        Counter::DtlbMisses,
        Counter::PageFaults,
        Counter::ContextSwitches,
        Counter::Migrations,
        Counter::TaskClockNs,
    ];

    /// Those that fit on the counters of common processors at the same time, and what a process is told of itself anyway.
    pub const DEFAULT: [Counter; 9] = [
        Counter::Instructions,
        Counter::Cycles,
        Counter::Branches,
        Counter::BranchMisses,
        Counter::CacheReferences,
        Counter::CacheMisses,
        Counter::PageFaults,
        Counter::ContextSwitches,
        Counter::TaskClockNs,
    ];

    /// Whether the processor counts it, and not the kernel.
    pub fn is_hardware(self) -> bool {
        self < Counter::PageFaults
    }

    /// Its name as it is typed: words with hyphens, without a unit.
    pub fn name(self) -> &'static str {
        match self {
            Counter::Instructions => "instructions",
            Counter::Cycles => "cycles",
            Counter::Branches => "branches",
            Counter::BranchMisses => "branch-misses",
            Counter::CacheReferences => "cache-references",
            Counter::CacheMisses => "cache-misses",
            Counter::L1dMisses => "l1d-misses",
            Counter::DtlbMisses => "dtlb-misses",
            Counter::PageFaults => "page-faults",
            Counter::ContextSwitches => "context-switches",
            Counter::Migrations => "migrations",
            Counter::TaskClockNs => "task-clock",
        }
    }
}

impl std::fmt::Display for Counter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What one side counted in one epoch of a benchmark.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CounterSums {
    /// Sums over all measured turns of the side, what lies between the samples of a turn included. A counter that was
    /// not counting all the time has no sum: nothing is scaled up.
    pub sums: BTreeMap<Counter, u64>,
    /// Turns in which a counter was not counting all the time. Turns that follow each other without a hand-over count as
    /// one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unscheduled_turns: BTreeMap<Counter, u32>,
}

/// Why a counter that was asked for counted nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// This machine, or its virtual one, has no such counter.
    NotThere,
    /// The kernel does not let this user count it.
    NotPermitted,
    /// Somebody else occupies the processor's counters.
    Busy,
    /// The kernel refused it for another reason, an `errno` of the operating system.
    Refused(i32),
}

/// Which counters a run asked for and what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Counters {
    /// The counters that were asked for.
    pub asked: Vec<Counter>,
    /// Whether benchmarks with threads of their own were counted too, which makes the start of a thread slower.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub threads: bool,
    /// Those that count nothing, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub missing: BTreeMap<Counter, Missing>,
    /// Those that the process's own accounting told and no event: `getrusage` of the timing thread (faults, those within
    /// the kernel included, and switches) and the process's clock (processor time).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from_usage: Vec<Counter>,
}

/// What the process of one side used of the machine while one benchmark was measured in one epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resources {
    /// Wall time of the side's turns; without turns, from the begin of the measurement to its end.
    pub wall_ns: u64,
    /// Processor time of all threads within that time.
    pub cpu_ns: u64,
    /// The most memory that was resident at once, from the begin of the warm-up to the end of the measurement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
    /// Whether the peak is that of the whole life of the process, because the kernel would not forget the earlier one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub peak_since_start: bool,
    /// Bytes that were fetched from storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_read_bytes: Option<u64>,
    /// Bytes that were sent, or are to be sent, to storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_write_bytes: Option<u64>,
    /// Bytes that went out through `send`, `sendto` and `sendmsg`, those of unix sockets and the loopback included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_sent_bytes: Option<u64>,
    /// Bytes that came in through `recv`, `recvfrom` and `recvmsg`, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_received_bytes: Option<u64>,
}
