//! How much work a benchmark is: the counts of both sides' samples to what one iteration executes, and whether that
//! changed. Counts are exact and corroborate; whether a benchmark is slower is for the times to say, because an
//! emulated processor takes other paths through the C library than the real one.

use crate::model::record::BenchmarkRecord;
use crate::model::{ByRole, Counted, CountedEvent, Counts, NotCounted, Role};

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
    /// Whether instructions changed by more than the margin.
    pub amount: Amount,
    /// Whether the counts leave something out or hold something of the harness, so that they say less.
    pub partial: Option<Partial>,
}

/// How the candidate's work compares with the baseline's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// More instructions.
    More,
    /// Within the margin.
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
    let per_iteration = CountedEvent::ALL.map(|event| sides.map(|counts| per_iteration(counts, event)));
    let either = |has: fn(&Counts) -> bool| has(sides.baseline) || has(sides.candidate);
    let partial = match (either(|counts| counts.helper_threads), either(|counts| counts.whole_samples)) {
        (true, _) => Some(Partial::HelperThreads),
        (_, true) => Some(Partial::WholeSamples),
        _ => None,
    };
    let mut work = WorkChange { per_iteration, amount: Amount::Same, partial };
    // Not through the quotient: what is exactly at the margin must not depend on rounding.
    let instructions = work.per_iteration[CountedEvent::Instructions as usize];
    let (more, most) = (instructions.candidate - instructions.baseline, margin * instructions.baseline);
    work.amount = match more {
        more if more > most => Amount::More,
        more if more < -most => Amount::Less,
        _ => Amount::Same,
    };
    work
}

/// Events in one iteration: the median of what each sample executes beyond the one before it, for each iteration that
/// it has more. What every sample spends once (the harness's own work) cancels, and what happens once in a process (a
/// symbol that is bound, a heap that grows) is an outlier. Where all samples have the same iterations: the median of
/// the counts over the iterations.
fn per_iteration(counts: &Counts, event: CountedEvent) -> f64 {
    let samples: Vec<(u64, u64)> =
        counts.iterations.iter().copied().zip(counts.column(event).iter().copied()).collect();
    let mut slopes: Vec<f64> = samples
        .windows(2)
        .filter(|pair| pair[1].0 > pair[0].0)
        .map(|pair| (pair[1].1 as f64 - pair[0].1 as f64) / (pair[1].0 - pair[0].0) as f64)
        .collect();
    if slopes.is_empty() {
        slopes = samples.iter().map(|(iterations, count)| *count as f64 / *iterations as f64).collect();
    }
    slopes.sort_by(f64::total_cmp);
    let middle = slopes.len() / 2;
    let median = match slopes.len() {
        0 => 0.0,
        n if n % 2 == 1 => slopes[middle],
        _ => f64::midpoint(slopes[middle - 1], slopes[middle]),
    };
    median.max(0.0)
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
