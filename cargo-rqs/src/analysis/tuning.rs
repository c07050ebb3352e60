//! Which settings of the host to change for a run, from its facts: only what is wrong, only what can be undone
//! exactly, and only for the benchmark cores where a setting belongs to cores.
//!
//! The order matters. On `intel_pstate` and `amd-pstate` the energy preference cannot be written any more once the
//! governor is `performance`; choosing a governor may switch boost on again, and boost moves the frequencies. So the
//! preference comes before the governor, and boost after everything else about clocks; it is held even where it is off
//! already. Undoing runs backwards.

use crate::model::cores::Cores;
use crate::model::facts::{Facts, Reading};
use crate::model::item::Item;
use crate::model::tuning::{Change, Tuning, reads_as};

/// Idle states that take longer to leave than this many microseconds are switched off.
pub const SLOWEST_WAKE_UP_US: i64 = 10;
/// Hardware counters of one's own programs are permitted up to this level.
pub const MOST_PARANOID: i64 = 2;

const POLICIES: &str = "sys/devices/system/cpu/cpufreq/";
const CPUS: &str = "sys/devices/system/cpu/";

/// What may be changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    /// Whether the siblings of the benchmark cores may be taken offline. It is not undone in every respect: control
    /// groups of the first version forget the cores, and processes that were pinned to them are moved.
    pub siblings: bool,
}

/// Everything that is to be changed on a host.
pub fn plan(facts: &Facts, permission: Permission) -> Tuning {
    let mut planner = Planner { facts, tuning: Tuning::default() };
    planner.clocks();
    planner.idle_states();
    planner.memory();
    planner.scheduler();
    planner.counters();
    let offline = if permission.siblings { siblings_to_take(facts) } else { Cores::default() };
    planner.interrupts(&offline);
    for core in offline.iter() {
        planner.set(Item::Smt, &format!("{CPUS}cpu{core}/online"), "0");
    }
    planner.tuning
}

/// Frequency policies that the benchmark cores belong to, as folders with a slash at their end.
pub fn policies(facts: &Facts) -> Vec<String> {
    let cores = facts.measured_cores();
    let affected = facts.below(POLICIES).filter_map(|(rest, list)| {
        let policy = rest.strip_suffix("/affected_cpus")?;
        Cores::parse(&list).filter(|affected| affected.meets(&cores)).map(|_| format!("{POLICIES}{policy}/"))
    });
    affected.collect()
}

/// Where boost is switched, and what switches it off. Every driver has its own place.
pub fn boost_switches(facts: &Facts) -> Vec<(String, &'static str)> {
    let intel = format!("{CPUS}intel_pstate/no_turbo");
    let global = format!("{POLICIES}boost");
    if facts.files.contains_key(&intel) {
        return vec![(intel, "1")];
    }
    if facts.files.contains_key(&global) {
        return vec![(global, "0")];
    }
    let own = policies(facts).into_iter().map(|policy| format!("{policy}boost"));
    own.filter(|path| facts.files.contains_key(path)).map(|path| (path, "0")).collect()
}

/// Switches of the idle states of the benchmark cores that take long to leave.
pub fn slow_idle_states(facts: &Facts) -> Vec<String> {
    let mut slow = Vec::new();
    for core in facts.measured_cores().iter() {
        let folder = format!("{CPUS}cpu{core}/cpuidle/");
        for (rest, latency) in facts.below(&folder) {
            let Some(state) = rest.strip_suffix("/latency") else { continue };
            if latency.parse::<i64>().is_ok_and(|us| us > SLOWEST_WAKE_UP_US) {
                slow.push(format!("{folder}{state}/disable"));
            }
        }
    }
    slow
}

/// The online siblings of the benchmark cores.
pub fn siblings(facts: &Facts) -> Cores {
    let of_core = |core| facts.cores(&format!("{CPUS}cpu{core}/topology/thread_siblings_list"));
    let all = facts.bench_cores.iter().filter_map(of_core);
    let all = all.fold(Cores::default(), |all, cores| all.with(&cores));
    Cores::from_iter(all.without(&facts.bench_cores).iter().filter(|core| facts.online().contains(*core)))
}

/// What the fair servers of the benchmark cores may take: since Linux 6.12 they give ordinary tasks, in place of the
/// throttle, some time of a core that a real-time task keeps busy. Where the kernel shows them.
pub fn fair_servers(facts: &Facts) -> Vec<String> {
    let path = |core| format!("sys/kernel/debug/sched/fair_server/cpu{core}/runtime");
    facts.bench_cores.iter().map(path).filter(|path| facts.files.contains_key(path)).collect()
}

/// Interrupts that may arrive at the benchmark cores, with the cores that they may arrive at.
pub fn interrupts_on(facts: &Facts, cores: &Cores) -> Vec<(u32, Cores)> {
    let mut found: Vec<(u32, Cores)> = facts
        .below("proc/irq/")
        .filter_map(|(rest, list)| {
            let irq = rest.strip_suffix("/smp_affinity_list")?.parse().ok()?;
            Some((irq, Cores::parse(&list)?)).filter(|(_, allowed)| allowed.meets(cores))
        })
        .collect();
    found.sort_by_key(|(irq, _)| *irq);
    found
}

/// Siblings that may be taken offline so that a core for the coordinator remains.
fn siblings_to_take(facts: &Facts) -> Cores {
    let can = |core: &u32| facts.files.contains_key(&format!("{CPUS}cpu{core}/online"));
    let siblings = Cores::from_iter(siblings(facts).iter().filter(can));
    let rest = facts.online().without(&facts.bench_cores).without(&siblings);
    if rest.is_empty() { Cores::default() } else { siblings }
}

struct Planner<'a> {
    facts: &'a Facts,
    tuning: Tuning,
}

impl Planner<'_> {
    /// Plans a change of a file that is there and reads otherwise.
    fn set(&mut self, item: Item, path: &str, wanted: &str) {
        if let Some(Reading::Bytes(before)) = self.facts.files.get(path)
            && !reads_as(before, wanted)
        {
            self.hold(item, path, wanted);
        }
    }

    /// Plans that a file that is there reads as wanted after everything before, whatever it reads now.
    fn hold(&mut self, item: Item, path: &str, wanted: &str) {
        if let Some(Reading::Bytes(before)) = self.facts.files.get(path) {
            let (path, before, write) = (path.to_owned(), before.clone(), wanted.to_owned());
            self.tuning.changes.push(Change { item, path, before, write });
        }
    }

    fn clocks(&mut self) {
        let policies = policies(self.facts);
        let offers = |path: String, word: &str| {
            self.facts.text(&path).is_none_or(|offered| offered.split(' ').any(|one| one == word))
        };
        for policy in &policies {
            // Drivers that take numbers instead of words list no words.
            let listed = self.facts.text(&format!("{policy}energy_performance_available_preferences"));
            if listed.is_some_and(|words| words.split(' ').any(|word| word == "performance")) {
                let path = format!("{policy}energy_performance_preference");
                self.set(Item::EnergyPreference, &path, "performance");
            }
        }
        for policy in &policies {
            if offers(format!("{policy}scaling_available_governors"), "performance") {
                self.set(Item::Governor, &format!("{policy}scaling_governor"), "performance");
            } else if let Some(highest) = self.facts.text(&format!("{policy}scaling_max_freq")) {
                self.set(Item::FrequencyRange, &format!("{policy}scaling_min_freq"), &highest);
            }
        }
        let moved = self.tuning.changes.iter().any(|change| change.item == Item::Governor);
        for (path, off) in boost_switches(self.facts) {
            match moved {
                true => self.hold(Item::Boost, &path, off),
                false => self.set(Item::Boost, &path, off),
            }
        }
    }

    fn idle_states(&mut self) {
        for path in slow_idle_states(self.facts) {
            self.set(Item::CStates, &path, "1");
        }
    }

    fn memory(&mut self) {
        const HUGE: &str = "sys/kernel/mm/transparent_hugepage/enabled";
        if self.facts.text(HUGE).is_some_and(|text| text.contains("[always]")) {
            self.set(Item::Thp, HUGE, "madvise");
        }
        if self.facts.number("sys/kernel/mm/ksm/run") == Some(1) {
            self.set(Item::Ksm, "sys/kernel/mm/ksm/run", "0");
        }
        if self.facts.number("proc/sys/kernel/numa_balancing").is_some_and(|mode| mode != 0) {
            self.set(Item::NumaBalancing, "proc/sys/kernel/numa_balancing", "0");
        }
        if !self.facts.process.aslr_off {
            self.set(Item::Aslr, "proc/sys/kernel/randomize_va_space", "0");
        }
    }

    fn scheduler(&mut self) {
        const THROTTLE: &str = "proc/sys/kernel/sched_rt_runtime_us";
        if !self.facts.process.fifo {
            self.set(Item::Autogroup, "proc/sys/kernel/sched_autogroup_enabled", "0");
        } else if !self.facts.bench_cores.is_empty() {
            // Without a second core, a benchmark that hangs would keep everybody out of the machine.
            if self.facts.online().covers(&self.facts.bench_cores)
                && self.facts.online().len() > self.facts.bench_cores.len()
            {
                self.set(Item::RtThrottle, THROTTLE, "-1");
                for server in fair_servers(self.facts) {
                    self.set(Item::RtThrottle, &server, "0");
                }
            } else if self.facts.number(THROTTLE).is_some_and(|us| us >= 0) {
                self.tuning.left.push(
                    "rt-throttle stays on: without another core, a benchmark that hangs would take the whole \
                     machine along"
                        .into(),
                );
            }
        }
    }

    fn counters(&mut self) {
        self.set(Item::NmiWatchdog, "proc/sys/kernel/nmi_watchdog", "0");
        const PARANOID: &str = "proc/sys/kernel/perf_event_paranoid";
        if self.facts.number(PARANOID).is_some_and(|level| level > MOST_PARANOID) {
            self.set(Item::PerfParanoid, PARANOID, &MOST_PARANOID.to_string());
        }
    }

    /// Interrupts go to the other cores. Those of cores that will be offline are moved as well, because the kernel
    /// moves them by itself then and does not move them back.
    fn interrupts(&mut self, offline: &Cores) {
        let busy = self.facts.bench_cores.with(offline);
        if busy.is_empty() {
            return;
        }
        let others = self.facts.online().without(&busy);
        let found = interrupts_on(self.facts, &busy);
        if others.is_empty() {
            if !found.is_empty() {
                self.tuning.left.push("irq-affinity stays: there is no other core for the interrupts".into());
            }
            return;
        }
        const DEFAULT: &str = "proc/irq/default_smp_affinity";
        let default = self.facts.text(DEFAULT).and_then(|mask| Cores::parse_mask(&mask));
        if default.is_some_and(|default| default.meets(&busy)) {
            self.set(Item::IrqAffinity, DEFAULT, &others.mask());
        }
        for (irq, allowed) in found {
            let rest = allowed.without(&busy);
            let rest = Cores::from_iter(rest.iter().filter(|core| self.facts.online().contains(*core)));
            let wanted = if rest.is_empty() { &others } else { &rest };
            let path = format!("proc/irq/{irq}/smp_affinity_list");
            self.set(Item::IrqAffinity, &path, &wanted.to_string());
        }
    }
}

#[cfg(test)]
mod tests;
