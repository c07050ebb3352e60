//! What reports say of the code that benchmarks reach.

use super::numbers::{count, grouped};
use crate::analysis::comparison::Comparison;
use crate::analysis::row::{Finding, Row};
use crate::model::code::CodeIdentity;

/// Functions that are named at most.
const NAMED: usize = 3;

/// How many benchmarks reach the same code although their executables differ; nothing when that was not asked of any.
pub fn summary(comparison: &Comparison) -> Option<String> {
    let (mut all, mut same, mut moved, mut unknown, mut measured) = (0, 0, 0, 0, 0);
    for row in comparison.rows() {
        let Some(code) = &row.code else { continue };
        all += 1;
        unknown += u64::from(matches!(code, CodeIdentity::Unknown { .. }));
        same += u64::from(code.is_identical());
        moved += u64::from(matches!(code, CodeIdentity::IdenticalButForPanicLocations { .. }));
        measured += u64::from(code.is_identical() && row.finding != Finding::Identical);
    }
    let benchmarks = count(all, "benchmark");
    let first = match (same, unknown == all) {
        _ if all == 0 => return None,
        (_, true) => return Some(format!("not known to be the same for any of {benchmarks}")),
        (0, _) => format!("within reach of all {benchmarks} something differs"),
        _ => format!("the same within reach of {} of {benchmarks}", grouped(same)),
    };
    let mut parts = vec![first];
    parts.extend((same > 0 && measured == 0).then(|| "these are not measured".to_owned()));
    parts.extend((moved > 0).then(|| {
        let which = if moved == same { "all".to_owned() } else { grouped(moved) };
        format!("{which} of them but for the line numbers of panics")
    }));
    parts.extend((unknown > 0).then(|| format!("not known for {}", grouped(unknown))));
    Some(parts.join("; "))
}

/// What is to be known of a change in a benchmark whose code has not changed.
pub fn remark(row: &Row) -> Option<String> {
    let changed = row.judgement().is_some_and(|judgement| judgement.verdict.is_change());
    let same = row.code.as_ref().is_some_and(CodeIdentity::is_identical);
    (changed && same).then(|| {
        "it reaches the same code on both sides: not the code made the difference, but where it lies"
            .to_owned()
    })
}

/// The functions that differ within reach of a benchmark that changed, as others wrote them, the nearest first.
pub fn changed(row: &Row) -> &[String] {
    let is_change = row.judgement().is_some_and(|judgement| judgement.verdict.is_change());
    match &row.code {
        Some(CodeIdentity::Different { changed, .. }) if is_change => &changed[..changed.len().min(NAMED)],
        _ => &[],
    }
}
