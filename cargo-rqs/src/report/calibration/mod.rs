//! A calibration for a terminal: false alarms first, then what is found and how soon, then benchmark by benchmark. Its
//! sentences serve the other formats too.

pub mod json;
pub mod line;
pub mod markdown;

use std::borrow::Cow;
use std::fmt::Write;

use super::escape::visible;
use super::paint::{Paint, Tone};
use super::table::{self, Align, Line};
use super::{numbers, words};
use crate::analysis::calibration::rate::{self, CONFIDENCE, Rate};
use crate::analysis::calibration::{self, BenchmarkCalibration, Calibration, Power, Tally, Time, suites};
use crate::model::calibration::{CalibrationRecord, Load, SidesDiffer, Subject};

/// The whole report, with a line break at its end.
pub fn render(record: &CalibrationRecord, paths: &[Cow<'_, str>], paint: Paint) -> String {
    let calibration = calibration::calibrate(record);
    let took = record.finished_unix_s.saturating_sub(record.started_unix_s);
    let mut text = format!(
        "cargo rqs {}, calibration {}, {}, took {}{}\n",
        visible(&record.tool),
        visible(&record.id),
        numbers::date_time(record.started_unix_s),
        numbers::duration(took),
        if record.interrupted { ", interrupted" } else { "" },
    );
    text += &labelled(&head(record, paths), paint);
    let tables = [same(&calibration), layouts(&calibration), power(&calibration), each(&calibration)];
    for (lines, aligns) in tables.into_iter().flatten() {
        text.push('\n');
        text += &table::render(&lines, &aligns, None, paint);
    }
    text.push('\n');
    let tone = if calibration::breaks_the_promise(&calibration) { Tone::Bad } else { Tone::Normal };
    let _ = writeln!(text, "{}", paint.tone(tone, &conclusion(&calibration)));
    if let Some(line) = large_runs(record) {
        let _ = writeln!(text, "{line}");
    }
    if let Some(line) = wrong_way_round(&calibration) {
        let _ = writeln!(text, "{}", paint.tone(Tone::Bad, &line));
    }
    for note in &record.notes {
        let _ = writeln!(text, "  {}", paint.tone(Tone::Quiet, &format!("note: {}", visible(note))));
    }
    text
}

/// Under which conditions it was measured, as names and values.
fn head(record: &CalibrationRecord, paths: &[Cow<'_, str>]) -> Vec<(&'static str, String)> {
    let of = match &record.subject {
        Subject::KnownChanges => "that the tool brings along, changes injected".to_owned(),
        Subject::Own(revision) => {
            format!("of `{}` ({})", visible(&revision.spec), visible(revision.short_id()))
        }
    };
    let policy = &record.policy;
    vec![
        ("environment", visible(&record.environment.chars().take(16).collect::<String>())),
        ("benchmarks", format!("{} {of}", record.benchmarks)),
        (
            "judging",
            format!(
                "floor {}, margin {}, {} chance of any false alarm in a run of all: {} for each verdict",
                numbers::percent(policy.floor),
                numbers::percent(policy.margin),
                numbers::percent(policy.alpha),
                small_percent(record.promised()),
            ),
        ),
        ("placement", words::placement(&record.placement)),
        ("rounds", format!("{}, seed {}", record.rounds.len(), record.budget.seed)),
        ("record", visible(&paths.join(", "))),
    ]
}

fn labelled(head: &[(&'static str, String)], paint: Paint) -> String {
    let line = |(name, value): &(&str, String)| {
        Line::Cells(vec![(format!("  {name}"), Tone::Quiet), (value.clone(), Tone::Normal)])
    };
    table::render(&head.iter().map(line).collect::<Vec<_>>(), &[Align::Left; 2], None, paint)
}

type Table = Option<(Vec<Line>, Vec<Align>)>;

fn table(titles: &[&str], rows: Vec<Vec<(String, Tone)>>) -> Table {
    let mut lines =
        vec![Line::Cells(titles.iter().map(|title| ((*title).to_owned(), Tone::Quiet)).collect())];
    let empty = rows.is_empty();
    lines.extend(rows.into_iter().map(Line::Cells));
    let aligns = (0..titles.len()).map(|k| if k == 0 { Align::Left } else { Align::Right }).collect();
    (!empty).then_some((lines, aligns))
}

const SAME: [&str; 7] = [
    "the same code against itself",
    "verdicts",
    "false alarms",
    "at most",
    "proved unchanged",
    "inconclusive",
    "time to verdict",
];
const LAYOUTS: [&str; 9] = [
    "the same code in another layout",
    "verdicts",
    "changed",
    "robust",
    "at most",
    "taken back",
    "unconfirmed",
    "proved unchanged",
    "inconclusive",
];
const POWER: [&str; 8] = [
    "more work",
    "verdicts",
    "found",
    "at least",
    "called unchanged",
    "inconclusive",
    "measured",
    "time to verdict",
];

fn same(calibration: &Calibration) -> Table {
    table(&SAME, same_rows(calibration).into_iter().map(|(name, tally)| tally_row(&name, &tally)).collect())
}

fn layouts(calibration: &Calibration) -> Table {
    let row = |(it, tally): &(SidesDiffer, Tally)| {
        let first = [(format!("  {}", sides(*it)), Tone::Normal)];
        first.into_iter().chain(layout_cells(tally).into_iter().map(|cell| (cell, Tone::Normal))).collect()
    };
    table(&LAYOUTS, calibration.layouts.iter().map(row).collect())
}

/// Names and tallies of the same code against itself: all, then by what differed, then by load.
fn same_rows(calibration: &Calibration) -> Vec<(String, Tally)> {
    let mut rows = vec![("all".to_owned(), calibration.same)];
    rows.extend(calibration.same_by_sides.iter().map(|(it, tally)| (sides(*it), *tally)));
    rows.extend(calibration.same_by_load.iter().map(|(it, tally)| (load(*it).to_owned(), *tally)));
    if calibration.same.verdicts() == 0 { Vec::new() } else { rows }
}

fn tally_row(name: &str, tally: &Tally) -> Vec<(String, Tone)> {
    let tone = if tally.alarms().events > 0 { Tone::Bad } else { Tone::Normal };
    let cells = tally_cells(tally).into_iter().enumerate();
    let cells = cells.map(|(k, cell)| (cell, if k == 1 { tone } else { Tone::Normal }));
    [(format!("  {name}"), Tone::Normal)].into_iter().chain(cells).collect()
}

/// What was said of executables as they are, and what became of it over other layouts.
fn layout_cells(tally: &Tally) -> [String; 8] {
    let robust = tally.robust();
    [
        numbers::grouped(robust.tries),
        share(tally.regressed + tally.improved, robust.tries),
        numbers::grouped(robust.events),
        if robust.tries > 0 { small_percent(robust.upper) } else { String::new() },
        numbers::grouped(tally.taken_back),
        numbers::grouped(tally.unconfirmed()),
        share(tally.unchanged, robust.tries),
        numbers::grouped(tally.inconclusive),
    ]
}

fn tally_cells(tally: &Tally) -> [String; 6] {
    let alarms = tally.alarms();
    [
        numbers::grouped(alarms.tries),
        numbers::grouped(alarms.events),
        if alarms.tries > 0 { small_percent(alarms.upper) } else { String::new() },
        share(tally.unchanged, alarms.tries),
        numbers::grouped(tally.inconclusive),
        time(tally.time),
    ]
}

fn power(calibration: &Calibration) -> Table {
    let row = |power: &Power| {
        let first = [(format!("  {}", size(power.per_mille)), Tone::Normal)];
        first.into_iter().chain(power_cells(power).map(|cell| (cell, Tone::Normal))).collect()
    };
    table(&POWER, calibration.power.iter().map(row).collect())
}

fn power_cells(power: &Power) -> [String; 7] {
    let found = power.tally.found();
    [
        numbers::grouped(found.tries),
        share(found.events, found.tries),
        if found.tries > 0 { small_percent(found.lower) } else { String::new() },
        share(power.tally.unchanged, found.tries),
        numbers::grouped(power.tally.inconclusive),
        power.measured.map(numbers::change).unwrap_or_default(),
        time(power.tally.time),
    ]
}

/// Titles of the table of benchmarks: one column for each size of change that was injected.
fn each_titles(calibration: &Calibration) -> Vec<String> {
    let mut titles: Vec<String> =
        ["benchmark", "false alarms", "spread", "epoch", "nine of ten runs find"].map(str::to_owned).into();
    titles.extend(calibration.power.iter().map(|power| format!("found {}", size(power.per_mille))));
    titles
}

fn each(calibration: &Calibration) -> Table {
    let titles = each_titles(calibration);
    let row = |benchmark: &BenchmarkCalibration| {
        let first = [(format!("  {}", visible(&name(calibration, benchmark))), Tone::Normal)];
        let cells = each_cells(calibration, benchmark).into_iter().map(|cell| (cell, Tone::Normal));
        first.into_iter().chain(cells).collect()
    };
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    table(&titles, calibration.benchmarks.iter().map(row).collect())
}

/// A benchmark's name, with its suite where another suite has one of the same name.
fn name(calibration: &Calibration, benchmark: &BenchmarkCalibration) -> String {
    let alike = calibration.benchmarks.iter().filter(|it| it.key == benchmark.key).count();
    if alike > 1 { format!("{}::{}", benchmark.suite, benchmark.key) } else { benchmark.key.to_string() }
}

fn each_cells(calibration: &Calibration, benchmark: &BenchmarkCalibration) -> Vec<String> {
    let alarms = benchmark.same.alarms();
    let of = |events: u64, tries: u64| if tries > 0 { format!("{events} of {tries}") } else { String::new() };
    let mut cells = vec![
        of(alarms.events, alarms.tries),
        benchmark.spread.map(|sd| format!("{:.2}%", sd * 100.0)).unwrap_or_default(),
        benchmark.epoch_s.map(|seconds| numbers::time(seconds * 1e9)).unwrap_or_default(),
        benchmark
            .smallest_change
            .map_or_else(|| "nothing".to_owned(), |change| format!("{:.2}%", change * 100.0)),
    ];
    cells.extend(calibration.power.iter().map(|size| {
        let of_size = benchmark.power.iter().find(|it| it.per_mille == size.per_mille);
        of_size.map(|it| of(it.tally.found().events, it.tally.found().tries)).unwrap_or_default()
    }));
    cells
}

/// What follows, in one sentence.
fn conclusion(calibration: &Calibration) -> String {
    let alarms = calibration.same.alarms();
    let promised = small_percent(calibration.promised);
    if alarms.tries == 0 {
        return "of false alarms nothing is known: the same code was not measured against itself".to_owned();
    }
    let counted = counted(&alarms);
    if calibration::breaks_the_promise(calibration) {
        return format!(
            "{counted}: at least {} with {} confidence, more than the {promised} that are promised",
            small_percent(alarms.lower),
            numbers::percent(CONFIDENCE),
        );
    }
    let bound = format!(
        "{counted}: at most {} with {} confidence",
        small_percent(alarms.upper),
        numbers::percent(CONFIDENCE)
    );
    match alarms.upper <= calibration.promised {
        true => format!("{bound}, as promised ({promised})"),
        false => format!(
            "{bound}; {promised} are promised, which {} without an alarm would prove",
            numbers::count(rate::tries_without_event(calibration.promised), "verdict")
        ),
    }
}

/// What runs of many benchmarks would come to; nothing while too little is known.
fn large_runs(record: &CalibrationRecord) -> Option<String> {
    let rate = suites::runs_with_an_alarm(record)?;
    Some(format!(
        "{} of {} benchmarks, put together from these epochs: {} with any false alarm, at most {} with {} confidence",
        numbers::count(rate.tries, "run"),
        suites::BENCHMARKS,
        numbers::grouped(rate.events),
        small_percent(rate.upper),
        numbers::percent(CONFIDENCE)
    ))
}

/// More work that was called faster, if any was.
fn wrong_way_round(calibration: &Calibration) -> Option<String> {
    let wrong: u64 = calibration.power.iter().map(|power| power.tally.improved).sum();
    let all: u64 = calibration.power.iter().map(|power| power.tally.verdicts()).sum();
    let verdicts = numbers::count(all, "verdict");
    (wrong > 0).then(|| format!("{} of {verdicts} on more work called it faster", numbers::grouped(wrong)))
}

/// `0 false alarms in 312 verdicts`.
fn counted(alarms: &Rate) -> String {
    let verdicts = numbers::count(alarms.tries, "verdict");
    format!("{} in {verdicts}", numbers::count(alarms.events, "false alarm"))
}

/// One line before it begins.
pub fn announce(benchmarks: usize, pairs: usize, budget_s: f64) -> String {
    format!(
        "calibrating on {} for {}, under {} in an order of coins",
        numbers::count(benchmarks as u64, "benchmark"),
        numbers::duration(budget_s as u64),
        numbers::count(pairs as u64, "condition"),
    )
}

/// One line while it goes on.
pub fn progress(calibration: &Calibration, rounds: usize, left_s: f64) -> String {
    let found = |power: &Power| {
        let found = power.tally.found();
        format!("{} of {} changes of {} found", found.events, found.tries, size(power.per_mille))
    };
    let alarms = calibration.same.alarms();
    let mut parts = vec![numbers::count(rounds as u64, "round"), counted(&alarms)];
    parts.extend(calibration.power.iter().filter(|power| power.per_mille == 20).map(found));
    format!("calibrating: {}, about {} left", parts.join(", "), numbers::duration(left_s.max(0.0) as u64))
}

/// The table of all calibrations, in the order given, after a blank line; nothing where there are none.
pub fn list(listed: &[(String, Result<CalibrationRecord, String>)], paint: Paint) -> String {
    let titles = ["calibration", "started", "benchmarks", "outcome"];
    let mut lines = vec![Line::Cells(titles.map(|title| (title.to_owned(), Tone::Quiet)).to_vec())];
    for (id, record) in listed {
        let [started, benchmarks, outcome] = match record {
            Ok(record) => {
                let of = match &record.subject {
                    Subject::KnownChanges => "known changes".to_owned(),
                    Subject::Own(revision) => visible(&revision.spec),
                };
                let alarms = calibration::calibrate(record).same.alarms();
                let benchmarks = format!("{} of {of}", record.benchmarks);
                [numbers::date_time(record.started_unix_s), benchmarks, counted(&alarms)]
            }
            Err(cause) => [String::new(), String::new(), format!("unreadable: {}", visible(cause))],
        };
        let tone = if record.is_ok() { Tone::Normal } else { Tone::Caution };
        lines.push(Line::Cells(vec![
            (visible(id), Tone::Normal),
            (started, Tone::Quiet),
            (benchmarks, Tone::Normal),
            (outcome, tone),
        ]));
    }
    match listed.is_empty() {
        true => String::new(),
        false => format!("\n{}", table::render(&lines, &[Align::Left; 4], None, paint)),
    }
}

/// A note on a condition that could not be made.
pub fn not_made(it: &SidesDiffer) -> String {
    format!("not measured: {}; it could not be made here", sides(*it))
}

/// How the sides differed, in words.
fn sides(sides: SidesDiffer) -> String {
    match sides {
        SidesDiffer::SameFile => "the same file".to_owned(),
        SidesDiffer::Copy => "a copy".to_owned(),
        SidesDiffer::Relinked => "linked in another order".to_owned(),
        SidesDiffer::Rebuilt => "built at another path".to_owned(),
        SidesDiffer::MoreWork(per_mille) => format!("{} more work", size(per_mille)),
    }
}

fn load(load: Load) -> &'static str {
    match load {
        Load::None => "without load of our own",
        Load::Bursts => "bursts on the benchmarks' core",
        Load::Memory => "memory traffic on other cores",
    }
}

fn size(per_mille: u32) -> String {
    numbers::percent(f64::from(per_mille) / 1000.0)
}

/// A share in percent, with the count where there are few.
fn share(events: u64, tries: u64) -> String {
    match tries {
        0 => String::new(),
        _ => format!("{} ({:.1}%)", numbers::grouped(events), events as f64 / tries as f64 * 100.0),
    }
}

/// A percentage that may be very small, with two digits that count.
fn small_percent(fraction: f64) -> String {
    match fraction * 100.0 {
        0.0 => "0%".to_owned(),
        percent if percent < 0.1 => format!("{percent:.3}%"),
        percent if percent < 10.0 => format!("{percent:.2}%"),
        percent => format!("{percent:.1}%"),
    }
}

fn time(time: Option<Time>) -> String {
    time.map(|time| format!("{:.2} s, 95% {:.2} s", time.median_s, time.most_s)).unwrap_or_default()
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
