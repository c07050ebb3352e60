//! The kernel's texts: `/proc/stat`, pressure, load, control groups.

use std::collections::BTreeSet;

/// Clock ticks (10 ms) of some cores since the start of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CoreTicks {
    /// Spent on anything but idling, waiting for storage, and the hypervisor's other guests.
    pub(super) busy: u64,
    /// Taken by the hypervisor.
    pub(super) steal: u64,
}

/// Sums the lines of the named cores, of all when none is named; `None` when one of them is not told.
pub(super) fn core_ticks(stat: &str, cpus: &[u32]) -> Option<CoreTicks> {
    let wanted: Vec<String> = if cpus.is_empty() {
        vec!["cpu".into()]
    } else {
        cpus.iter().map(|cpu| format!("cpu{cpu}")).collect()
    };
    let mut sum = CoreTicks { busy: 0, steal: 0 };
    for name in wanted {
        let line = stat.lines().find_map(|line| line.strip_prefix(&name)?.strip_prefix(' '))?;
        let fields: Vec<u64> = line.split_ascii_whitespace().map_while(|field| field.parse().ok()).collect();
        // Guests' time is within user and nice.
        let [user, nice, system, _idle, _iowait, irq, softirq, steal, ..] = fields[..] else { return None };
        sum.busy += user + nice + system + irq + softirq;
        sum.steal += steal;
    }
    Some(sum)
}

/// Time that tasks waited for something since the start of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pressure {
    /// Some task did.
    pub(super) some_us: u64,
    /// All tasks did; kernels before 5.13 do not tell it of the processor.
    pub(super) full_us: Option<u64>,
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=123`, and the same with `full`.
pub(super) fn pressure(text: &str) -> Option<Pressure> {
    let total = |kind: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(kind)?.strip_prefix(' '))?;
        line.split(' ').find_map(|field| field.strip_prefix("total=")?.parse().ok())
    };
    Some(Pressure { some_us: total("some")?, full_us: total("full") })
}

/// `0.89 0.76 0.48 5/110 30885`: the load of the last minute in hundredths, and the tasks that can run.
pub(super) fn load(text: &str) -> [Option<u64>; 2] {
    let mut fields = text.split_ascii_whitespace();
    let load: Option<f64> = fields.next().and_then(|field| field.parse().ok());
    let runnable = fields.nth(2).and_then(|field| field.split_once('/')?.0.parse().ok());
    [load.filter(|load| (0.0..1e9).contains(load)).map(|load| (load * 100.0).round() as u64), runnable]
}

/// How often, and for how long, a control group was held back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Throttling {
    pub(super) times: u64,
    pub(super) us: u64,
}

impl Throttling {
    pub(super) fn plus(self, more: Throttling) -> Throttling {
        Throttling { times: self.times + more.times, us: self.us + more.us }
    }
}

/// `nr_throttled 3` with `throttled_usec 123` (version 2) or `throttled_time 123000` in nanoseconds (version 1).
pub(super) fn throttling(stat: &str) -> Option<Throttling> {
    let of = |name: &str| {
        stat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse::<u64>().ok())
    };
    let us = of("throttled_usec").or_else(|| Some(of("throttled_time")? / 1000))?;
    Some(Throttling { times: of("nr_throttled")?, us })
}

/// The folders, without the leading slash, of the control groups that hold this process's processor time, those above
/// included. `cgroup` is the text of `/proc/self/cgroup`.
pub(super) fn cpu_groups(cgroup: &str) -> BTreeSet<String> {
    let mut folders = BTreeSet::new();
    for line in cgroup.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(hierarchy), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next())
        else {
            continue;
        };
        let mounts: Vec<String> = match controllers {
            "" if hierarchy == "0" => vec!["sys/fs/cgroup".into(), "sys/fs/cgroup/unified".into()],
            _ if controllers.split(',').any(|controller| controller == "cpu") => {
                vec![format!("sys/fs/cgroup/{controllers}"), "sys/fs/cgroup/cpu".into()]
            }
            _ => continue,
        };
        // The same hierarchy may be mounted under one of several names.
        for mount in mounts {
            let mut folder = String::new();
            for part in
                std::iter::once("").chain(path.split('/').filter(|part| !part.is_empty() && *part != ".."))
            {
                folder += if part.is_empty() { "" } else { "/" };
                folder += part;
                folders.insert(format!("{mount}{folder}"));
            }
        }
    }
    folders
}
