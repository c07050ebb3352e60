//! Records for the tests of the store.

use std::collections::BTreeMap;

use crate::model::acceptance::{Acceptance, AcceptedChange, AcceptedSize, AppliedAcceptance};
use crate::model::bisection::{self, BisectionRecord, Commit, Measurement, Purpose, Skipped, Yardstick};
use crate::model::calibration::{CalibrationRecord, Judged, Load, Round, Said, SidesDiffer, Subject};
use crate::model::dependencies::{Dependency, DependencyGraph};
use crate::model::environment::{Comparability, Environment};
use crate::model::policy::{BenchmarkPolicy, Budget, Policy};
use crate::model::probe::ProbeRecord;
use crate::model::record::{
    BenchmarkRecord, Counting, LayoutSample, LockSource, Placement, Presence, RunRecord, SuiteRecord,
};
use crate::model::revision::{Revision, RevisionKind};
use crate::model::run_id::run_id;
use crate::model::run_part::{PartEpochs, RunPart};
use crate::model::{
    BenchmarkKey, Block, BlockOrder, ByRole, Counted, Counts, Disturbance, Engine, EpochSample, NotCounted,
    Reading, Role, Turn, Work,
};

/// A run of one suite with so many benchmarks, epochs for each and blocks for each of those.
pub(super) fn run(benchmarks: u32, epochs: u32, blocks: u32) -> RunRecord {
    let started_unix_s = 1_795_370_096;
    let revision = |spec: &str, digit: &str| Revision {
        spec: spec.to_owned(),
        kind: RevisionKind::Commit,
        id: digit.repeat(40),
        summary: "Say \"hello\" \\ to  two spaces".to_owned(),
        committed_unix_s: Some(1_795_000_000),
    };
    RunRecord {
        arguments: Vec::new(),
        format: RunRecord::FORMAT,
        id: run_id(started_unix_s * 1000, 0xfeed),
        tool: "0.1.0".to_owned(),
        started_unix_s,
        finished_unix_s: started_unix_s + 60,
        revisions: ByRole::new(revision("v1.2.0", "a"), revision("HEAD", "b")),
        locks: ByRole::new(LockSource::Committed, LockSource::Shared),
        environment: environment().fingerprint(),
        dependencies: ByRole::from_fn(|_| dependencies().fingerprint()),
        policy: Policy { margin: 0.1 + 0.2, ..Policy::default() },
        budget: Budget { max_epochs: 40, time_budget_ms: 60_000, epoch_us: 200_000, seed: u64::MAX - 1 },
        placement: Placement {
            bench_cpus: vec![1],
            coordinator_cpu: Some(0),
            scheduling: "fifo".to_owned(),
            aslr_off: true,
        },
        counting: Some(Counting { emulator: "valgrind-3.19.0".to_owned(), elapsed_ms: 1_234 }),
        counters: None,
        ledger: Vec::new(),
        notes: vec!["suite `other` was skipped".to_owned()],
        profiling: None,
        layouts: None,
        parts: Vec::new(),
        suites: vec![SuiteRecord {
            name: "json::parse".to_owned(),
            harness: ByRole::from_fn(|_| "criterion 0.5.1".to_owned()),
            executables: ByRole::new("c".repeat(64), "d".repeat(64)),
            identical: false,
            benchmarks: (0..benchmarks).map(|n| benchmark(n, epochs, blocks)).collect(),
        }],
    }
}

/// The epochs of a small [`run`] as a part of it.
pub(super) fn run_part() -> RunPart {
    let mut run = run(1, 2, 2);
    let epochs = std::mem::take(&mut run.suites[0].benchmarks[0].epochs);
    let epochs = vec![PartEpochs { suite: 0, benchmark: 0, epochs }];
    RunPart { format: RunPart::FORMAT, run: run.id, number: 1, epochs }
}

/// An acceptance of the first benchmark of a [`run`].
pub(super) fn acceptance() -> Acceptance {
    let run = run(1, 0, 0);
    let change = AcceptedChange {
        suite: run.suites[0].name.clone(),
        key: run.suites[0].benchmarks[0].key.clone(),
        size: AcceptedSize { log_mean: 0.05, log_half_width: 0.004, alpha: 0.01, epochs: 12 },
        policy: run.policy,
    };
    Acceptance {
        format: Acceptance::FORMAT,
        id: run_id(1_795_370_100_000, 0xacce),
        tool: "0.1.0".to_owned(),
        accepted_unix_s: 1_795_370_100,
        run: run.id,
        revisions: run.revisions,
        author: "Zoë <zoe@example.org>".to_owned(),
        reason: "checks \"UTF-8\"".to_owned(),
        expires_unix_s: Some(1_800_000_000),
        changes: vec![change],
    }
}

/// A probe of the host of [`environment`].
pub(super) fn probe() -> ProbeRecord {
    let started_unix_s = 1_795_370_096;
    let reading = Reading {
        name: "memory_read".to_owned(),
        work: Work::Bytes,
        amount: 64 << 20,
        working_set_bytes: Some(32 << 20),
        elapsed_ns: vec![5_000_000, 5_100_000, 4_900_000],
    };
    ProbeRecord {
        format: ProbeRecord::FORMAT,
        id: run_id(started_unix_s * 1000, 0xbeef),
        tool: "0.1.0".to_owned(),
        started_unix_s,
        finished_unix_s: started_unix_s + 10,
        environment: environment().fingerprint(),
        placement: run(0, 0, 0).placement,
        seed: 7,
        quick: true,
        notes: vec!["latency_l3: the kernel lists no such cache".to_owned()],
        readings: vec![reading],
        reference: BTreeMap::from([("memory".to_owned(), (0..3).map(|epoch| sample(epoch, 2)).collect())]),
        reference_cost_us: BTreeMap::from([("memory".to_owned(), 120_000)]),
    }
}

/// A bisection of the run of [`run`], with everything in it.
pub(super) fn bisection() -> BisectionRecord {
    let of_run = run(1, 2, 2);
    let suite = &of_run.suites[0];
    let benchmark = &suite.benchmarks[0];
    let ByRole { baseline: good, candidate: bad } = of_run.revisions.clone();
    let measurement = |purpose| Measurement {
        purpose,
        baseline: good.id.clone(),
        candidate: bad.id.clone(),
        layout: Some(77),
        complete: true,
        epochs: benchmark.epochs.clone(),
        layouts: benchmark.layouts.clone(),
        failure: None,
        counts: benchmark.counts.clone(),
    };
    BisectionRecord {
        format: BisectionRecord::FORMAT,
        id: of_run.id.clone(),
        tool: of_run.tool.clone(),
        arguments: vec!["--good".into(), "v1.2.0".into()],
        started_unix_s: of_run.started_unix_s,
        finished_unix_s: of_run.finished_unix_s,
        elapsed_ms: 60_000,
        first_parent: true,
        by: Yardstick::Time,
        commits: vec![Commit {
            id: bad.id.clone(),
            tree: "f".repeat(40),
            parents: vec![good.id.clone()],
            author: "Zoë Keeper <zoe@example.org>".into(),
            authored_unix_s: 1_795_000_000,
            summary: bad.summary.clone(),
        }],
        environment: of_run.environment.clone(),
        placement: of_run.placement.clone(),
        policy: of_run.policy,
        confidence: 0.95,
        seed: 7,
        subject: Some(bisection::Subject { suite: suite.name.clone(), key: benchmark.key.clone() }),
        code: BTreeMap::from([(good.id.clone(), "1".repeat(64))]),
        measured: vec![measurement(Purpose::Search), measurement(Purpose::Check)],
        skipped: vec![Skipped { commit: "e".repeat(40), reason: "it does not build".into() }],
        not_varied: Some("its linker cannot".into()),
        notes: vec!["a note".into()],
        good,
        bad,
        ends: of_run.suites,
    }
}

fn benchmark(n: u32, epochs: u32, blocks: u32) -> BenchmarkRecord {
    let key = BenchmarkKey { id: format!("parse/from_slice/{}", 1024 << (n % 10)), occurrence: n / 10 };
    let mut counts = Counts { whole_samples: true, helper_threads: true, ..Counts::default() };
    counts.push(1, [1_000, 200, 100, 50]);
    BenchmarkRecord {
        epochs: (0..epochs).map(|epoch| sample(epoch, blocks)).collect(),
        layouts: vec![LayoutSample { seeds: ByRole::new(1, u32::MAX), sample: sample(epochs, blocks) }],
        counts: Some(ByRole::new(Counted::Counts(counts), Counted::NotCounted(NotCounted::Silent(300)))),
        policy: BenchmarkPolicy {
            margin: Some(0.02),
            owner: Some("@parsers".to_owned()),
            ..Default::default()
        },
        acceptances: vec![AppliedAcceptance {
            id: run_id(1_795_000_000_000, 1),
            author: "Zoë".to_owned(),
            reason: "checks more".to_owned(),
            expires_unix_s: None,
            size: AcceptedSize { log_mean: 0.05, log_half_width: 0.004, alpha: 0.01, epochs: 12 },
        }],
        ..BenchmarkRecord::new(key, Presence::Both)
    }
}

fn sample(epoch: u32, blocks: u32) -> EpochSample {
    let turn = |n: u64| Turn { iterations: 12_345, elapsed_ns: 1_234_567 + n * 7_919 };
    let block = |n: u32| Block {
        order: if n.is_multiple_of(2) { BlockOrder::Abba } else { BlockOrder::Baab },
        turns: ByRole::new([turn(4 * u64::from(n)), turn(1)], [turn(2), turn(3)]),
        disturbance: Disturbance { steal_ticks: u32::from(n == 3), ..Disturbance::default() },
    };
    EpochSample {
        epoch,
        engine: Engine::Turns,
        spawned_first: Role::Baseline,
        warmed_first: Role::Candidate,
        warm_up: ByRole::new(turn(0), turn(0)),
        helper_threads: false,
        handover_ns: 0,
        counters: None,
        resources: None,
        blocks: (0..blocks).map(block).collect(),
    }
}

/// An environment with one line of metadata.
pub(super) fn environment() -> Environment {
    Environment {
        format: Environment::FORMAT,
        comparability: Comparability {
            cpu_model: "AMD EPYC".to_owned(),
            cpu_stepping: "AuthenticAMD 26/2/1".to_owned(),
            usable_cores: 2,
            caches: vec!["L1d 32K".to_owned(), "L2 1024K".to_owned()],
            memory_mib: 24_064,
            kernel: "6.18.44".to_owned(),
            virtualisation: "kvm".to_owned(),
            libc: "glibc 2.39".to_owned(),
            toolchain: BTreeMap::from([("release".to_owned(), "1.95.0".to_owned())]),
            target: "x86_64-unknown-linux-gnu".to_owned(),
            profile: "bench".to_owned(),
            rustflags: Vec::new(),
        },
        metadata: BTreeMap::from([("cpu_mhz".to_owned(), "2596".to_owned())]),
    }
}

/// A graph of two packages, one of them with every field that may be there.
pub(super) fn dependencies() -> DependencyGraph {
    let package = |name: &str, needed: Vec<String>| Dependency {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        source: Some("registry+https://github.com/rust-lang/crates.io-index".to_owned()),
        checksum: Some("e".repeat(64)),
        member: !needed.is_empty(),
        licence: Some("MIT".to_owned()),
        licence_file: Some("LICENCE".to_owned()),
        rust_version: Some("1.85.0".to_owned()),
        features: vec!["std".to_owned()],
        dependencies: needed.clone(),
        build_dependencies: needed.clone(),
        dev_dependencies: needed,
    };
    DependencyGraph {
        format: DependencyGraph::FORMAT,
        packages: vec![package("a", vec!["b 1.0.0".to_owned()]), package("b", Vec::new())],
    }
}

/// A calibration of two rounds with every field that may be there.
pub(super) fn calibration() -> CalibrationRecord {
    let run = run(1, 1, 1);
    let judged = |said| Judged {
        suite: "own::suite".to_owned(),
        key: BenchmarkKey { id: "a/b".to_owned(), occurrence: 1 },
        said,
        over_layouts: (said == Said::Regressed).then_some(Said::Unchanged),
        epochs: 3,
        elapsed_ms: 120,
        mean: Some(0.1 + 0.2),
        half_width: Some(1e-9),
        log_ratios: vec![0.1, 0.2, 0.600_000_000_000_000_1],
    };
    let round = |number, sides, load, said| Round {
        number,
        sides,
        load,
        began_ms: 17,
        elapsed_ms: 1800,
        verdicts: vec![judged(said)],
    };
    CalibrationRecord {
        format: CalibrationRecord::FORMAT,
        id: run.id,
        tool: run.tool,
        started_unix_s: run.started_unix_s,
        finished_unix_s: run.finished_unix_s,
        environment: run.environment,
        subject: Subject::Own(run.revisions.candidate),
        placement: run.placement,
        policy: run.policy,
        budget: run.budget,
        benchmarks: 1,
        interrupted: true,
        notes: vec!["something was left out".to_owned()],
        rounds: vec![
            round(0, SidesDiffer::SameFile, Load::None, Said::Unchanged),
            round(1, SidesDiffer::MoreWork(50), Load::Bursts, Said::Regressed),
        ],
    }
}
