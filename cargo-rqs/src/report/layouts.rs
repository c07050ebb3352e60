//! Sentences about the layout of executables, for every report. Nothing that others wrote is in them.

use std::borrow::Cow;

use super::numbers::{self, count};
use super::paint::Tone;
use crate::analysis::layout::{LayoutOutcome, OverLayouts};
use crate::analysis::row::Row;
use crate::analysis::summary::Counts;
use crate::analysis::verdict::{Judgement, Verdict};
use crate::model::record::{LayoutPass, RunRecord};

/// Pairs of layouts that nobody is advised to exceed.
const MOST_ADVISED: usize = 400;

/// The verdict of a row about which layouts had the final word.
pub fn verdict(row: &Row, over: &OverLayouts) -> (Cow<'static, str>, Tone) {
    let judgement = row.judgement().unwrap_or(&over.as_built);
    match (over.outcome, judgement.verdict) {
        (LayoutOutcome::Robust, Verdict::Improved) => ("improved (robust to layout)".into(), Tone::Good),
        (LayoutOutcome::Robust, _) => ("regressed (robust to layout)".into(), Tone::Bad),
        (LayoutOutcome::Artefact, _) => ("layout artefact".into(), Tone::Normal),
        (LayoutOutcome::Sensitive, _) => {
            (format!("layout-sensitive (spread {})", spread(judgement)).into(), Tone::Caution)
        }
    }
}

/// The standard deviation between layouts.
fn spread(over_layouts: &Judgement) -> String {
    format!("{:.1}%", over_layouts.interval.sd.exp_m1() * 100.0)
}

/// What the layouts say beside the verdict; `None` where none was varied.
pub fn remark(row: &Row) -> Option<String> {
    if row.layouts.is_empty() {
        return None;
    }
    let taken = count(row.layouts.len() as u64, "pair");
    let Some(over) = &row.over_layouts else {
        return Some(format!(
            "not confirmed: only {taken} with other layouts could be measured, too few to say whether the layout made it"
        ));
    };
    let as_built = numbers::change_with_interval(&over.as_built.interval);
    let verdict = row.judgement().map(|over_layouts| over_layouts.verdict);
    Some(match over.outcome {
        LayoutOutcome::Robust if verdict == Some(over.as_built.verdict) => {
            format!("over {taken} of executables with other layouts; as built {as_built}")
        }
        LayoutOutcome::Robust => format!(
            "over {taken} of executables with other layouts; as built it is the other way, {as_built}, by where the linker put code and data"
        ),
        LayoutOutcome::Artefact => format!(
            "as built {as_built}, but not over {taken} with other layouts: where the linker put code and data made it"
        ),
        LayoutOutcome::Sensitive => {
            let way_out = match over.pairs_still_needed.map(|more| row.layouts.len() + more) {
                Some(enough) if enough <= MOST_ADVISED => {
                    format!("`--layouts {enough}` would probably decide it")
                }
                _ => "no reasonable number of them would decide it".to_owned(),
            };
            format!(
                "as built {as_built}, but {taken} with other layouts differ by too much to say whether it changed; {way_out}"
            )
        }
    })
}

/// How the layout was varied in a run, or that it was not; `None` where nothing asked for it. Why it was not is a note.
pub fn circumstances(record: &RunRecord, counts: &Counts) -> Option<String> {
    let flagged = counts.regressed + counts.improved + counts.layout_artefact + counts.layout_sensitive;
    if flagged == 0 {
        return None;
    }
    let Some(pass) = &record.layouts else { return Some(NOT_VARIED.to_owned()) };
    let confirmed = record.suites.iter().flat_map(|suite| &suite.benchmarks);
    let confirmed = confirmed.filter(|benchmark| !benchmark.layouts.is_empty()).count();
    Some(match (pass.most, confirmed) {
        (0, _) => format!("{NOT_VARIED}; `--layouts` varies it"),
        (_, 0) => NOT_VARIED.to_owned(),
        (most, confirmed) => varied(record, pass, most, confirmed, counts),
    })
}

const NOT_VARIED: &str = "as built, not varied: where the linker puts code changes its speed too, by percents; the chance above is of noise";

fn varied(record: &RunRecord, pass: &LayoutPass, most: u32, confirmed: usize, counts: &Counts) -> String {
    let benchmarks = record.suites.iter().flat_map(|suite| &suite.benchmarks);
    let pairs = benchmarks.map(|benchmark| benchmark.layouts.len()).max().unwrap_or(0);
    let found: Vec<String> = [
        (counts.robust, "robust"),
        (counts.layout_artefact, "artefact"),
        (counts.layout_sensitive, "sensitive"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, what)| format!("{n} {what}"))
    .collect();
    let found = if found.is_empty() { String::new() } else { format!(": {}", found.join(", ")) };
    let elsewhere = if pass.not_varied.is_empty() { "" } else { "; elsewhere as built, see the notes" };
    format!(
        "varied for {} that changed{found}; {pairs} of at most {most} pairs, {} linked anew in {}, {} in all{elsewhere}",
        count(confirmed as u64, "benchmark"),
        count(u64::from(pass.relinked), "executable"),
        seconds(pass.relinking_ms),
        seconds(pass.elapsed_ms),
    )
}

fn seconds(ms: u64) -> String {
    if ms < 10_000 { format!("{:.1} s", ms as f64 / 1e3) } else { numbers::duration(ms / 1000) }
}
