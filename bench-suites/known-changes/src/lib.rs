//! How much work a kernel does: equal units of it, and exactly so much more of them as it is told at start.

pub mod kernels;

/// The variable that says how much more work is done, in thousandths, with four digits always, so that the environment
/// is as long for every size: `0000`, `0005`, `0010`, `0020`, `0050`, `0100`.
pub const VARIABLE: &str = "KNOWN_CHANGE";

/// Sizes of changes in thousandths: none, 0.5, 1, 2, 5 and 10 percent.
pub const SIZES: [u64; 6] = [0, 5, 10, 20, 50, 100];

/// A call of so many units is lengthened by every size without a remainder.
pub const WHOLE: u64 = 200;

/// The change that this process was started with, in thousandths; none without the variable.
///
/// # Panics
/// When the variable holds anything but four digits: a size that was misread would be measured as another one.
#[allow(clippy::disallowed_methods, reason = "a benchmark can be told something in its environment only")]
pub fn change_per_mille() -> u64 {
    let Some(text) = std::env::var_os(VARIABLE) else { return 0 };
    match text.to_str().filter(|text| text.len() == 4).map(str::parse) {
        Some(Ok(per_mille)) => per_mille,
        _ => panic!("`{VARIABLE}` has to be four digits, thousandths, not {text:?}"),
    }
}

/// The units of one call after another.
///
/// A call of 200 units does a whole number more of them. Where a call is too short for that, one call in so many does
/// one unit more: what is owed is summed up in thousandths of a unit and done as soon as it is a whole one, so a
/// thousand calls on end do exactly the change more, and any other number of them at most one unit off.
#[derive(Clone, Debug)]
pub struct Calls {
    units: u64,
    owed_each: u64,
    owed: u64,
}

impl Calls {
    /// Calls of `units` units in the baseline, and so many thousandths more.
    pub fn of(units: u64, per_mille: u64) -> Calls {
        let extra = units * per_mille;
        Calls { units: units + extra / 1000, owed_each: extra % 1000, owed: 0 }
    }

    /// The units of the next call. Nothing in here depends on what is owed but by arithmetic, so no branch is
    /// mispredicted for it.
    #[inline(always)]
    pub fn next_units(&mut self) -> u64 {
        let owed = self.owed + self.owed_each;
        let due = owed / 1000;
        self.owed = owed - due * 1000;
        self.units + due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_calls_do_exactly_the_change_more() {
        for units in [1, 6, 25, 64, 200, 1000] {
            for per_mille in SIZES {
                let mut calls = Calls::of(units, per_mille);
                let done: u64 = (0..1000).map(|_| calls.next_units()).sum();
                assert_eq!(done, units * (1000 + per_mille), "{units} units, {per_mille} thousandths");
            }
        }
    }

    #[test]
    fn what_is_owed_is_spread_evenly() {
        for per_mille in SIZES {
            let mut calls = Calls::of(6, per_mille);
            let mut done = 0;
            for call in 1..=5000 {
                done += calls.next_units();
                let due = call * 6 * (1000 + per_mille);
                assert!(due - done * 1000 < 1000, "{per_mille} thousandths, call {call}");
            }
        }
    }

    #[test]
    fn a_call_of_two_hundred_units_is_lengthened_without_a_remainder() {
        for per_mille in SIZES {
            let mut calls = Calls::of(WHOLE, per_mille);
            let first = calls.next_units();
            assert!((0..100).all(|_| calls.next_units() == first));
        }
    }
}
