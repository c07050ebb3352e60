//! Which files of `/proc` and `/sys` are read, and reading them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::model::facts::{Files, Reading};

/// Files that count something, read at both ends of the interval. In a name, `#` stands for a number and `*` for
/// anything.
pub(super) const COUNTING: [&str; 4] = [
    "proc/stat",
    "proc/interrupts",
    "proc/#/task/#/stat",
    "sys/devices/system/cpu/cpu#/thermal_throttle/*_throttle_count",
];

/// Files that tell how something stands.
pub(super) const STANDING: [&str; 70] = [
    "proc/cmdline",
    "proc/cpuinfo",
    "proc/irq/#/smp_affinity_list",
    "proc/irq/default_smp_affinity",
    "proc/loadavg",
    "proc/pressure/*",
    "proc/self/status",
    "proc/swaps",
    "proc/sys/kernel/nmi_watchdog",
    "proc/sys/kernel/numa_balancing",
    "proc/sys/kernel/osrelease",
    "proc/sys/kernel/perf_cpu_time_max_percent",
    "proc/sys/kernel/perf_event_max_sample_rate",
    "proc/sys/kernel/perf_event_paranoid",
    "proc/sys/kernel/random/boot_id",
    "proc/sys/kernel/randomize_va_space",
    "proc/sys/kernel/sched_autogroup_enabled",
    "proc/sys/kernel/sched_rt_period_us",
    "proc/sys/kernel/sched_rt_runtime_us",
    "proc/sys/vm/swappiness",
    "sys/class/hwmon/hwmon#/name",
    "sys/class/hwmon/hwmon#/temp#_crit",
    "sys/class/hwmon/hwmon#/temp#_input",
    "sys/class/power_supply/*/online",
    "sys/class/power_supply/*/type",
    "sys/class/thermal/thermal_zone#/temp",
    "sys/class/thermal/thermal_zone#/trip_point_#_temp",
    "sys/class/thermal/thermal_zone#/trip_point_#_type",
    "sys/class/thermal/thermal_zone#/type",
    "sys/devices/system/clocksource/clocksource0/available_clocksource",
    "sys/devices/system/clocksource/clocksource0/current_clocksource",
    "sys/devices/system/cpu/amd_pstate/status",
    "sys/devices/system/cpu/cpu#/cpuidle/state#/disable",
    "sys/devices/system/cpu/cpu#/cpuidle/state#/latency",
    "sys/devices/system/cpu/cpu#/cpuidle/state#/name",
    "sys/devices/system/cpu/cpu#/online",
    "sys/devices/system/cpu/cpu#/topology/thread_siblings_list",
    "sys/devices/system/cpu/cpufreq/boost",
    "sys/devices/system/cpu/cpufreq/policy#/affected_cpus",
    "sys/devices/system/cpu/cpufreq/policy#/boost",
    "sys/devices/system/cpu/cpufreq/policy#/cpuinfo_max_freq",
    "sys/devices/system/cpu/cpufreq/policy#/cpuinfo_min_freq",
    "sys/devices/system/cpu/cpufreq/policy#/energy_performance_available_preferences",
    "sys/devices/system/cpu/cpufreq/policy#/energy_performance_preference",
    "sys/devices/system/cpu/cpufreq/policy#/scaling_available_governors",
    "sys/devices/system/cpu/cpufreq/policy#/scaling_driver",
    "sys/devices/system/cpu/cpufreq/policy#/scaling_governor",
    "sys/devices/system/cpu/cpufreq/policy#/scaling_max_freq",
    "sys/devices/system/cpu/cpufreq/policy#/scaling_min_freq",
    "sys/devices/system/cpu/cpuidle/current_driver",
    "sys/devices/system/cpu/cpuidle/current_governor",
    "sys/devices/system/cpu/intel_pstate/no_turbo",
    "sys/devices/system/cpu/intel_pstate/status",
    "sys/devices/system/cpu/isolated",
    "sys/devices/system/cpu/nohz_full",
    "sys/devices/system/cpu/online",
    "sys/devices/system/cpu/smt/active",
    "sys/devices/system/cpu/smt/control",
    "sys/devices/system/cpu/vulnerabilities/*",
    "sys/devices/system/node/node#/cpulist",
    "sys/devices/system/node/online",
    "sys/kernel/debug/sched/fair_server/cpu#/runtime",
    "sys/kernel/mm/ksm/pages_sharing",
    "sys/kernel/mm/ksm/run",
    "sys/kernel/mm/transparent_hugepage/defrag",
    "sys/kernel/mm/transparent_hugepage/enabled",
    "sys/module/haltpoll/parameters/guest_halt_poll_ns",
    "sys/fs/cgroup/cpuset.cpus.effective",
    "sys/fs/cgroup/cpuset.cpus.partition",
    "sys/fs/cgroup/cgroup.controllers",
];

/// A pattern of these matches a file or it does not; `owned` ones come from the machine itself.
pub(super) type Pattern<'a> = &'a str;

/// Reads all files that match a pattern below a root.
pub(super) fn read(root: &Path, patterns: &[Pattern<'_>]) -> Files {
    let mut files = Files::new();
    for pattern in patterns {
        let parts: Vec<&str> = pattern.split('/').collect();
        collect(root, String::new(), &parts, &mut files);
    }
    files
}

fn collect(root: &Path, at: String, parts: &[&str], files: &mut Files) {
    let Some((part, rest)) = parts.split_first() else {
        files.extend(read_one(&root.join(&at)).map(|reading| (at, reading)));
        return;
    };
    let below = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}/{name}") };
    if !part.contains(['#', '*']) {
        return collect(root, below(part), rest, files);
    }
    // A folder that is not there, or whose process has ended, has nothing in it.
    for entry in fs::read_dir(root.join(&at)).into_iter().flatten().flatten() {
        if let Some(name) = entry.file_name().to_str().filter(|name| matches(part, name)) {
            collect(root, below(name), rest, files);
        }
    }
}

/// Whether a name matches a pattern of one level.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.find(['#', '*']) {
        None => pattern == name,
        Some(at) => {
            let Some(middle) = name.strip_prefix(&pattern[..at]) else { return false };
            let rest = &pattern[at + 1..];
            let most = match &pattern[at..=at] {
                "#" => middle.bytes().take_while(u8::is_ascii_digit).count(),
                _ => middle.len(),
            };
            (1..=most).any(|taken| middle.is_char_boundary(taken) && matches(rest, &middle[taken..]))
        }
    }
}

fn read_one(path: &Path) -> Option<Reading> {
    match fs::read(path) {
        Ok(bytes) => Some(Reading::Bytes(bytes)),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => None,
            // A process that has ended in the meantime.
            _ if error.raw_os_error() == Some(libc::ESRCH) => None,
            _ => Some(Reading::Refused(error.to_string())),
        },
    }
}

/// The control groups of this process, innermost first, as folders below the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Groups {
    limits: Vec<String>,
    counts: Vec<String>,
}

impl Groups {
    /// Their files that count.
    pub(super) fn counting(&self) -> Vec<Pattern<'_>> {
        self.counts.iter().map(String::as_str).collect()
    }

    /// Their files with limits.
    pub(super) fn standing(&self) -> Vec<Pattern<'_>> {
        self.limits.iter().map(String::as_str).collect()
    }
}

/// Finds the groups that limit the processor, of both versions: a limit of a parent holds for its children.
pub(super) fn control_groups(root: &Path) -> Groups {
    let text = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    groups_of(&text("proc/self/cgroup"), &text("proc/self/mountinfo"))
}

fn groups_of(memberships: &str, mounts: &str) -> Groups {
    let mut groups = Groups::default();
    let mut folders = BTreeSet::new();
    for line in memberships.lines() {
        // `hierarchy:controllers:path`; the second version has no list of controllers.
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        if !controllers.is_empty() && !controllers.split(',').any(|controller| controller == "cpu") {
            continue;
        }
        let second = controllers.is_empty();
        let Some((mounted_at, mounted_root)) = mount_of(mounts, second) else { continue };
        let inside = path.strip_prefix(&mounted_root).unwrap_or(path).trim_matches('/');
        let mut folder = mounted_at.trim_matches('/').to_owned();
        folders.insert((folder.clone(), second));
        for part in inside.split('/').filter(|part| !part.is_empty() && *part != "..") {
            folder = format!("{folder}/{part}");
            folders.insert((folder.clone(), second));
        }
    }
    for (folder, second) in folders.into_iter().rev() {
        let limits: &[&str] = if second { &["cpu.max"] } else { &["cpu.cfs_quota_us", "cpu.cfs_period_us"] };
        groups.limits.extend(limits.iter().map(|name| format!("{folder}/{name}")));
        groups.counts.push(format!("{folder}/cpu.stat"));
    }
    groups
}

/// Where the hierarchy with the processor's controller is mounted, and which of its groups is the root there.
fn mount_of(mounts: &str, second: bool) -> Option<(String, String)> {
    mounts.lines().find_map(|line| {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (group, at) = (mount.next()?, mount.next()?);
        let mut file_system = file_system.split(' ');
        let (kind, options) = (file_system.next()?, file_system.nth(1)?);
        let found = match second {
            true => kind == "cgroup2",
            false => kind == "cgroup" && options.split(',').any(|option| option == "cpu"),
        };
        let group = if group == "/" { "" } else { group };
        found.then(|| (at.to_owned(), group.to_owned()))
    })
}

/// Bit 38 of the register `IA32_MISC_ENABLE` switches boost off, on Intel processors without a pstate driver.
pub(super) fn boost_register(root: &Path, core: u32) -> Option<bool> {
    const MISC_ENABLE: u64 = 0x1a0;
    let cpuinfo = fs::read_to_string(root.join("proc/cpuinfo")).ok()?;
    if !cpuinfo.contains("GenuineIntel") {
        return None;
    }
    let mut bytes = [0; 8];
    File::open(root.join(format!("dev/cpu/{core}/msr"))).ok()?.read_exact_at(&mut bytes, MISC_ENABLE).ok()?;
    Some(u64::from_le_bytes(bytes) >> 38 & 1 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_numbers_and_anything() {
        assert!(matches("cpu#", "cpu12") && !matches("cpu#", "cpufreq") && !matches("cpu#", "cpu"));
        assert!(matches("temp#_input", "temp1_input") && !matches("temp#_input", "temp_input"));
        assert!(matches("trip_point_#_temp", "trip_point_10_temp"));
        assert!(matches("*_throttle_count", "core_throttle_count") && matches("*", "é"));
        assert!(!matches("#", "self") && matches("#", "1"));
    }

    #[test]
    fn control_groups_of_both_versions_are_found_with_their_parents() {
        let second = groups_of(
            "0::/user.slice/a.scope\n",
            "31 24 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
        );
        assert_eq!(
            second.limits,
            [
                "sys/fs/cgroup/user.slice/a.scope/cpu.max",
                "sys/fs/cgroup/user.slice/cpu.max",
                "sys/fs/cgroup/cpu.max"
            ]
        );
        let first = groups_of(
            "4:cpu,cpuacct:/docker/x\n3:memory:/y\n0::/\n",
            "40 1 0:33 /docker/x /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n",
        );
        assert_eq!(first.counts, ["sys/fs/cgroup/cpu,cpuacct/cpu.stat"]);
        assert_eq!(groups_of("", ""), Groups::default());
    }
}
