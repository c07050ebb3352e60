//! What is believed and what is measured next: properties, and cases that can be worked out by hand.

use proptest::prelude::*;

use super::belief::{Belief, Evidence, Noise, Place, Reading, believe};
use super::lineage::Lineage;
use super::search::{Search, Step};

fn chain(commits: usize) -> Lineage {
    Lineage::of(&(0..commits).map(|commit| commit.checked_sub(1).into_iter().collect()).collect::<Vec<_>>())
}

fn reading(commit: usize, mean: f64) -> Reading {
    Reading { commit, mean, standard_error: 0.001 }
}

fn evidence(commits: usize, readings: &[(usize, f64)]) -> Evidence {
    Evidence {
        whole: reading(commits - 1, 0.03),
        readings: readings.iter().map(|(commit, mean)| reading(*commit, *mean)).collect(),
        same_code: Vec::new(),
    }
}

fn belief(commits: usize, evidence: &Evidence) -> Belief {
    believe(&chain(commits), evidence, &Noise::of_times()).unwrap()
}

/// What to do about a chain in which everything can be built once.
fn next(commits: usize, evidence: &Evidence, usable: &[bool]) -> Step {
    let (lineage, noise) = (chain(commits), Noise::of_times());
    let measured =
        |commit| evidence.readings.iter().any(|reading| reading.commit == commit) || commit + 1 == commits;
    let builds_left: Vec<u32> = (0..commits).map(|commit| u32::from(!measured(commit))).collect();
    Search {
        lineage: &lineage,
        evidence,
        noise: &noise,
        usable,
        builds_left: &builds_left,
        standard_error: 0.001,
        confidence: 0.95,
    }
    .next()
}

#[test]
fn nothing_measured_leaves_all_commits_alike_and_the_middle_is_measured_first() {
    let evidence = evidence(16, &[]);
    assert!(belief(16, &evidence).chances.iter().all(|chance| (chance - 1.0 / 16.0).abs() < 1e-12));
    assert_eq!(next(16, &evidence, &[true; 16]), Step::Measure(7));
    let mut usable = [true; 16];
    usable[7] = false;
    assert!(matches!(next(16, &evidence, &usable), Step::Measure(6 | 8)));
}

#[test]
fn one_build_never_makes_anything_certain() {
    let noise = Noise::of_times();
    for mean in [-1.0, 0.0, 0.03, 1.0] {
        let chances = belief(2, &evidence(2, &[(0, mean)])).chances;
        let odds = chances[0] / chances[1];
        assert!((noise.misleading..1.0 / noise.misleading).contains(&odds), "{mean}: {odds}");
    }
}

#[test]
fn a_reading_between_the_levels_tells_nothing() {
    let chances = belief(2, &evidence(2, &[(0, 0.015)])).chances;
    assert!((chances[0] - 0.5).abs() < 0.05, "{chances:?}");
}

#[test]
fn the_commit_between_both_levels_is_found_and_a_change_to_the_better_is_as_well() {
    let up = [(3, 0.0005), (4, 0.0301), (1, -0.0004), (6, 0.0296), (2, 0.0002), (5, 0.0302)];
    let found = next(8, &evidence(8, &up), &[true; 8]);
    assert!(matches!(&found, Step::Found(block) if block.commits == [4]), "{found:?}");
    let down = Evidence {
        whole: reading(7, -0.03),
        readings: up.iter().map(|(commit, mean)| reading(*commit, -mean)).collect(),
        same_code: Vec::new(),
    };
    assert_eq!(next(8, &down, &[true; 8]), found);
}

#[test]
fn noise_of_builds_is_learnt_from_the_readings() {
    let calm = belief(12, &evidence(12, &[(1, 0.0), (3, 0.001), (5, 0.0), (7, 0.03), (9, 0.031)]));
    let restless = belief(12, &evidence(12, &[(1, -0.012), (3, 0.015), (5, 0.0), (7, 0.045), (9, 0.02)]));
    assert!(calm.build_sd < 0.003 && restless.build_sd > 0.006, "{} {}", calm.build_sd, restless.build_sd);
    let most = |belief: &Belief| belief.chances.iter().copied().fold(0.0, f64::max);
    assert!(most(&calm) > most(&restless));
}

#[test]
fn equal_code_is_certain_and_needs_no_measuring() {
    let mut known = evidence(8, &[]);
    known.same_code = vec![(3, Place::Good), (5, Place::Commit(7))];
    let chances = belief(8, &known).chances;
    assert_eq!(chances.iter().filter(|chance| **chance > 0.0).count(), 2);
    assert!((chances[4] - 0.5).abs() < 1e-9 && (chances[5] - 0.5).abs() < 1e-9);
    known.same_code.push((4, Place::Commit(3)));
    let found = next(8, &known, &[true; 8]);
    assert!(matches!(&found, Step::Found(block) if block.commits == [5] && block.chance == 1.0), "{found:?}");
    known.same_code.push((7, Place::Good));
    assert_eq!(next(8, &known, &[true; 8]), Step::Contradiction);
}

#[test]
fn what_cannot_be_measured_is_found_as_a_block() {
    let usable = [true, true, true, false, false, true, true, true];
    let known = evidence(8, &[(2, 0.0), (5, 0.03), (1, 0.0), (6, 0.03)]);
    let found = next(8, &known, &usable);
    assert!(matches!(&found, Step::Found(block) if block.commits == [3, 4, 5]), "{found:?}");
}

#[test]
fn nothing_left_to_measure_is_no_answer() {
    let (commits, known) = (3, evidence(3, &[(0, 0.014), (1, 0.016)]));
    assert_eq!(next(commits, &known, &[true; 3]), Step::Exhausted);
}

proptest! {
    #[test]
    fn chances_sum_to_one_however_extreme_the_readings(
        means in prop::collection::vec(-20.0..20.0f64, 1..12),
        errors in prop::collection::vec(1e-9..2.0f64, 12),
    ) {
        let readings: Vec<Reading> = means
            .iter()
            .zip(&errors)
            .enumerate()
            .map(|(commit, (mean, error))| Reading { commit, mean: *mean, standard_error: *error })
            .collect();
        let evidence = Evidence { readings, ..evidence(13, &[]) };
        let belief = belief(13, &evidence);
        prop_assert!(belief.chances.iter().all(|chance| chance.is_finite() && *chance >= 0.0));
        prop_assert!((belief.chances.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        prop_assert!(belief.build_sd > 0.0 && belief.build_sd < 0.04);
    }

    #[test]
    fn the_order_of_readings_does_not_matter(means in prop::collection::vec(-0.01..0.04f64, 2..8)) {
        let forward: Vec<(usize, f64)> = means.iter().copied().enumerate().collect();
        let backward: Vec<(usize, f64)> = forward.iter().rev().copied().collect();
        let (a, b) = (belief(9, &evidence(9, &forward)), belief(9, &evidence(9, &backward)));
        for (a, b) in a.chances.iter().zip(&b.chances) {
            prop_assert!((a - b).abs() < 1e-9);
        }
    }

    #[test]
    fn a_reading_at_the_level_before_makes_later_commits_likelier(commit in 0usize..7, mean in -0.002..0.002f64) {
        let belief = belief(8, &evidence(8, &[(commit, mean)]));
        let earlier: f64 = belief.chances[..=commit].iter().sum();
        prop_assert!(earlier < (commit + 1) as f64 / 8.0);
    }
}
