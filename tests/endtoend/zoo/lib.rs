//! The crate under measurement: one routine whose time is a known number of rounds.

/// Rounds of the routine that revisions change.
pub const ROUNDS: u64 = 1000;

/// Each round waits for the one before it, so the time is proportional to the number of rounds.
#[inline(never)]
pub fn mix(rounds: u64) -> u64 {
    let mut state = rounds;
    for _ in 0..rounds {
        state = (state ^ (state >> 29)).wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    }
    state
}
