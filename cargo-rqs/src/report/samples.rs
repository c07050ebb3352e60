//! Records made by hand for the tests of the reports: one calm, one with everything in it, nasty names included.

mod governed;

pub use governed::governed;

use crate::analysis::comparison::{Comparison, compare};
use crate::model::code::CodeIdentity;
use crate::model::ledger::LedgerEntry;
use crate::model::policy::{Budget, Policy};
use crate::model::record::{
    BenchmarkRecord, Counting, LayoutPass, LayoutSample, LockSource, Placement, Presence, RunRecord,
    SuiteRecord,
};
use crate::model::revision::{Revision, RevisionKind};
use crate::model::{
    BenchmarkFailure, BenchmarkKey, Block, BlockOrder, ByRole, Counted, Counter, CounterSums, Counters,
    Counts, Disturbance, Engine, EpochSample, Missing, NotCounted, Resources, Role, Turn,
};

/// One suite, four benchmarks, no trouble.
pub fn calm() -> (RunRecord, Comparison) {
    let record = record(vec![suite(
        "json::parse",
        vec![
            measured("decode/small", 8, 1_234.0, 0.0542),
            measured("decode/large", 8, 12_050_000.0, 0.0004),
            measured("encode/small", 8, 87.65, -0.031),
            measured("encode/large", 20, 999_960.0, 0.0049),
        ],
    )]);
    let comparison = compare(&record);
    (record, comparison)
}

/// Three suites with every finding, every remark, and names that try to break out.
pub fn stormy() -> (RunRecord, Comparison) {
    let mut record = record(vec![
        suite(
            "json::parse",
            vec![
                BenchmarkRecord {
                    code: Some(different(&["json::number", "evil::<`\u{1b}[2J|@everyone>"])),
                    ..counted(measured("plain", 9, 1_234.0, 0.0542), 5_000, 5_300)
                },
                measured(
                    "evil\x1b[2J\x1b]0;owned\x07|`</code>` @everyone\n# heading \u{202e}txt",
                    9,
                    10.0,
                    0.0,
                ),
                BenchmarkRecord {
                    code: Some(CodeIdentity::Identical { reached: "e".repeat(64) }),
                    ..counted(measured("שלום/解析/größe", 9, 55_500.0, -0.2), 100_000, 100_000)
                },
                measured(&format!("group/{}/end", "very_long_function_name_".repeat(6)), 3, 2e9, 0.2),
                BenchmarkRecord {
                    counts: Some(ByRole::new(
                        Counted::Counts(linear_counts(7)),
                        Counted::NotCounted(NotCounted::UnknownInstruction),
                    )),
                    ..noisy("noisy", 14)
                },
                measured("single", 1, 5.0, 0.01),
                warming("warming", 10),
                failed("broken"),
                BenchmarkRecord {
                    identical: true,
                    code: Some(CodeIdentity::IdenticalButForPanicLocations { reached: "f".repeat(64) }),
                    ..benchmark("elsewhere", vec![])
                },
                BenchmarkRecord { presence: Presence::Added, ..benchmark("new", vec![]) },
                BenchmarkRecord { presence: Presence::Removed, ..benchmark("old", vec![]) },
            ],
        ),
        SuiteRecord {
            identical: true,
            ..suite("json::same", vec![benchmark("twin", vec![]), second("twin")])
        },
        SuiteRecord {
            harness: ByRole::new("criterion 0.4.0".into(), "criterion 0.5.1".into()),
            ..suite("json::other|suite", vec![benchmark("never", vec![]), disturbed("drowned", 12)])
        },
    ]);
    record.revisions.baseline.summary = "Merge `x` | <b>\x1b[31m @team".into();
    record.revisions.candidate = Revision {
        spec: "workdir".into(),
        kind: RevisionKind::Files,
        id: "89abcdef0123456789abcdef0123456789abcdef".into(),
        summary: String::new(),
        committed_unix_s: None,
    };
    record.locks = ByRole::new(LockSource::Shared, LockSource::Own);
    record.dependencies = ByRole::new("d".repeat(64), "e".repeat(64));
    record.placement = Placement { scheduling: "other".into(), ..Placement::default() };
    record.counting = Some(Counting { emulator: "valgrind-3.19.0\x1b[2J".into(), elapsed_ms: 12_345 });
    record.notes = vec!["suite `json::old` was skipped: no harness\x1b[0m @all".into()];
    let comparison = compare(&record);
    (record, comparison)
}

/// A run on a host that is too busy, without the precise engine.
pub fn drowned() -> (RunRecord, Comparison) {
    let mut record = record(vec![suite("json::parse", vec![disturbed("a", 12), noisy("b", 14)])]);
    for sample in &mut record.suites[0].benchmarks[0].epochs {
        sample.engine = Engine::Alternation;
    }
    let comparison = compare(&record);
    (record, comparison)
}

/// A run whose epochs differ from each other by far more than they say together.
pub fn scattered() -> (RunRecord, Comparison) {
    let make = |i: u32| {
        let candidate_ns = 300.0 * [1.0, 1.1, 0.92, 1.04, 0.97][i as usize % 5];
        epoch(i, Engine::Turns, 12, |_| ByRole::new(300.0, candidate_ns))
    };
    let record = record(vec![suite("json::parse", vec![benchmark("a", (0..10).map(make).collect())])]);
    let comparison = compare(&record);
    (record, comparison)
}

/// A run whose changes were measured again over other layouts, with every outcome.
pub fn relinked() -> (RunRecord, Comparison) {
    let over = |benchmark: BenchmarkRecord, pairs: u32, change: f64, spread: f64| {
        let ns = benchmark.epochs[0].blocks[0].turns.baseline[0].elapsed_ns as f64 / 100_000.0;
        let make = |i: u32| {
            let candidate_ns = ns * (1.0 + change + spread * [0.0, 1.2, -1.1, 0.8, -0.9][i as usize % 5]);
            let sample = epoch(100 + i, Engine::Turns, 12, |_| ByRole::new(ns, candidate_ns));
            LayoutSample { seeds: ByRole::new(2 * i + 1, 2 * i + 2), sample }
        };
        BenchmarkRecord { layouts: (0..pairs).map(make).collect(), ..benchmark }
    };
    let mut record = record(vec![
        suite(
            "json::parse",
            vec![
                over(measured("robust", 8, 1_234.0, 0.0542), 10, 0.05, 0.004),
                over(counted(measured("same work", 8, 50.0, 0.12), 5_000, 5_000), 10, 0.09, 0.004),
                over(measured("faster", 8, 87.65, -0.2), 9, -0.18, 0.01),
                over(measured("artefact", 8, 20.0, 0.031), 14, 0.0005, 0.003),
                over(measured("sensitive", 8, 12.5, 0.08), 24, 0.01, 0.05),
                over(measured("the other way", 8, 12.5, -0.02), 10, 0.05, 0.004),
                over(measured("interrupted", 8, 12.5, 0.08), 3, 0.08, 0.01),
                measured("calm", 8, 12.5, 0.0),
            ],
        ),
        suite("json::other|suite", vec![measured("plain", 8, 12.5, 0.08)]),
    ]);
    let why =
        "baseline: its linker (GNU ld (GNU Binutils) 2.40\x1b[2J) cannot put sections into another order";
    record.layouts = Some(LayoutPass {
        most: 24,
        relinked: 48,
        relinking_ms: 6_300,
        elapsed_ms: 14_100,
        not_varied: [("json::other|suite".to_owned(), why.to_owned())].into(),
    });
    record.notes = vec![format!("the layout of `json::other|suite` was not varied: {why}")];
    let comparison = compare(&record);
    (record, comparison)
}

/// A run with two epochs whose events were counted, one benchmark by the processor as well, and a ledger.
pub fn with_counters() -> (RunRecord, Comparison) {
    use Counter::{BranchMisses, Branches, CacheMisses, CacheReferences, Cycles, Instructions, PageFaults};
    let mut record = record(vec![suite(
        "json::parse",
        vec![measured("counted", 2, 1_234.0, 0.05), measured("no processor", 2, 87.65, 0.0)],
    )]);
    // 2,400,000 iterations of each side in an epoch.
    let sums = |each: &[(Counter, u64)]| CounterSums {
        sums: each.iter().map(|(counter, times)| (*counter, times * 2_400_000)).collect(),
        ..CounterSums::default()
    };
    let of_both =
        [(Cycles, 6_000), (Branches, 100), (BranchMisses, 1), (CacheReferences, 20), (PageFaults, 0)];
    let baseline = sums(&[&of_both[..], &[(Instructions, 12_000), (CacheMisses, 1)]].concat());
    let candidate = sums(&[&of_both[..], &[(Instructions, 12_600), (CacheMisses, 2)]].concat());
    let resources = |cpu_ns, peak_memory_bytes| Resources {
        wall_ns: 1_000_000_000,
        cpu_ns,
        peak_memory_bytes: Some(peak_memory_bytes),
        disk_read_bytes: Some(0),
        disk_write_bytes: Some(0),
        network_sent_bytes: Some(500_000),
        network_received_bytes: Some(0),
        ..Resources::default()
    };
    let [counted, plain] = &mut record.suites[0].benchmarks[..] else { return empty() };
    for sample in &mut counted.epochs {
        sample.counters = Some(ByRole::new(baseline.clone(), candidate.clone()));
        sample.resources =
            Some(ByRole::new(resources(998_000_000, 4_000_000), resources(990_000_000, 6_000_000)));
    }
    for sample in &mut plain.epochs {
        sample.counters = Some(ByRole::from_fn(|_| sums(&[(PageFaults, 1)])));
    }
    let missing = [(Counter::L1dMisses, Missing::NotThere), (Counter::DtlbMisses, Missing::NotThere)];
    record.counters = Some(Counters {
        asked: Counter::ALL.to_vec(),
        threads: true,
        missing: missing.into(),
        from_usage: Vec::new(),
    });
    let happened = |epoch, steal_ticks, bench_busy_ticks, cgroup_throttles| LedgerEntry {
        epoch,
        wall_us: 200_000,
        steal_ticks: Some(steal_ticks),
        bench_busy_ticks: Some(bench_busy_ticks),
        bench_own_us: Some(180_000),
        voluntary_switches: Some(2_210),
        involuntary_switches: Some(epoch),
        major_faults: Some(0),
        pressure_cpu_some_us: (epoch > 0).then_some(1_250),
        temperature_millicelsius: Some(54_400),
        load_hundredths: Some(189),
        cgroup_throttles: Some(cgroup_throttles),
        ..LedgerEntry::default()
    };
    record.ledger = vec![happened(0, 0, 18, 0), happened(1, 1, 20, 3)];
    let comparison = compare(&record);
    (record, comparison)
}

/// A run without any benchmark.
pub fn empty() -> (RunRecord, Comparison) {
    let record = record(vec![]);
    let comparison = compare(&record);
    (record, comparison)
}

fn record(suites: Vec<SuiteRecord>) -> RunRecord {
    let commit = |spec: &str, id: &str, summary: &str| Revision {
        spec: spec.into(),
        kind: RevisionKind::Commit,
        id: id.into(),
        summary: summary.into(),
        committed_unix_s: Some(1_795_000_000),
    };
    RunRecord {
        arguments: Vec::new(),
        format: RunRecord::FORMAT,
        id: "20261122T101500Z-1a2b3c4d".into(),
        tool: "0.1.0".into(),
        started_unix_s: 1_795_342_500,
        finished_unix_s: 1_795_342_634,
        revisions: ByRole::new(
            commit("v1.2.0", "0123456789abcdef0123456789abcdef01234567", "Release 1.2.0"),
            commit("HEAD", "fedcba9876543210fedcba9876543210fedcba98", "Speed the encoder up"),
        ),
        locks: ByRole::new(LockSource::Committed, LockSource::Committed),
        environment: "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00".into(),
        dependencies: ByRole::new("d".repeat(64), "d".repeat(64)),
        policy: Policy::default(),
        budget: Budget { max_epochs: 20, time_budget_ms: 600_000, epoch_us: 300_000, seed: 7 },
        placement: Placement {
            bench_cpus: vec![2],
            coordinator_cpu: Some(0),
            scheduling: "fifo".into(),
            aslr_off: true,
        },
        counting: None,
        counters: None,
        ledger: Vec::new(),
        notes: Vec::new(),
        suites,
        profiling: None,
        layouts: None,
        parts: Vec::new(),
    }
}

fn suite(name: &str, benchmarks: Vec<BenchmarkRecord>) -> SuiteRecord {
    let both = |text: &str| ByRole::new(text.to_owned(), text.to_owned());
    SuiteRecord {
        name: name.into(),
        harness: both("criterion 0.5.1"),
        executables: both("00"),
        identical: false,
        benchmarks,
    }
}

fn benchmark(id: &str, epochs: Vec<EpochSample>) -> BenchmarkRecord {
    let key = BenchmarkKey { id: id.into(), occurrence: 0 };
    BenchmarkRecord { epochs, ..BenchmarkRecord::new(key, Presence::Both) }
}

fn different(changed: &[&str]) -> CodeIdentity {
    let reached = ByRole::new("c".repeat(64), "d".repeat(64));
    CodeIdentity::Different { reached, changed: changed.iter().map(|name| (*name).to_owned()).collect() }
}

fn second(id: &str) -> BenchmarkRecord {
    let key = BenchmarkKey { id: id.into(), occurrence: 1 };
    BenchmarkRecord { key, ..benchmark(id, vec![]) }
}

/// An epoch of twelve blocks, whose times are made from the block's number.
fn epoch(number: u32, engine: Engine, calm_blocks: usize, ns: impl Fn(usize) -> ByRole<f64>) -> EpochSample {
    let turn = |ns: f64| Turn { iterations: 100_000, elapsed_ns: (ns * 100_000.0).round() as u64 };
    let blocks = (0..12).map(|i| Block {
        order: if i % 2 == 0 { BlockOrder::Abba } else { BlockOrder::Baab },
        turns: ns(i).map(|ns| [turn(ns); 2]),
        disturbance: Disturbance {
            involuntary_switches: u32::from(i >= calm_blocks),
            ..Disturbance::default()
        },
    });
    EpochSample {
        epoch: number,
        engine,
        spawned_first: Role::Baseline,
        warmed_first: Role::Candidate,
        warm_up: ByRole::new(turn(1.0), turn(1.0)),
        helper_threads: false,
        handover_ns: 0,
        counters: None,
        resources: None,
        blocks: blocks.collect(),
    }
}

/// A ripple of 0.1 % from epoch to epoch.
fn measured(id: &str, epochs: u32, baseline_ns: f64, change: f64) -> BenchmarkRecord {
    let make = |i: u32| {
        let candidate_ns = baseline_ns * (1.0 + change + 0.001 * [0.0, 0.9, -0.8, 0.3, -0.4][i as usize % 5]);
        epoch(i, Engine::Turns, 12, |_| ByRole::new(baseline_ns, candidate_ns))
    };
    benchmark(id, (0..epochs).map(make).collect())
}

fn noisy(id: &str, epochs: u32) -> BenchmarkRecord {
    let make = |i: u32| {
        let candidate_ns = 300.0 * (1.0 + 0.02 * [0.0, 0.9, -0.8, 0.3, -0.4][i as usize % 5]);
        epoch(i, Engine::Alternation, 12, |_| ByRole::new(300.0, candidate_ns))
    };
    benchmark(id, (0..epochs).map(make).collect())
}

fn warming(id: &str, epochs: u32) -> BenchmarkRecord {
    let make =
        |i: u32| epoch(i, Engine::Turns, 12, |block| ByRole::new(70.0, if block < 4 { 73.0 } else { 70.0 }));
    benchmark(id, (0..epochs).map(make).collect())
}

fn disturbed(id: &str, epochs: u32) -> BenchmarkRecord {
    benchmark(id, (0..epochs).map(|i| epoch(i, Engine::Turns, 5, |_| ByRole::new(70.0, 70.0))).collect())
}

/// With counts of samples of 1, 2, 3, ... iterations.
fn counted(benchmark: BenchmarkRecord, baseline: u64, candidate: u64) -> BenchmarkRecord {
    let counts =
        ByRole::new(baseline, candidate).map(|instructions| Counted::Counts(linear_counts(instructions)));
    BenchmarkRecord { counts: Some(counts), ..benchmark }
}

fn linear_counts(instructions: u64) -> Counts {
    let mut counts = Counts::default();
    (1..=4).for_each(|k| counts.push(k, [150 + k * instructions, k * instructions / 4, 3, k * 17]));
    counts
}

fn failed(id: &str) -> BenchmarkRecord {
    let failure = BenchmarkFailure {
        role: Role::Candidate,
        what: "panicked (exit status 101)".into(),
        stderr_tail: "thread 'main' panicked at benches/parse.rs:12:5:\n\x1b[31mindex out of bounds\x1b[0m\n\t</pre>@all\n"
            .into(),
    };
    BenchmarkRecord { failure: Some(failure), ..benchmark(id, vec![]) }
}

/// Compares what is shown with the file `expected/<name>`; with `UPDATE_EXPECTED` in the environment the file is
/// written instead, to be looked at in the difference before it is committed.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "a test reads what it expects")]
pub fn assert_expected(name: &str, shown: &str) {
    let path = format!("{}/src/report/expected/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&path, shown).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert_eq!(shown, expected, "{name} differs; UPDATE_EXPECTED=1 writes it anew");
}
