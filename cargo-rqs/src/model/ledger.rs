//! The ledger of disturbances: what happened on the machine during each epoch, as raw integers.

mod columns;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use columns::Columns;

/// What happened during one epoch of one suite, all processes of it together. A field without a value is one that this
/// machine does not tell; what was told to be nothing is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerEntry {
    /// Position of the suite in the record's `suites`.
    pub suite: u64,
    /// The number of the epoch.
    pub epoch: u64,
    /// Wall time from the reading before the epoch to the one after it.
    pub wall_us: u64,
    /// Clock ticks (10 ms) that the hypervisor took from the benchmarks' cores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steal_ticks: Option<u64>,
    /// Clock ticks that the benchmarks' cores were busy with anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bench_busy_ticks: Option<u64>,
    /// Processor time of the benchmark processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bench_own_us: Option<u64>,
    /// Clock ticks that the coordinator's core was busy with anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinator_busy_ticks: Option<u64>,
    /// Processor time of the coordinator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinator_own_us: Option<u64>,
    /// Times a benchmark process gave its core up, hand-overs of turns included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voluntary_switches: Option<u64>,
    /// Times the core was taken from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub involuntary_switches: Option<u64>,
    /// Times a thread of one went to another core while it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrations: Option<u64>,
    /// Page faults of the benchmark processes that needed no disk, those of their start included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minor_faults: Option<u64>,
    /// Page faults that waited for a disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub major_faults: Option<u64>,
    /// Time in which some task on the machine waited for a core.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure_cpu_some_us: Option<u64>,
    /// Time in which all tasks did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure_cpu_full_us: Option<u64>,
    /// Time in which some task waited for memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure_memory_some_us: Option<u64>,
    /// Time in which all tasks did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure_memory_full_us: Option<u64>,
    /// Time in which some task waited for storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure_io_some_us: Option<u64>,
    /// Time in which all tasks did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure_io_full_us: Option<u64>,
    /// Times the benchmarks' cores, or their package, were slowed down because of their temperature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thermal_throttles: Option<u64>,
    /// The highest temperature of the processor after the epoch, in thousandths of a degree Celsius.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_millicelsius: Option<u64>,
    /// The frequency of the first benchmark core after the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency_khz: Option<u64>,
    /// The machine's load over the last minute after the epoch, in hundredths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_hundredths: Option<u64>,
    /// Tasks that could run at that moment, the one that looked included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runnable: Option<u64>,
    /// Times a control group above this process had spent its quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgroup_throttles: Option<u64>,
    /// Time that it was held back for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgroup_throttled_us: Option<u64>,
}
