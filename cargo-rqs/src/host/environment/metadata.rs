//! What is good to know about the machine and may change from boot to boot or from minute to minute. Nothing here
//! names the host or its user.

use std::collections::{BTreeMap, BTreeSet};

use sysinfo::System;

use super::cpu::Processors;
use super::fact;
use crate::model::fingerprint;

/// Facts that are the content of one file.
const FILES: [(&str, &str); 16] = [
    ("aslr", "/proc/sys/kernel/randomize_va_space"),
    ("boost", "/sys/devices/system/cpu/cpufreq/boost"),
    ("clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource"),
    ("cpus_isolated", "/sys/devices/system/cpu/isolated"),
    ("cpus_online", "/sys/devices/system/cpu/online"),
    ("energy_preference", "/sys/devices/system/cpu/cpu0/cpufreq/energy_performance_preference"),
    ("frequency_driver", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver"),
    ("frequency_governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
    ("frequency_max_khz", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq"),
    ("frequency_min_khz", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_min_freq"),
    ("intel_no_turbo", "/sys/devices/system/cpu/intel_pstate/no_turbo"),
    ("numa_nodes", "/sys/devices/system/node/online"),
    ("perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid"),
    ("smt", "/sys/devices/system/cpu/smt/active"),
    ("smt_control", "/sys/devices/system/cpu/smt/control"),
    ("swappiness", "/proc/sys/vm/swappiness"),
];

/// Collects what there is; a fact that this machine does not have is left out.
pub(super) fn gather(processors: &Processors) -> BTreeMap<String, String> {
    let files = FILES.into_iter().filter_map(|(name, path)| Some((name, fact(path)?)));
    let derived = [
        ("boot", fact("/proc/sys/kernel/random/boot_id").map(|id| boot_mark(&id))),
        ("cpu_features", Some(words(&processors.features)).filter(|words| !words.is_empty())),
        ("cpu_mhz", range(&processors.clocks_mhz)),
        ("cpus_allowed", fact("/proc/self/status").and_then(|status| field(&status, "Cpus_allowed_list"))),
        (
            "load_average",
            System::load_average().ok().map(|load| load_average(load.one, load.five, load.fifteen)),
        ),
        (
            "memory_kib",
            fact("/proc/meminfo").and_then(|text| field(&text, "MemTotal")).map(|text| digits(&text)),
        ),
        ("microcode", joined(processors)),
        ("os", System::long_os_version().ok()),
        (
            "transparent_huge_pages",
            fact("/sys/kernel/mm/transparent_hugepage/enabled").map(|text| chosen(&text)),
        ),
        ("uptime_s", System::uptime().ok().map(|seconds| seconds.to_string())),
    ];
    let derived = derived.into_iter().filter_map(|(name, value)| Some((name, value?)));
    files.chain(derived).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Tells two boots apart without giving the boot's id away.
fn boot_mark(boot_id: &str) -> String {
    let mut hash = fingerprint::of_bytes(boot_id.as_bytes());
    hash.truncate(16);
    hash
}

/// The value of `name: value` in a text of such lines.
fn field(text: &str, name: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

fn digits(text: &str) -> String {
    text.chars().take_while(char::is_ascii_digit).collect()
}

/// The word in brackets of `always [madvise] never`, or all of it.
fn chosen(text: &str) -> String {
    let inside = text.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    inside.map_or(text, |(word, _)| word).to_owned()
}

/// The smallest and the largest of some clocks, in whole MHz.
fn range(clocks_mhz: &[f64]) -> Option<String> {
    let (low, high) =
        (clocks_mhz.iter().copied().reduce(f64::min)?, clocks_mhz.iter().copied().reduce(f64::max)?);
    let (low, high) = (format!("{low:.0}"), format!("{high:.0}"));
    Some(if low == high { low } else { format!("{low}-{high}") })
}

fn load_average(one: f64, five: f64, fifteen: f64) -> String {
    format!("{one:.2} {five:.2} {fifteen:.2}")
}

fn words(features: &BTreeSet<String>) -> String {
    features.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn joined(processors: &Processors) -> Option<String> {
    let revisions: Vec<&str> = processors.microcode.iter().map(String::as_str).collect();
    (!revisions.is_empty()).then(|| revisions.join(" + "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_choices_and_ranges_are_read_from_their_texts() {
        let status = "Name:\trqs\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\nEmpty:\n";
        assert_eq!(field(status, "Cpus_allowed_list").as_deref(), Some("0-1"));
        assert_eq!((field(status, "Empty"), field(status, "Missing")), (None, None));
        assert_eq!(digits("24684092 kB"), "24684092");
        assert_eq!(chosen("always [madvise] never"), "madvise");
        assert_eq!(chosen("never"), "never");
        assert_eq!(range(&[2900.4, 800.0, 1200.0]).as_deref(), Some("800-2900"));
        assert_eq!((range(&[2900.1]).as_deref(), range(&[])), (Some("2900"), None));
    }

    #[test]
    fn the_boot_id_is_told_apart_but_not_shown() {
        let id = "6e4a1e3c-7f58-4a3c-9c1e-2d3b4a5f6071";
        assert_eq!(boot_mark(id).len(), 16);
        assert!(!id.contains(&boot_mark(id)[..8]));
        assert_ne!(boot_mark(id), boot_mark("another"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(\\PC|\n|:|\\[|\\]){0,40}", name in "\\PC{0,5}") {
            let _ = (field(&text, &name), digits(&text));
            prop_assert!(chosen(&text).len() <= text.len());
        }
    }
}
