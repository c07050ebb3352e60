//! One property of a machine in a few numbers: what a unit of its work takes, and how far the repetitions lie apart.

use super::centre::median;
use crate::model::{Reading, Work};

/// What a unit of work takes, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PerUnit {
    /// The median over the repetitions.
    pub median_ns: f64,
    /// The fastest repetition.
    pub least_ns: f64,
    /// The slowest repetition.
    pub most_ns: f64,
}

/// What a unit of a reading's work takes; `None` for a reading without repetitions or work.
pub fn per_unit(reading: &Reading) -> Option<PerUnit> {
    if reading.amount == 0 {
        return None;
    }
    let each: Vec<f64> = reading.elapsed_ns.iter().map(|&ns| ns as f64 / reading.amount as f64).collect();
    Some(PerUnit {
        median_ns: median(&each)?,
        least_ns: each.iter().copied().fold(f64::INFINITY, f64::min),
        most_ns: each.iter().copied().fold(0.0, f64::max),
    })
}

/// Whether a reading is told as a rate: bytes for a second, of which more is better. All others are times.
pub fn is_rate(work: Work) -> bool {
    work == Work::Bytes
}

/// The value of the second reading over that of the first, both as they are told: times as times, rates as rates.
pub fn ratio(first: &Reading, second: &Reading) -> Option<f64> {
    let (first_ns, second_ns) = (per_unit(first)?.median_ns, per_unit(second)?.median_ns);
    let ratio = if is_rate(first.work) { first_ns / second_ns } else { second_ns / first_ns };
    (first.work == second.work && ratio.is_finite() && ratio > 0.0).then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(work: Work, amount: u64, elapsed_ns: &[u64]) -> Reading {
        let elapsed_ns = elapsed_ns.to_vec();
        Reading { name: "x".into(), work, amount, working_set_bytes: None, elapsed_ns }
    }

    #[test]
    fn a_unit_takes_the_median_over_the_repetitions() {
        let found = per_unit(&reading(Work::Loads, 10, &[30, 10, 20])).unwrap();
        assert_eq!(found, PerUnit { median_ns: 2.0, least_ns: 1.0, most_ns: 3.0 });
        assert_eq!(per_unit(&reading(Work::Loads, 10, &[])), None);
        assert_eq!(per_unit(&reading(Work::Loads, 0, &[1])), None);
    }

    #[test]
    fn twice_as_fast_is_half_the_time_and_twice_the_rate() {
        let of = |work| ratio(&reading(work, 10, &[20]), &reading(work, 10, &[10]));
        assert_eq!((of(Work::Loads), of(Work::Bytes)), (Some(0.5), Some(2.0)));
        assert_eq!(ratio(&reading(Work::Loads, 1, &[1]), &reading(Work::Bytes, 1, &[1])), None);
        assert_eq!(ratio(&reading(Work::Loads, 1, &[0]), &reading(Work::Loads, 1, &[1])), None);
    }
}
