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

/// Seventeen blocks around a log-ratio, scattered evenly by `spread` to both sides.
fn around(log_ratio: f64, spread: f64) -> EpochSample {
    let at = |k: i32| {
        let x = log_ratio + spread * f64::from(k) / 8.0;
        even(1_000_000, (1e6 * x.exp()).round() as u64)
    };
    epoch((-8..=8).map(at).collect())
}

fn discarded(epochs: &[EpochSample]) -> Vec<usize> {
    let values = log_ratios(epochs);
    (0..values.len()).filter(|at| values[*at].estimate == Err(Discard::Scattered)).collect()
}

#[test]
fn an_epoch_that_scatters_far_more_than_usual_is_left_out_whatever_it_says() {
    for said in [-0.05, 0.0, 0.05] {
        let mut epochs = vec![around(0.0, 0.002); 9];
        epochs.insert(4, around(said, 0.3));
        assert_eq!(discarded(&epochs), [4], "{said}");
    }
    // By its value alone none is left out.
    let mut epochs = vec![around(0.0, 0.002); 9];
    epochs.push(around(0.15, 0.002));
    assert_eq!(discarded(&epochs), [0; 0]);
}

#[test]
fn scatter_that_is_usual_or_harmless_or_of_unknown_size_leaves_no_epoch_out() {
    let mut harmless = vec![around(0.0, 0.0001); 9];
    harmless.push(around(0.0, 0.01));
    assert_eq!(discarded(&harmless), [0; 0]);
    let early = [around(0.0, 0.002), around(0.0, 0.3), around(0.0, 0.002), around(0.0, 0.002)];
    assert_eq!(discarded(&early), [0; 0]);
    let mut usual = vec![around(0.0, 0.002); 6];
    usual.extend(vec![around(0.0, 0.3); 3]);
    assert_eq!(discarded(&usual), [0; 0]);
    usual.push(around(0.0, 0.002));
    assert_eq!(discarded(&usual), [6, 7, 8]);
    // Two blocks say nothing of their scatter.
    let mut few = vec![epoch(vec![even(1000, 1000), even(1000, 1300)]); 9];
    few.push(epoch(vec![even(1000, 1000), even(1000, 5000)]));
    assert_eq!(discarded(&few), [0; 0]);
}

/// What is said of the same code, in `runs` runs, when a share of the epochs has a busy neighbour: false alarms, and the
/// number of epochs until it is proved unchanged (median and ninth decile).
fn same_code_beside_a_neighbour(runs: u64, alpha: f64) -> (u64, usize, usize) {
    use crate::analysis::verdict::{self, Verdict};
    use crate::model::policy::Policy;
    use rqs_harness::coin::Coins;

    let mut coins = Coins::new(11);
    let mut normal =
        move || (0..12).map(|_| coins.below(1 << 20) as f64 / f64::from(1 << 20)).sum::<f64>() - 6.0;
    let (mut alarms, mut needed) = (0, Vec::new());
    for _ in 0..runs {
        let mut epochs: Vec<EpochSample> = Vec::new();
        let verdict = loop {
            // Every tenth epoch or so; a neighbour only ever slows down, now this side and now that one.
            let slowed = if normal() > 1.28 { 0.25 } else { 0.0005 };
            let turn = |noise: f64| turn(10, (1e6 * (1.0 + slowed * noise.abs())).round() as u64);
            let blocks = (0..17).map(|_| {
                let [a, b, c, d] = [normal(), normal(), normal(), normal()].map(turn);
                block([a, b], [c, d])
            });
            epochs.push(epoch(blocks.collect()));
            let used = log_ratios(&epochs).into_iter().filter_map(|value| value.estimate.ok());
            let xs: Vec<f64> = used.map(|estimate| estimate.log_ratio).collect();
            let verdict = verdict::judge(&xs, &Policy::USUAL, alpha).verdict;
            if verdict != Verdict::Inconclusive || epochs.len() == 40 {
                break verdict;
            }
        };
        alarms += u64::from(verdict.is_change());
        needed.push(epochs.len());
    }
    needed.sort_unstable();
    (alarms, needed[needed.len() / 2], needed[needed.len() * 9 / 10])
}

#[test]
fn a_busy_neighbour_raises_no_alarms_and_hardly_delays_the_proof_of_no_change() {
    let (alarms, half, most) = same_code_beside_a_neighbour(400, 0.05);
    assert!(alarms <= 4, "{alarms} false alarms in 400 runs, where 20 are granted");
    assert!(half <= 8 && most <= 12, "{half} and {most} epochs");
}
