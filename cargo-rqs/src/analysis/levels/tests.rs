//! e-BH against its definition, and seeded simulations of whole runs in both modes.

use proptest::prelude::*;

use super::super::verdict::{self, Verdict};
use super::*;

const Q: f64 = 0.05;
const EPOCHS: usize = 24;
const BENCHMARKS: usize = 20;

/// SplitMix64: small, seeded, and good enough to draw noise from.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

#[test]
fn the_example_of_the_definition() {
    let found =
        |e_values: &[f64], q| discoveries(&e_values.iter().map(|e| f64::ln(*e)).collect::<Vec<_>>(), q);
    // m = 4, q = 0.1: one needs 40, two need 20, three need 13.3, four need 10.
    assert_eq!(found(&[39.0, 1.0, 2.0, 1.0], 0.1), [false; 4]);
    assert_eq!(found(&[1.0, 41.0, 2.0, 1.0], 0.1), [false, true, false, false]);
    assert_eq!(found(&[21.0, 1.0, 2.0, 25.0], 0.1), [true, false, false, true]);
    assert_eq!(found(&[14.0, 14.0, 14.0, 0.0], 0.1), [true, true, true, false]);
    assert_eq!(found(&[10.1, 11.0, 12.0, 13.0], 0.1), [true; 4]);
    assert_eq!(found(&[9.9, 11.0, 12.0, 13.0], 0.1), [false; 4]);
    assert_eq!(found(&[], 0.1), [] as [bool; 0]);
    assert_eq!(discoveries(&[f64::NEG_INFINITY, f64::INFINITY], 0.1), [false, true]);
}

proptest! {
    #[test]
    fn it_is_the_largest_set_that_supports_itself(ln_e in prop::collection::vec(-2.0f64..8.0, 1..12), q in 0.01f64..0.5) {
        let m = ln_e.len() as f64;
        let supports = |k: usize| ln_e.iter().filter(|e| e.exp() >= m / (q * k as f64) * (1.0 + 1e-12)).count() >= k;
        let largest = (1..=ln_e.len()).rev().find(|k| supports(*k)).unwrap_or(0);
        let found = discoveries(&ln_e, q);
        prop_assert_eq!(found.iter().filter(|found| **found).count(), largest);
        // What was found has more evidence than what was not.
        let least = ln_e.iter().zip(&found).filter(|(_, found)| **found).map(|(e, _)| *e).fold(f64::INFINITY, f64::min);
        prop_assert!(ln_e.iter().zip(&found).all(|(e, found)| *found || *e < least));
    }

    #[test]
    fn more_evidence_for_one_never_loses_another(
        ln_e in prop::collection::vec(-2.0f64..8.0, 2..12), which in 0usize..12, more in 0.0f64..5.0,
    ) {
        let before = discoveries(&ln_e, 0.1);
        let mut raised = ln_e.clone();
        raised[which % ln_e.len()] += more;
        let after = discoveries(&raised, 0.1);
        prop_assert!(before.iter().zip(&after).all(|(before, after)| !before || *after));
    }
}

/// What a simulated run ended with.
struct Ended {
    /// Of each benchmark, whether a change was shown.
    shown: Vec<bool>,
    /// Of each benchmark that was shown, whether the interval misses the truth.
    missed: usize,
}

/// A run that looks after every epoch and stops each benchmark as soon as it is settled, as `measure` does. `truths` are
/// the true log-ratios; a share of each epoch's noise is common to all benchmarks.
fn run(mode: Mode, truths: &[f64], sd: f64, common: f64, noise: &mut Noise) -> Ended {
    let policy = Policy { mode, alpha: Q, ..Policy::USUAL };
    let base = Q / truths.len() as f64;
    let mut xs: Vec<Vec<f64>> = vec![Vec::new(); truths.len()];
    let evidence = |xs: &Vec<f64>| {
        let mean = confidence::interval(xs, Q).mean;
        if mean.abs() > policy.floor.ln_1p() { confidence::ln_e_value(xs, 0.0) } else { f64::NEG_INFINITY }
    };
    let judge_all = |xs: &[Vec<f64>]| -> Vec<verdict::Judgement> {
        let found = discoveries(&xs.iter().map(evidence).collect::<Vec<_>>(), Q);
        let k = found.iter().filter(|found| **found).count() as f64;
        let level = |found: bool| if mode == Mode::Report && found { base * k } else { base };
        xs.iter().zip(found).map(|(xs, found)| verdict::judge(xs, &policy, level(found))).collect()
    };
    loop {
        let judged = judge_all(&xs);
        let open: Vec<usize> = (0..xs.len())
            .filter(|k| xs[*k].len() < EPOCHS && !verdict::is_settled(&judged[*k], &policy))
            .collect();
        if open.is_empty() {
            let shown: Vec<bool> = judged.iter().map(|it| it.verdict.is_change()).collect();
            let misses = |(it, truth): (&verdict::Judgement, &f64)| {
                it.verdict.is_change() && (it.interval.mean - truth).abs() > it.interval.half_width
            };
            return Ended { missed: judged.iter().zip(truths).filter(|it| misses(*it)).count(), shown };
        }
        let shared = noise.normal();
        for k in open {
            let own = noise.normal();
            xs[k].push(truths[k] + sd * (common.sqrt() * shared + (1.0 - common).sqrt() * own));
        }
    }
}

/// Mean share of false ones among the changes shown, mean share of missed intervals, and mean share of the true changes
/// that were found.
fn simulate(mode: Mode, truths: &[f64], sd: f64, common: f64, runs: usize, seed: u64) -> [f64; 3] {
    let mut noise = Noise(seed);
    let mut sums = [0.0; 3];
    let changed = truths.iter().filter(|truth| **truth != 0.0).count().max(1) as f64;
    for _ in 0..runs {
        let ended = run(mode, truths, sd, common, &mut noise);
        let shown = ended.shown.iter().filter(|shown| **shown).count() as f64;
        let found =
            ended.shown.iter().zip(truths).filter(|(shown, truth)| **shown && **truth != 0.0).count() as f64;
        sums[0] += (shown - found) / shown.max(1.0);
        sums[1] += ended.missed as f64 / shown.max(1.0);
        sums[2] += found / changed;
    }
    sums.map(|sum| sum / runs as f64)
}

#[test]
fn of_the_changes_shown_no_more_than_q_are_false_however_the_benchmarks_depend_on_each_other() {
    for (seed, changed) in [0, 5, 15].into_iter().enumerate() {
        for common in [0.0, 0.5, 0.95] {
            let truths: Vec<f64> = (0..BENCHMARKS).map(|k| if k < changed { 0.02 } else { 0.0 }).collect();
            let [false_share, missed, _] = simulate(Mode::Report, &truths, 0.012, common, 250, seed as u64);
            assert!(false_share <= Q, "{changed} changed, {common} common: {false_share}");
            assert!(missed <= Q, "{changed} changed, {common} common: {missed} missed");
        }
    }
}

#[test]
fn report_mode_finds_more_than_gate_mode_where_much_has_changed_and_never_less() {
    let truths: Vec<f64> = (0..BENCHMARKS).map(|k| if k < 16 { 0.02 } else { 0.0 }).collect();
    let [gate, report] =
        [Mode::Gate, Mode::Report].map(|mode| simulate(mode, &truths, 0.018, 0.0, 120, 9)[2]);
    assert!(report > gate + 0.1, "gate found {gate}, report {report}");
}

#[test]
fn whatever_gate_mode_shows_report_mode_shows_too() {
    let mut noise = Noise(4);
    for _ in 0..300 {
        let xs: Vec<Vec<f64>> =
            (0..6).map(|k| (0..9).map(|_| 0.008 * f64::from(k) + 0.01 * noise.normal()).collect()).collect();
        let evidence: Vec<f64> = xs.iter().map(|xs| confidence::ln_e_value(xs, 0.0)).collect();
        let found = discoveries(&evidence, Q);
        for (xs, found) in xs.iter().zip(found) {
            let gate = verdict::judge(xs, &Policy::USUAL, Q / 6.0).verdict;
            assert!(!matches!(gate, Verdict::Regressed | Verdict::Improved) || found);
        }
    }
}
