//! Hosts: the environment of one, the difference of two, and what a probe of one gave; to text, Markdown and JSON.

pub mod difference;
pub mod environment;
pub mod json;
pub mod probe;

use super::numbers::grouped;

/// Units that a field's name ends in, and how they are shown.
const UNITS: [(&str, &str); 5] =
    [("_kib", "KiB"), ("_mib", "MiB"), ("_khz", "kHz"), ("_mhz", "MHz"), ("_s", "s")];

/// A field's name as words, and its value with its unit. The names of variables stay as they are.
fn labelled(field: &str, value: &str) -> (String, String) {
    if let Some(variable) = field.strip_prefix("env.") {
        return (variable.to_owned(), value.to_owned());
    }
    if field == "cpu_mhz" {
        return ("cpu clock".to_owned(), format!("{value} MHz"));
    }
    let unit = UNITS.iter().find_map(|(suffix, unit)| Some((field.strip_suffix(suffix)?, *unit)));
    let (name, unit) = unit.map_or((field, None), |(name, unit)| (name, Some(unit)));
    let value = match (value.parse::<u64>(), unit) {
        (Ok(number), Some(unit)) => format!("{} {unit}", grouped(number)),
        (Err(_), Some(unit)) => format!("{value} {unit}"),
        (_, None) => value.to_owned(),
    };
    (name.replace(['_', '.'], " "), value)
}

#[cfg(test)]
mod samples {
    //! Environments and probes for the tests of these reports.

    use std::collections::BTreeMap;

    use crate::model::environment::{Comparability, Environment};
    use crate::model::probe::ProbeRecord;
    use crate::model::record::Placement;
    use crate::model::{
        Block, BlockOrder, ByRole, Disturbance, Engine, EpochSample, Reading, Role, Turn, Work,
    };

    fn map(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    pub(super) fn environment() -> Environment {
        Environment {
            format: 1,
            comparability: Comparability {
                cpu_model: "AMD EPYC 7763 64-Core Processor".to_owned(),
                cpu_stepping: "AuthenticAMD 25/1/1".to_owned(),
                usable_cores: 2,
                caches: vec!["L1d 32K".to_owned(), "L2 512K".to_owned(), "L3 32768K".to_owned()],
                memory_mib: 8192,
                kernel: "6.1.0-35-amd64".to_owned(),
                virtualisation: "kvm".to_owned(),
                libc: "glibc 2.41".to_owned(),
                toolchain: map(&[("release", "1.95.0"), ("LLVM version", "22.1.2")]),
                target: "x86_64-unknown-linux-gnu".to_owned(),
                profile: "bench".to_owned(),
                rustflags: Vec::new(),
            },
            metadata: map(&[
                ("allocator", "glibc"),
                ("cpu_topology", "1 socket, 2 cores, 2 threads"),
                ("env.CARGO_REGISTRY_TOKEN", "(masked)"),
                ("env.RUST_LOG", "\x1b[2Jinfo"),
                ("git", "git version 2.47.2"),
                ("load_average", "0.10 0.20 0.30"),
                ("memory_available_kib", "7340032"),
                ("uptime_s", "12345"),
            ]),
        }
    }

    pub(super) fn other_environment() -> Environment {
        let mut other = environment();
        other.comparability.kernel = "6.12.0-1-amd64".to_owned();
        other.comparability.toolchain.remove("LLVM version");
        other.comparability.rustflags = vec!["-C".to_owned(), "target-cpu=native".to_owned()];
        other.metadata.remove("env.RUST_LOG");
        other.metadata.insert("uptime_s".to_owned(), "99".to_owned());
        other
    }

    /// A probe of a host that is so many percent slower than the sample's.
    pub(super) fn probe(slower_percent: u64) -> ProbeRecord {
        let reading = |name: &str, work, amount, working_set_bytes, elapsed_ns: [u64; 3]| Reading {
            name: name.to_owned(),
            work,
            amount,
            working_set_bytes,
            elapsed_ns: elapsed_ns.map(|ns| ns * (100 + slower_percent) / 100).to_vec(),
        };
        let epoch = |number: u32| {
            let turn = |elapsed_ns| Turn { iterations: 1_000, elapsed_ns };
            let candidate = turn(1_000_000 + u64::from(number % 4) * 2_000);
            let turns = ByRole::new([turn(1_003_000); 2], [candidate; 2]);
            EpochSample {
                epoch: number,
                engine: Engine::Turns,
                spawned_first: Role::Baseline,
                warmed_first: Role::Candidate,
                warm_up: ByRole::new(turn(1), turn(1)),
                helper_threads: false,
                handover_ns: 2_900,
                counters: None,
                resources: None,
                blocks: vec![Block { order: BlockOrder::Abba, turns, disturbance: Disturbance::default() }],
            }
        };
        ProbeRecord {
            format: ProbeRecord::FORMAT,
            id: "20261122T175456Z-000000ab".to_owned(),
            tool: "0.1.0".to_owned(),
            started_unix_s: 1_795_370_096,
            finished_unix_s: 1_795_370_105,
            environment: environment().fingerprint(),
            placement: Placement {
                bench_cpus: vec![1],
                coordinator_cpu: Some(0),
                scheduling: "fifo".to_owned(),
                aslr_off: true,
            },
            seed: 7,
            quick: false,
            notes: vec!["latency_l3: the kernel lists no such cache".to_owned()],
            readings: vec![
                reading("integer", Work::Steps, 1_000_000, None, [1_500_000, 1_400_000, 1_600_000]),
                reading(
                    "memory_read",
                    Work::Bytes,
                    64 << 20,
                    Some(64 << 20),
                    [6_710_886, 6_800_000, 6_600_000],
                ),
                reading("latency_l1", Work::Loads, 1_000, Some(16 << 10), [1_250, 1_251, 1_249]),
                reading("clock_resolution", Work::Ticks, 1, None, [10, 10, 10]),
                reading("handover", Work::Handovers, 1, None, [2_900, 2_800, 3_100]),
            ],
            reference: BTreeMap::from([("memory".to_owned(), (0..8).map(epoch).collect())]),
            reference_cost_us: BTreeMap::from([("memory".to_owned(), 320_000)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_words_and_values_get_their_units() {
        let pair = |label: &str, value: &str| (label.to_owned(), value.to_owned());
        assert_eq!(labelled("memory_mib", "24064"), pair("memory", "24,064 MiB"));
        assert_eq!(labelled("cpu_mhz", "800-2900"), pair("cpu clock", "800-2900 MHz"));
        assert_eq!(labelled("toolchain.commit-hash", "59807616"), pair("toolchain commit-hash", "59807616"));
        assert_eq!(labelled("env.RUST_TEST_THREADS", "1"), pair("RUST_TEST_THREADS", "1"));
        assert_eq!(labelled("usable_cores", "2"), pair("usable cores", "2"));
    }
}
