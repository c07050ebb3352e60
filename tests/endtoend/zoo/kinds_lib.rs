//! The crate under measurement: three routines that have nothing to do with each other.

/// Rounds of the routine that revisions change.
const ROUNDS: u64 = 1000;

/// Waits for itself in each round, so the time is proportional to the number of rounds.
#[inline(never)]
pub fn mix(seed: u64) -> u64 {
    let mut state = seed;
    for _ in 0..ROUNDS {
        state = (state ^ (state >> 29)).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    }
    state
}

/// Adds up every third value from a place on, and panics where there is none.
#[inline(never)]
pub fn sum(values: &[u64], from: usize) -> u64 {
    values[from..].iter().step_by(3).fold(values[from], |sum, value| sum.rotate_left(1) ^ value)
}

/// Counts the words of a text.
#[inline(never)]
pub fn words(text: &str) -> usize {
    text.split_whitespace().filter(|word| !word.starts_with('#')).count()
}
