//! Temperature, frequency and thermal throttling, where the machine has sensors for them.

use std::fs;
use std::path::{Path, PathBuf};

/// Drivers whose temperatures are those of the processor.
const DRIVERS: [&str; 5] = ["coretemp", "k10temp", "zenpower", "cpu_thermal", "acpitz"];

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// The highest temperature that a sensor of the processor tells; one of the mainboard only where there is no other.
pub(super) fn temperature_millicelsius(root: &Path) -> Option<u64> {
    let named = |folder: &Path, file: &str| fs::read_to_string(folder.join(file)).unwrap_or_default();
    let mut found: Vec<(usize, u64)> = Vec::new();
    for chip in folders(&root.join("sys/class/hwmon")) {
        let Some(rank) = DRIVERS.iter().position(|driver| named(&chip, "name").trim() == *driver) else {
            continue;
        };
        let is_input = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.starts_with("temp") && name.ends_with("_input")
        };
        let inputs = folders(&chip).into_iter().filter(is_input);
        found.extend(inputs.filter_map(|input| Some((rank, number(&input)?))));
    }
    for zone in folders(&root.join("sys/class/thermal")) {
        let kind = named(&zone, "type");
        let of_processor = kind.starts_with("x86_pkg_temp") || kind.starts_with("cpu");
        if let Some(temperature) = number(&zone.join("temp")).filter(|_| of_processor) {
            found.push((0, temperature));
        }
    }
    let of_processor = |(rank, _): &&(usize, u64)| *rank < DRIVERS.len() - 1;
    let highest = |sensors: Vec<u64>| sensors.into_iter().max();
    highest(found.iter().filter(of_processor).map(|(_, it)| *it).collect())
        .or_else(|| highest(found.iter().map(|(_, it)| *it).collect()))
}

/// The present frequency of a core.
pub(super) fn frequency_khz(root: &Path, cpu: u32) -> Option<u64> {
    number(&root.join(format!("sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_cur_freq")))
}

/// Times that some cores, or their package, were slowed down because of their temperature since the start.
pub(super) fn thermal_throttles(root: &Path, cpus: &[u32]) -> Option<u64> {
    let folder = |cpu: &u32| root.join(format!("sys/devices/system/cpu/cpu{cpu}/thermal_throttle"));
    let cores = cpus.iter().filter_map(|cpu| number(&folder(cpu).join("core_throttle_count")));
    // One package is shared by all its cores.
    let package = cpus.iter().find_map(|cpu| number(&folder(cpu).join("package_throttle_count")));
    cores.chain(package).reduce(|sum, count| sum + count)
}
