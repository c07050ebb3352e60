//! How often the truth lies outside of what a chain of runs says, when each run stops by itself.

use super::Said;
use super::compared::judge;
use crate::analysis::verdict::simulations::{Noise, upper_bound};
use crate::analysis::verdict::{self, Verdict};
use crate::model::history::Step;
use crate::model::policy::Policy;

const ALPHA: f64 = 0.01;
const CHAINS: u32 = 3000;

/// A run whose epochs scatter by `sd` around the truth, stopped when it was settled, or after 40 epochs.
fn step(noise: &mut Noise, truth: f64, sd: f64, draw: fn(&mut Noise) -> f64) -> Step {
    let mut xs = Vec::new();
    loop {
        xs.push(truth + sd * draw(noise));
        let judgement = verdict::judge(&xs, &Policy::USUAL, ALPHA);
        if verdict::is_settled(&judgement, &Policy::USUAL) || xs.len() == 40 {
            let interval = judgement.interval;
            return Step { mean: interval.mean, half_width: interval.half_width, epochs: xs.len() as u32 };
        }
    }
}

#[test]
fn the_truth_lies_outside_as_rarely_as_for_a_single_run() {
    let draws: [fn(&mut Noise) -> f64; 2] = [Noise::normal, Noise::laplace];
    for (place, (links, draw)) in [2, 4, 12].into_iter().flat_map(|n| draws.map(|draw| (n, draw))).enumerate()
    {
        let mut noise = Noise { state: 77 + place as u64 };
        let (mut outside, mut alarms) = (0, 0);
        for _ in 0..CHAINS {
            // Half of the chain rises, the other half falls: nothing has changed in the end.
            let truth = |link: usize| if link < links / 2 { 0.02 } else { -0.02 };
            let steps: Vec<Step> = (0..links)
                .map(|link| step(&mut noise, truth(link), if link % 2 == 0 { 0.004 } else { 0.01 }, draw))
                .collect();
            let Said::Judged(interval, verdict) = judge(&steps, &Policy::USUAL) else { panic!() };
            outside += u32::from(interval.mean.abs() > interval.half_width);
            alarms += u32::from(matches!(verdict, Verdict::Regressed | Verdict::Improved));
        }
        let rate = f64::from(outside) / f64::from(CHAINS);
        assert!(rate <= ALPHA, "{links} links: outside in {outside} of {CHAINS}");
        assert!(upper_bound(alarms, CHAINS) < 2.0 * ALPHA, "{links} links: {alarms} false alarms");
    }
}
