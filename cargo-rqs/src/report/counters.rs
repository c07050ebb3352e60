//! Counters and resources in words: what stands under a benchmark, and why counters are missing.

use std::collections::BTreeMap;

use super::numbers;
use crate::analysis::row::Row;
use crate::analysis::used::{Count, ResourceUse, Used};
use crate::model::{ByRole, Counter, Counters, Missing};

/// What was counted of a benchmark, in one line; `None` when the processor's counters told nothing.
pub fn counted(row: &Row) -> Option<String> {
    let Used { counts, instructions_per_cycle, branch_miss_rate, cache_miss_rate, .. } = &row.used;
    let mut parts = Vec::new();
    for (counter, noun) in [
        (Counter::Instructions, "instructions"),
        (Counter::Cycles, "cycles"),
        (Counter::L1dMisses, "L1D misses"),
        (Counter::DtlbMisses, "dTLB misses"),
    ] {
        parts.extend(counts.get(&counter).map(|count| amount(count, noun)));
    }
    parts.extend(
        instructions_per_cycle.map(|ipc| format!("IPC {}", pair(ipc, |value| format!("{value:.2}")))),
    );
    for (rate, noun) in [(branch_miss_rate, "branch misses"), (cache_miss_rate, "cache misses")] {
        parts.extend(
            rate.map(|rate| format!("{noun} {}", pair(rate, |value| format!("{:.2}%", 100.0 * value)))),
        );
    }
    if let Some(lost) = row.used.unscheduled_turns.values().max() {
        let turns = numbers::count(*lost, "turn");
        parts.push(format!("left out what was off the processor, in {turns}"));
    }
    (!parts.is_empty()).then(|| format!("an iteration: {}", parts.join(", ")))
}

/// `12.35 k instructions (+5.00%)`
fn amount(count: &Count, noun: &str) -> String {
    let ByRole { candidate, .. } = count.per_iteration();
    let change = count.change().map(|change| format!(" ({})", numbers::change(change))).unwrap_or_default();
    format!("{} {noun}{change}", short(candidate))
}

/// Both values, or one of them when they look the same.
fn pair(values: ByRole<f64>, show: impl Fn(f64) -> String) -> String {
    let ByRole { baseline, candidate } = values.map(show);
    if baseline == candidate { candidate } else { format!("{baseline} to {candidate}") }
}

/// Four significant digits, with `k`, `M` or `G` for thousands, millions and milliards.
fn short(value: f64) -> String {
    let (scaled, unit) = match value {
        v if v >= 999.95e6 => (v / 1e9, " G"),
        v if v >= 999.95e3 => (v / 1e6, " M"),
        v if v >= 9999.5 => (v / 1e3, " k"),
        v => (v, ""),
    };
    let decimals = match scaled {
        v if v >= 999.95 => 0,
        v if v >= 99.995 => 1,
        v if v >= 9.9995 => 2,
        _ => 3,
    };
    let shown = format!("{scaled:.decimals$}");
    let shown = if shown.contains('.') { shown.trim_end_matches('0').trim_end_matches('.') } else { &shown };
    format!("{shown}{unit}")
}

/// What a benchmark used of the machine, in one line: all of it, or its peak of memory when that changed notably.
pub fn resources(row: &Row, all: bool) -> Option<String> {
    let used = row.used.resources.as_ref()?;
    let mut parts = Vec::new();
    if all {
        parts.push(format!("processor {}", pair(used.cpu_percent, |value| format!("{value:.0}%"))));
    }
    if all || used.memory_changed_notably() {
        parts.extend(memory(used));
    }
    if all {
        let rate = |value: f64| format!("{} MB/s", short((value * 1000.0).round() / 1000.0));
        parts.extend(used.disk_io_mbps.map(|rates| format!("disk {}", pair(rates, rate))));
        parts.extend(used.network_mbps.map(|rates| format!("network {}", pair(rates, rate))));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn memory(used: &ResourceUse) -> Option<String> {
    let peak = used.memory_mb?;
    let change =
        used.memory_change().map(|change| format!(" ({})", numbers::change(change))).unwrap_or_default();
    let since = if used.memory_since_start { ", since the start of the process" } else { "" };
    Some(format!("peak memory {}{change}{since}", pair(peak, |value| format!("{value:.1} MB"))))
}

/// Why counters that were asked for are missing, each reason with the way out; `None` when all of them counted.
pub fn missing(counting: &Counters) -> Option<String> {
    let mut reasons = BTreeMap::<String, Vec<Counter>>::new();
    for (counter, why) in &counting.missing {
        reasons.entry(reason(*counter, *why)).or_default().push(*counter);
    }
    let hardware: Vec<Counter> = counting.asked.iter().copied().filter(|it| it.is_hardware()).collect();
    let mut sentences = Vec::new();
    for (reason, counters) in reasons {
        let all_hardware = !hardware.is_empty() && counters == hardware;
        let names: Vec<&str> = counters.iter().map(|counter| counter.name()).collect();
        let who = if all_hardware {
            "none of the processor's".to_owned()
        } else {
            format!("no {}", names.join(", "))
        };
        sentences.push(format!("{who}: {reason}"));
    }
    // Without threads it is all the same who tells.
    if counting.threads && !counting.from_usage.is_empty() {
        let names: Vec<&str> = counting.from_usage.iter().map(|counter| counter.name()).collect();
        sentences.push(format!("{} of the timing thread alone", names.join(" and ")));
    }
    (!sentences.is_empty()).then(|| sentences.join("; "))
}

fn reason(counter: Counter, why: Missing) -> String {
    match why {
        Missing::NotThere if counter.is_hardware() => {
            "this machine, or its hypervisor, offers no such counters".into()
        }
        Missing::NotThere => "this kernel does not offer it".into(),
        Missing::NotPermitted => {
            "not permitted; set `sysctl kernel.perf_event_paranoid=1` or grant CAP_PERFMON \
                                  (in a container, its seccomp profile has to let `perf_event_open` pass)"
                .into()
        }
        Missing::Busy => {
            "somebody else occupies the processor's counters (another profiler, or the NMI watchdog: \
                          `sysctl kernel.nmi_watchdog=0`)"
                .into()
        }
        Missing::Refused(errno) => format!("refused by the kernel (errno {errno})"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn counts_are_short_and_keep_four_digits() {
        let shown = [0.0, 0.1234, 3.0, 12.345, 999.96, 9_999.4, 12_345.0, 1_234_567.0, 2.5e9].map(short);
        assert_eq!(shown, ["0", "0.123", "3", "12.35", "1000", "9999", "12.35 k", "1.235 M", "2.5 G"]);
    }

    #[test]
    fn a_counted_benchmark_says_what_an_iteration_took_and_one_without_a_pmu_nothing() {
        let (_, counted_run) = samples::with_counters();
        let lines: Vec<_> = counted_run.rows().map(counted).collect();
        assert_eq!(
            lines,
            [
                Some(
                    "an iteration: 12.6 k instructions (+5.00%), 6000 cycles (0.00%), IPC 2.00 to 2.10, branch misses \
                     1.00%, cache misses 5.00% to 10.00%"
                        .to_owned()
                ),
                None,
            ]
        );
    }

    #[test]
    fn resources_are_shown_when_asked_for_and_memory_when_it_changed() {
        let (_, run) = samples::with_counters();
        let rows: Vec<_> = run.rows().collect();
        assert_eq!(resources(rows[0], false).unwrap(), "peak memory 4.0 MB to 6.0 MB (+50.00%)");
        assert_eq!(
            resources(rows[0], true).unwrap(),
            "processor 100% to 99%, peak memory 4.0 MB to 6.0 MB (+50.00%), disk 0 MB/s, network 0.5 MB/s"
        );
        assert_eq!(resources(rows[1], false), None);
    }

    #[test]
    fn every_reason_names_the_way_out_and_a_machine_without_counters_says_so_once() {
        let counting = |missing: &[(Counter, Missing)], from_usage: &[Counter]| Counters {
            asked: Counter::DEFAULT.to_vec(),
            threads: true,
            missing: missing.iter().copied().collect(),
            from_usage: from_usage.to_vec(),
        };
        let hardware: Vec<_> =
            Counter::ALL[..6].iter().map(|&counter| (counter, Missing::NotThere)).collect();
        assert_eq!(
            missing(&counting(&hardware, &[])).unwrap(),
            "none of the processor's: this machine, or its hypervisor, offers no such counters"
        );
        let refused = [(Counter::Cycles, Missing::Busy), (Counter::ContextSwitches, Missing::NotPermitted)];
        let told = missing(&counting(&refused, &[Counter::ContextSwitches])).unwrap();
        for part in [
            "no cycles: somebody else",
            "nmi_watchdog=0",
            "no context-switches: not permitted",
            "perf_event_paranoid=1",
            "CAP_PERFMON",
            "; context-switches of the timing thread alone",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
        assert_eq!(missing(&counting(&[], &[])), None);
    }
}
