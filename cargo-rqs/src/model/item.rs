//! The conditions of the host that are checked: their names, what is wanted of each, and what it does to results.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One condition; [`Item::wanted`] and [`Item::effect`] say of each what it is about. The order is that of importance: of two that are equally bad, the first is told first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(description = "A condition of the host.")]
pub enum Item {
    Affinity,
    Tracer,
    Instrumentation,
    CgroupQuota,
    CgroupThrottling,
    ThermalThrottling,
    MainsPower,
    DiskSpace,
    ForeignTasks,
    Steal,
    Governor,
    Load,
    Pressure,
    Clocksource,
    Temperature,
    Smt,
    IrqAffinity,
    IrqBalance,
    Boost,
    FrequencyRange,
    EnergyPreference,
    PstateMode,
    Scheduling,
    RtThrottle,
    Autogroup,
    Cpuset,
    Isolation,
    CStates,
    Aslr,
    Thp,
    Ksm,
    NumaBalancing,
    NumaNodes,
    Swap,
    NmiWatchdog,
    PerfParanoid,
    PerfSampleRate,
    Preload,
    GlibcTunables,
    CpuDispatch,
    Microcode,
    Mitigations,
    Virtualisation,
}

impl Item {
    /// All of them, in order.
    pub const ALL: [Item; 43] = {
        use Item::*;
        [
            Affinity,
            Tracer,
            Instrumentation,
            CgroupQuota,
            CgroupThrottling,
            ThermalThrottling,
            MainsPower,
            DiskSpace,
            ForeignTasks,
            Steal,
            Governor,
            Load,
            Pressure,
            Clocksource,
            Temperature,
            Smt,
            IrqAffinity,
            IrqBalance,
            Boost,
            FrequencyRange,
            EnergyPreference,
            PstateMode,
            Scheduling,
            RtThrottle,
            Autogroup,
            Cpuset,
            Isolation,
            CStates,
            Aslr,
            Thp,
            Ksm,
            NumaBalancing,
            NumaNodes,
            Swap,
            NmiWatchdog,
            PerfParanoid,
            PerfSampleRate,
            Preload,
            GlibcTunables,
            CpuDispatch,
            Microcode,
            Mitigations,
            Virtualisation,
        ]
    };

    /// The name that people and programs know it by.
    pub fn id(self) -> &'static str {
        self.words().0
    }

    /// What is wanted.
    pub fn wanted(self) -> &'static str {
        self.words().1
    }

    /// What it does to results where it is otherwise.
    pub fn effect(self) -> &'static str {
        self.words().2
    }

    #[rustfmt::skip]
    fn words(self) -> (&'static str, &'static str, &'static str) {
        use Item::*;
        match self {
            Affinity => ("affinity", "the benchmark cores are granted", "benchmarks wander between cores, and each move empties their caches"),
            Tracer => ("tracer", "none", "every system call and signal of a traced process stops it"),
            Instrumentation => ("instrumentation", "no coverage, profiling or sanitiser flags", "the measured code is not the code that is released"),
            CgroupQuota => ("cgroup-quota", "no CPU limit", "the kernel stops all processes of the group for milliseconds once the quota is used"),
            CgroupThrottling => ("cgroup-throttling", "never throttled", "the kernel stopped processes of this group: times hold whole pauses"),
            ThermalThrottling => ("thermal-throttling", "never throttled", "a hot processor lowers its clock in the middle of a run"),
            MainsPower => ("mains-power", "plugged in", "on battery the firmware lowers clocks as it likes"),
            DiskSpace => ("disk-space", "5 GiB free or more", "builds and records fail when the disk is full"),
            ForeignTasks => ("foreign-tasks", "nothing else on the benchmark cores", "others empty the caches of the benchmark core and take time from it"),
            Steal => ("steal", "no stolen time", "the hypervisor gives the core to other guests; blocks that see it are dropped"),
            Governor => ("governor", "performance", "the clock follows the load, so two turns may run at different clocks"),
            Load => ("load", "an idle machine", "other work takes shared caches, memory bandwidth and clock from the benchmarks"),
            Pressure => ("pressure", "no stalls", "processes are waiting for processor, memory or disk, the benchmarks among them"),
            Clocksource => ("clocksource", "tsc, or the architecture's own counter", "reading a slow clock takes as long as a short benchmark"),
            Temperature => ("temperature", "well below the critical one", "a hot processor has less boost and is near to throttling"),
            Smt => ("smt", "the benchmark cores have no sibling online, or it is idle", "a busy sibling halves the execution units and caches of the benchmark core"),
            IrqAffinity => ("irq-affinity", "no device interrupts on the benchmark cores", "interrupts take time from the benchmarks and empty their caches"),
            IrqBalance => ("irq-balance", "not running", "irqbalance moves interrupts back to the benchmark cores"),
            Boost => ("boost", "off", "the clock depends on temperature and on how many other cores are busy"),
            FrequencyRange => ("frequency-range", "one frequency, or the governor `performance`", "the clock may move within the range"),
            EnergyPreference => ("energy-preference", "performance", "the processor saves energy by raising its clock late"),
            PstateMode => ("pstate-mode", "known", "who decides about the clock: the processor, the kernel, or both"),
            Scheduling => ("scheduling", "real-time priority is granted", "other processes interrupt the benchmarks in mid-sample; such blocks are dropped"),
            RtThrottle => ("rt-throttle", "off (-1)", "a real-time benchmark is stopped for up to 5 % of each second where other tasks want its core"),
            Autogroup => ("autogroup", "off, or real-time priority", "the share of the processor depends on which terminal a process was started from"),
            Cpuset => ("cpuset", "a core for the benchmarks and another one for the coordinator", "the coordinator runs on the benchmark core, between the turns"),
            Isolation => ("isolation", "isolcpus, nohz_full and rcu_nocbs name the benchmark cores", "the scheduler may place others on the benchmark core, and its tick interrupts it"),
            CStates => ("c-states", "no idle state slower than 10 µs on the benchmark cores", "waking up takes as long as a short turn, and caches are lost"),
            Aslr => ("aslr", "off for the benchmarks", "each process has its own layout, so more epochs are needed"),
            Thp => ("thp", "madvise or never", "whether a heap gets huge pages depends on luck and on how long the machine has been up"),
            Ksm => ("ksm", "off", "the kernel compares and merges pages in the background; merged ones fault when written"),
            NumaBalancing => ("numa-balancing", "off, or one node", "the kernel unmaps pages to see who uses them, which faults in mid-sample"),
            NumaNodes => ("numa-nodes", "one", "memory of another node is slower, and processes may get either"),
            Swap => ("swap", "none in use", "a page that comes back from disk takes milliseconds; such blocks are dropped"),
            NmiWatchdog => ("nmi-watchdog", "off", "it occupies a hardware counter and interrupts each core"),
            PerfParanoid => ("perf-paranoid", "2 or lower", "hardware counters and profiles are permitted to root only"),
            PerfSampleRate => ("perf-sample-rate", "1000 per second or more", "profiles hold few samples, or the kernel turns sampling down"),
            Preload => ("preload", "nothing preloaded", "the benchmarks run with code that users of the crate do not have"),
            GlibcTunables => ("glibc-tunables", "not set", "malloc and memcpy behave otherwise than on other machines"),
            CpuDispatch => ("cpu-dispatch", "no known slow path", "copies of some sizes and alignments are many times slower, so layout decides about times"),
            Microcode => ("microcode", "one revision on all cores, up to date", "fixes in microcode change speed; old revisions are not comparable with new ones"),
            Mitigations => ("mitigations", "known; the same whenever numbers are compared", "system calls and indirect branches cost more where more of them are on"),
            Virtualisation => ("virtualisation", "none", "other guests are invisible, and the hypervisor decides when the core runs"),
        }
    }
}

impl std::fmt::Display for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_formats_and_the_list_is_whole_and_in_order() {
        for item in Item::ALL {
            assert_eq!(serde_json::to_value(item).unwrap(), item.id());
        }
        assert!(Item::ALL.is_sorted());
        assert_eq!(Item::ALL.len(), Item::Virtualisation as usize + 1);
    }
}
