//! The host's facts to checks: how each condition stands, and what mends it. One small function for each item.

mod clocks;
mod code;
mod cores;
mod counters;
mod heat;
mod memory;
mod others;
mod scheduling;

use super::tuning::{self, Permission};
use crate::model::check::{self, Check, Status};
use crate::model::facts::{Facts, Known};
use crate::model::item::Item;

/// All conditions, the worst first.
pub fn check(facts: &Facts) -> Vec<Check> {
    let plan = tuning::plan(facts, Permission::default());
    let tune = tune_command(facts);
    let mut checks: Vec<Check> = Item::ALL.iter().map(|item| judge(*item, facts)).collect();
    for check in &mut checks {
        let mends = |item: Item| {
            // The governor `performance` stays at the top of any range.
            item == check.item || (item == Item::Governor && check.item == Item::FrequencyRange)
        };
        check.tunable = check.status != Status::Ok && plan.changes.iter().any(|change| mends(change.item));
        if check.tunable {
            check.mend = Some(tune.clone());
        }
    }
    check::worst_first(&mut checks);
    checks
}

/// What mends everything that can be tuned.
pub fn tune_command(facts: &Facts) -> String {
    match facts.process.root {
        true => "cargo rqs env tune".to_owned(),
        false => format!("sudo {} env tune", facts.process.program),
    }
}

fn judge(item: Item, facts: &Facts) -> Check {
    match item {
        Item::Affinity => cores::affinity(facts),
        Item::Tracer => code::tracer(facts),
        Item::Instrumentation => code::instrumentation(facts),
        Item::CgroupQuota => scheduling::cgroup_quota(facts),
        Item::CgroupThrottling => scheduling::cgroup_throttling(facts),
        Item::ThermalThrottling => heat::throttling(facts),
        Item::MainsPower => heat::mains_power(facts),
        Item::DiskSpace => memory::disk_space(facts),
        Item::ForeignTasks => others::foreign_tasks(facts),
        Item::Steal => others::steal(facts),
        Item::Governor => clocks::governor(facts),
        Item::Load => others::load(facts),
        Item::Pressure => others::pressure(facts),
        Item::Clocksource => counters::clocksource(facts),
        Item::Temperature => heat::temperature(facts),
        Item::Smt => cores::smt(facts),
        Item::IrqAffinity => cores::irq_affinity(facts),
        Item::IrqBalance => cores::irq_balance(facts),
        Item::Boost => clocks::boost(facts),
        Item::FrequencyRange => clocks::frequency_range(facts),
        Item::EnergyPreference => clocks::energy_preference(facts),
        Item::PstateMode => clocks::pstate_mode(facts),
        Item::Scheduling => scheduling::class(facts),
        Item::RtThrottle => scheduling::rt_throttle(facts),
        Item::Autogroup => scheduling::autogroup(facts),
        Item::Cpuset => cores::cpuset(facts),
        Item::Isolation => cores::isolation(facts),
        Item::CStates => clocks::c_states(facts),
        Item::Aslr => memory::aslr(facts),
        Item::Thp => memory::thp(facts),
        Item::Ksm => memory::ksm(facts),
        Item::NumaBalancing => memory::numa_balancing(facts),
        Item::NumaNodes => memory::numa_nodes(facts),
        Item::Swap => memory::swap(facts),
        Item::NmiWatchdog => counters::nmi_watchdog(facts),
        Item::PerfParanoid => counters::perf_paranoid(facts),
        Item::PerfSampleRate => counters::perf_sample_rate(facts),
        Item::Preload => code::preload(facts),
        Item::GlibcTunables => code::glibc_tunables(facts),
        Item::CpuDispatch => code::cpu_dispatch(facts),
        Item::Microcode => code::microcode(facts),
        Item::Mitigations => code::mitigations(facts),
        Item::Virtualisation => others::virtualisation(facts),
    }
}

/// Judges the text of a file, where it is there and may be read.
fn of_file(facts: &Facts, item: Item, path: &str, absent: &str, judge: impl FnOnce(&str) -> Check) -> Check {
    match facts.known(path) {
        Known::Text(text) => judge(&text),
        Known::Absent => Check::not_there(item, absent),
        Known::Refused(why) => refused(item, path, &why),
    }
}

/// Judges the number in a file, where it is there and may be read.
fn of_number(facts: &Facts, item: Item, path: &str, absent: &str, judge: impl FnOnce(i64) -> Check) -> Check {
    of_file(facts, item, path, absent, |text| match text.parse() {
        Ok(number) => judge(number),
        Err(_) => not_understood(item, path, text),
    })
}

fn refused(item: Item, path: &str, why: &str) -> Check {
    Check::new(item, Status::Unknown, format!("cannot read /{path}: {why}"))
}

fn not_understood(item: Item, path: &str, text: &str) -> Check {
    Check::new(item, Status::Unknown, format!("/{path} reads `{text}`, which is not understood"))
}

/// `command` as root.
fn as_root(facts: &Facts, command: &str) -> String {
    if facts.process.root { command.to_owned() } else { format!("sudo {command}") }
}

/// The command that writes a value to a file as root.
fn write_as_root(facts: &Facts, value: &str, path: &str) -> String {
    let tee = as_root(facts, "tee");
    format!("echo {value} | {tee} /{path}")
}

/// A share in percent with the decimals that it needs.
fn percent(part: u64, whole: u64) -> String {
    let share = if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 };
    if share >= 10.0 || share == 0.0 { format!("{share:.0} %") } else { format!("{share:.1} %") }
}

#[cfg(test)]
pub mod machines;
#[cfg(test)]
mod tests;
