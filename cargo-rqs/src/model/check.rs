//! What was found out about one condition of the host.

use std::cmp::Reverse;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::item::Item;

/// How a condition stands, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As wanted, or not there on this machine.
    Ok,
    /// It costs time or precision; verdicts stay right.
    Note,
    /// It is there, but could not be read.
    Unknown,
    /// To be mended before measuring: it changes what is measured, costs most of the precision, or ends the run.
    Blocker,
}

/// What was found out about one condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Which condition.
    pub item: Item,
    /// How it stands.
    pub status: Status,
    /// What was read, in words.
    pub value: String,
    /// The command, or what else has to be done, that mends it.
    pub mend: Option<String>,
    /// Whether `cargo rqs env tune` mends it.
    pub tunable: bool,
}

impl Check {
    /// A condition that stands in some way, with nothing to do about it.
    pub fn new(item: Item, status: Status, value: impl Into<String>) -> Check {
        Check { item, status, value: value.into(), mend: None, tunable: false }
    }

    /// A condition that is as wanted.
    pub fn ok(item: Item, value: impl Into<String>) -> Check {
        Check::new(item, Status::Ok, value)
    }

    /// A condition that this machine cannot be in, and why.
    pub fn not_there(item: Item, why: &str) -> Check {
        Check::ok(item, format!("not there: {why}"))
    }

    /// Says what mends it, unless there is nothing to mend.
    pub fn mended_by(mut self, mend: impl Into<String>) -> Check {
        self.mend = (self.status != Status::Ok).then(|| mend.into());
        self
    }
}

/// Puts the worst first, and of equally bad ones the most important.
pub fn worst_first(checks: &mut [Check]) {
    checks.sort_by_key(|check| (Reverse(check.status), check.item));
}

/// The checks that fail a demand: those that were asked for and are not as wanted, and with `strict` every blocker.
pub fn failed<'a>(checks: &'a [Check], required: &[Item], strict: bool) -> Vec<&'a Check> {
    let fails = |check: &&Check| {
        (required.contains(&check.item) && check.status != Status::Ok)
            || (strict && check.status == Status::Blocker)
    };
    checks.iter().filter(fails).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn required_conditions_fail_unless_they_are_ok_and_strict_adds_every_blocker() {
        let checks = [
            Check::new(Item::Governor, Status::Note, "a"),
            Check::new(Item::Steal, Status::Blocker, "b"),
            Check::new(Item::Thp, Status::Unknown, "c"),
            Check::ok(Item::Swap, "none"),
        ];
        let fails = |required: &[Item], strict| {
            failed(&checks, required, strict).iter().map(|check| check.item).collect::<Vec<_>>()
        };
        assert_eq!(fails(&[], false), []);
        assert_eq!(fails(&[], true), [Item::Steal]);
        assert_eq!(fails(&[Item::Governor, Item::Swap, Item::Thp], false), [Item::Governor, Item::Thp]);
        assert_eq!(fails(&[Item::Steal], true), [Item::Steal]);
    }

    #[test]
    fn the_worst_comes_first_and_then_the_most_important() {
        let mut checks = [
            Check::ok(Item::Affinity, ""),
            Check::new(Item::Thp, Status::Blocker, ""),
            Check::new(Item::Governor, Status::Blocker, ""),
            Check::new(Item::Steal, Status::Note, ""),
        ];
        worst_first(&mut checks);
        assert_eq!(checks.map(|check| check.item), [Item::Governor, Item::Thp, Item::Steal, Item::Affinity]);
    }
}
