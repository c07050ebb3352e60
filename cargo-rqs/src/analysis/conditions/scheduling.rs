//! Who gets the processor and for how long: scheduling class, real-time throttle, autogroups, control groups.

use super::{of_number, write_as_root};
use crate::analysis::tuning;
use crate::model::check::{Check, Status};
use crate::model::facts::{self, Facts, Files};
use crate::model::item::Item;

const RUNTIME: &str = "proc/sys/kernel/sched_rt_runtime_us";
const AUTOGROUP: &str = "proc/sys/kernel/sched_autogroup_enabled";

pub(super) fn class(facts: &Facts) -> Check {
    let item = Item::Scheduling;
    if facts.process.fifo {
        return Check::ok(item, "SCHED_FIFO is granted");
    }
    let nice = facts.process.nice;
    let value = format!("SCHED_OTHER, nice {nice}; SCHED_FIFO is refused");
    let (status, first) = match nice > 0 {
        true => (Status::Blocker, "run it without `nice`; "),
        false => (Status::Note, ""),
    };
    let allow = "allow it with `rtprio 1` in /etc/security/limits.conf, or run as root";
    Check::new(item, status, value).mended_by(format!("{first}{allow}"))
}

pub(super) fn rt_throttle(facts: &Facts) -> Check {
    let item = Item::RtThrottle;
    of_number(facts, item, RUNTIME, "the kernel has no throttle", |runtime_us| {
        let period_us = facts.number("proc/sys/kernel/sched_rt_period_us").unwrap_or(1_000_000);
        let throttled = runtime_us >= 0 && runtime_us < period_us;
        let servers = tuning::fair_servers(facts);
        let serves = servers.iter().any(|server| facts.number(server).is_some_and(|ns| ns > 0));
        let unseen = match servers.is_empty() && has_fair_servers(facts) {
            true => "; the kernel does not show its fair server",
            false => "",
        };
        let value = match (throttled, serves) {
            (false, false) => return Check::ok(item, format!("off{unseen}")),
            (true, false) => format!("{runtime_us} of {period_us} µs{unseen}"),
            (false, true) => "off, but the fair server is on".to_owned(),
            (true, true) => format!("{runtime_us} of {period_us} µs, and the fair server is on"),
        };
        if !facts.process.fifo {
            return Check::ok(item, format!("{value}; without real-time priority it does not matter"));
        }
        Check::new(item, Status::Note, value).mended_by(write_as_root(facts, "-1", RUNTIME))
    })
}

/// They came with Linux 6.12.
fn has_fair_servers(facts: &Facts) -> bool {
    let release = facts.text("proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release.split(['.', '-']).map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next(), numbers.next()) >= (Some(6), Some(12))
}

pub(super) fn autogroup(facts: &Facts) -> Check {
    let item = Item::Autogroup;
    of_number(facts, item, AUTOGROUP, "the kernel has no autogroups", |enabled| match enabled {
        0 => Check::ok(item, "off"),
        _ if facts.process.fifo => Check::ok(item, "on; with real-time priority it does not matter"),
        _ => Check::new(item, Status::Note, "on").mended_by(write_as_root(facts, "0", AUTOGROUP)),
    })
}

pub(super) fn cgroup_quota(facts: &Facts) -> Check {
    let item = Item::CgroupQuota;
    let mut limits = Vec::new();
    let mut groups = 0;
    for (path, text) in facts.below("sys/fs/cgroup/") {
        if let Some(group) = path.strip_suffix("cpu.max") {
            groups += 1;
            let mut numbers = text.split(' ');
            let (quota, period) = (numbers.next().unwrap_or("max"), numbers.next().unwrap_or("100000"));
            limits.extend((quota != "max").then(|| limit(group, quota, period)));
        } else if let Some(group) = path.strip_suffix("cpu.cfs_quota_us") {
            groups += 1;
            let period = facts.text(&format!("sys/fs/cgroup/{group}cpu.cfs_period_us"));
            let period = period.unwrap_or_else(|| "100000".into());
            limits.extend((!text.starts_with('-')).then(|| limit(group, &text, &period)));
        }
    }
    match limits.first() {
        None if groups == 0 => Check::not_there(item, "no control group limits the processor"),
        None => Check::ok(item, "none"),
        Some(first) => {
            let more =
                if limits.len() > 1 { format!(", and {} more", limits.len() - 1) } else { String::new() };
            Check::new(item, Status::Blocker, format!("{first}{more}")).mended_by(
                "lift the limit (`cpu.max`, `CPUQuota=`, `docker --cpus`), and give cores with `--cpuset-cpus` instead",
            )
        }
    }
}

fn limit(group: &str, quota: &str, period: &str) -> String {
    let group = group.trim_end_matches('/');
    let group = if group.is_empty() { "the root group" } else { group };
    format!("{quota} of each {period} µs in {group}")
}

pub(super) fn cgroup_throttling(facts: &Facts) -> Check {
    let item = Item::CgroupThrottling;
    let Some(since) = throttled(&facts.files) else {
        return Check::not_there(item, "no control group counts it");
    };
    let now = since.saturating_sub(throttled(&facts.earlier).unwrap_or(since));
    let (status, value) = match (now, since) {
        (0, 0) => (Status::Ok, "never".to_owned()),
        (0, since) => (Status::Note, format!("{since} times since the group began, not now")),
        (now, since) => (Status::Blocker, format!("{now} times now, {since} since the group began")),
    };
    Check::new(item, status, value).mended_by("lift the limit of the control group; see cgroup-quota")
}

/// How often the groups were throttled, all together; `None` when none of them counts it.
fn throttled(files: &Files) -> Option<u64> {
    let counts = facts::below(files, "sys/fs/cgroup/").filter(|(path, _)| path.ends_with("cpu.stat"));
    let counts = counts.filter_map(|(_, text)| {
        text.lines().find_map(|line| line.strip_prefix("nr_throttled ")?.parse::<u64>().ok())
    });
    counts.reduce(|sum, count| sum + count)
}
