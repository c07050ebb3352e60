//! What is measured in which order, known before anything runs: seeded and pure.
//!
//! Spawn order and warm-up order bias identical binaries by up to two percent, and an independent coin per epoch
//! leaves too much of that to chance: with it the test gave 3.7 % false alarms at a nominal 1 %. So the coins are
//! balanced: of every two consecutive epochs each order comes first once, and of every four each combination of
//! the two orders comes once.

pub mod rounds;

use rqs_harness::coin::Coins;

use crate::model::{BenchmarkKey, ByRole, Role};

/// The coins of one epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochPlan {
    /// The number of the epoch in the run, from 0.
    pub number: u32,
    /// Seed of everything that need not be balanced: paddings, hash seeds, the order within blocks.
    pub seed: u64,
    /// Which side is spawned first.
    pub spawned_first: Role,
    warm_coin: bool,
}

impl EpochPlan {
    /// The plan of an epoch of a run; a pure function of both numbers.
    pub fn of(run_seed: u64, number: u32) -> EpochPlan {
        let four = u64::from(number / 4);
        let mut coins = Coins::new(run_seed ^ four.wrapping_mul(0xd134_2543_de82_ef95));
        let [spawn, warm, first_pair, second_pair] = [(); 4].map(|()| coins.flip());
        // The first two epochs differ in both orders, the other two as well, in the other combination.
        let place = number % 4;
        let second_of_pair = (place % 2 == 1) ^ if place < 2 { first_pair } else { second_pair };
        let spawn_coin = spawn ^ second_of_pair;
        let warm_coin = warm ^ second_of_pair ^ (place >= 2);
        let seed = Coins::new(run_seed.wrapping_add(u64::from(number) << 32)).bits();
        EpochPlan { number, seed, spawned_first: side(spawn_coin), warm_coin }
    }

    /// Which side of a benchmark warms up first: balanced over epochs, different between benchmarks.
    pub fn warmed_first(&self, run_seed: u64, key: &BenchmarkKey) -> Role {
        let of_key = key.id.bytes().fold(run_seed ^ u64::from(key.occurrence), |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        side(self.warm_coin ^ Coins::new(of_key).flip())
    }
}

/// The seeds that draw both sides' order of sections in a pair of layouts; a pure function of the run's seed and the pair's
/// number. No two pairs of a run share one, as long as it has less than a thousand million.
pub fn layout_seeds(run_seed: u64, number: u32) -> ByRole<u32> {
    // Steps of one length through the numbers below a prime come to each of them once. Linkers take 0 for no seed.
    const PRIME: u64 = (1 << 31) - 1;
    let mut coins = Coins::new(run_seed ^ 0x6c61_796f_7574_7321);
    let (first, step) = (coins.below(PRIME), 1 + coins.below(PRIME - 1));
    let seed = |side: u64| (1 + (first + (2 * u64::from(number) + side) % PRIME * step) % PRIME) as u32;
    ByRole::new(seed(0), seed(1))
}

fn side(coin: bool) -> Role {
    if coin { Role::Baseline } else { Role::Candidate }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn no_two_orders_of_sections_share_a_seed_and_none_is_zero(seed in any::<u64>()) {
            let seeds: Vec<u32> = (0..500).map(|number| layout_seeds(seed, number)).flat_map(|pair| [pair.baseline, pair.candidate]).collect();
            prop_assert_eq!(seeds.iter().collect::<HashSet<_>>().len(), 1000);
            prop_assert!(seeds.iter().all(|seed| (1..1 << 31).contains(seed)));
            prop_assert_eq!(layout_seeds(seed, 3), layout_seeds(seed, 3));
        }

        #[test]
        fn orders_are_balanced_over_two_and_their_combinations_over_four_epochs(seed in any::<u64>(), id in "[a-z]{1,8}") {
            let key = BenchmarkKey { id, occurrence: 0 };
            for four in 0..8 {
                let orders: Vec<_> = (4 * four..4 * four + 4)
                    .map(|number| EpochPlan::of(seed, number))
                    .map(|plan| (plan.spawned_first, plan.warmed_first(seed, &key)))
                    .collect();
                prop_assert_eq!(orders.iter().collect::<HashSet<_>>().len(), 4);
                for pair in orders.chunks(2) {
                    prop_assert!(pair[0].0 != pair[1].0 && pair[0].1 != pair[1].1);
                }
            }
        }
    }

    #[test]
    fn either_order_may_come_first() {
        let first: HashSet<Role> = (0..50).map(|seed| EpochPlan::of(seed, 0).spawned_first).collect();
        assert_eq!(first.len(), 2);
    }
}
