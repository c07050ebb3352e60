//! What a number of this machine depends on, as far as a reader should know.

use std::process::Command;

use serde_json::{Value, json};

use crate::processes;

/// Processor, cores, kernel, compiler, and how busy the machine is now.
pub fn facts() -> Value {
    let cpuinfo = read("/proc/cpuinfo");
    let of_cpu = |name: &str| {
        let line = cpuinfo.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    json!({
        "cpu": of_cpu("model name"),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "virtual_machine": of_cpu("flags").split(' ').any(|flag| flag == "hypervisor"),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "rustc": processes::text(Command::new("rustc").arg("--version")).unwrap_or_default(),
        "load_average_at_start": read("/proc/loadavg").trim(),
    })
}

/// Today in UTC, from the system's `date`.
pub fn date() -> String {
    processes::text(Command::new("date").args(["-u", "+%Y-%m-%d"])).unwrap_or_default()
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}
