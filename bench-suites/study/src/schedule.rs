//! Who compares what, and when: in random order, so that what happens on the machine happens to all tools alike.

use known_changes::SIZES;
use rqs_harness::coin::Coins;

use crate::peers::{PEERS, Peer};

/// Comparisons without any change in a pass, for each kernel, tool and load: false alarms are rare and need many tries.
const WITHOUT_CHANGE: usize = 3;

/// What keeps the machine busy during a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Nothing of ours.
    None,
    /// A process that is busy now and then, on the core that is measured on.
    Bursts,
    /// A process that copies memory all the time, on the other cores.
    Memory,
}

impl Load {
    /// As it is written down.
    pub fn name(self) -> &'static str {
        match self {
            Load::None => "none",
            Load::Bursts => "bursts",
            Load::Memory => "memory",
        }
    }
}

/// One comparison.
#[derive(Clone)]
pub struct Slot {
    /// The pass that it belongs to.
    pub pass: u64,
    /// Who compares.
    pub peer: Peer,
    /// What is measured.
    pub kernel: String,
    /// How much more work the candidate does, in thousandths.
    pub per_mille: u64,
    /// What else happens.
    pub load: Load,
    /// Of coins.
    pub seed: u64,
}

/// All comparisons of a pass: every tool, kernel and size, half of them without load.
pub fn pass(pass: u64, kernels: &[String]) -> Vec<Slot> {
    let mut coins = Coins::new(pass + 1);
    let sizes = SIZES.into_iter().chain([0; WITHOUT_CHANGE - 1]);
    let mut slots = Vec::new();
    for (number, per_mille) in sizes.enumerate() {
        for (place, kernel) in kernels.iter().enumerate() {
            // Every kernel meets both kinds of load, and in a pass all tools meet the same.
            let busy =
                if (number + place + pass as usize).is_multiple_of(2) { Load::Bursts } else { Load::Memory };
            for load in [Load::None, busy] {
                for peer in PEERS {
                    let seed = coins.bits();
                    slots.push(Slot { pass, peer, kernel: kernel.clone(), per_mille, load, seed });
                }
            }
        }
    }
    coins.shuffle(&mut slots);
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_gets_the_same_comparisons_in_another_order_each_pass() {
        let kernels = ["a".to_owned(), "b".to_owned()];
        let of = |name: &str| {
            let mut all: Vec<(String, u64, &str)> = pass(3, &kernels)
                .into_iter()
                .filter(|slot| slot.peer.name == name)
                .map(|slot| (slot.kernel, slot.per_mille, slot.load.name()))
                .collect();
            all.sort();
            all
        };
        let first = of(PEERS[0].name);
        assert_eq!(first.len(), 2 * 2 * (SIZES.len() + WITHOUT_CHANGE - 1));
        assert!(PEERS.iter().all(|peer| of(peer.name) == first));
        let order = |number| pass(number, &kernels).iter().map(|slot| slot.peer.name).collect::<Vec<_>>();
        assert_ne!(order(3), order(4));
        assert_eq!(order(3), order(3));
    }
}
