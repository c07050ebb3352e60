//! How much work a benchmark is: the counts of both sides' samples to what one iteration executes, and whether that
//! changed. Counts are exact and corroborate; whether a benchmark is slower is for the times to say, because an
//! emulated processor takes other paths through the C library than the real one.

use std::collections::BTreeMap;

use super::centre::median;
use crate::model::record::BenchmarkRecord;
use crate::model::{ByRole, Counted, CountedEvent, Counts, NotCounted, Role};

/// A change of iterations that differ among themselves has to be so many times their spread: the medians of nine such
/// differences lie apart by three quarters of it (McGill, Tukey, Larsen 1978, notches), and waits have long tails.
const CLEAR_OF_SPREAD: f64 = 2.0;

/// What is known of the work of one iteration.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// Both sides were counted.
    Counted(WorkChange),
    /// One side could not be counted: which, and why; without a reason where the counts contradict themselves.
    NotCounted(Role, Option<NotCounted>),
}

/// The work of both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkChange {
    /// Events in one iteration, in the order of [`CountedEvent::ALL`].
    pub per_iteration: [ByRole<f64>; 4],
    /// How far the instructions of single iterations lie apart: the distance between the quartiles of what samples
    /// execute beyond each other, the larger one of both sides. 0 where every iteration is alike.
    pub spread: f64,
    /// Whether instructions changed by more than the margin, and by more than twice their spread.
    pub amount: Amount,
    /// Whether the counts leave something out or hold something of the harness, so that they say less.
    pub partial: Option<Partial>,
}

/// How the candidate's work compares with the baseline's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// More instructions.
    More,
    /// Within the margin, or within what single iterations differ anyway.
    Same,
    /// Fewer instructions.
    Less,
}

/// Why counts do not hold exactly the routine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partial {
    /// Threads of the benchmark's own did work that is not counted.
    HelperThreads,
    /// The harness's own work around the routine is counted as well.
    WholeSamples,
}

impl WorkChange {
    /// Candidate / baseline - 1 of an event; 0 where neither side has any, infinite where only the candidate has.
    pub fn change(&self, event: CountedEvent) -> f64 {
        let ByRole { baseline, candidate } = self.per_iteration[event as usize];
        if baseline == candidate { 0.0 } else { candidate / baseline - 1.0 }
    }
}

impl Work {
    /// The change, where both sides were counted.
    pub fn change(&self) -> Option<&WorkChange> {
        match self {
            Work::Counted(change) => Some(change),
            Work::NotCounted(..) => None,
        }
    }
}

/// What is known of the work of a benchmark; `None` when nobody tried to count it.
pub fn of_benchmark(benchmark: &BenchmarkRecord, margin: f64) -> Option<Work> {
    let counted = benchmark.counts.as_ref()?;
    let sides = ByRole::try_from_fn(|role| match counted.get(role) {
        Counted::Counts(counts) if counts.is_sound() => Ok(counts),
        Counted::Counts(_) => Err(Work::NotCounted(role, None)),
        Counted::NotCounted(why) => Err(Work::NotCounted(role, Some(*why))),
    });
    Some(sides.map_or_else(|not_counted| not_counted, |sides| Work::Counted(compare(&sides, margin))))
}

fn compare(sides: &ByRole<&Counts>, margin: f64) -> WorkChange {
    let per_iteration =
        CountedEvent::ALL.map(|event| sides.map(|counts| PerIteration::of(counts, event).typical));
    let either = |has: fn(&Counts) -> bool| has(sides.baseline) || has(sides.candidate);
    let partial = match (either(|counts| counts.helper_threads), either(|counts| counts.whole_samples)) {
        (true, _) => Some(Partial::HelperThreads),
        (_, true) => Some(Partial::WholeSamples),
        _ => None,
    };
    let spreads = sides.map(|counts| PerIteration::of(counts, CountedEvent::Instructions).spread);
    let spread = spreads.baseline.max(spreads.candidate);
    // Not through the quotient: what is exactly at the margin must not depend on rounding.
    let instructions = per_iteration[CountedEvent::Instructions as usize];
    let more = instructions.candidate - instructions.baseline;
    let most = (margin * instructions.baseline).max(CLEAR_OF_SPREAD * spread);
    let amount = match more {
        more if more > most => Amount::More,
        more if more < -most => Amount::Less,
        _ => Amount::Same,
    };
    WorkChange { per_iteration, spread, amount, partial }
}

/// Events of one kind in one iteration.
struct PerIteration {
    typical: f64,
    spread: f64,
}

impl PerIteration {
    /// The median of what samples execute beyond those of the next fewer iterations, for each iteration that they have
    /// more. What every sample spends once (the harness's own work) cancels, and what happens once in a process (a
    /// symbol that is bound, a heap that grows) is an outlier. Where all samples have the same iterations: the median
    /// of their counts over the iterations.
    fn of(counts: &Counts, event: CountedEvent) -> PerIteration {
        let mut samples: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        for (iterations, count) in counts.iterations.iter().zip(counts.column(event)) {
            samples.entry(*iterations).or_default().push(*count as f64);
        }
        let levels: Vec<(f64, f64)> = samples
            .into_iter()
            .filter_map(|(iterations, counts)| Some((iterations as f64, median(&counts)?)))
            .collect();
        if let [(iterations, count)] = levels[..] {
            return PerIteration { typical: count / iterations, spread: 0.0 };
        }
        let mut slopes: Vec<f64> =
            levels.windows(2).map(|pair| (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0)).collect();
        slopes.sort_by(f64::total_cmp);
        let quarter = slopes.len() / 4;
        let quartiles = slopes.get(quarter).zip(slopes.iter().rev().nth(quarter));
        PerIteration {
            typical: median(&slopes).unwrap_or(0.0).max(0.0),
            spread: quartiles.map_or(0.0, |(low, high)| high - low),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::BenchmarkKey;
    use crate::model::record::Presence;
    use proptest::prelude::*;

    /// Samples of 1, 2, 3, ... iterations, with so many instructions around them and in each iteration.
    fn linear(around: u64, each: u64) -> Counts {
        let mut counts = Counts::default();
        (1..=10).for_each(|k| counts.push(k, [around + k * each, k, 0, 2 * k]));
        counts
    }

    fn benchmark(baseline: Counted, candidate: Counted) -> BenchmarkRecord {
        let key = BenchmarkKey { id: "a".into(), occurrence: 0 };
        let counts = Some(ByRole::new(baseline, candidate));
        BenchmarkRecord { counts, ..BenchmarkRecord::new(key, Presence::Both) }
    }

    fn change(baseline: Counts, candidate: Counts, margin: f64) -> WorkChange {
        let work =
            of_benchmark(&benchmark(Counted::Counts(baseline), Counted::Counts(candidate)), margin).unwrap();
        work.change().unwrap().clone()
    }

    #[test]
    fn what_surrounds_a_sample_and_what_happens_once_does_not_count() {
        let mut lazy = linear(100, 623);
        lazy.instructions[0] += 5_000;
        let work = change(linear(90, 623), lazy, 0.001);
        assert_eq!(work.per_iteration[0], ByRole::new(623.0, 623.0));
        assert_eq!((work.amount, work.partial), (Amount::Same, None));
        assert_eq!(work.per_iteration[3], ByRole::new(2.0, 2.0));
        assert_eq!(work.change(CountedEvent::DataWrites), 0.0);
    }

    #[test]
    fn more_and_less_work_is_told_by_the_margin() {
        for (candidate, margin, amount) in [
            (1002, 0.001, Amount::More),
            (1001, 0.001, Amount::Same),
            (999, 0.001, Amount::Same),
            (998, 0.001, Amount::Less),
            (1050, 0.1, Amount::Same),
            (1001, 0.0, Amount::More),
        ] {
            assert_eq!(change(linear(0, 1000), linear(0, candidate), margin).amount, amount, "{candidate}");
        }
    }

    #[test]
    fn samples_of_equal_iterations_are_divided() {
        let mut flat = Counts::default();
        (0..3).for_each(|k| flat.push(2, [2_000 + k, 0, 0, 0]));
        let work = change(flat.clone(), flat, 0.001);
        assert_eq!(work.per_iteration[0], ByRole::new(1000.5, 1000.5));
    }

    #[test]
    fn samples_of_one_and_of_two_iterations_leave_the_harness_out() {
        let mut counts = Counts::default();
        [5_722, 5_622, 5_622].into_iter().for_each(|count| counts.push(1, [count, 0, 0, 0]));
        [11_242, 11_142, 11_142].into_iter().for_each(|count| counts.push(2, [count, 0, 0, 0]));
        let work = change(counts.clone(), counts, 0.001);
        assert_eq!(work.per_iteration[0], ByRole::new(5_520.0, 5_520.0));
    }

    #[test]
    fn counts_that_are_not_the_routines_alone_say_so() {
        let threads = Counts { helper_threads: true, whole_samples: true, ..linear(0, 5) };
        assert_eq!(change(linear(0, 5), threads, 0.0).partial, Some(Partial::HelperThreads));
        let whole = Counts { whole_samples: true, ..linear(0, 5) };
        assert_eq!(change(whole, linear(0, 5), 0.0).partial, Some(Partial::WholeSamples));
    }

    #[test]
    fn a_side_without_counts_and_columns_that_do_not_fit_are_named() {
        let record = benchmark(Counted::Counts(linear(0, 1)), Counted::NotCounted(NotCounted::Silent(300)));
        assert_eq!(
            of_benchmark(&record, 0.1),
            Some(Work::NotCounted(Role::Candidate, Some(NotCounted::Silent(300))))
        );
        let torn = Counts { branches: vec![1], ..linear(0, 1) };
        let record = benchmark(Counted::Counts(torn), Counted::Counts(Counts::default()));
        assert!(matches!(of_benchmark(&record, 0.1), Some(Work::NotCounted(Role::Baseline, None))));
        assert_eq!(of_benchmark(&BenchmarkRecord { counts: None, ..record }, 0.1), None);
    }

    #[test]
    fn a_difference_within_what_iterations_differ_anyway_is_the_same_work() {
        let waiting = |times: [u64; 9]| {
            let mut counts = Counts::default();
            let mut total = 14_000;
            counts.push(1, [total, 0, 0, 0]);
            for (k, time) in times.into_iter().enumerate() {
                total += time;
                counts.push(k as u64 + 2, [total, 0, 0, 0]);
            }
            counts
        };
        let one = waiting([23_073, 17_967, 16_732, 18_547, 17_391, 18_567, 17_959, 17_395, 19_559]);
        let other = waiting([22_800, 17_412, 17_001, 18_900, 18_100, 18_567, 18_340, 17_800, 19_200]);
        let work = change(one, other, 0.001);
        assert!(work.amount == Amount::Same && work.spread > 1000.0, "{work:?}");
    }

    proptest! {
        #[test]
        fn equal_counts_are_the_same_work_and_swapped_sides_the_opposite(
            a in 1u64..1_000_000, b in 1u64..1_000_000, around in 0u64..1_000_000, margin in 0.0f64..0.2,
        ) {
            prop_assert_eq!(change(linear(around, a), linear(0, a), margin).amount, Amount::Same);
            let there = change(linear(around, a), linear(around, b), 0.0).change(CountedEvent::Instructions);
            let back = change(linear(around, b), linear(around, a), 0.0).change(CountedEvent::Instructions);
            prop_assert!(((1.0 + there) * (1.0 + back) - 1.0).abs() < 1e-9);
        }
    }
}
