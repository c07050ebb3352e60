//! The page of a folder of profiles: every benchmark with its pictures and its functions, in one file without scripts,
//! readable from the disk, in light and dark.

use std::fmt::Write;

use super::{Heading, amount, change_with_noise, how, signed, unit_in_words};
use crate::analysis::flame::{FunctionRow, Profiled, Unit};
use crate::model::revision::Revision;
use crate::model::{ByRole, Role};
use crate::report::escape::html;
use crate::report::numbers;

/// Functions in a table that are shown at once; the others are folded away.
const SHOWN: usize = 15;
/// Functions with a smaller part of either side are in `functions.json` only.
const LEAST_SHARE: f64 = 0.001;
/// Changes that are a smaller part of the whole are not told as what the difference is in.
const LEAST_TOLD: f64 = 0.005;
const STYLE: &str = include_str!("page.css");

/// The whole page.
pub(super) fn render(heading: &Heading<'_>, profiles: &[Profiled], folders: &[String]) -> String {
    let revision = |revision: &Revision| {
        format!("<code>{}</code> ({})", html(&revision.spec), html(revision.short_id()))
    };
    let revisions = heading.revisions.as_ref().map(revision);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Profiles of run {run}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<h1>Where the time goes</h1>\n\
         <p>baseline {} against candidate {}, run {run}</p>\n",
        revisions.baseline,
        revisions.candidate,
        run = html(heading.run),
    );
    page.extend(heading.notes.iter().map(|note| format!("<p class=\"note\">{}</p>\n", html(note))));
    if profiles.len() > 1 {
        page += &contents(profiles);
    }
    for (number, (profile, folder)) in profiles.iter().zip(folders).enumerate() {
        page += &section(number, profile, folder);
    }
    page + "</body>\n</html>\n"
}

/// What a reader wants to know first: which benchmark, how much, and where.
fn contents(profiles: &[Profiled]) -> String {
    let mut text = "<table class=\"contents\">\n<tr><th>benchmark</th><th>baseline</th><th>candidate</th><th>change</th>\
                    <th>most of it in</th></tr>\n"
        .to_owned();
    for (number, profile) in profiles.iter().enumerate() {
        let sides = whole(profile);
        let table = &profile.table;
        let tells = |row: &&FunctionRow| {
            let part = table.change(&row.charged).abs() / table.scale.whole.baseline;
            table.stands_out(&row.charged) && part >= LEAST_TOLD
        };
        let most = table.rows.first().filter(tells);
        let most = most.map(|row| format!("<code>{}</code>", html(&row.name))).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "<tr><td><a href=\"#profile-{number}\">{}</a></td><td class=\"n\">{}</td><td class=\"n\">{}</td>\
             <td class=\"n\">{}</td><td>{most}</td></tr>",
            html(&name(profile)),
            sides[0],
            sides[1],
            sides[2],
        );
    }
    text + "</table>\n"
}

fn name(profile: &Profiled) -> String {
    format!("{}::{}", profile.suite, profile.key)
}

/// The whole of both sides and its change; nothing where only parts are known.
fn whole(profile: &Profiled) -> [String; 3] {
    let scale = profile.table.scale;
    if scale.unit == Unit::Share {
        return Default::default();
    }
    let sides = scale.whole.map(|value| amount(value, scale.unit));
    [sides.baseline, sides.candidate, signed(profile.table.whole_change(), scale.unit)]
}

fn section(number: usize, profile: &Profiled, folder: &str) -> String {
    let [baseline, candidate, change] = whole(profile);
    let unit = unit_in_words(profile);
    let headline = match profile.table.scale.unit {
        Unit::Share => String::new(),
        _ => format!("<p>{unit}: {baseline} to {candidate}, <strong>{change}</strong></p>\n"),
    };
    let mut text = format!(
        "<section id=\"profile-{number}\">\n<h2>{}</h2>\n{headline}<p class=\"quiet\">{}</p>\n",
        html(&name(profile)),
        html(&how(profile)),
    );
    text.extend(profile.refused.iter().map(|why| format!("<p class=\"quiet\">{}</p>\n", html(why))));
    let link = |file: &str, words: &str| format!("<a href=\"{folder}/{file}\">{words}</a>");
    let links = [
        link("difference.svg", "difference, as wide as on the candidate"),
        link("difference-by-baseline.svg", "difference, as wide as on the baseline"),
        link("baseline.svg", "baseline"),
        link("candidate.svg", "candidate"),
        link("speedscope.json", "speedscope"),
        link("functions.json", "all functions"),
        link("baseline.folded", "folded baseline"),
        link("candidate.folded", "folded candidate"),
    ];
    text += &format!("<p class=\"links\">{}</p>\n", links.join(" · "));
    text += &format!(
        "<a href=\"{folder}/difference.svg\"><img src=\"{folder}/difference.svg\" alt=\"Differential flamegraph: red takes \
         more than on the baseline, blue less\"></a>\n"
    );
    text + &functions(profile) + "</section>\n"
}

fn functions(profile: &Profiled) -> String {
    let table = &profile.table;
    let worth =
        |row: &&FunctionRow| Role::BOTH.iter().any(|role| table.share(&row.total, *role) >= LEAST_SHARE);
    let rows: Vec<&FunctionRow> = table.rows.iter().filter(worth).collect();
    let (shown, folded) = rows.split_at(rows.len().min(SHOWN));
    let lines = |rows: &[&FunctionRow]| rows.iter().map(|row| line(profile, row)).collect::<String>();
    let mut text = format!("{}{}</table>\n", head(), lines(shown));
    if !folded.is_empty() {
        text += &format!(
            "<details><summary>{}</summary>\n{}{}</table>\n</details>\n",
            numbers::count(folded.len() as u64, "more function"),
            head(),
            lines(folded)
        );
    }
    text
}

fn head() -> String {
    let sides = "<th>baseline</th><th>candidate</th><th>change</th>";
    format!(
        "<table class=\"functions\">\n<tr><th colspan=\"3\">function with the standard library and the system</th>\
         <th colspan=\"3\">itself alone</th><th colspan=\"3\">with all it calls</th></tr>\n\
         <tr>{sides}{sides}{sides}</tr>\n"
    )
}

/// The name across all columns, because it may be long, and the numbers beneath.
fn line(profile: &Profiled, row: &FunctionRow) -> String {
    let (charged, stands_out) = part(profile, &row.charged);
    let [own, total] = [&row.own, &row.total].map(|weight| part(profile, weight).0);
    let class = if stands_out { "" } else { " quiet" };
    format!(
        "<tr class=\"name{class}\"><td colspan=\"9\"><code>{}</code></td></tr>\n<tr>{charged}{own}{total}</tr>\n",
        html(&row.name)
    )
}

/// Three cells of one kind of weight, and whether its change stands out.
fn part(profile: &Profiled, weight: &ByRole<u64>) -> (String, bool) {
    let table = &profile.table;
    let side = |role: Role| {
        let share = numbers::percent((table.share(weight, role) * 1e3).round() / 1e3);
        match table.scale.unit {
            _ if *weight.get(role) == 0 => "<td class=\"n\"></td>".to_owned(),
            Unit::Share => format!("<td class=\"n\">{share}</td>"),
            unit => {
                let value = amount(table.value(weight, role), unit);
                format!("<td class=\"n\">{value} <span class=\"quiet\">{share}</span></td>")
            }
        }
    };
    let (change, stands_out) = change_with_noise(table, weight);
    let direction = match (stands_out, table.change(weight) > 0.0) {
        (false, _) => "n",
        (true, true) => "n more",
        (true, false) => "n less",
    };
    let cells =
        format!("{}{}<td class=\"{direction}\">{change}</td>", side(Role::Baseline), side(Role::Candidate));
    (cells, stands_out)
}
