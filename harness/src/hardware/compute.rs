//! How fast the core calculates: chains in which each step waits for the one before.

use std::hint::black_box;

use super::{Extent, repeat};
use crate::contract::{Reading, Work};

const FIRST_STEPS: u64 = 10_000;

/// Integer and floating-point steps.
pub fn measure(extent: Extent) -> Vec<Reading> {
    vec![
        repeat("integer", Work::Steps, extent, FIRST_STEPS, integer),
        repeat("floating_point", Work::Steps, extent, FIRST_STEPS, floating_point),
    ]
}

/// A shift, an exclusive or and a multiplication.
fn integer(steps: u64) {
    let mut x = black_box(0x9e37_79b9_7f4a_7c15_u64);
    for _ in 0..steps {
        x = (x ^ (x >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    black_box(x);
}

/// A multiplication and an addition; the values stay near one.
fn floating_point(steps: u64) {
    let (scale, shift) = (black_box(0.999_999), black_box(1e-6));
    let mut x = black_box(1.0_f64);
    for _ in 0..steps {
        x = x * scale + shift;
    }
    black_box(x);
}
