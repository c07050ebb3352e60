//! Sums to what one iteration takes, to ratios and to rates.

use super::*;
use crate::model::{Block, BlockOrder, CounterSums, Disturbance, Engine, Turn};

/// An epoch of ten baseline iterations and twenty candidate ones.
fn epoch(sums: [&[(Counter, u64)]; 2], resources: Option<[Resources; 2]>) -> EpochSample {
    let turn = |iterations| Turn { iterations, elapsed_ns: 100 };
    let counted = |sums: &[(Counter, u64)]| CounterSums {
        sums: sums.iter().copied().collect(),
        ..CounterSums::default()
    };
    EpochSample {
        epoch: 0,
        engine: Engine::Turns,
        spawned_first: Role::Baseline,
        warmed_first: Role::Baseline,
        warm_up: ByRole::new(turn(1), turn(1)),
        helper_threads: false,
        handover_ns: 0,
        counters: Some(ByRole::new(counted(sums[0]), counted(sums[1]))),
        resources: resources.map(|[baseline, candidate]| ByRole::new(baseline, candidate)),
        blocks: vec![Block {
            order: BlockOrder::Abba,
            turns: ByRole::new([turn(4), turn(6)], [turn(10), turn(10)]),
            disturbance: Disturbance::default(),
        }],
    }
}

#[test]
fn counts_are_those_of_one_iteration_and_a_side_without_one_drops_the_epoch() {
    use Counter::{Cycles, Instructions};
    let both = epoch([&[(Instructions, 1000), (Cycles, 500)], &[(Instructions, 2200), (Cycles, 1000)]], None);
    let half = epoch([&[(Instructions, 77), (Cycles, 7)], &[(Instructions, 99)]], None);
    let used = of_epochs(&[both, half]);
    let instructions = used.counts[&Instructions];
    assert_eq!(instructions.iterations, ByRole::new(20, 40));
    assert_eq!(instructions.per_iteration(), ByRole::new(1077.0 / 20.0, 2299.0 / 40.0));
    let cycles = used.counts[&Cycles];
    assert_eq!(cycles.per_iteration(), ByRole::new(50.0, 50.0));
    assert_eq!(cycles.change(), Some(0.0));
    assert_eq!(used.instructions_per_cycle, Some(ByRole::new(2.0, 2.2)), "of the epoch that has both");
    assert_eq!((used.branch_miss_rate, used.resources), (None, None));
}

#[test]
fn nothing_is_divided_by_nothing() {
    let none = epoch([&[(Counter::Branches, 0), (Counter::BranchMisses, 0)]; 2], None);
    let used = of_epochs(&[none]);
    assert_eq!(used.branch_miss_rate, None);
    assert_eq!(used.counts[&Counter::Branches].change(), None);
    assert_eq!(of_epochs(&[]), Used::default());
}

#[test]
fn resources_are_rates_over_the_turns_and_memory_is_the_highest_peak() {
    let resources = |cpu_ns, peak, disk| Resources {
        wall_ns: 1_000_000_000,
        cpu_ns,
        peak_memory_bytes: Some(peak),
        disk_read_bytes: Some(disk),
        disk_write_bytes: Some(1_000_000),
        ..Resources::default()
    };
    let of = |pair| epoch([&[], &[]], Some(pair));
    let first = of([resources(500_000_000, 2_000_000, 0), resources(1_000_000_000, 9_000_000, 3_000_000)]);
    let second = of([resources(700_000_000, 3_000_000, 0), resources(3_000_000_000, 4_000_000, 3_000_000)]);
    let used = of_epochs(&[first, second]).resources.unwrap();
    assert_eq!(used.cpu_percent, ByRole::new(60.0, 200.0));
    assert_eq!(used.memory_mb, Some(ByRole::new(3.0, 9.0)));
    assert_eq!(used.memory_change(), Some(2.0));
    assert_eq!(used.disk_io_mbps, Some(ByRole::new(1.0, 4.0)));
    assert_eq!(used.network_mbps, None, "nobody saw the sockets");
}

#[test]
fn a_change_of_memory_is_notable_beyond_a_tenth_and_a_mebibyte() {
    let used = |baseline, candidate| ResourceUse {
        cpu_percent: ByRole::new(100.0, 100.0),
        memory_mb: Some(ByRole::new(baseline, candidate)),
        memory_since_start: false,
        disk_io_mbps: None,
        network_mbps: None,
    };
    assert!(used(5.0, 6.1).memory_changed_notably() && used(6.1, 5.0).memory_changed_notably());
    assert!(!used(5.0, 6.0).memory_changed_notably(), "less than a mebibyte");
    assert!(!used(50.0, 54.9).memory_changed_notably(), "less than a tenth");
    assert!(!ResourceUse { memory_mb: None, ..used(1.0, 9.0) }.memory_changed_notably());
}
