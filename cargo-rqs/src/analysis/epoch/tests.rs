//! Epochs made by hand, and properties of the epoch's number.

use proptest::prelude::*;

use super::*;
use crate::model::{BlockOrder, Engine};

fn turn(iterations: u64, elapsed_ns: u64) -> Turn {
    Turn { iterations, elapsed_ns }
}

fn block(baseline: [Turn; 2], candidate: [Turn; 2]) -> Block {
    Block {
        order: BlockOrder::Abba,
        turns: ByRole::new(baseline, candidate),
        disturbance: Disturbance::default(),
    }
}

fn even(baseline_ns: u64, candidate_ns: u64) -> Block {
    block([turn(10, baseline_ns); 2], [turn(10, candidate_ns); 2])
}

fn disturbed(mut block: Block) -> Block {
    block.disturbance.involuntary_switches = 1;
    block
}

fn epoch(blocks: Vec<Block>) -> EpochSample {
    EpochSample {
        epoch: 0,
        engine: Engine::Turns,
        spawned_first: Role::Baseline,
        warmed_first: Role::Candidate,
        warm_up: ByRole::new(turn(1, 100), turn(1, 100)),
        helper_threads: false,
        handover_ns: 0,
        counters: None,
        resources: None,
        blocks,
    }
}

#[test]
fn the_number_is_the_median_of_the_blocks_log_ratios() {
    let value = log_ratio(&epoch(vec![even(1000, 1020), even(1000, 5000), even(1000, 1010)]));
    let estimate = value.estimate.unwrap();
    assert!((estimate.log_ratio - 1.02f64.ln()).abs() < 1e-12);
    let ByRole { baseline, candidate } = estimate.typical_ns;
    assert!((baseline - 100.0).abs() < 1e-9 && (candidate - 102.0).abs() < 1e-9, "{baseline} {candidate}");
    assert_eq!((value.blocks, value.dropped), (3, 0));
}

#[test]
fn sides_may_do_different_numbers_of_iterations() {
    let block = block([turn(10, 1000), turn(20, 2000)], [turn(5, 550), turn(40, 4400)]);
    let estimate = log_ratio(&epoch(vec![block])).estimate.unwrap();
    assert!((estimate.log_ratio - 1.1f64.ln()).abs() < 1e-12);
}

#[test]
fn a_side_in_a_block_is_the_geometric_mean_of_its_two_turns() {
    let block = block([turn(1, 100), turn(1, 400)], [turn(1, 200), turn(1, 200)]);
    assert!(log_ratio(&epoch(vec![block])).estimate.unwrap().log_ratio.abs() < 1e-12);
}

#[test]
fn a_disturbed_block_is_dropped_whole() {
    let mut blocks = vec![even(1000, 1000); 7];
    blocks.extend(vec![disturbed(even(1000, 9000)); 3]);
    let value = log_ratio(&epoch(blocks));
    assert_eq!(value.dropped, 3);
    let estimate = value.estimate.unwrap();
    assert!(estimate.log_ratio == 0.0 && (estimate.typical_ns.candidate - 100.0).abs() < 1e-9);
}

#[test]
fn making_room_for_threads_of_its_own_does_not_disturb_a_benchmark_but_a_disk_does() {
    let mut blocks = vec![disturbed(even(1000, 1000)); 9];
    let threaded = |blocks: &[Block]| EpochSample { helper_threads: true, ..epoch(blocks.to_vec()) };
    assert_eq!(log_ratio(&threaded(&blocks)).dropped, 0);
    blocks[0].disturbance.major_faults = 1;
    assert_eq!(log_ratio(&threaded(&blocks)).dropped, 1);
}

#[test]
fn an_epoch_with_more_than_thirty_percent_dropped_is_discarded() {
    let mut blocks = vec![even(1000, 1000); 6];
    blocks.extend(vec![disturbed(even(1000, 1000)); 3]);
    let value = log_ratio(&epoch(blocks));
    assert_eq!((value.estimate, value.blocks, value.dropped), (Err(Discard::Disturbed), 9, 3));
}

#[test]
fn an_epoch_without_blocks_or_with_an_empty_turn_is_discarded_with_the_reason() {
    assert_eq!(log_ratio(&epoch(vec![])).estimate, Err(Discard::NoBlocks));
    for empty in [turn(0, 100), turn(10, 0)] {
        let blocks = vec![even(1000, 1000), block([turn(10, 1000); 2], [turn(10, 1000), empty])];
        assert_eq!(log_ratio(&epoch(blocks)).estimate, Err(Discard::EmptyTurn));
    }
}

#[test]
fn a_side_that_warms_up_is_noticed() {
    let blocks = (0..40).map(|i| even(1000, if i < 12 { 1100 } else { 1000 })).collect();
    assert_eq!(log_ratio(&epoch(blocks)).estimate.unwrap().steadiness, Some(Steadiness::WarmUp));
}

proptest! {
    #[test]
    fn swapping_the_sides_negates_the_number(
        times in prop::collection::vec((1u64..1_000_000, 1u64..1_000_000, any::<bool>()), 1..20),
    ) {
        let make = |swap: bool| {
            let blocks = times.iter().map(|(a, b, noisy)| {
                let block = if swap { even(*b, *a) } else { even(*a, *b) };
                if *noisy { disturbed(block) } else { block }
            });
            log_ratio(&epoch(blocks.collect())).estimate
        };
        match (make(false), make(true)) {
            (Ok(one), Ok(other)) => prop_assert!((one.log_ratio + other.log_ratio).abs() < 1e-12),
            (one, other) => prop_assert_eq!(one.err(), other.err()),
        }
    }

    #[test]
    fn a_slower_clock_changes_nothing(
        times in prop::collection::vec((1u64..1_000_000, 1u64..1_000_000), 1..20), factor in 1u64..1000,
    ) {
        let make = |k: u64| log_ratio(&epoch(times.iter().map(|(a, b)| even(a * k, b * k)).collect())).estimate.unwrap();
        prop_assert!((make(1).log_ratio - make(factor).log_ratio).abs() < 1e-9);
    }
}
