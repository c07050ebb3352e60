//! An accepted change: somebody signed that a benchmark may be slower than it was, and why.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::policy::Policy;
use super::revision::Revision;
use super::{BenchmarkKey, ByRole};

/// One signature, for one or several benchmarks of a run. Immutable once written.
///
/// History of the format: 1 is the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Acceptance {
    /// Version of this format.
    pub format: u32,
    /// Its name, in the form of a run's id: when it was signed and a random tail.
    pub id: String,
    /// Version of the tool that wrote it.
    pub tool: String,
    /// When it was signed, in seconds since 1970.
    pub accepted_unix_s: u64,
    /// The run that measured the changes.
    pub run: String,
    /// The two revisions that were compared. The acceptance holds where the candidate is part of what is judged, and not
    /// yet of what it is compared with.
    pub revisions: ByRole<Revision>,
    /// Who signed.
    pub author: String,
    /// Why the changes are acceptable.
    pub reason: String,
    /// The last second in which it holds, since 1970; absent when it holds for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_unix_s: Option<u64>,
    /// What was accepted.
    pub changes: Vec<AcceptedChange>,
}

impl Acceptance {
    /// Version of the format that this code writes and the newest that it reads.
    pub const FORMAT: u32 = 1;
}

/// The change of one benchmark, as it was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AcceptedChange {
    /// Package and bench target, `package::target`.
    pub suite: String,
    /// The benchmark within the suite.
    #[serde(flatten)]
    pub key: BenchmarkKey,
    /// How large it was.
    pub size: AcceptedSize,
    /// The policy that it was judged by.
    pub policy: Policy,
}

/// How large an accepted change was, as the logarithm of candidate time / baseline time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AcceptedSize {
    /// The mean over the epochs; positive is slower.
    pub log_mean: f64,
    /// The true value was within the mean plus or minus this, with a chance of at least 1 - alpha.
    pub log_half_width: f64,
    /// See `log_half_width`.
    pub alpha: f64,
    /// Epochs that it rests on.
    pub epochs: usize,
}

impl AcceptedSize {
    /// Whether a change, given by its interval in the same logarithm, is in the same direction and not surely larger: its
    /// nearer end lies within what was accepted.
    pub fn covers(&self, log_mean: f64, log_half_width: f64) -> bool {
        let sign = self.log_mean.signum();
        let accepted_at_most = sign * self.log_mean + self.log_half_width;
        let surely_at_least = sign * log_mean - log_half_width;
        sign * log_mean > 0.0 && surely_at_least <= accepted_at_most
    }
}

/// An acceptance that concerns a benchmark of a run: what a reader needs of it, so that the record says the same for
/// ever.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AppliedAcceptance {
    /// Its id, `accepted/<it>.json`.
    pub id: String,
    /// Who signed.
    pub author: String,
    /// Why.
    pub reason: String,
    /// The last second in which it holds, since 1970; absent when it holds for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_unix_s: Option<u64>,
    /// How large the accepted change was.
    pub size: AcceptedSize,
}

impl AppliedAcceptance {
    /// Whether it still held at a moment.
    pub fn holds_at(&self, unix_s: u64) -> bool {
        self.expires_unix_s.is_none_or(|last| unix_s <= last)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn size(log_mean: f64, log_half_width: f64) -> AcceptedSize {
        AcceptedSize { log_mean, log_half_width, alpha: 0.01, epochs: 9 }
    }

    #[test]
    fn what_is_surely_larger_or_goes_the_other_way_is_not_covered() {
        let accepted = size(0.05, 0.01);
        for (mean, half_width, covered) in [
            (0.05, 0.001, true),
            (0.02, 0.001, true),
            (0.07, 0.02, true), // may be as small as what was accepted
            (0.07, 0.005, false),
            (-0.05, 0.001, false),
            (0.0, 0.5, false),
        ] {
            assert_eq!(accepted.covers(mean, half_width), covered, "{mean} ± {half_width}");
            assert_eq!(size(-0.05, 0.01).covers(-mean, half_width), covered, "-{mean} ± {half_width}");
        }
    }

    #[test]
    fn it_holds_to_its_last_second() {
        let applied = AppliedAcceptance {
            id: String::new(),
            author: String::new(),
            reason: String::new(),
            expires_unix_s: Some(100),
            size: size(0.1, 0.0),
        };
        assert!(applied.holds_at(100) && !applied.holds_at(101));
        assert!(AppliedAcceptance { expires_unix_s: None, ..applied }.holds_at(u64::MAX));
    }

    proptest! {
        #[test]
        fn a_change_covers_itself_and_everything_smaller(
            mean in 0.001f64..1.0, half_width in 0.0f64..0.5, part in 0.001f64..1.0, sign in prop::bool::ANY,
        ) {
            let sign = if sign { 1.0 } else { -1.0 };
            prop_assert!(size(sign * mean, half_width).covers(sign * mean * part, half_width));
        }
    }
}
