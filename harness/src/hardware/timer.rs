//! What a look at the clock costs, and the smallest step that it makes.

use std::hint::black_box;
use std::time::Instant;

use super::{Extent, repeat};
use crate::contract::{Reading, Work};

const FIRST_READS: u64 = 1_000;
/// Steps of the clock that are looked at for its smallest one.
const STEPS: u32 = 20_000;

/// Cost and resolution of the clock that benchmarks are timed with.
pub fn measure(extent: Extent) -> Vec<Reading> {
    let cost = repeat("clock_read", Work::ClockReads, extent, FIRST_READS, |reads| {
        for _ in 0..reads {
            black_box(Instant::now());
        }
    });
    let resolution = Reading {
        name: "clock_resolution".to_owned(),
        work: Work::Ticks,
        amount: 1,
        working_set_bytes: None,
        elapsed_ns: (0..extent.repetitions).map(|_| smallest_step_ns()).collect(),
    };
    vec![cost, resolution]
}

/// The smallest difference of two successive reads that is not zero.
fn smallest_step_ns() -> u64 {
    let mut smallest = u64::MAX;
    let mut steps = 0;
    let mut last = Instant::now();
    while steps < STEPS {
        let now = Instant::now();
        let step_ns = now.duration_since(last).as_nanos() as u64;
        if step_ns > 0 {
            smallest = smallest.min(step_ns);
            steps += 1;
        }
        last = now;
    }
    smallest
}
