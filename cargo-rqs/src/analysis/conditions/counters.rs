//! Clocks and counters that measure: clock source, watchdog, and what the kernel permits of performance events.

use super::{of_file, of_number, write_as_root};
use crate::analysis::tuning::MOST_PARANOID;
use crate::model::check::{Check, Status};
use crate::model::facts::Facts;
use crate::model::item::Item;

const CURRENT: &str = "sys/devices/system/clocksource/clocksource0/current_clocksource";
const AVAILABLE: &str = "sys/devices/system/clocksource/clocksource0/available_clocksource";
/// Samples per second that a profile needs.
const FEWEST_SAMPLES_PER_S: i64 = 1000;

pub(super) fn clocksource(facts: &Facts) -> Check {
    let item = Item::Clocksource;
    of_file(facts, item, CURRENT, "the kernel does not name it", |source| {
        let offered = facts.text(AVAILABLE).unwrap_or_default();
        let better = offered.split_ascii_whitespace().find(|offer| *offer == "tsc" && source != "tsc");
        let mend = match better {
            Some(better) => write_as_root(facts, better, CURRENT),
            None => "boot with `tsc=reliable` where the processor's counter is sound".to_owned(),
        };
        let status = match source {
            // ARM, RISC-V, POWER and s390 have one counter that is read without a system call.
            "tsc" | "arch_sys_counter" | "riscv_clocksource" | "timebase" | "tod" => Status::Ok,
            "kvm-clock" | "hyperv_clocksource_tsc_page" => Status::Note,
            _ => Status::Blocker,
        };
        Check::new(item, status, source).mended_by(mend)
    })
}

pub(super) fn nmi_watchdog(facts: &Facts) -> Check {
    let item = Item::NmiWatchdog;
    let path = "proc/sys/kernel/nmi_watchdog";
    of_number(facts, item, path, "the kernel has none", |enabled| match enabled {
        0 => Check::ok(item, "off"),
        _ => Check::new(item, Status::Note, "on").mended_by(write_as_root(facts, "0", path)),
    })
}

pub(super) fn perf_paranoid(facts: &Facts) -> Check {
    let item = Item::PerfParanoid;
    let path = "proc/sys/kernel/perf_event_paranoid";
    of_number(facts, item, path, "the kernel has no performance events", |level| {
        if level <= MOST_PARANOID {
            return Check::ok(item, level.to_string());
        }
        Check::new(item, Status::Note, level.to_string()).mended_by(write_as_root(
            facts,
            &MOST_PARANOID.to_string(),
            path,
        ))
    })
}

pub(super) fn perf_sample_rate(facts: &Facts) -> Check {
    let item = Item::PerfSampleRate;
    let path = "proc/sys/kernel/perf_event_max_sample_rate";
    of_number(facts, item, path, "the kernel has no performance events", |rate| {
        let share = facts.text("proc/sys/kernel/perf_cpu_time_max_percent");
        let share = share.map_or(String::new(), |share| format!(", for at most {share} % of the time"));
        let status = if rate < FEWEST_SAMPLES_PER_S { Status::Note } else { Status::Ok };
        Check::new(item, status, format!("{rate} per second{share}"))
            .mended_by(write_as_root(facts, "100000", path))
    })
}
