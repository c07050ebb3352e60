//! What a report of a run says of a benchmark's profile: the functions that the difference is in.

use super::signed;
use crate::analysis::flame::contributions;
use crate::analysis::row::Row;
use crate::model::profile::ProfilingPass;
use crate::report::numbers;

/// Functions that are named at most.
const NAMED: usize = 2;
/// The least part of the difference that is worth a name.
const WORTH_NAMING: f64 = 0.1;

/// What the profiles of a run took.
pub fn effort(pass: &ProfilingPass) -> String {
    format!("taken in {} after the measuring", numbers::duration(pass.wall_ms / 1000))
}

/// Names of functions, as others wrote them, and their part of the difference in words.
pub fn of_row(row: &Row) -> Vec<(&str, String)> {
    let Some(profile) = &row.profile else { return Vec::new() };
    if row.judgement().is_none_or(|judgement| !judgement.verdict.is_change()) {
        return Vec::new();
    }
    let found = contributions(profile, row.typical_ns);
    let telling =
        found.into_iter().filter(|it| it.whole == 0.0 || (it.change / it.whole).abs() >= WORTH_NAMING);
    telling
        .take(NAMED)
        .map(|it| {
            let of =
                if it.whole == 0.0 { String::new() } else { format!(" of {}", signed(it.whole, it.unit)) };
            (it.function, format!("{}{of}", signed(it.change, it.unit)))
        })
        .collect()
}
