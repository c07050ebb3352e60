//! A calm machine that has everything that is checked, and every way of spoiling it, as files and grants.

use crate::model::check::Status;
use crate::model::facts::{Facts, Files, ProcessFacts, Reading};
use crate::model::item::Item;

const STATUS: &str = "Name:\tcargo-rqs\nTracerPid:\t0\nCpus_allowed_list:\t0-3\n";
const CPUINFO: &str = "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 33\nmicrocode\t: 0xa20120a\nflags\t\t: fpu sse4_2 popcnt avx2 bmi2 fma erms fsrm\n\nprocessor\t: 3\nmicrocode\t: 0xa20120a\n";
const INTERRUPTS: &str = "            CPU0       CPU1       CPU2       CPU3       \n  24:        90          0          0          7   PCI-MSI 1-edge      eth0\nLOC:       900        900        900        900   Local timer interrupts\n";
const STAT: &str = "cpu  400 0 400 4000 0 0 0 0 0 0\ncpu0 100 0 100 1000 0 0 0 0 0 0\ncpu3 100 0 100 1000 0 0 0 0 0 0\ncpu7 0 0 0 100 0 0 0 0 0 0\nintr 5\n";
const LATER: &str = "cpu  400 0 400 4200 0 0 0 0 0 0\ncpu0 100 0 100 1050 0 0 0 0 0 0\ncpu3 100 0 100 1050 0 0 0 0 0 0\ncpu7 0 0 0 150 0 0 0 0 0 0\nintr 5\n";
const TASK: &str = "40 (so (what)) S 1 40 40 0 -1 4 0 0 0 0 100 20 0 0 20 0 1 0 9 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 3 0 0 0 0 0";

/// The standing files of the calm machine: four cores of which 3 is for benchmarks; its sibling 7 is offline.
#[rustfmt::skip]
const FILES: [(&str, &str); 68] = [
    ("proc/cmdline", "BOOT_IMAGE=/vmlinuz isolcpus=3 nohz_full=3 rcu_nocbs=3 mitigations=auto quiet\n"),
    ("proc/cpuinfo", CPUINFO),
    ("proc/interrupts", INTERRUPTS),
    ("proc/irq/24/smp_affinity_list", "0-2\n"),
    ("proc/irq/default_smp_affinity", "7\n"),
    ("proc/loadavg", "0.10 0.20 0.30 1/300 4242\n"),
    ("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"),
    ("proc/pressure/io", "some avg10=0.50 avg60=0.00 avg300=0.00 total=1\n"),
    ("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n"),
    ("proc/self/status", STATUS),
    ("proc/stat", LATER),
    ("proc/40/task/40/stat", TASK),
    ("proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n/dev/sda2                               partition\t2097148\t\t0\t\t-2\n"),
    ("proc/sys/kernel/nmi_watchdog", "0\n"),
    ("proc/sys/kernel/numa_balancing", "0\n"),
    ("proc/sys/kernel/osrelease", "6.12.9-generic\n"),
    ("proc/sys/kernel/perf_cpu_time_max_percent", "25\n"),
    ("proc/sys/kernel/perf_event_max_sample_rate", "100000\n"),
    ("proc/sys/kernel/perf_event_paranoid", "2\n"),
    ("proc/sys/kernel/random/boot_id", "6f8b2f5e-0000-4000-8000-000000000001\n"),
    ("proc/sys/kernel/randomize_va_space", "2\n"),
    ("proc/sys/kernel/sched_autogroup_enabled", "1\n"),
    ("proc/sys/kernel/sched_rt_period_us", "1000000\n"),
    ("proc/sys/kernel/sched_rt_runtime_us", "-1\n"),
    ("proc/sys/vm/swappiness", "60\n"),
    ("sys/class/hwmon/hwmon2/name", "coretemp\n"),
    ("sys/class/hwmon/hwmon2/temp1_crit", "100000\n"),
    ("sys/class/hwmon/hwmon2/temp1_input", "45000\n"),
    ("sys/class/power_supply/AC/online", "1\n"),
    ("sys/class/power_supply/AC/type", "Mains\n"),
    ("sys/class/power_supply/BAT0/type", "Battery\n"),
    ("sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc hpet acpi_pm \n"),
    ("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"),
    ("sys/devices/system/cpu/cpu3/cpuidle/state0/disable", "0\n"),
    ("sys/devices/system/cpu/cpu3/cpuidle/state0/latency", "0\n"),
    ("sys/devices/system/cpu/cpu3/cpuidle/state0/name", "POLL\n"),
    ("sys/devices/system/cpu/cpu3/cpuidle/state2/disable", "1\n"),
    ("sys/devices/system/cpu/cpu3/cpuidle/state2/latency", "133\n"),
    ("sys/devices/system/cpu/cpu3/cpuidle/state2/name", "C6\n"),
    ("sys/devices/system/cpu/cpu3/thermal_throttle/core_throttle_count", "0\n"),
    ("sys/devices/system/cpu/cpu3/topology/thread_siblings_list", "3\n"),
    ("sys/devices/system/cpu/cpu7/online", "0\n"),
    ("sys/devices/system/cpu/cpufreq/policy3/affected_cpus", "3\n"),
    ("sys/devices/system/cpu/cpufreq/policy3/energy_performance_available_preferences", "default performance balance_performance balance_power power \n"),
    ("sys/devices/system/cpu/cpufreq/policy3/energy_performance_preference", "performance\n"),
    ("sys/devices/system/cpu/cpufreq/policy3/scaling_available_governors", "performance powersave\n"),
    ("sys/devices/system/cpu/cpufreq/policy3/scaling_driver", "intel_pstate\n"),
    ("sys/devices/system/cpu/cpufreq/policy3/scaling_governor", "performance\n"),
    ("sys/devices/system/cpu/cpufreq/policy3/scaling_max_freq", "4000000\n"),
    ("sys/devices/system/cpu/cpufreq/policy3/scaling_min_freq", "800000\n"),
    ("sys/devices/system/cpu/cpuidle/current_driver", "intel_idle\n"),
    ("sys/devices/system/cpu/intel_pstate/no_turbo", "1\n"),
    ("sys/devices/system/cpu/intel_pstate/status", "active\n"),
    ("sys/devices/system/cpu/isolated", "3\n"),
    ("sys/devices/system/cpu/nohz_full", "3\n"),
    ("sys/devices/system/cpu/online", "0-3\n"),
    ("sys/devices/system/cpu/smt/active", "1\n"),
    ("sys/devices/system/cpu/vulnerabilities/old_microcode", "Not affected\n"),
    ("sys/devices/system/cpu/vulnerabilities/spectre_v1", "Mitigation: usercopy/swapgs barriers\n"),
    ("sys/devices/system/node/node0/cpulist", "0-3\n"),
    ("sys/devices/system/node/online", "0\n"),
    ("sys/fs/cgroup/user.slice/cpu.max", "max 100000\n"),
    ("sys/fs/cgroup/user.slice/cpu.stat", "usage_usec 1\nnr_periods 0\nnr_throttled 0\n"),
    ("sys/kernel/debug/sched/fair_server/cpu3/runtime", "0\n"),
    ("sys/kernel/mm/ksm/pages_sharing", "0\n"),
    ("sys/kernel/mm/ksm/run", "0\n"),
    ("sys/kernel/mm/transparent_hugepage/defrag", "always defer defer+madvise [madvise] never\n"),
    ("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n"),
];

/// The counting files as they were before.
const EARLIER: [(&str, &str); 5] = [
    ("proc/40/task/40/stat", TASK),
    ("proc/interrupts", INTERRUPTS),
    ("proc/stat", STAT),
    ("sys/devices/system/cpu/cpu3/thermal_throttle/core_throttle_count", "0\n"),
    ("sys/fs/cgroup/user.slice/cpu.stat", "usage_usec 1\nnr_periods 0\nnr_throttled 0\n"),
];

/// Facts of the calm machine.
pub fn calm() -> Facts {
    let files = |list: &[(&str, &str)]| -> Files {
        list.iter().map(|(path, text)| ((*path).to_owned(), Reading::Bytes((*text).into()))).collect()
    };
    Facts {
        files: files(&FILES),
        earlier: files(&EARLIER),
        interval_ms: 500,
        bench_cores: [3].into_iter().collect(),
        process: ProcessFacts {
            pid: 4242,
            program: "/opt/cargo-rqs".into(),
            root: false,
            affinity_refused: None,
            fifo: true,
            nice: 0,
            aslr_off: true,
            variables: Default::default(),
            disk: Some((100 << 30, "ext4".into())),
            virtualisation: "none".into(),
            libc: "glibc 2.41".into(),
            boost_register: None,
        },
    }
}

/// Replaces a file.
pub fn put(facts: &mut Facts, path: &str, text: &str) {
    facts.files.insert(path.to_owned(), Reading::Bytes(text.into()));
}

/// A way of spoiling the calm machine, and how the condition stands then.
pub struct Spoilt {
    /// The condition.
    pub item: Item,
    /// How it stands.
    pub status: Status,
    /// A part of its value.
    pub value: &'static str,
    /// What is done to the facts.
    pub spoil: fn(&mut Facts),
}

const CPU: &str = "sys/devices/system/cpu/";
const POLICY: &str = "sys/devices/system/cpu/cpufreq/policy3/";

fn at(facts: &mut Facts, folder: &str, name: &str, text: &str) {
    put(facts, &format!("{folder}{name}"), text);
}

fn variable(facts: &mut Facts, name: &str, value: &str) {
    facts.process.variables.insert(name.into(), value.into());
}

/// Every condition in every bad state.
#[rustfmt::skip]
pub fn spoilt() -> Vec<Spoilt> {
    use Status::{Blocker, Note, Unknown};
    let spoilt = |item, status, value, spoil| Spoilt { item, status, value, spoil };
    vec![
        spoilt(Item::Affinity, Blocker, "core 3 is refused: not permitted", |f| f.process.affinity_refused = Some("not permitted".into())),
        spoilt(Item::Tracer, Blocker, "process 77 traces", |f| put(f, "proc/self/status", &STATUS.replace("Pid:\t0", "Pid:\t77"))),
        spoilt(Item::Instrumentation, Blocker, "RUSTFLAGS=-C instrument-coverage", |f| variable(f, "RUSTFLAGS", "-C instrument-coverage")),
        spoilt(Item::Instrumentation, Blocker, "CARGO_TARGET_X86_RUSTFLAGS=", |f| variable(f, "CARGO_TARGET_X86_RUSTFLAGS", "-Zsanitizer=address")),
        spoilt(Item::Instrumentation, Note, "LLVM_PROFILE_FILE=a.profraw", |f| variable(f, "LLVM_PROFILE_FILE", "a.profraw")),
        spoilt(Item::CgroupQuota, Blocker, "50000 of each 100000 µs in user.slice", |f| put(f, "sys/fs/cgroup/user.slice/cpu.max", "50000 100000\n")),
        spoilt(Item::CgroupQuota, Blocker, "25000 of each 50000 µs in cpu/docker", |f| {
            put(f, "sys/fs/cgroup/cpu/docker/cpu.cfs_quota_us", "25000\n");
            put(f, "sys/fs/cgroup/cpu/docker/cpu.cfs_period_us", "50000\n");
        }),
        spoilt(Item::CgroupThrottling, Blocker, "2 times now, 2 since", |f| put(f, "sys/fs/cgroup/user.slice/cpu.stat", "nr_throttled 2\n")),
        spoilt(Item::CgroupThrottling, Note, "7 times since the group began, not now", |f| {
            put(f, "sys/fs/cgroup/user.slice/cpu.stat", "nr_throttled 7\n");
            f.earlier.insert("sys/fs/cgroup/user.slice/cpu.stat".into(), Reading::Bytes(b"nr_throttled 7\n".to_vec()));
        }),
        spoilt(Item::ThermalThrottling, Blocker, "3 times now", |f| at(f, CPU, "cpu3/thermal_throttle/core_throttle_count", "3\n")),
        spoilt(Item::ThermalThrottling, Note, "4 times since boot, not now", |f| {
            at(f, CPU, "cpu3/thermal_throttle/core_throttle_count", "4\n");
            f.earlier.insert(format!("{CPU}cpu3/thermal_throttle/core_throttle_count"), Reading::Bytes(b"4\n".to_vec()));
        }),
        spoilt(Item::MainsPower, Blocker, "on battery", |f| put(f, "sys/class/power_supply/AC/online", "0\n")),
        spoilt(Item::DiskSpace, Blocker, "512 MiB free", |f| f.process.disk = Some((512 << 20, "tmpfs".into()))),
        spoilt(Item::DiskSpace, Note, "2 GiB free", |f| f.process.disk = Some((2 << 30, "tmpfs".into()))),
        spoilt(Item::DiskSpace, Unknown, "does not tell", |f| f.process.disk = None),
        spoilt(Item::ForeignTasks, Blocker, "100 % busy: so (what) (40)", |f| {
            put(f, "proc/stat", &LATER.replace("cpu3 100 0 100 1050", "cpu3 150 0 100 1000"));
            put(f, "proc/40/task/40/stat", &TASK.replace(" 100 20 ", " 140 30 "));
        }),
        spoilt(Item::ForeignTasks, Note, "4.0 % busy", |f| put(f, "proc/stat", &LATER.replace("cpu3 100 0 100 1050", "cpu3 102 0 100 1048"))),
        spoilt(Item::Steal, Blocker, "20 % now", |f| put(f, "proc/stat", &LATER.replace("cpu3 100 0 100 1050 0 0 0 0", "cpu3 100 0 100 1040 0 0 0 10"))),
        spoilt(Item::Steal, Note, "2.0 % now", |f| put(f, "proc/stat", &LATER.replace("cpu3 100 0 100 1050 0 0 0 0", "cpu3 100 0 100 1049 0 0 0 1"))),
        spoilt(Item::Governor, Blocker, "powersave", |f| at(f, POLICY, "scaling_governor", "powersave\n")),
        spoilt(Item::Load, Blocker, "4 other runnable on 4 cores", |f| put(f, "proc/loadavg", "3.90 2.00 1.00 5/300 1\n")),
        spoilt(Item::Load, Note, "2.50 over the last minute", |f| put(f, "proc/loadavg", "2.50 2.00 1.00 1/300 1\n")),
        spoilt(Item::Load, Unknown, "not understood", |f| put(f, "proc/loadavg", "much\n")),
        spoilt(Item::Pressure, Blocker, "memory 12.5 %", |f| put(f, "proc/pressure/memory", "some avg10=12.50 avg60=0 avg300=0 total=1\n")),
        spoilt(Item::Pressure, Note, "cpu 30.0 %", |f| put(f, "proc/pressure/cpu", "some avg10=30.00 avg60=0 avg300=0 total=1\n")),
        spoilt(Item::Clocksource, Blocker, "hpet", |f| put(f, "sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n")),
        spoilt(Item::Clocksource, Note, "kvm-clock", |f| put(f, "sys/devices/system/clocksource/clocksource0/current_clocksource", "kvm-clock\n")),
        spoilt(Item::Temperature, Note, "88 °C (coretemp), critical 100 °C", |f| put(f, "sys/class/hwmon/hwmon2/temp1_input", "88000\n")),
        spoilt(Item::Temperature, Blocker, "101 °C (x86_pkg_temp), critical 100 °C", |f| {
            put(f, "sys/class/thermal/thermal_zone1/type", "x86_pkg_temp\n");
            put(f, "sys/class/thermal/thermal_zone1/temp", "101000\n");
            put(f, "sys/class/thermal/thermal_zone1/trip_point_0_type", "critical\n");
            put(f, "sys/class/thermal/thermal_zone1/trip_point_0_temp", "100000\n");
        }),
        spoilt(Item::Smt, Note, "sibling 7 is online, 0 % busy", sibling),
        spoilt(Item::Smt, Blocker, "sibling 7 is online, 80 % busy", |f| {
            sibling(f);
            put(f, "proc/stat", &LATER.replace("cpu7 0 0 0 150", "cpu7 40 0 0 110"));
        }),
        spoilt(Item::IrqAffinity, Note, "1 may arrive there", |f| put(f, "proc/irq/24/smp_affinity_list", "0-3\n")),
        spoilt(Item::IrqAffinity, Blocker, "busiest: 24 eth0, 2000/s", |f| {
            put(f, "proc/irq/24/smp_affinity_list", "0-3\n");
            put(f, "proc/interrupts", &INTERRUPTS.replace("   7   PCI", "1007   PCI"));
        }),
        spoilt(Item::IrqBalance, Note, "running (process 9)", |f| put(f, "proc/9/task/9/stat", &TASK.replace("so (what)", "irqbalance"))),
        spoilt(Item::Boost, Note, "on", |f| at(f, CPU, "intel_pstate/no_turbo", "0\n")),
        spoilt(Item::Boost, Note, "on", |f| {
            f.files.remove(&format!("{CPU}intel_pstate/no_turbo"));
            at(f, CPU, "cpufreq/boost", "1\n");
        }),
        spoilt(Item::Boost, Note, "on", |f| {
            f.files.remove(&format!("{CPU}intel_pstate/no_turbo"));
            at(f, POLICY, "boost", "1\n");
        }),
        spoilt(Item::Boost, Note, "on (by its register)", |f| {
            f.files.remove(&format!("{CPU}intel_pstate/no_turbo"));
            f.process.boost_register = Some(true);
        }),
        spoilt(Item::FrequencyRange, Note, "800 to 4000 MHz", |f| {
            at(f, POLICY, "scaling_available_governors", "userspace\n");
            at(f, POLICY, "scaling_governor", "userspace\n");
        }),
        spoilt(Item::EnergyPreference, Note, "balance_power", |f| at(f, POLICY, "energy_performance_preference", "balance_power\n")),
        spoilt(Item::Scheduling, Note, "SCHED_OTHER, nice 0", |f| f.process.fifo = false),
        spoilt(Item::Scheduling, Blocker, "nice 10", |f| (f.process.fifo, f.process.nice) = (false, 10)),
        spoilt(Item::RtThrottle, Note, "950000 of 1000000 µs", |f| put(f, "proc/sys/kernel/sched_rt_runtime_us", "950000\n")),
        spoilt(Item::RtThrottle, Note, "off, but the fair server is on", |f| put(f, "sys/kernel/debug/sched/fair_server/cpu3/runtime", "50000000\n")),
        spoilt(Item::Autogroup, Note, "on", |f| f.process.fifo = false),
        spoilt(Item::Cpuset, Note, "3 of 0-3; none is left", |f| put(f, "proc/self/status", &STATUS.replace("0-3", "3"))),
        spoilt(Item::Isolation, Note, "no isolcpus, nohz_full 3", |f| at(f, CPU, "isolated", "\n")),
        spoilt(Item::Isolation, Note, "intel_pstate sees no load", |f| at(f, POLICY, "scaling_governor", "powersave\n")),
        spoilt(Item::CStates, Note, "C6 (133 µs)", |f| at(f, CPU, "cpu3/cpuidle/state2/disable", "0\n")),
        spoilt(Item::Aslr, Note, "full; switching it off for the benchmarks is refused", |f| f.process.aslr_off = false),
        spoilt(Item::Thp, Note, "always, defrag madvise", |f| put(f, "sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n")),
        spoilt(Item::Ksm, Note, "on, 5 pages", |f| {
            put(f, "sys/kernel/mm/ksm/run", "1\n");
            put(f, "sys/kernel/mm/ksm/pages_sharing", "5\n");
        }),
        spoilt(Item::NumaBalancing, Note, "on (mode 1)", |f| put(f, "proc/sys/kernel/numa_balancing", "1\n")),
        spoilt(Item::NumaNodes, Note, "2; the benchmark cores are on 1", |f| {
            put(f, "sys/devices/system/node/online", "0-1\n");
            put(f, "sys/devices/system/node/node0/cpulist", "0-1\n");
            put(f, "sys/devices/system/node/node1/cpulist", "2-3\n");
        }),
        spoilt(Item::Swap, Note, "2 MiB in use, swappiness 60", |f| put(f, "proc/swaps", "Filename Type Size Used Priority\n/swap file 9999 2048 -2\n")),
        spoilt(Item::NmiWatchdog, Note, "on", |f| put(f, "proc/sys/kernel/nmi_watchdog", "1\n")),
        spoilt(Item::PerfParanoid, Note, "4", |f| put(f, "proc/sys/kernel/perf_event_paranoid", "4\n")),
        spoilt(Item::PerfSampleRate, Note, "1 per second", |f| put(f, "proc/sys/kernel/perf_event_max_sample_rate", "1\n")),
        spoilt(Item::Preload, Note, "LD_PRELOAD=/usr/lib/libjemalloc.so", |f| variable(f, "LD_PRELOAD", "/usr/lib/libjemalloc.so")),
        spoilt(Item::GlibcTunables, Note, "glibc.malloc.arena_max=1", |f| variable(f, "GLIBC_TUNABLES", "glibc.malloc.arena_max=1")),
        spoilt(Item::CpuDispatch, Note, "x86-64-v3, fsrm, glibc 2.36: slow", |f| f.process.libc = "glibc 2.36".into()),
        spoilt(Item::Microcode, Note, "cores differ: 0xa20120a, 0xa20120b", |f| put(f, "proc/cpuinfo", &format!("{CPUINFO}\nprocessor\t: 4\nmicrocode\t: 0xa20120b\n"))),
        spoilt(Item::Microcode, Note, "known to be old", |f| at(f, CPU, "vulnerabilities/old_microcode", "Vulnerable\n")),
        spoilt(Item::Virtualisation, Note, "kvm", |f| f.process.virtualisation = "kvm".into()),
        spoilt(Item::Virtualisation, Unknown, "cannot be told", |f| f.process.virtualisation.clear()),
    ]
}

fn sibling(facts: &mut Facts) {
    at(facts, CPU, "online", "0-3,7\n");
    at(facts, CPU, "cpu3/topology/thread_siblings_list", "3,7\n");
    at(facts, CPU, "cpu7/online", "1\n");
}
