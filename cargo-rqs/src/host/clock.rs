//! The calendar clock for dates in records, and a stopwatch for budgets; no benchmark is measured with either.
#![allow(clippy::disallowed_methods, reason = "this room owns the calendar clock")]

use std::hash::{BuildHasher, RandomState};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970; 0 when the machine's clock is set to a time before that.
pub fn now_unix_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Seconds since 1970; 0 when the machine's clock is set to a time before that.
pub fn now_unix_s() -> u64 {
    now_unix_ms() / 1000
}

/// Wall time since some moment.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    started: Instant,
}

impl Stopwatch {
    /// Starts one.
    pub fn start() -> Stopwatch {
        Stopwatch { started: Instant::now() }
    }

    /// Seconds since it was started.
    pub fn elapsed_s(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

/// A number that differs from run to run, from the operating system's randomness.
pub fn random_seed() -> u64 {
    RandomState::new().hash_one(SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_past_the_day_this_was_written_and_does_not_run_backwards() {
        let first = now_unix_s();
        assert!(first > 1_790_000_000, "the machine's clock is not set");
        assert!(now_unix_s() >= first);
    }
}
