//! The outcomes to what each tool found, by the size of the change.

use serde_json::Value;

use crate::peers::{ASV, ASV_FINE, PEERS};

/// What a tool said of changes of one size.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    /// Verdicts that are counted.
    pub events: u64,
    /// All verdicts.
    pub tries: u64,
}

impl Share {
    /// The share that was counted; none of no verdicts.
    pub fn value(self) -> f64 {
        self.events as f64 / self.tries.max(1) as f64
    }
}

/// A tool and what it found of each size, in thousandths; of no change, what it reported falsely.
pub struct Curve {
    /// The tool, or the rule.
    pub name: &'static str,
    /// What it found, smallest change first.
    pub found: Vec<(u64, Share)>,
}

/// What every tool and rule said, with our own load or without.
pub fn curves(tries: &[Value], quiet: bool) -> Vec<Curve> {
    let names = PEERS.map(|peer| peer.name).into_iter().chain([ASV, ASV_FINE]);
    let curve = |name| {
        let mut found: Vec<(u64, Share)> = Vec::new();
        for outcome in tries.iter().filter(|one| one["tool"] == name && (one["load"] == "none") == quiet) {
            let per_mille = outcome["per_mille"].as_u64().unwrap_or_default();
            let counts = match per_mille {
                0 => outcome["said"] != "no change",
                _ => outcome["said"] == "regressed",
            };
            let place = found.binary_search_by_key(&per_mille, |(size, _)| *size).unwrap_or_else(|place| {
                found.insert(place, (per_mille, Share::default()));
                place
            });
            let share = &mut found[place].1;
            (share.events, share.tries) = (share.events + u64::from(counts), share.tries + 1);
        }
        Curve { name, found }
    };
    names.map(curve).filter(|curve| !curve.found.is_empty()).collect()
}
