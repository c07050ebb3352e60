//! A series as a picture: the points with their intervals, changes of level, releases, and the forecast.

use std::fmt::Write;

use super::{Answer, Of, Series};
use crate::analysis::trend::Point;
use crate::report::escape::html;
use crate::report::numbers;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 70.0;
/// Labels below the axis at most.
const MOST_LABELS: usize = 24;
/// Lines across the picture.
const LINES: usize = 5;

const STYLE: &str = "\
.rqs-trend{font:12px system-ui,sans-serif;fill:#24292f;background:#fff}\
.rqs-trend .axis{stroke:#8c959f;stroke-width:1}.rqs-trend .line{stroke:#d0d7de;stroke-width:1}\
.rqs-trend .way{fill:none;stroke:#0969da;stroke-width:1.5}.rqs-trend .point{fill:#0969da}\
.rqs-trend .interval{stroke:#0969da;stroke-opacity:.45;stroke-width:1.5}\
.rqs-trend .up{fill:#cf222e}.rqs-trend .down{fill:#1a7f37}.rqs-trend .odd{fill:none;stroke:#9a6700;stroke-width:2}\
.rqs-trend .forecast{fill:#0969da;fill-opacity:.12}.rqs-trend .expected{fill:none;stroke:#0969da;stroke-dasharray:4 3}\
.rqs-trend .release{stroke:#8250df;stroke-opacity:.35;stroke-dasharray:2 4}\
@media(prefers-color-scheme:dark){.rqs-trend{fill:#e6edf3;background:#0d1117}.rqs-trend .line{stroke:#30363d}\
.rqs-trend .way,.rqs-trend .interval,.rqs-trend .expected{stroke:#58a6ff}.rqs-trend .point,.rqs-trend .forecast{fill:#58a6ff}\
.rqs-trend .up{fill:#ff7b72}.rqs-trend .down{fill:#56d364}}";

/// The pictures of all series, below one another, as one file.
pub fn render(answer: &Answer) -> String {
    let height = HEIGHT * answer.series.len().max(1) as f64;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\">\n\
         <style>{STYLE}</style>\n"
    );
    for (number, series) in answer.series.iter().enumerate() {
        let y = HEIGHT * number as f64;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "<svg y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\">");
        text += &picture(series, answer.of);
        text += "</svg>\n";
    }
    text + "</svg>\n"
}

/// Where values and places lie in the picture.
struct Scale {
    lowest: f64,
    highest: f64,
    places: usize,
}

impl Scale {
    fn of(series: &Series) -> Scale {
        let ends = series.points.iter().flat_map(|point| {
            let half_width = point.step.map_or(0.0, |step| step.half_width);
            [point.value - half_width, point.value + half_width]
        });
        let forecast = series.trend.forecast.iter();
        let ahead = forecast.clone().map(|it| it.values.len()).sum::<usize>();
        let values: Vec<f64> =
            ends.chain(forecast.flat_map(|it| it.lowest.iter().chain(&it.highest).copied())).collect();
        let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let room = ((highest - lowest) * 0.05).max(0.0025);
        Scale { lowest: lowest - room, highest: highest + room, places: series.points.len() + ahead }
    }

    fn x(&self, place: usize) -> f64 {
        let between = (self.places.max(2) - 1) as f64;
        LEFT + (WIDTH - LEFT - RIGHT) * place as f64 / between
    }

    fn y(&self, value: f64) -> f64 {
        TOP + (HEIGHT - TOP - BOTTOM) * (self.highest - value) / (self.highest - self.lowest)
    }
}

/// One series as the content of a picture.
pub(super) fn picture(series: &Series, of: Of) -> String {
    let mut text =
        format!("<g class=\"rqs-trend\"><text x=\"{LEFT}\" y=\"18\">{}</text>\n", html(&series.name));
    if series.points.is_empty() {
        return text + "</g>\n";
    }
    let scale = Scale::of(series);
    for number in 0..=LINES {
        let value = scale.lowest + (scale.highest - scale.lowest) * number as f64 / LINES as f64;
        let (y, right) = (scale.y(value), WIDTH - RIGHT);
        let _ = writeln!(
            text,
            "<line class=\"line\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            y + 4.0,
            html(&of.value(value))
        );
    }
    text += &labels(&series.points, &scale);
    text += &forecast(series, &scale);
    let way: Vec<String> = series
        .points
        .iter()
        .enumerate()
        .map(|(place, point)| format!("{:.1},{:.1}", scale.x(place), scale.y(point.value)))
        .collect();
    let _ = writeln!(text, "<polyline class=\"way\" points=\"{}\"/>", way.join(" "));
    for (place, it) in series.points.iter().enumerate() {
        text += &point(series, of, &scale, place, it);
    }
    text + "</g>\n"
}

/// Whether a revision was named as releases are: `v1.2.0`, `serde-1.0.3`.
fn is_release(spec: &str) -> bool {
    let digits = spec.trim_start_matches(|c: char| !c.is_ascii_digit());
    let mut parts = digits.split('.');
    let is_number =
        |part: Option<&str>| part.is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()));
    is_number(parts.next()) && is_number(parts.next())
}

fn labels(points: &[Point], scale: &Scale) -> String {
    let every = points.len().div_ceil(MOST_LABELS).max(1);
    let mut text = String::new();
    for (place, point) in points.iter().enumerate() {
        let (x, bottom) = (scale.x(place), HEIGHT - BOTTOM);
        if is_release(&point.revision.spec) {
            let _ = writeln!(
                text,
                "<line class=\"release\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>"
            );
        }
        if place % every == 0 {
            let _ = writeln!(
                text,
                "<text transform=\"translate({x:.1} {:.1}) rotate(-40)\" text-anchor=\"end\">{}</text>",
                bottom + 16.0,
                html(&shortened(&point.revision.spec))
            );
        }
    }
    text
}

fn shortened(spec: &str) -> String {
    const MOST: usize = 12;
    if spec.chars().count() <= MOST {
        spec.to_owned()
    } else {
        spec.chars().take(MOST - 1).chain(['…']).collect()
    }
}

fn forecast(series: &Series, scale: &Scale) -> String {
    let (Some(forecast), Some(last)) = (&series.trend.forecast, series.points.last()) else {
        return String::new();
    };
    let start = series.points.len() - 1;
    let at = |values: &[f64]| -> Vec<String> {
        let all = [last.value].into_iter().chain(values.iter().copied());
        all.enumerate()
            .map(|(place, value)| format!("{:.1},{:.1}", scale.x(start + place), scale.y(value)))
            .collect()
    };
    let mut around = at(&forecast.highest);
    around.extend(at(&forecast.lowest).into_iter().rev());
    format!(
        "<polygon class=\"forecast\" points=\"{}\"/><polyline class=\"expected\" points=\"{}\"/>\n",
        around.join(" "),
        at(&forecast.values).join(" ")
    )
}

fn point(series: &Series, of: Of, scale: &Scale, place: usize, point: &Point) -> String {
    let (x, y) = (scale.x(place), scale.y(point.value));
    let change = series.trend.changes.iter().find(|change| change.at == place);
    let class = match change {
        Some(change) if change.by > 0.0 => "up",
        Some(_) => "down",
        None => "point",
    };
    let mut told =
        format!("{} ({}): {}", point.revision.spec, point.revision.short_id(), of.value(point.value));
    if let Some(change) = change {
        told += &format!("\n{}", super::change(change));
    }
    if let Some(committed) = point.revision.committed_unix_s.and_then(|it| u64::try_from(it).ok()) {
        told += &format!("\n{} {}", numbers::date(committed), point.revision.summary);
    }
    let mut text = String::new();
    if let Some(step) = point.step.filter(|step| step.half_width > 0.0) {
        let ends = [point.value - step.half_width, point.value + step.half_width].map(|it| scale.y(it));
        let _ = write!(
            text,
            "<line class=\"interval\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>",
            ends[0], ends[1]
        );
    }
    if series.trend.anomalies.iter().any(|anomaly| anomaly.at == place) {
        let _ = write!(text, "<circle class=\"odd\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"7\"/>");
    }
    let radius = if change.is_some() { 5 } else { 3 };
    let lines: Vec<String> = told.lines().map(html).collect();
    let _ = writeln!(
        text,
        "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\"><title>{}</title></circle>",
        lines.join("\n")
    );
    text
}

/// The style of pictures, for a page that holds some.
pub(super) fn style() -> &'static str {
    STYLE
}

/// The width and height of a picture.
pub(super) fn size() -> (f64, f64) {
    (WIDTH, HEIGHT)
}
