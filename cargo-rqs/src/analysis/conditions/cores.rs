//! Which cores the benchmarks get, and who else may use them: affinity, cpuset, isolation, siblings, interrupts.

use super::others::Tasks;
use super::{of_file, refused};
use crate::analysis::tuning;
use crate::model::check::{Check, Status};
use crate::model::cores::Cores;
use crate::model::facts::{self, Facts, Files, Known};
use crate::model::item::Item;

/// Interrupts per second on a benchmark core beyond which a run is not worth starting.
const MOST_INTERRUPTS_PER_S: u64 = 1000;
/// A sibling that is busy for a larger share of the time, in percent, disturbs.
const BUSIEST_SIBLING: u64 = 5;

pub(super) fn affinity(facts: &Facts) -> Check {
    let item = Item::Affinity;
    let cores = &facts.bench_cores;
    match &facts.process.affinity_refused {
        Some(why) => Check::new(item, Status::Blocker, format!("core {cores} is refused: {why}"))
            .mended_by("name cores that are allowed with `--cpu`"),
        None if cores.is_empty() => Check::new(item, Status::Note, "not pinned to any core")
            .mended_by("name a core with `--cpu`, on a machine with two or more"),
        None => Check::ok(item, format!("core {cores} is granted")),
    }
}

pub(super) fn cpuset(facts: &Facts) -> Check {
    let item = Item::Cpuset;
    of_file(facts, item, "proc/self/status", "no /proc", |status| {
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        let Some(allowed) = list.and_then(Cores::parse) else {
            return Check::new(item, Status::Unknown, "the allowed cores are not listed");
        };
        let online = facts.online();
        let value = match allowed.covers(&online) {
            true => format!("all of {online}"),
            false => format!("{allowed} of {online}"),
        };
        if allowed.without(&facts.bench_cores).is_empty() {
            return Check::new(item, Status::Note, format!("{value}; none is left for the coordinator"))
                .mended_by("give this process a second core (`cpuset.cpus`, `taskset`, or the container's)");
        }
        Check::ok(item, value)
    })
}

pub(super) fn isolation(facts: &Facts) -> Check {
    let item = Item::Isolation;
    let command_line = match facts.known("proc/cmdline") {
        Known::Text(text) => text,
        Known::Absent => return Check::not_there(item, "the kernel's command line is not shown"),
        Known::Refused(why) => return refused(item, "proc/cmdline", &why),
    };
    let listed = |path: &str| facts.cores(path).unwrap_or_default();
    let isolated = listed("sys/devices/system/cpu/isolated");
    let tickless = listed("sys/devices/system/cpu/nohz_full");
    let parameter = command_line.split(' ').find_map(|word| word.strip_prefix("rcu_nocbs="));
    let offloaded = parameter.map(|list| match list {
        "all" => facts.online(),
        list => Cores::parse(list).unwrap_or_default(),
    });
    let offloaded = offloaded.unwrap_or_default().with(&tickless);
    let sets = [("isolcpus", &isolated), ("nohz_full", &tickless), ("rcu_nocbs", &offloaded)];
    let value: Vec<String> = sets
        .iter()
        .map(|(name, cores)| match cores.is_empty() {
            true => format!("no {name}"),
            false => format!("{name} {cores}"),
        })
        .collect();
    let value = value.join(", ");
    let cores = &facts.bench_cores;
    let governed = |policy: &String| facts.text(&format!("{policy}scaling_governor"));
    let follows_load = tuning::policies(facts).iter().filter_map(governed).any(|name| name != "performance");
    let intel = facts.text("sys/devices/system/cpu/intel_pstate/status").is_some_and(|mode| mode != "off");
    if intel && follows_load && tickless.meets(cores) {
        return Check::new(item, Status::Note, format!("{value}; intel_pstate sees no load without ticks"))
            .mended_by(
                "set the governor `performance`, or leave nohz_full out of the kernel's command line",
            );
    }
    if !cores.is_empty() && sets.iter().all(|(_, set)| set.covers(cores)) {
        return Check::ok(item, value);
    }
    if facts.online().len() < 2 {
        return Check::not_there(item, "one core only");
    }
    let core = if cores.is_empty() { "CORE".to_owned() } else { cores.to_string() };
    Check::new(item, Status::Note, value).mended_by(format!(
        "boot with `isolcpus={core} nohz_full={core} rcu_nocbs={core}`, and use `--cpu {core}`"
    ))
}

pub(super) fn smt(facts: &Facts) -> Check {
    let item = Item::Smt;
    if facts.bench_cores.is_empty() {
        return match facts.text("sys/devices/system/cpu/smt/active").as_deref() {
            Some("1") => Check::new(item, Status::Note, "on, and benchmarks are not pinned")
                .mended_by("name a core with `--cpu`"),
            _ => Check::ok(item, "no core has an online sibling"),
        };
    }
    let siblings = tuning::siblings(facts);
    if siblings.is_empty() {
        return Check::ok(item, format!("core {} has no online sibling", facts.bench_cores));
    }
    let (busy, whole) = Tasks::busy_ticks(facts, &siblings);
    let share = super::percent(busy, whole);
    let value = format!("sibling {siblings} is online, {share} busy");
    // A tick or two of one sibling is the housekeeping that every core sees.
    let status = match busy {
        busy if busy > 2 && busy * 100 > whole * BUSIEST_SIBLING => Status::Blocker,
        _ => Status::Note,
    };
    Check::new(item, status, value).mended_by(format!("{} --siblings", super::tune_command(facts)))
}

pub(super) fn irq_balance(facts: &Facts) -> Check {
    let item = Item::IrqBalance;
    match Tasks::of(&facts.files).with_name("irqbalance").next() {
        Some(pid) => Check::new(item, Status::Note, format!("running (process {pid})"))
            .mended_by(super::as_root(facts, "systemctl stop irqbalance")),
        None => Check::ok(item, "not running"),
    }
}

pub(super) fn irq_affinity(facts: &Facts) -> Check {
    let item = Item::IrqAffinity;
    if facts.below("proc/irq/").next().is_none() {
        return Check::not_there(item, "no interrupts are listed");
    }
    if facts.bench_cores.is_empty() {
        return Check::ok(item, "benchmarks are not pinned, so no interrupt can be kept away");
    }
    let cores = &facts.bench_cores;
    let allowed = tuning::interrupts_on(facts, cores);
    let mut rates = rates(facts, cores);
    rates.sort_by_key(|(name, rate)| (std::cmp::Reverse(*rate), name.clone()));
    let total: u64 = rates.iter().map(|(_, rate)| rate).sum();
    let busiest = rates.first().map_or(String::new(), |(name, rate)| format!("; busiest: {name}, {rate}/s"));
    let status = match total {
        total if total > MOST_INTERRUPTS_PER_S => Status::Blocker,
        0 if allowed.is_empty() => Status::Ok,
        _ => Status::Note,
    };
    let default = facts.text("proc/irq/default_smp_affinity").and_then(|mask| Cores::parse_mask(&mask));
    let value = match default {
        Some(default) if !default.meets(cores) => format!("{} may arrive there{busiest}", allowed.len()),
        _ => format!("{} may arrive there, and new ones{busiest}", allowed.len()),
    };
    let value = if status == Status::Ok { "none may arrive there".to_owned() } else { value };
    let instead = facts.online().without(cores);
    let mend = match instead.is_empty() {
        true => "there is no other core for them".to_owned(),
        false => super::write_as_root(facts, &instead.to_string(), "proc/irq/NUMBER/smp_affinity_list"),
    };
    Check::new(item, status, value).mended_by(mend)
}

/// Device interrupts that arrived on the cores in the interval, per second, with their names.
fn rates(facts: &Facts, cores: &Cores) -> Vec<(String, u64)> {
    let (before, after) = (arrivals(&facts.earlier, cores), arrivals(&facts.files, cores));
    let per_second = |count: u64| (count * 1000).div_ceil(facts.interval_ms.max(1));
    let grown = after.into_iter().filter_map(|(irq, name, count)| {
        let earlier = before.iter().find(|(earlier, ..)| *earlier == irq).map_or(0, |(.., count)| *count);
        let grown = count.saturating_sub(earlier);
        (grown > 0).then(|| (format!("{irq} {name}"), per_second(grown)))
    });
    grown.collect()
}

/// Numbered interrupts with their names and how many of them arrived on the cores since boot.
fn arrivals(files: &Files, cores: &Cores) -> Vec<(u32, String, u64)> {
    let table = facts::text(files, "proc/interrupts").unwrap_or_default();
    let mut lines = table.lines();
    let columns: Vec<u32> = lines
        .next()
        .unwrap_or_default()
        .split_ascii_whitespace()
        .filter_map(|title| title.strip_prefix("CPU")?.parse().ok())
        .collect();
    lines
        .filter_map(|line| {
            let (irq, rest) = line.split_once(':')?;
            let mut fields = rest.split_ascii_whitespace();
            let counts: Vec<u64> =
                fields.by_ref().take(columns.len()).map(|field| field.parse().unwrap_or(0)).collect();
            let on_cores = columns.iter().zip(&counts).filter(|(core, _)| cores.contains(**core));
            let name = fields.next_back().unwrap_or("unnamed").to_owned();
            Some((irq.trim().parse().ok()?, name, on_cores.map(|(_, count)| count).sum()))
        })
        .collect()
}
