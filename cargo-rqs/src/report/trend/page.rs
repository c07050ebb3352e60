//! Trends as a page in one file: pictures with words at every point, zoom, and the changes as tables. Nothing is loaded.

use std::fmt::Write;

use super::{Answer, Of, Series, change, remarks, svg};
use crate::analysis::trend;
use crate::report::escape::html;
use crate::report::numbers;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The whole page.
pub fn render(answer: &Answer) -> String {
    let what = match answer.of {
        Of::Time => "Time of an iteration, against the first revision",
        Of::Metric(metric) => metric.name(),
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Trends</title>\n\
         <style>\n{STYLE}{}\n</style>\n</head>\n<body>\n<h1>{what}</h1>\n\
         <p class=\"quiet\">Environment <code>{}</code>. A point tells more under the pointer; the wheel zooms, dragging moves, a \
         double click shows all. Red is more, green is less; dashed lines are releases, the pale area is where the next \
         revisions are expected.</p>\n",
        svg::style(),
        html(&answer.environment)
    );
    page += &events(answer);
    for series in &answer.series {
        page += &section(series, answer.of);
    }
    page + "<script>\n" + SCRIPT + "</script>\n</body>\n</html>\n"
}

/// What moved together.
fn events(answer: &Answer) -> String {
    let series: Vec<_> = answer.series.iter().map(|it| (&it.points[..], &it.trend)).collect();
    let events = trend::events(&series);
    if events.is_empty() || series.len() < 2 {
        return String::new();
    }
    let mut text =
        "<table>\n<tr><th>revision</th><th>subject</th><th>benchmarks that moved</th></tr>\n".to_owned();
    for event in events {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "<tr><td>{} <code>{}</code></td><td>{}</td><td>{}</td></tr>",
            html(&event.revision.spec),
            html(event.revision.short_id()),
            html(&event.revision.summary),
            event.moved.len()
        );
    }
    text + "</table>\n"
}

fn section(series: &Series, of: Of) -> String {
    let (width, height) = svg::size();
    let mut text = format!(
        "<h2>{}</h2>\n<svg data-zoom tabindex=\"0\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{}\">\n{}</svg>\n",
        html(&series.name),
        html(&format!("{}, {}", series.name, numbers::count(series.points.len() as u64, "revision"))),
        svg::picture(series, of)
    );
    if !series.trend.changes.is_empty() {
        text += "<table>\n<tr><th>revision</th><th>change</th><th>subject</th></tr>\n";
        for it in &series.trend.changes {
            let revision = &series.points[it.at].revision;
            let _ = writeln!(
                text,
                "<tr><td>{} <code>{}</code></td><td>{}</td><td>{}</td></tr>",
                html(&revision.spec),
                html(revision.short_id()),
                html(&change(it)),
                html(&revision.summary)
            );
        }
        text += "</table>\n";
    }
    for remark in remarks(series, of) {
        let _ = writeln!(text, "<p>{}</p>", html(&remark));
    }
    text
}
