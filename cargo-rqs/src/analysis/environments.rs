//! Two environments, field by field: what differs, and which differences make results incomparable.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::environment::{Comparability, Environment};

/// A field that is not the same in both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field's name, for example `toolchain.release`.
    pub field: String,
    /// Its value in the first environment; `None` where it has none.
    pub first: Option<String>,
    /// Its value in the second environment.
    pub second: Option<String>,
    /// What such a difference does to results.
    pub effect: &'static str,
}

/// Metadata that is another one a minute later on the same machine.
const MOMENTARY: [&str; 7] = [
    "cpu_mhz",
    "disk_free_mib",
    "load_average",
    "memory_available_kib",
    "memory_free_kib",
    "swap_free_kib",
    "uptime_s",
];

impl Difference {
    /// Whether the field is another one a minute later anyway.
    pub fn is_momentary(&self) -> bool {
        MOMENTARY.contains(&self.field.as_str())
    }
}

/// How two environments differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentComparison {
    /// Differences that make results incomparable, in the order of the record.
    pub decisive: Vec<Difference>,
    /// Differences that are good to know, by name.
    pub metadata: Vec<Difference>,
    /// How many of the facts that decide are the same.
    pub same_decisive: usize,
    /// How much of the metadata is the same.
    pub same_metadata: usize,
}

impl EnvironmentComparison {
    /// Whether results of the one may be compared with results of the other.
    pub fn is_comparable(&self) -> bool {
        self.decisive.is_empty()
    }
}

/// What a difference in a fact does to results: the fact's name or the beginning of it, and the effect. The first that
/// fits counts.
const EFFECTS: [(&str, &str); 48] = [
    ("cpu_model", "another processor: every time may differ"),
    ("cpu_stepping", "another revision of the processor: times may differ, above all with its microcode"),
    ("usable_cores", "another number of cores: parallel code and the placement of benchmarks differ"),
    ("caches", "other caches: whatever lives from them differs"),
    ("memory_mib", "another size of memory: another machine, or another share of one"),
    ("kernel_command_line", "the kernel was started otherwise: mitigations and isolated cores move times"),
    ("kernel", "another kernel: system calls, page faults and scheduling differ"),
    ("virtualisation", "another hypervisor or container: noise and system calls differ"),
    ("libc", "another C library: memory copies and allocation differ"),
    ("toolchain", "another compiler: other code was generated"),
    ("target", "another platform: other code was generated"),
    ("profile", "another cargo profile: other code was generated"),
    ("rustflags", "other compiler flags: other code was generated"),
    ("aslr", "places in memory are drawn otherwise; runs switch it off where they may"),
    ("allocator", "another allocator: whatever allocates differs"),
    ("boost", "the clock may rise in one of them only: times differ and scatter"),
    ("boot", "the machine was started anew in between: layout of physical memory differs"),
    ("cache_sharing", "caches are shared by other threads: neighbours disturb otherwise"),
    ("cargo", "no effect by itself: the compiler decides"),
    ("clocksource", "looks at the clock cost more or less"),
    ("cpu_features", "libraries may choose other code at run time"),
    ("cpu_mhz", "the clock at that moment; it changes all the time"),
    ("cpu_topology", "another layout of sockets, cores and threads"),
    ("cpus_", "other cores may be used: neighbours disturb otherwise"),
    ("disk_free_mib", "no effect, unless it is nearly used up"),
    ("disk_", "another disk: benchmarks that write differ"),
    ("energy_preference", "the clock rises sooner or later: times differ and scatter"),
    ("env.GLIBC_TUNABLES", "the C library may choose other code"),
    ("env.LD_PRELOAD", "a library was put in front of others: any call may differ"),
    ("env.MALLOC_", "the allocator works otherwise"),
    ("env.", "builds or programs that read it may differ"),
    ("frequency_", "the clock follows other rules: times differ and scatter"),
    ("git", "no effect on times"),
    ("intel_no_turbo", "the clock may rise in one of them only: times differ and scatter"),
    ("linker", "the layout of code may differ, by percents"),
    ("load_average", "other work ran on the machine: more noise"),
    ("memory_", "no effect, unless memory ran out"),
    ("microcode", "mitigations differ: times may differ"),
    ("numa_nodes", "memory may be farther away"),
    ("os", "other programs around: little by itself"),
    ("perf_event_paranoid", "counters may be read in one of them only; no effect on times"),
    ("smt", "a second thread on the core may take half of it"),
    ("swap_", "no effect, unless memory ran out"),
    ("swappiness", "no effect, unless memory ran out"),
    ("transparent_huge_pages", "large data needs more or fewer page walks"),
    ("uptime_s", "no effect by itself"),
    ("cpu", "another processor: times may differ"),
    ("", "not known"),
];

/// Compares two environments. Two that are equal in all that decides have the same fingerprint.
pub fn compare(first: &Environment, second: &Environment) -> EnvironmentComparison {
    let pair = [first, second];
    let [first_facts, second_facts] = pair.map(|environment| decisive_facts(&environment.comparability));
    // In the order of the record, what only the second one has last.
    let mut fields: Vec<&String> = first_facts.iter().map(|(name, _)| name).collect();
    let added = second_facts.iter().map(|(name, _)| name).filter(|name| !fields.contains(name));
    let added: Vec<&String> = added.collect();
    fields.extend(added);
    let find = |facts: &[(String, String)], field: &str| {
        facts.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone())
    };
    let all = fields.len();
    let decisive = fields
        .into_iter()
        .filter_map(|field| difference(field, find(&first_facts, field), find(&second_facts, field)));
    let decisive: Vec<Difference> = decisive.collect();
    let names: BTreeSet<&String> = pair.iter().flat_map(|environment| environment.metadata.keys()).collect();
    let get = |facts: &BTreeMap<String, String>, name: &str| facts.get(name).cloned();
    let metadata: Vec<Difference> = names
        .iter()
        .filter_map(|name| difference(name, get(&first.metadata, name), get(&second.metadata, name)))
        .collect();
    EnvironmentComparison {
        same_decisive: all - decisive.len(),
        same_metadata: names.len() - metadata.len(),
        decisive,
        metadata,
    }
}

fn difference(field: &str, first: Option<String>, second: Option<String>) -> Option<Difference> {
    let effect =
        EFFECTS.iter().find(|(beginning, _)| field.starts_with(beginning)).map(|(_, effect)| *effect);
    (first != second).then(|| Difference {
        field: field.to_owned(),
        first,
        second,
        effect: effect.unwrap_or_default(),
    })
}

/// Every fact that enters the fingerprint under its name, in the order of the record; inner names follow a dot.
pub fn decisive_facts(facts: &Comparability) -> Vec<(String, String)> {
    let mut found = Vec::new();
    // A plain struct with string keys always becomes a map.
    if let Ok(Value::Object(fields)) = serde_json::to_value(facts) {
        let position = |name: &str| ORDER.iter().position(|ordered| *ordered == name).unwrap_or(ORDER.len());
        let mut fields: Vec<(String, Value)> = fields.into_iter().collect();
        fields.sort_by_key(|(name, _)| position(name));
        fields.iter().for_each(|(name, value)| flatten(name, value, &mut found));
    }
    found
}

/// The fields as the record declares them.
const ORDER: [&str; 12] = [
    "cpu_model",
    "cpu_stepping",
    "usable_cores",
    "caches",
    "memory_mib",
    "kernel",
    "virtualisation",
    "libc",
    "toolchain",
    "target",
    "profile",
    "rustflags",
];

fn flatten(name: &str, value: &Value, found: &mut Vec<(String, String)>) {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(inner, value)| flatten(&format!("{name}.{inner}"), value, found));
        }
        Value::Array(items) => {
            let separator = if name == "rustflags" { " " } else { ", " };
            found.push((name.to_owned(), items.iter().map(text).collect::<Vec<_>>().join(separator)));
        }
        value => found.push((name.to_owned(), text(value))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        let text = |text: &str| text.to_owned();
        Environment {
            format: 1,
            comparability: Comparability {
                cpu_model: text("AMD EPYC 7763"),
                cpu_stepping: text("AuthenticAMD 25/1/1"),
                usable_cores: 2,
                caches: vec![text("L1d 32K"), text("L2 512K")],
                memory_mib: 8192,
                kernel: text("6.1.0"),
                virtualisation: text("kvm"),
                libc: text("glibc 2.41"),
                toolchain: [("release", "1.95.0"), ("host", "x86_64-unknown-linux-gnu")]
                    .map(|(name, value)| (text(name), text(value)))
                    .into(),
                target: text("x86_64-unknown-linux-gnu"),
                profile: text("bench"),
                rustflags: Vec::new(),
            },
            metadata: [("load_average", "0.10 0.20 0.30"), ("env.RUST_LOG", "info")]
                .map(|(name, value)| (text(name), text(value)))
                .into(),
        }
    }

    #[test]
    fn an_environment_is_comparable_with_itself() {
        let comparison = compare(&environment(), &environment());
        assert!(comparison.is_comparable() && comparison.metadata.is_empty());
        assert_eq!((comparison.same_decisive, comparison.same_metadata), (13, 2));
    }

    #[test]
    fn facts_are_named_in_the_order_of_the_record_and_none_is_left_out() {
        let facts = decisive_facts(&environment().comparability);
        let names: Vec<&str> = facts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names[..4], ["cpu_model", "cpu_stepping", "usable_cores", "caches"]);
        assert!(names.contains(&"toolchain.release"));
        assert_eq!(facts[3].1, "L1d 32K, L2 512K");
        let Ok(Value::Object(fields)) = serde_json::to_value(environment().comparability) else {
            panic!("no map")
        };
        assert!(fields.keys().all(|name| ORDER.contains(&name.as_str())), "a field has no place in ORDER");
    }

    #[test]
    fn every_fact_that_decides_makes_a_difference_and_has_an_effect() {
        type Change = fn(&mut Comparability);
        let changes: [(&str, Change); 12] = [
            ("cpu_model", |facts| facts.cpu_model.push('X')),
            ("cpu_stepping", |facts| facts.cpu_stepping.push('X')),
            ("usable_cores", |facts| facts.usable_cores += 1),
            ("caches", |facts| drop(facts.caches.pop())),
            ("memory_mib", |facts| facts.memory_mib += 256),
            ("kernel", |facts| facts.kernel.push('X')),
            ("virtualisation", |facts| facts.virtualisation.push('X')),
            ("libc", |facts| facts.libc.push('X')),
            ("toolchain.release", |facts| drop(facts.toolchain.remove("release"))),
            ("target", |facts| facts.target.push('X')),
            ("profile", |facts| facts.profile.push('X')),
            ("rustflags", |facts| facts.rustflags.push("-Ctarget-cpu=native".to_owned())),
        ];
        for (field, change) in changes {
            let mut other = environment();
            change(&mut other.comparability);
            let comparison = compare(&environment(), &other);
            assert!(!comparison.is_comparable() && comparison.metadata.is_empty(), "{field}");
            assert_ne!(environment().fingerprint(), other.fingerprint(), "{field}");
            assert_eq!(comparison.decisive[0].field, field);
            assert!(!["", "not known"].contains(&comparison.decisive[0].effect), "{field}");
        }
    }

    #[test]
    fn metadata_never_makes_results_incomparable() {
        let mut other = environment();
        other.metadata.remove("env.RUST_LOG");
        other.metadata.insert("microcode".to_owned(), "0x1".to_owned());
        let comparison = compare(&environment(), &other);
        assert!(comparison.is_comparable());
        let names: Vec<&str> = comparison.metadata.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(names, ["env.RUST_LOG", "microcode"]);
        assert_eq!(
            (comparison.metadata[0].second.as_deref(), comparison.metadata[1].first.as_deref()),
            (None, None)
        );
    }
}
