//! Seeded coins: every random choice of an epoch comes from here, so that a seed repeats it.

/// SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Clone, Debug)]
pub struct Coins {
    state: u64,
}

impl Coins {
    /// Coins of a seed.
    pub fn new(seed: u64) -> Self {
        Coins { state: seed }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Heads or tails.
    pub fn flip(&mut self) -> bool {
        self.bits() >> 63 == 1
    }

    /// A number below `bound`; the bias is below `bound` / 2^64.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// Puts values into an order of which each is as likely as any other (Fisher, Yates 1938).
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_coins_and_they_are_fair() {
        let (mut a, mut b) = (Coins::new(7), Coins::new(7));
        let heads = (0..10_000).filter(|_| a.flip()).count();
        assert_eq!(heads, (0..10_000).filter(|_| b.flip()).count());
        assert!((4_800..5_200).contains(&heads));
        assert!((0..1000).all(|_| a.below(3) < 3));
    }

    #[test]
    fn every_order_comes_up_as_often() {
        let mut coins = Coins::new(3);
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..6000 {
            let mut order = [1, 2, 3];
            coins.shuffle(&mut order);
            *seen.entry(order).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|times| (900..1100).contains(times)), "{seen:?}");
    }
}
