//! What the machine tells of itself before and after an epoch, for the ledger of disturbances. Reads, and changes nothing.
#![allow(clippy::disallowed_methods, reason = "this room reads the machine's counters")]

mod processes;
mod sensors;
mod texts;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use self::processes::Usage;
use self::texts::{CoreTicks, Pressure, Throttling};
use crate::model::ledger::LedgerEntry;

/// Where the ledger is read, and for which cores.
#[derive(Debug)]
pub struct LedgerReader {
    root: PathBuf,
    bench_cpus: Vec<u32>,
    coordinator_cpu: Option<u32>,
}

/// The machine's counters at one moment.
#[derive(Debug)]
pub struct Reading {
    at: Instant,
    bench: Option<CoreTicks>,
    coordinator: Option<CoreTicks>,
    pressure: [Option<Pressure>; 3],
    thermal_throttles: Option<u64>,
    cgroup: Option<Throttling>,
    processes: Usage,
}

impl LedgerReader {
    /// A reader for runs whose benchmarks are on `bench_cpus` (empty: on any), and their coordinator on another core.
    pub fn new(bench_cpus: &[u32], coordinator_cpu: Option<u32>) -> LedgerReader {
        LedgerReader::below(Path::new("/"), bench_cpus, coordinator_cpu)
    }

    fn below(root: &Path, bench_cpus: &[u32], coordinator_cpu: Option<u32>) -> LedgerReader {
        LedgerReader { root: root.to_owned(), bench_cpus: bench_cpus.to_vec(), coordinator_cpu }
    }

    fn text(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok()
    }

    /// Reads everything that counts up. Whatever cannot be read is not told.
    pub fn read(&self) -> Reading {
        let stat = self.text("proc/stat").unwrap_or_default();
        let pressure = |what: &str| texts::pressure(&self.text(&format!("proc/pressure/{what}"))?);
        Reading {
            bench: texts::core_ticks(&stat, &self.bench_cpus),
            coordinator: self.coordinator_cpu.and_then(|cpu| texts::core_ticks(&stat, &[cpu])),
            pressure: ["cpu", "memory", "io"].map(pressure),
            thermal_throttles: sensors::thermal_throttles(&self.root, &self.bench_cpus),
            cgroup: self.throttling(),
            processes: processes::usage(),
            at: Instant::now(),
        }
    }

    /// What happened since an earlier reading. `suite` and `epoch` name what was measured in between.
    pub fn since(&self, before: &Reading, suite: usize, epoch: u32) -> LedgerEntry {
        let after = self.read();
        let ticks = |of: fn(&Reading) -> Option<CoreTicks>, what: fn(CoreTicks) -> u64| {
            Some(what(of(&after)?).saturating_sub(what(of(before)?)))
        };
        let pressure = |k: usize, what: fn(Pressure) -> Option<u64>| {
            Some(what(after.pressure[k]?)?.saturating_sub(what(before.pressure[k]?)?))
        };
        let throttled =
            |what: fn(Throttling) -> u64| Some(what(after.cgroup?).saturating_sub(what(before.cgroup?)));
        let used = after.processes.since(&before.processes);
        let [load_hundredths, runnable] =
            self.text("proc/loadavg").map_or([None; 2], |text| texts::load(&text));
        LedgerEntry {
            suite: suite as u64,
            epoch: u64::from(epoch),
            wall_us: (after.at - before.at).as_micros() as u64,
            steal_ticks: ticks(|reading| reading.bench, |ticks| ticks.steal),
            bench_busy_ticks: ticks(|reading| reading.bench, |ticks| ticks.busy),
            bench_own_us: Some(used.children_us),
            coordinator_busy_ticks: ticks(|reading| reading.coordinator, |ticks| ticks.busy),
            coordinator_own_us: self.coordinator_cpu.map(|_| used.own_us),
            voluntary_switches: Some(used.voluntary_switches),
            involuntary_switches: Some(used.involuntary_switches),
            migrations: None,
            minor_faults: Some(used.minor_faults),
            major_faults: Some(used.major_faults),
            pressure_cpu_some_us: pressure(0, |it| Some(it.some_us)),
            pressure_cpu_full_us: pressure(0, |it| it.full_us),
            pressure_memory_some_us: pressure(1, |it| Some(it.some_us)),
            pressure_memory_full_us: pressure(1, |it| it.full_us),
            pressure_io_some_us: pressure(2, |it| Some(it.some_us)),
            pressure_io_full_us: pressure(2, |it| it.full_us),
            thermal_throttles: difference(after.thermal_throttles, before.thermal_throttles),
            temperature_millicelsius: sensors::temperature_millicelsius(&self.root),
            frequency_khz: self.bench_cpus.first().and_then(|cpu| sensors::frequency_khz(&self.root, *cpu)),
            load_hundredths,
            runnable,
            cgroup_throttles: throttled(|it| it.times),
            cgroup_throttled_us: throttled(|it| it.us),
        }
    }

    /// How often this process's control groups, and those above them, were held back; `None` where none has a quota's
    /// statistics.
    fn throttling(&self) -> Option<Throttling> {
        let groups = texts::cpu_groups(&self.text("proc/self/cgroup")?);
        // One hierarchy may have several names.
        let files: BTreeSet<PathBuf> = groups
            .iter()
            .filter_map(|folder| fs::canonicalize(self.root.join(folder).join("cpu.stat")).ok())
            .collect();
        let throttling = |file: &PathBuf| texts::throttling(&fs::read_to_string(file).ok()?);
        files.iter().filter_map(throttling).reduce(Throttling::plus)
    }
}

fn difference(after: Option<u64>, before: Option<u64>) -> Option<u64> {
    Some(after?.saturating_sub(before?))
}
