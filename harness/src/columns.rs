//! Blocks as they are written down: columns of integers, a fifth of the size of one object per turn.
//!
//! Column k of a side holds its k-th turn; block k has the turns 2k and 2k+1. Reading checks that the columns fit.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::contract::{Block, BlockOrder, ByRole, Disturbance, Turn};

/// The columns of one epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BlockColumns {
    /// One letter for each block: `A` for baseline, candidate, candidate, baseline; `B` for candidate, baseline,
    /// baseline, candidate; `a` for both turns of the baseline before those of the candidate; `b` for the reverse.
    orders: String,
    /// Iterations of the baseline's turns, two for each block.
    iterations: Vec<u64>,
    /// Iterations of the candidate's turns, where they are not the baseline's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    candidate_iterations: Option<Vec<u64>>,
    /// Time of the baseline's turns.
    baseline_ns: Vec<u64>,
    /// Time of the candidate's turns.
    candidate_ns: Vec<u64>,
    /// What disturbed a block, by its number.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    disturbances: BTreeMap<usize, Disturbance>,
}

impl BlockColumns {
    fn of(blocks: &[Block]) -> BlockColumns {
        let column = |turn: &dyn Fn(&Block) -> [Turn; 2], value: fn(Turn) -> u64| -> Vec<u64> {
            blocks.iter().flat_map(turn).map(value).collect()
        };
        let (baseline, candidate) = (|b: &Block| b.turns.baseline, |b: &Block| b.turns.candidate);
        let iterations = column(&baseline, |turn| turn.iterations);
        let candidate_iterations = column(&candidate, |turn| turn.iterations);
        let disturbed = blocks.iter().enumerate().filter(|(_, block)| block.disturbance.any());
        BlockColumns {
            orders: blocks.iter().map(|block| letter(block.order)).collect(),
            candidate_iterations: (candidate_iterations != iterations).then_some(candidate_iterations),
            iterations,
            baseline_ns: column(&baseline, |turn| turn.elapsed_ns),
            candidate_ns: column(&candidate, |turn| turn.elapsed_ns),
            disturbances: disturbed.map(|(k, block)| (k, block.disturbance)).collect(),
        }
    }

    fn blocks(&self) -> Result<Vec<Block>, String> {
        let candidate_iterations = self.candidate_iterations.as_ref().unwrap_or(&self.iterations);
        let orders: Vec<BlockOrder> = self.orders.chars().map(order).collect::<Result<_, _>>()?;
        let turns = orders.len() * 2;
        for column in [&self.iterations, candidate_iterations, &self.baseline_ns, &self.candidate_ns] {
            if column.len() != turns {
                return Err(format!("{} turns in a column for {} blocks", column.len(), orders.len()));
            }
        }
        if let Some((&last, _)) = self.disturbances.last_key_value()
            && last >= orders.len()
        {
            return Err(format!("a disturbance of block {last}, of {} blocks", orders.len()));
        }
        let turns = |iterations: &[u64], elapsed_ns: &[u64], k: usize| {
            [2 * k, 2 * k + 1].map(|i| Turn { iterations: iterations[i], elapsed_ns: elapsed_ns[i] })
        };
        let block = |(k, &order): (usize, &BlockOrder)| Block {
            order,
            turns: ByRole::new(
                turns(&self.iterations, &self.baseline_ns, k),
                turns(candidate_iterations, &self.candidate_ns, k),
            ),
            disturbance: self.disturbances.get(&k).copied().unwrap_or_default(),
        };
        Ok(orders.iter().enumerate().map(block).collect())
    }
}

fn letter(order: BlockOrder) -> char {
    match order {
        BlockOrder::Abba => 'A',
        BlockOrder::Baab => 'B',
        BlockOrder::Aabb => 'a',
        BlockOrder::Bbaa => 'b',
    }
}

fn order(letter: char) -> Result<BlockOrder, String> {
    match letter {
        'A' => Ok(BlockOrder::Abba),
        'B' => Ok(BlockOrder::Baab),
        'a' => Ok(BlockOrder::Aabb),
        'b' => Ok(BlockOrder::Bbaa),
        other => Err(format!("{other:?} is no order of a block")),
    }
}

/// Writes blocks as columns.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(blocks: &[Block], serializer: S) -> Result<S::Ok, S::Error> {
    BlockColumns::of(blocks).serialize(serializer)
}

/// Reads blocks from columns.
///
/// # Errors
/// When the columns do not fit together.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Block>, D::Error> {
    BlockColumns::deserialize(deserializer)?.blocks().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn turn() -> impl Strategy<Value = Turn> {
        (any::<u64>(), any::<u64>()).prop_map(|(iterations, elapsed_ns)| Turn { iterations, elapsed_ns })
    }

    fn block() -> impl Strategy<Value = Block> {
        let order = prop_oneof![
            Just(BlockOrder::Abba),
            Just(BlockOrder::Baab),
            Just(BlockOrder::Aabb),
            Just(BlockOrder::Bbaa)
        ];
        (order, [turn(), turn(), turn(), turn()], 0u32..3).prop_map(
            |(order, [a, b, c, d], involuntary_switches)| Block {
                order,
                turns: ByRole::new([a, b], [c, d]),
                disturbance: Disturbance { involuntary_switches, ..Disturbance::default() },
            },
        )
    }

    proptest! {
        #[test]
        fn blocks_come_back_as_they_were_written(blocks in proptest::collection::vec(block(), 0..40)) {
            prop_assert_eq!(BlockColumns::of(&blocks).blocks(), Ok(blocks));
        }

        #[test]
        fn columns_that_do_not_fit_are_refused_and_never_panic(
            orders in "[ABabx]{0,4}", a in proptest::collection::vec(any::<u64>(), 0..9),
            b in proptest::collection::vec(any::<u64>(), 0..9), at in 0usize..6,
        ) {
            let disturbances = BTreeMap::from([(at, Disturbance { major_faults: 1, ..Disturbance::default() })]);
            let columns = BlockColumns {
                orders: orders.clone(), iterations: a.clone(), candidate_iterations: None, baseline_ns: a.clone(),
                candidate_ns: b.clone(), disturbances,
            };
            let fits = !orders.contains('x') && a.len() == 2 * orders.len() && b.len() == a.len() && at < orders.len();
            prop_assert_eq!(columns.blocks().is_ok(), fits);
        }
    }
}
