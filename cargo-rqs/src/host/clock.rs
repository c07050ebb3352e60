//! The calendar clock, for dates in records; nothing is measured with it.
#![allow(clippy::disallowed_methods, reason = "this room owns the calendar clock")]

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970; 0 when the machine's clock is set to a time before that.
pub fn now_unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
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
