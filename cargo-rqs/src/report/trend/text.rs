//! Trends for a terminal: one benchmark with its plot, many as a list of events.

use super::{Answer, Of, Series, change, plot, remarks};
use crate::analysis::trend::{self, Event};
use crate::report::escape::visible;
use crate::report::numbers;
use crate::report::paint::{Paint, Tone};
use crate::report::table::{self, Align, Line};

/// Benchmarks that get a plot of their own; more are told as events.
const MOST_PLOTS: usize = 3;
/// Names of an event that are told.
const MOST_NAMES: usize = 8;

/// The whole answer, with a line break at its end.
pub fn render(answer: &Answer, width: Option<usize>, paint: Paint) -> String {
    let mut text = String::new();
    if answer.series.is_empty() {
        text += "no benchmark has been measured at two revisions yet; `cargo rqs backfill` measures older ones\n\n";
    } else if answer.series.len() <= MOST_PLOTS {
        for series in &answer.series {
            text += &one(series, answer.of, width, paint);
        }
    } else {
        text += &many(answer, width, paint);
    }
    let environment: String = answer.environment.chars().take(16).collect();
    text += &format!("environment {}", visible(&environment));
    let others: usize = answer.others.iter().map(|(_, runs)| runs).sum();
    if others > 0 {
        text += &format!(
            "; {} of {} are not shown: `--environment` chooses",
            numbers::count(others as u64, "run"),
            numbers::count(answer.others.len() as u64, "other environment")
        );
    }
    text + "\n"
}

fn one(series: &Series, of: Of, width: Option<usize>, paint: Paint) -> String {
    let points = &series.points;
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return String::new() };
    let what = match of {
        Of::Time => format!("time against {}", first.revision.spec),
        Of::Metric(metric) => metric.name().to_owned(),
    };
    let mut text = format!("{}, {}\n", paint.tone(Tone::Strong, &visible(&series.name)), visible(&what));
    text += &plot::render(points, &series.trend.changes, of, width);
    text += &format!(
        "{:>12}  {} to {}, {}\n\n",
        "",
        visible(&first.revision.spec),
        visible(&last.revision.spec),
        numbers::count(points.len() as u64, "revision")
    );
    let lines: Vec<Line> = series
        .trend
        .changes
        .iter()
        .map(|it| {
            let revision = &points[it.at].revision;
            let tone = if it.by > 0.0 { Tone::Bad } else { Tone::Good };
            Line::Cells(vec![
                (format!("  {}", visible(&revision.spec)), Tone::Strong),
                (revision.short_id().to_owned(), Tone::Quiet),
                (change(it), tone),
                (visible(&revision.summary), Tone::Quiet),
            ])
        })
        .collect();
    text += &match lines.is_empty() {
        true => "  no change of level\n".to_owned(),
        false => table::render(&lines, &[Align::Left; 4], width, paint),
    };
    for remark in remarks(series, of) {
        text += &format!("  {}\n", visible(&remark));
    }
    text + "\n"
}

fn many(answer: &Answer, width: Option<usize>, paint: Paint) -> String {
    let series: Vec<_> = answer.series.iter().map(|it| (&it.points[..], &it.trend)).collect();
    let events = trend::events(&series);
    let mut text = format!("{}: {}\n", numbers::count(series.len() as u64, "benchmark"), answer.of.name());
    if events.is_empty() {
        text += "no change of level\n";
    }
    for event in &events {
        text += &format!("\n{}\n", paint.tone(Tone::Strong, &title(event)));
        let lines: Vec<Line> = event
            .moved
            .iter()
            .take(MOST_NAMES)
            .map(|moved| {
                let tone = if moved.change.by > 0.0 { Tone::Bad } else { Tone::Good };
                let name = visible(&answer.series[moved.series].name);
                Line::Cells(vec![(format!("  {name}"), Tone::Normal), (change(&moved.change), tone)])
            })
            .collect();
        text += &table::render(&lines, &[Align::Left; 2], width, paint);
        if event.moved.len() > MOST_NAMES {
            text += &format!("  and {} more\n", event.moved.len() - MOST_NAMES);
        }
    }
    text.push('\n');
    let mut quiet = true;
    for series in &answer.series {
        for remark in remarks(series, answer.of).into_iter().filter(|it| !it.starts_with("the next")) {
            text += &format!("{}: {}\n", visible(&series.name), visible(&remark));
            quiet = false;
        }
    }
    if quiet { text } else { text + "\n" }
}

fn title(event: &Event) -> String {
    let (up, down) =
        event.moved.iter().fold(
            (0, 0),
            |(up, down), moved| {
                if moved.change.by > 0.0 { (up + 1, down) } else { (up, down + 1) }
            },
        );
    let part = |number: u64, what: &str| {
        (number > 0).then(|| format!("{} {what}", numbers::count(number, "benchmark")))
    };
    let parts: Vec<String> = [part(up, "up"), part(down, "down")].into_iter().flatten().collect();
    let revision = &event.revision;
    visible(&format!("{} {} {}: {}", revision.spec, revision.short_id(), revision.summary, parts.join(", ")))
}
