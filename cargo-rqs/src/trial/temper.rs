//! What the loop learned about how single benchmarks are measured.

use std::collections::HashMap;

use rqs_harness::can_probe;

use crate::analysis::allocation::{self, LONGEST_US, SHORTEST_US};
use crate::analysis::epoch;
use crate::analysis::steadiness::Steadiness;
use crate::model::BenchmarkKey;
use crate::model::habit::{Habit, Habits};
use crate::model::policy::{Budget, Policy};
use crate::model::record::{BenchmarkRecord, SuiteRecord};

/// Warm-up of a benchmark until it shows that it needs more.
const FIRST_WARM_UP_NS: u64 = 2_000_000;
/// Warm-up at most. What still moves after that has another reason to move.
const LONGEST_WARM_UP_NS: u64 = 24 * FIRST_WARM_UP_NS;
/// Epochs in turns that may fail before a benchmark that could take turns once is given up.
pub const MOST_LOST_EPOCHS: u32 = 5;

/// How one benchmark is measured.
#[derive(Clone, Copy, Debug)]
pub struct Temper {
    /// Warm-up of each side in an epoch.
    pub warm_up_ns: u64,
    /// Samples of each side in an epoch, where an earlier run learned how long is best.
    pub epoch_us: Option<u64>,
    /// Whether it can take turns.
    pub takes_turns: bool,
    lost_epochs: u32,
    /// Whether even the longest warm-up did not settle it.
    never_settles: bool,
}

impl Temper {
    /// Whether it lost so many epochs that it is not measured any more.
    pub fn is_given_up(&self) -> bool {
        self.lost_epochs >= MOST_LOST_EPOCHS
    }
}

impl Default for Temper {
    fn default() -> Self {
        Temper {
            warm_up_ns: FIRST_WARM_UP_NS,
            epoch_us: None,
            takes_turns: can_probe(),
            lost_epochs: 0,
            never_settles: false,
        }
    }
}

/// The tempers of all benchmarks, by the number of their suite and their key.
#[derive(Debug, Default)]
pub struct Tempers(HashMap<(usize, BenchmarkKey), Temper>);

impl Tempers {
    /// Those that follow from what earlier runs learned.
    pub fn of(habits: &Habits, suites: &[SuiteRecord]) -> Tempers {
        let mut tempers = Tempers::default();
        for (number, suite) in suites.iter().enumerate() {
            for key in suite.benchmarks.iter().map(|benchmark| &benchmark.key) {
                if let Some(habit) = habits.get(&(suite.name.clone(), key.clone())) {
                    *tempers.entry(number, key) = Temper {
                        // Half of it, because what grows in every run has to be able to shrink.
                        warm_up_ns: (habit.warm_up_us * 500).clamp(FIRST_WARM_UP_NS, LONGEST_WARM_UP_NS),
                        epoch_us: habit.epoch_us.map(|us| us.clamp(SHORTEST_US, LONGEST_US)),
                        ..Temper::default()
                    };
                }
            }
        }
        tempers
    }

    /// How a benchmark is measured.
    pub fn get(&self, suite: usize, key: &BenchmarkKey) -> Temper {
        self.0.get(&(suite, key.clone())).copied().unwrap_or_default()
    }

    fn entry(&mut self, suite: usize, key: &BenchmarkKey) -> &mut Temper {
        self.0.entry((suite, key.clone())).or_default()
    }

    /// A benchmark is not measured any more.
    pub fn give_up(&mut self, suite: usize, key: &BenchmarkKey) {
        self.entry(suite, key).lost_epochs = MOST_LOST_EPOCHS;
    }

    /// A benchmark that never could take turns goes on without; one that could has lost an epoch, because numbers of
    /// two engines are not joined.
    pub fn lose_turns(&mut self, suite: usize, key: &BenchmarkKey, was_measured: bool) {
        let temper = self.entry(suite, key);
        if was_measured {
            temper.lost_epochs += 1;
        } else {
            temper.takes_turns = false;
        }
    }

    /// Warms up longer where the last two epochs were still moving; where even that is of no use, as short as others.
    pub fn adapt<'a>(
        &mut self,
        suite: usize,
        key: &BenchmarkKey,
        measured: Option<&'a BenchmarkRecord>,
        lost: bool,
    ) {
        let epochs = |benchmark: &'a BenchmarkRecord| {
            let over_layouts = benchmark.layouts.iter().map(|layout| &layout.sample);
            benchmark.epochs.iter().chain(over_layouts).rev().take(2)
        };
        let last = measured.into_iter().flat_map(epochs);
        let classes = last.filter_map(|sample| epoch::log_ratio(sample).estimate.ok()?.steadiness);
        let moving = classes.filter(|class| *class == Steadiness::WarmUp).count() == 2;
        let temper = self.entry(suite, key);
        temper.lost_epochs += u32::from(lost);
        if moving && temper.warm_up_ns >= LONGEST_WARM_UP_NS {
            (temper.never_settles, temper.warm_up_ns) = (true, FIRST_WARM_UP_NS);
        } else if moving && !temper.never_settles {
            temper.warm_up_ns = (temper.warm_up_ns * 2).min(LONGEST_WARM_UP_NS);
        }
    }

    /// What later runs should know of a benchmark, given the seconds that an epoch of it took.
    pub fn habit(
        &self,
        suite: usize,
        benchmark: &BenchmarkRecord,
        epoch_s: Option<f64>,
        policy: &Policy,
        budget: &Budget,
    ) -> Habit {
        let temper = self.get(suite, &benchmark.key);
        let epoch_us = temper.epoch_us.unwrap_or(budget.epoch_us);
        let best_us = epoch_s.and_then(|epoch_s| {
            let overhead_s = epoch_s - 2.0 * epoch_us as f64 / 1e6;
            allocation::best_epoch_us(benchmark, overhead_s, policy.margin)
        });
        Habit { warm_up_us: temper.warm_up_ns / 1000, epoch_us: best_us.or(temper.epoch_us) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::Presence;
    use crate::model::{Block, BlockOrder, ByRole, Disturbance, Engine, EpochSample, Role, Turn};

    /// Two epochs whose first quarter was slower.
    fn moving() -> BenchmarkRecord {
        let turn = |elapsed_ns| Turn { iterations: 1, elapsed_ns };
        let block = |k: usize| Block {
            order: BlockOrder::Abba,
            turns: ByRole::from_fn(|_| [turn(if k < 4 { 1100 } else { 1000 }); 2]),
            disturbance: Disturbance::default(),
        };
        let epoch = |epoch| EpochSample {
            epoch,
            engine: Engine::Turns,
            spawned_first: Role::Baseline,
            warmed_first: Role::Baseline,
            warm_up: ByRole::new(turn(1), turn(1)),
            helper_threads: false,
            handover_ns: 0,
            counters: None,
            resources: None,
            blocks: (0..16).map(block).collect(),
        };
        let key = BenchmarkKey { id: "a".into(), occurrence: 0 };
        BenchmarkRecord { epochs: vec![epoch(0), epoch(1)], ..BenchmarkRecord::new(key, Presence::Both) }
    }

    #[test]
    fn a_warm_up_grows_while_it_may_help_and_is_short_again_where_it_does_not() {
        let (mut tempers, record) = (Tempers::default(), moving());
        let grown: Vec<u64> = (0..7)
            .map(|_| {
                tempers.adapt(0, &record.key, Some(&record), false);
                tempers.get(0, &record.key).warm_up_ns / FIRST_WARM_UP_NS
            })
            .collect();
        assert_eq!(grown, [2, 4, 8, 16, 24, 1, 1]);
    }

    #[test]
    fn habits_come_back_bounded_and_half_as_warm() {
        let record = moving();
        let habit = Habit { warm_up_us: 4 * FIRST_WARM_UP_NS / 1000, epoch_us: Some(1) };
        let habits = Habits::from([(("s".to_owned(), record.key.clone()), habit)]);
        let suite = SuiteRecord {
            name: "s".into(),
            harness: ByRole::default(),
            executables: ByRole::default(),
            identical: false,
            benchmarks: vec![record.clone()],
        };
        let temper = Tempers::of(&habits, &[suite]).get(0, &record.key);
        assert_eq!((temper.warm_up_ns, temper.epoch_us), (2 * FIRST_WARM_UP_NS, Some(SHORTEST_US)));
    }

    #[test]
    fn who_loses_turns_goes_on_without_unless_it_was_measured_in_turns() {
        let (mut tempers, key) = (Tempers::default(), BenchmarkKey { id: "a".into(), occurrence: 0 });
        tempers.lose_turns(0, &key, false);
        assert!(!tempers.get(0, &key).takes_turns && !tempers.get(0, &key).is_given_up());
        (0..MOST_LOST_EPOCHS).for_each(|_| tempers.lose_turns(0, &key, true));
        assert!(tempers.get(0, &key).is_given_up());
    }
}
