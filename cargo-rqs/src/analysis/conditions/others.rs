//! What else happens on the machine: the hypervisor, other tasks, load and pressure.

use std::collections::BTreeMap;

use super::{of_file, percent};
use crate::model::check::{Check, Status};
use crate::model::cores::Cores;
use crate::model::facts::{self, Facts, Files, Reading};
use crate::model::item::Item;

/// Shares of the interval, in percent, from which something is noted, and from which a run is not worth starting.
const NOTED_PERCENT: u64 = 1;
const FORBIDDING_PERCENT: u64 = 10;
/// Ticks that every core sees now and then.
const TICKS_OF_HOUSEKEEPING: u64 = 1;

/// The tasks of the machine, from their `stat` files.
pub(super) struct Tasks {
    /// Process, name, core and ticks of each task, by process and thread.
    tasks: BTreeMap<(u32, u32), Task>,
}

struct Task {
    name: String,
    core: Option<u32>,
    ticks: u64,
}

impl Tasks {
    pub(super) fn of(files: &Files) -> Tasks {
        let tasks = facts::below(files, "proc/").filter_map(|(rest, text)| {
            let (pid, rest) = rest.split_once("/task/")?;
            let tid = rest.strip_suffix("/stat")?;
            Some(((pid.parse().ok()?, tid.parse().ok()?), Task::parse(&text)?))
        });
        Tasks { tasks: tasks.collect() }
    }

    /// Processes of a name.
    pub(super) fn with_name(&self, name: &str) -> impl Iterator<Item = u32> {
        self.tasks.iter().filter(move |(_, task)| task.name == name).map(|((pid, _), _)| *pid)
    }

    /// Ticks in which some cores worked during the interval, and all their ticks.
    pub(super) fn busy_ticks(facts: &Facts, cores: &Cores) -> (u64, u64) {
        let (before, after) = (core_ticks(&facts.earlier, cores), core_ticks(&facts.files, cores));
        let grown = |field: fn(&Ticks) -> u64| field(&after).saturating_sub(field(&before));
        let idle = grown(|ticks| ticks.idle);
        let all = grown(|ticks| ticks.all);
        (all.saturating_sub(idle).saturating_sub(grown(|ticks| ticks.steal)), all)
    }
}

impl Task {
    /// `pid (name) state ...`; the name may hold anything, parentheses too.
    fn parse(stat: &str) -> Option<Task> {
        let (start, end) = (stat.find('(')?, stat.rfind(')')?);
        let fields: Vec<&str> = stat.get(end + 1..)?.split_ascii_whitespace().collect();
        // In `proc(5)` the state is field 3; user and system time are 14 and 15, the core is 39.
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        let ticks = number(14)? + number(15)?;
        let core = number(39).and_then(|core| u32::try_from(core).ok());
        Some(Task { name: stat.get(start + 1..end)?.to_owned(), core, ticks })
    }
}

#[derive(Default)]
struct Ticks {
    all: u64,
    idle: u64,
    steal: u64,
}

/// Ticks of some cores since boot, from `/proc/stat`.
fn core_ticks(files: &Files, cores: &Cores) -> Ticks {
    let mut sum = Ticks::default();
    for line in facts::text(files, "proc/stat").unwrap_or_default().lines() {
        let mut fields = line.split_ascii_whitespace();
        let core = fields.next().and_then(|name| name.strip_prefix("cpu")?.parse::<u32>().ok());
        if core.is_none_or(|core| !cores.contains(core)) {
            continue;
        }
        // user nice system idle iowait irq softirq steal; guest times are part of the user's.
        let ticks: Vec<u64> = fields.take(8).map(|field| field.parse().unwrap_or(0)).collect();
        let at = |index: usize| ticks.get(index).copied().unwrap_or(0);
        sum.all += ticks.iter().sum::<u64>();
        sum.idle += at(3) + at(4);
        sum.steal += at(7);
    }
    sum
}

pub(super) fn virtualisation(facts: &Facts) -> Check {
    let item = Item::Virtualisation;
    match facts.process.virtualisation.as_str() {
        "" => Check::new(item, Status::Unknown, "cannot be told"),
        "none" => Check::ok(item, "none"),
        kind => Check::new(item, Status::Note, kind)
            .mended_by("measure on bare metal, or on a dedicated instance, where numbers have to be fine"),
    }
}

pub(super) fn steal(facts: &Facts) -> Check {
    let item = Item::Steal;
    if !facts.files.contains_key("proc/stat") {
        return Check::not_there(item, "the kernel gives no times");
    }
    let cores = facts.measured_cores();
    let (before, after) = (core_ticks(&facts.earlier, &cores), core_ticks(&facts.files, &cores));
    let stolen = after.steal.saturating_sub(before.steal);
    let all = after.all.saturating_sub(before.all);
    let value = format!("{} now, {} since boot", percent(stolen, all), percent(after.steal, after.all));
    let mend = "measure when the host is less busy, or on a dedicated one";
    let status = match () {
        () if stolen > TICKS_OF_HOUSEKEEPING && stolen * 100 > all * FORBIDDING_PERCENT => Status::Blocker,
        () if stolen > 0 || after.steal * 100 > after.all * NOTED_PERCENT => Status::Note,
        () => Status::Ok,
    };
    Check::new(item, status, value).mended_by(mend)
}

pub(super) fn pressure(facts: &Facts) -> Check {
    let item = Item::Pressure;
    let mut found = Vec::new();
    let mut status = Status::Ok;
    // Share of the last ten seconds that is noted, and that forbids, in percent.
    for (resource, noted, forbidding) in [("cpu", 10.0, 60.0), ("io", 20.0, 80.0), ("memory", 1.0, 10.0)] {
        let path = format!("proc/pressure/{resource}");
        let Some(text) = facts.text(&path) else {
            // A kernel that counts nothing until it is told to refuses to be read.
            if let Some(Reading::Refused(_)) = facts.files.get(&path) {
                return Check::not_there(item, "the kernel was booted without `psi=1`");
            }
            continue;
        };
        let some = text.lines().find_map(|line| line.strip_prefix("some avg10=")?.split(' ').next());
        let Some(share) = some.and_then(|share| share.parse::<f64>().ok()) else {
            return super::not_understood(item, &path, &text);
        };
        status = status.max(match share {
            share if share > forbidding => Status::Blocker,
            share if share > noted => Status::Note,
            _ => Status::Ok,
        });
        found.push(format!("{resource} {share:.1} %"));
    }
    if found.is_empty() {
        return Check::not_there(item, "the kernel counts no stalls");
    }
    Check::new(item, status, found.join(", ")).mended_by("stop what else is running; `top` names it")
}

pub(super) fn load(facts: &Facts) -> Check {
    let item = Item::Load;
    of_file(facts, item, "proc/loadavg", "no /proc", |text| {
        let fields: Vec<&str> = text.split(' ').collect();
        let average = fields.first().and_then(|average| average.parse::<f64>().ok());
        let runnable = fields.get(3).and_then(|tasks| tasks.split_once('/')?.0.parse::<u64>().ok());
        let (Some(average), Some(runnable)) = (average, runnable) else {
            return super::not_understood(item, "proc/loadavg", text);
        };
        // The one that is reading is running too.
        let others = runnable.saturating_sub(1);
        let cores = facts.online().len().max(1);
        let value = format!("{average:.2} over the last minute, {others} other runnable on {cores} cores");
        let status = match () {
            () if others >= cores as u64 => Status::Blocker,
            () if others > 0 || average > cores as f64 / 2.0 => Status::Note,
            () => Status::Ok,
        };
        Check::new(item, status, value).mended_by("stop what else is running; `top` names it")
    })
}

pub(super) fn foreign_tasks(facts: &Facts) -> Check {
    let item = Item::ForeignTasks;
    if facts.bench_cores.is_empty() {
        return Check::ok(item, "benchmarks are not pinned to any core");
    }
    let (busy, whole) = Tasks::busy_ticks(facts, &facts.bench_cores);
    if whole == 0 {
        return Check::new(item, Status::Unknown, "the core's time did not move in the interval");
    }
    let (before, after) = (Tasks::of(&facts.earlier), Tasks::of(&facts.files));
    let mut names: Vec<(u64, String)> = Vec::new();
    for (key, task) in &after.tasks {
        let ticks = task.ticks.saturating_sub(before.tasks.get(key).map_or(0, |task| task.ticks));
        let there = task.core.is_some_and(|core| facts.bench_cores.contains(core));
        if there && ticks > 0 && key.0 != facts.process.pid && before.tasks.contains_key(key) {
            names.push((ticks, format!("{} ({})", task.name, key.0)));
        }
    }
    names.sort_by_key(|(ticks, _)| std::cmp::Reverse(*ticks));
    let named = match names.first() {
        Some((_, name)) if names.len() == 1 => format!(": {name}"),
        Some((_, name)) => format!(": {name} and {} more", names.len() - 1),
        None => String::new(),
    };
    let value = format!("core {} is {} busy{named}", facts.bench_cores, percent(busy, whole));
    let status = match busy {
        busy if busy <= TICKS_OF_HOUSEKEEPING => Status::Ok,
        busy if busy * 100 > whole * FORBIDDING_PERCENT => Status::Blocker,
        _ => Status::Note,
    };
    Check::new(item, status, value)
        .mended_by("stop it, move it with `taskset`, or choose another core with `--cpu`")
}
