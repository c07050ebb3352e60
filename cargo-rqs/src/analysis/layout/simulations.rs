//! Seeded simulations of the second stage: how often it calls a change robust to the layout, rightly and wrongly.

use super::super::verdict::simulations::{Noise, upper_bound};
use super::*;

const POLICY: Policy = Policy::USUAL;
const ALPHA: f64 = 0.01;
/// Pairs of layouts for a benchmark, where nothing else is said.
const MOST: usize = 24;
const RUNS: u32 = 3000;
/// What differs between epochs of the same two executables.
const EPOCH_SD: f64 = 0.004;

type Draw = fn(&mut Noise) -> f64;

/// Shapes of the difference between two draws of a layout. Two layouts that are each rarely bad by a lot give Laplace's.
const SHAPES: [(&str, Draw); 3] =
    [("normal", Noise::normal), ("laplace", Noise::laplace), ("contaminated", Noise::contaminated)];

/// What becomes of a change that was flagged, and how many pairs that took.
fn stage(mut draw: impl FnMut() -> f64) -> (LayoutOutcome, Verdict, usize) {
    let mut xs = Vec::with_capacity(MOST);
    loop {
        xs.push(draw());
        let judgement = verdict::judge(&xs, &POLICY, ALPHA);
        if is_settled(&judgement, &POLICY) || xs.len() == MOST {
            let outcome = outcome(judgement.verdict, true).unwrap_or(LayoutOutcome::Sensitive);
            return (outcome, judgement.verdict, xs.len());
        }
    }
}

/// Of many runs: how many were robust, how many artefacts, and the mean number of pairs.
fn rates(effect: f64, layout_sd: f64, shape: Draw, noise: &mut Noise) -> (u32, u32, f64) {
    let (mut robust, mut artefact, mut pairs) = (0, 0, 0);
    for _ in 0..RUNS {
        let draw = || effect.ln_1p() + layout_sd * shape(noise) + EPOCH_SD * noise.normal();
        let (outcome, found, taken) = stage(draw);
        robust += u32::from(outcome == LayoutOutcome::Robust);
        artefact += u32::from(outcome == LayoutOutcome::Artefact);
        pairs += taken;
        assert!(effect < 0.04 || found != Verdict::Improved, "a slow-down was called an improvement");
    }
    (robust, artefact, pairs as f64 / f64::from(RUNS))
}

#[test]
fn a_change_that_the_layout_made_is_called_robust_no_more_often_than_alpha() {
    let mut noise = Noise { state: 11 };
    for (name, shape) in SHAPES {
        for layout_sd in [0.005, 0.02, 0.05] {
            let (robust, artefact, pairs) = rates(0.0, layout_sd, shape, &mut noise);
            let bound = upper_bound(robust, RUNS);
            println!(
                "no effect, {name} {layout_sd}: {robust} robust, {artefact} artefacts of {RUNS}, {pairs:.1} pairs"
            );
            assert!(bound <= ALPHA, "{name}, {layout_sd}: {robust} of {RUNS}, up to {bound:.4}");
        }
    }
}

#[test]
fn a_change_of_the_code_is_confirmed_within_the_usual_number_of_layouts() {
    let mut noise = Noise { state: 12 };
    for (name, shape) in SHAPES {
        for (effect, layout_sd, least) in [(0.05, 0.02, 0.95), (0.02, 0.005, 0.95), (0.10, 0.05, 0.95)] {
            let (robust, _, pairs) = rates(effect, layout_sd, shape, &mut noise);
            println!("effect {effect}, {name} {layout_sd}: {robust} robust of {RUNS}, {pairs:.1} pairs");
            // One layout in ten that is ten times as far off is more spread than the name says.
            let least = if name == "contaminated" { 0.4 } else { least };
            assert!(f64::from(robust) >= least * f64::from(RUNS), "{name}: {robust} of {RUNS} for {effect}");
        }
    }
}

#[test]
fn layouts_that_hardly_differ_prove_that_a_change_was_an_artefact() {
    let mut noise = Noise { state: 13 };
    let (robust, artefact, _) = rates(0.0, 0.005, Noise::normal, &mut noise);
    assert!(f64::from(artefact) >= 0.95 * f64::from(RUNS), "{robust} robust, {artefact} artefacts");
}

#[test]
fn undecided_is_sensitive_only_when_all_pairs_were_taken() {
    assert_eq!(outcome(Verdict::Inconclusive, false), None);
    assert_eq!(outcome(Verdict::Inconclusive, true), Some(LayoutOutcome::Sensitive));
    for all_taken in [false, true] {
        assert_eq!(outcome(Verdict::Unchanged, all_taken), Some(LayoutOutcome::Artefact));
        assert_eq!(outcome(Verdict::Regressed, all_taken), Some(LayoutOutcome::Robust));
        assert_eq!(outcome(Verdict::Improved, all_taken), Some(LayoutOutcome::Robust));
    }
}
