//! The order of a calibration's rounds: balanced, seeded and without an end.
//!
//! A machine drifts over minutes. So that no condition has the good hour to itself, each comes once before any comes a
//! second time, and likewise with every load, in an order of coins. A calibration that is cut short has then tried all
//! conditions about as often.

use rqs_harness::coin::Coins;

use crate::model::calibration::{Load, SidesDiffer};

/// The rounds to take, one after the other.
#[derive(Clone, Debug)]
pub struct Rounds {
    sides: Vec<SidesDiffer>,
    loads: Vec<Load>,
    coins: Coins,
    /// Which load each condition begins with in the present cycle, and how many times all conditions have come in it.
    offsets: Vec<usize>,
    turn: usize,
    /// The rest of the present turn, last first.
    waiting: Vec<(SidesDiffer, Load)>,
}

impl Rounds {
    /// Rounds over every pair of these; each list has at least one entry.
    pub fn of(sides: Vec<SidesDiffer>, loads: Vec<Load>, seed: u64) -> Rounds {
        Rounds { sides, loads, coins: Coins::new(seed), offsets: Vec::new(), turn: 0, waiting: Vec::new() }
    }

    /// Rounds until every pair has come once.
    pub fn pairs(&self) -> usize {
        self.sides.len() * self.loads.len()
    }

    fn deal(&mut self) {
        if self.turn.is_multiple_of(self.loads.len()) {
            // Neighbours in a shuffled list begin with different loads, so each turn has all loads about as often.
            let mut offsets: Vec<usize> = (0..self.sides.len()).map(|k| k % self.loads.len()).collect();
            self.coins.shuffle(&mut offsets);
            self.offsets = offsets;
        }
        let load = |k: usize| self.loads[(self.offsets[k] + self.turn) % self.loads.len()];
        self.waiting = self.sides.iter().enumerate().map(|(k, sides)| (*sides, load(k))).collect();
        self.coins.shuffle(&mut self.waiting);
        self.turn += 1;
    }
}

impl Iterator for Rounds {
    type Item = (SidesDiffer, Load);

    fn next(&mut self) -> Option<Self::Item> {
        if self.waiting.is_empty() {
            self.deal();
        }
        self.waiting.pop()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_pair_comes_once_in_a_cycle_and_nothing_runs_ahead(
            seed in any::<u64>(), conditions in 1usize..9, loads in 1usize..4,
        ) {
            let sides: Vec<_> = (0..conditions as u32).map(SidesDiffer::MoreWork).collect();
            let rounds = Rounds::of(sides, Load::ALL[..loads].to_vec(), seed);
            let cycle = rounds.pairs();
            let taken: Vec<_> = rounds.take(3 * cycle).collect();
            for cycle in taken.chunks(cycle) {
                let mut pairs = cycle.to_vec();
                pairs.sort_unstable();
                pairs.dedup();
                prop_assert_eq!(pairs.len(), cycle.len());
            }
            let mut seen = BTreeMap::new();
            for (sides, _) in &taken {
                *seen.entry(*sides).or_insert(0usize) += 1;
                let most = seen.values().max().copied().unwrap_or(0);
                let least = if seen.len() < conditions { 0 } else { seen.values().min().copied().unwrap_or(0) };
                prop_assert!(most - least <= 1);
            }
        }

        #[test]
        fn each_turn_has_every_load_about_as_often(seed in any::<u64>(), conditions in 3usize..12) {
            let sides: Vec<_> = (0..conditions as u32).map(SidesDiffer::MoreWork).collect();
            let taken: Vec<_> = Rounds::of(sides, Load::ALL.to_vec(), seed).take(conditions).collect();
            let count = |load: Load| taken.iter().filter(|(_, it)| *it == load).count();
            let counts = Load::ALL.map(count);
            prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_order_and_another_one_another() {
        let sides =
            vec![SidesDiffer::SameFile, SidesDiffer::Copy, SidesDiffer::Rebuilt, SidesDiffer::MoreWork(50)];
        let order = |seed| Rounds::of(sides.clone(), Load::ALL.to_vec(), seed).take(24).collect::<Vec<_>>();
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }
}
