//! Which benchmarks are measured next.
//!
//! An epoch of one benchmark may cost a hundred times what another's does, because its routine or its set-up is slow.
//! Swept together, the fast ones would get as few epochs as the slow ones. So benchmarks of about the same cost share
//! a *lane*, in which they take their epochs together, and the lane comes next whose benchmarks had the least time:
//! every undecided benchmark gets the same time, not the same number of epochs. Of lanes that had the same, coins
//! decide, so that no suite always has the machine first.

use std::collections::HashMap;

use rqs_harness::coin::Coins;

use crate::model::BenchmarkKey;

/// Costs within this factor share a lane.
const LANE_WIDTH: f64 = 4.0;

/// A benchmark that needs another epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Number of its suite.
    pub suite: usize,
    /// Which one of the suite.
    pub key: BenchmarkKey,
    /// The number of its last epoch.
    pub last_epoch: Option<u32>,
}

/// A lane: benchmarks of one suite, and the logarithm of what an epoch of them costs; `None` while that is unknown.
type LaneName = (usize, Option<i32>);

/// The epoch to measure next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    lane: LaneName,
    /// Number of the suite.
    pub suite: usize,
    /// Its number: larger than that of every epoch that one of the benchmarks had, and in a lane without gaps, as the
    /// balance of the coins needs it.
    pub number: u32,
    /// The benchmarks to measure in it, in program order.
    pub keys: Vec<BenchmarkKey>,
}

#[derive(Clone, Copy, Debug)]
struct Lane {
    number: u32,
    spent_s: f64,
}

/// What the lanes had so far.
#[derive(Debug)]
pub struct Lanes {
    first: u32,
    seed: u64,
    lanes: HashMap<LaneName, Lane>,
    costs_s: HashMap<(usize, BenchmarkKey), f64>,
    shares_s: HashMap<(usize, BenchmarkKey), f64>,
}

impl Lanes {
    /// Lanes whose epochs are counted from `first`, with the seed of their coins.
    pub fn new(first: u32, seed: u64) -> Lanes {
        Lanes { first, seed, lanes: HashMap::new(), costs_s: HashMap::new(), shares_s: HashMap::new() }
    }

    /// The epoch to measure next, out of everything that is open, in program order; `None` when nothing is.
    pub fn next(&self, open: &[Open]) -> Option<Next> {
        let lane_of = |open: &Open| (open.suite, self.class(open));
        let least = |a: &LaneName, b: &LaneName| {
            let spent = |name: &LaneName| self.lane(*name).spent_s;
            spent(a).total_cmp(&spent(b)).then_with(|| (self.coin(*a), a).cmp(&(self.coin(*b), b)))
        };
        let lane = open.iter().map(lane_of).min_by(least)?;
        let members: Vec<&Open> = open.iter().filter(|open| lane_of(open) == lane).collect();
        let behind = members.iter().filter_map(|open| open.last_epoch).max().map_or(0, |last| last + 1);
        Some(Next {
            lane,
            suite: lane.0,
            number: self.lane(lane).number.max(behind),
            keys: members.into_iter().map(|open| open.key.clone()).collect(),
        })
    }

    /// Takes in how long an epoch took, as a whole and for single benchmarks.
    pub fn took(&mut self, next: &Next, elapsed_s: f64, costs_s: Vec<(BenchmarkKey, f64)>) {
        let mut lane = self.lane(next.lane);
        lane.number = next.number + 1;
        lane.spent_s += elapsed_s / next.keys.len().max(1) as f64;
        self.lanes.insert(next.lane, lane);
        let own_s: f64 = costs_s.iter().map(|(_, cost_s)| cost_s).sum();
        let share_s = (elapsed_s - own_s).max(0.0) / costs_s.len().max(1) as f64;
        for (key, cost_s) in costs_s {
            self.shares_s.insert((next.suite, key.clone()), cost_s + share_s);
            // A benchmark stays in its lane, because there its coins are balanced.
            self.costs_s.entry((next.suite, key)).or_insert(cost_s);
        }
    }

    /// Seconds that one epoch of each of these takes; a benchmark that was not measured yet counts as the mean of the
    /// others. `None` while no cost is known.
    pub fn epoch_costs_s(&self, open: &[Open]) -> Option<Vec<f64>> {
        let mean_s = self.costs_s.values().sum::<f64>() / self.costs_s.len() as f64;
        mean_s.is_finite().then(|| open.iter().map(|open| self.cost_s(open).unwrap_or(mean_s)).collect())
    }

    /// Seconds of wall time that the last epoch of a benchmark took with its share of starting the processes.
    pub fn last_epoch_s(&self, suite: usize, key: &BenchmarkKey) -> Option<f64> {
        self.shares_s.get(&(suite, key.clone())).copied()
    }

    /// Whether each of these was measured before.
    pub fn know_all(&self, open: &[Open]) -> bool {
        open.iter().all(|open| self.cost_s(open).is_some())
    }

    fn cost_s(&self, open: &Open) -> Option<f64> {
        self.costs_s.get(&(open.suite, open.key.clone())).copied()
    }

    fn class(&self, open: &Open) -> Option<i32> {
        self.cost_s(open).map(|cost_s| cost_s.max(1e-6).log(LANE_WIDTH).floor() as i32)
    }

    fn coin(&self, (suite, class): LaneName) -> u64 {
        let class = class.map_or(0, |class| class as u32 as u64 + 1);
        Coins::new(self.seed ^ ((suite as u64) << 32) ^ class).bits()
    }

    fn lane(&self, name: LaneName) -> Lane {
        // Whoever comes into a lane of known cost had the first epoch in that of unknown cost.
        let number = self.first + u32::from(name.1.is_some());
        self.lanes.get(&name).copied().unwrap_or(Lane { number, spent_s: 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> BenchmarkKey {
        BenchmarkKey { id: id.into(), occurrence: 0 }
    }

    /// Runs `rounds` epochs over benchmarks of these costs and returns the epoch numbers that each one got.
    fn run(costs_s: &[(usize, &str, f64)], rounds: usize) -> Vec<Vec<u32>> {
        let mut lanes = Lanes::new(8, 1);
        let mut numbers = vec![Vec::new(); costs_s.len()];
        for _ in 0..rounds {
            let open = |(k, (suite, id, _)): (usize, &(usize, &str, f64))| Open {
                suite: *suite,
                key: key(id),
                last_epoch: numbers[k].last().copied(),
            };
            let open: Vec<Open> = costs_s.iter().enumerate().map(open).collect();
            let next = lanes.next(&open).unwrap();
            let mut costs = Vec::new();
            for (k, (suite, id, cost_s)) in costs_s.iter().enumerate() {
                if *suite == next.suite && next.keys.contains(&key(id)) {
                    numbers[k].push(next.number);
                    costs.push((key(id), *cost_s));
                }
            }
            let elapsed_s = costs.iter().map(|(_, cost_s)| cost_s).sum();
            lanes.took(&next, elapsed_s, costs);
        }
        numbers
    }

    #[test]
    fn every_benchmark_gets_the_same_time_and_unbroken_numbers() {
        let costs = [(0, "fast", 0.05), (0, "slow", 1.0), (0, "quick", 0.06), (1, "other", 0.2)];
        let numbers = run(&costs, 150);
        let spent: Vec<f64> =
            numbers.iter().zip(&costs).map(|(numbers, cost)| numbers.len() as f64 * cost.2).collect();
        let (least, most) = spent.iter().fold((f64::MAX, 0.0f64), |(l, m), s| (l.min(*s), m.max(*s)));
        assert!(most - least <= 2.5, "{spent:?}");
        assert_eq!(numbers[0], numbers[2], "costs that are alike go together");
        for numbers in numbers {
            assert!(
                numbers.len() > 2 && numbers.iter().copied().eq((8..).take(numbers.len())),
                "{numbers:?}"
            );
        }
    }

    #[test]
    fn a_benchmark_that_was_not_reached_comes_again_with_a_new_number() {
        let mut lanes = Lanes::new(0, 1);
        let open = |id: &str, last_epoch| Open { suite: 0, key: key(id), last_epoch };
        let first = lanes.next(&[open("a", None), open("b", None)]).unwrap();
        lanes.took(&first, 1.0, vec![(key("a"), 1.0)]);
        let second = lanes.next(&[open("a", Some(0)), open("b", None)]).unwrap();
        assert_eq!((second.number, second.keys), (1, vec![key("a")]), "what had less time comes first");
        let alone = lanes.next(&[open("b", None)]).unwrap();
        assert_eq!((alone.number, &alone.keys[..]), (1, &[key("b")][..]));
        lanes.took(&alone, 1.0, vec![(key("b"), 1.0)]);
        let together = lanes.next(&[open("a", Some(0)), open("b", Some(1))]).unwrap();
        assert_eq!((together.number, together.keys.len()), (2, 2));
        assert!(lanes.know_all(&[open("a", None)]) && !lanes.know_all(&[open("c", None)]));
        assert_eq!(lanes.epoch_costs_s(&[open("c", None)]), Some(vec![1.0]));
        assert_eq!(lanes.next(&[]), None);
    }
}
