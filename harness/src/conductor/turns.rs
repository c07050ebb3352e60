//! Which samples make up a turn, and in which order the turns are taken.

use crate::coin::Coins;
use crate::contract::{Block, BlockOrder, ByRole, Disturbance, Role, Turn};
use crate::shared::PlannedTurn;

/// Turns for each side at most; half of what the shared plan holds.
const MOST_TURNS: usize = 1000;

/// The turns of one benchmark in one epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnPlan {
    /// Samples of each side's turns, in order; an even number of turns, the same for both sides.
    pub samples: ByRole<Vec<u32>>,
    /// The order of each block of four turns.
    pub orders: Vec<BlockOrder>,
}

/// Gathers samples into turns of at least `least_ns`; the number of turns is even, or zero when one turn is all.
fn gather(iterations: &[u64], mean_ns: f64, least_ns: f64) -> Vec<u32> {
    let mut turns = Vec::new();
    let (mut samples, mut elapsed_ns) = (0u32, 0.0);
    let least_samples = iterations.len().div_ceil(MOST_TURNS) as u32;
    for &count in iterations {
        samples += 1;
        elapsed_ns += count as f64 * mean_ns;
        if elapsed_ns >= least_ns && samples >= least_samples {
            turns.push(samples);
            (samples, elapsed_ns) = (0, 0.0);
        }
    }
    if let Some(last) = turns.last_mut() {
        *last += samples;
    }
    if turns.len() % 2 == 1 {
        // The first turns are the shortest.
        let odd = turns.remove(0);
        if let Some(first) = turns.first_mut() {
            *first += odd;
        }
    }
    turns
}

/// Spreads a number of samples evenly over some turns.
fn spread(samples: usize, turns: usize) -> Vec<u32> {
    (0..turns).map(|k| ((k + 1) * samples / turns - k * samples / turns) as u32).collect()
}

/// Plans the turns of a benchmark from the iterations that each side is going to make.
pub fn plan(iterations: &ByRole<Vec<u64>>, mean_ns: f64, least_ns: f64, coins: &mut Coins) -> TurnPlan {
    let gathered = iterations.as_ref().map(|side| gather(side, mean_ns, least_ns));
    let samples = if iterations.baseline == iterations.candidate {
        gathered
    } else {
        // Different sampling on the two sides: as many turns as the coarser side has.
        let turns = gathered.baseline.len().min(gathered.candidate.len());
        iterations.as_ref().map(|side| spread(side.len(), turns))
    };
    let orders = (0..samples.baseline.len() / 2)
        .map(|_| if coins.flip() { BlockOrder::Abba } else { BlockOrder::Baab })
        .collect();
    TurnPlan { samples, orders }
}

impl TurnPlan {
    /// The flat list of turns for the shared plan.
    pub fn sequence(&self) -> Vec<PlannedTurn> {
        let mut taken = ByRole::new(0usize, 0usize);
        let mut turns = Vec::with_capacity(self.orders.len() * 4);
        for order in &self.orders {
            for owner in owners(*order) {
                let next = taken.get_mut(owner);
                turns.push(PlannedTurn { owner, samples: self.samples.get(owner)[*next] });
                *next += 1;
            }
        }
        turns
    }

    /// Joins the samples that a harness measured into blocks.
    pub fn blocks(
        &self,
        samples: &ByRole<Vec<Turn>>,
        mut disturbance: impl FnMut(usize) -> Disturbance,
    ) -> Vec<Block> {
        let turns = ByRole::from_fn(|role| sum_turns(samples.get(role), self.samples.get(role)));
        let block = |(k, order): (usize, &BlockOrder)| Block {
            order: *order,
            turns: turns.as_ref().map(|side| [side[2 * k], side[2 * k + 1]]),
            disturbance: disturbance(k),
        };
        self.orders.iter().enumerate().map(block).collect()
    }
}

/// The owners of a block's turns, in time order.
fn owners(order: BlockOrder) -> [Role; 4] {
    use Role::{Baseline, Candidate};
    match order {
        BlockOrder::Abba => [Baseline, Candidate, Candidate, Baseline],
        BlockOrder::Baab => [Candidate, Baseline, Baseline, Candidate],
        BlockOrder::Aabb => [Baseline, Baseline, Candidate, Candidate],
        BlockOrder::Bbaa => [Candidate, Candidate, Baseline, Baseline],
    }
}

fn sum_turns(samples: &[Turn], lengths: &[u32]) -> Vec<Turn> {
    let mut rest = samples;
    let mut turns = Vec::with_capacity(lengths.len());
    for &length in lengths {
        let (own, later) = rest.split_at((length as usize).min(rest.len()));
        turns.push(sum(own));
        rest = later;
    }
    turns
}

/// Adds samples up to one turn.
pub fn sum(samples: &[Turn]) -> Turn {
    Turn {
        iterations: samples.iter().map(|sample| sample.iterations).sum(),
        elapsed_ns: samples.iter().map(|sample| sample.elapsed_ns).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_samples_are_gathered_until_a_turn_is_long_enough() {
        let linear: Vec<u64> = (1..=10).collect();
        assert_eq!(gather(&linear, 10.0, 100.0), [4, 2, 2, 2]);
        assert_eq!(gather(&linear, 1000.0, 100.0), [1; 10]);
        assert_eq!(gather(&linear, 0.1, 100.0), Vec::<u32>::new());
    }

    proptest! {
        #[test]
        fn a_plan_takes_every_sample_of_both_sides_once(
            a in proptest::collection::vec(1u64..1000, 10..400),
            b in proptest::collection::vec(1u64..1000, 10..400), alike in any::<bool>(), seed in any::<u64>(),
        ) {
            let b = if alike { a.clone() } else { b };
            let iterations = ByRole::new(a, b);
            let plan = plan(&iterations, 1.0, 500.0, &mut Coins::new(seed));
            let sequence = plan.sequence();
            prop_assert_eq!(sequence.len(), plan.orders.len() * 4);
            for role in Role::BOTH {
                let planned: u32 = sequence.iter().filter(|turn| turn.owner == role).map(|turn| turn.samples).sum();
                if !sequence.is_empty() {
                    prop_assert_eq!(planned as usize, iterations.get(role).len());
                }
            }
        }
    }
}
