//! The ledger of disturbances: in short for a run's summary, and whole as a table.

use super::escape::visible;
use super::numbers::{self, percent};
use super::paint::{Paint, Tone};
use super::table::{self, Align, Line};
use crate::analysis::ledger::{self, LedgerSummary};
use crate::model::ledger::LedgerEntry;
use crate::model::record::RunRecord;

/// The ledger in half a sentence; empty when nothing of it is known.
pub fn short(summary: &LedgerSummary) -> String {
    let mut parts = Vec::new();
    if let Some(share) = summary.foreign_share {
        let worst = summary.worst.filter(|worst| worst.taken_share >= 0.0005);
        let worst =
            worst.map(|worst| format!(", at most {} in epoch {}", percent(worst.taken_share), worst.epoch));
        parts.push(format!("other work on the core {}{}", percent(share), worst.unwrap_or_default()));
    }
    if let Some(share) = summary.stolen_share.filter(|share| *share > 0.0) {
        parts.push(format!("the hypervisor took {}", percent(share)));
    }
    for (times, what) in [
        (summary.thermal_throttles, "slowed down by heat"),
        (summary.cgroup_throttles, "held back by a quota"),
    ] {
        parts.extend(
            times.filter(|times| *times > 0).map(|times| format!("{what} {}", numbers::count(times, "time"))),
        );
    }
    parts.join("; ")
}

/// One column of the table: its title, and what stands in it.
type Column = (&'static str, fn(&LedgerEntry) -> Option<String>);

fn plain(value: Option<u64>) -> Option<String> {
    value.map(numbers::grouped)
}

fn milliseconds(us: Option<i64>) -> Option<String> {
    us.map(|us| format!("{:.0} ms", us.max(0) as f64 / 1e3))
}

fn waited(us: Option<u64>) -> Option<String> {
    us.map(|us| format!("{:.1} ms", us as f64 / 1e3))
}

const COLUMNS: [Column; 18] = [
    ("took", |it| Some(format!("{:.0} ms", it.wall_us as f64 / 1e3))),
    ("taken", |it| ledger::taken_share(it).map(percent)),
    ("stolen", |it| milliseconds(it.steal_ticks.map(|ticks| (ticks * 10_000) as i64))),
    ("others", |it| milliseconds(ledger::foreign_us(it))),
    ("beside the coordinator", |it| milliseconds(ledger::coordinator_foreign_us(it))),
    ("switches", |it| plain(it.voluntary_switches)),
    ("involuntary", |it| plain(it.involuntary_switches)),
    ("migrations", |it| plain(it.migrations)),
    ("faults", |it| plain(it.minor_faults)),
    ("major", |it| plain(it.major_faults)),
    ("cpu wait", |it| waited(it.pressure_cpu_some_us)),
    ("memory wait", |it| waited(it.pressure_memory_some_us)),
    ("io wait", |it| waited(it.pressure_io_some_us)),
    ("heat", |it| plain(it.thermal_throttles)),
    ("temperature", |it| it.temperature_millicelsius.map(|t| format!("{:.0} °C", t as f64 / 1e3))),
    ("frequency", |it| it.frequency_khz.map(|khz| format!("{:.2} GHz", khz as f64 / 1e6))),
    ("load", |it| it.load_hundredths.map(|load| format!("{:.2}", load as f64 / 100.0))),
    ("quota", |it| plain(it.cgroup_throttles)),
];

/// One line for each epoch. Columns that no epoch has anything in are left out.
pub fn whole(record: &RunRecord, paint: Paint) -> String {
    if record.ledger.is_empty() {
        return "this record has no ledger of disturbances\n".to_owned();
    }
    let nothing = ["", "0", "0%", "0 ms", "0.0 ms"];
    let told = |(_, show): &&Column| {
        record.ledger.iter().filter_map(show).any(|text| !nothing.contains(&text.as_str()))
    };
    let columns: Vec<&Column> = COLUMNS.iter().filter(told).collect();
    let several = record.suites.len() > 1;
    let quiet = |text: &str| (text.to_owned(), Tone::Quiet);
    let mut titles = vec![quiet("epoch")];
    titles.extend(columns.iter().map(|(title, _)| quiet(title)));
    titles.extend(several.then(|| quiet("suite")));
    let mut lines = vec![Line::Cells(titles)];
    for entry in &record.ledger {
        let mut cells = vec![(entry.epoch.to_string(), Tone::Normal)];
        cells.extend(
            columns.iter().map(|(_, show)| (show(entry).unwrap_or_else(|| "?".into()), Tone::Normal)),
        );
        let suite =
            record.suites.get(entry.suite as usize).map(|suite| visible(&suite.name)).unwrap_or_default();
        cells.extend(several.then_some((suite, Tone::Quiet)));
        lines.push(Line::Cells(cells));
    }
    let mut aligns = vec![Align::Right; columns.len() + 1];
    aligns.extend(several.then_some(Align::Left));
    format!("disturbances\n{}", table::render(&lines, &aligns, None, paint))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    #[test]
    fn the_short_form_names_the_worst_epoch_and_what_slowed_the_core_down() {
        let (record, comparison) = samples::with_counters();
        assert_eq!(record.ledger.len(), 2);
        assert_eq!(
            short(&comparison.ledger.unwrap()),
            "other work on the core 5%, at most 15% in epoch 1; the hypervisor took 2.5%; held back by a quota 3 times"
        );
    }

    #[test]
    fn the_table_leaves_out_what_nothing_is_known_of() {
        let (record, _) = samples::with_counters();
        assert_eq!(whole(&record, Paint::Plain), include_str!("expected/ledger.txt"));
        let (record, _) = samples::calm();
        assert_eq!(whole(&record, Paint::Plain), "this record has no ledger of disturbances\n");
    }
}
