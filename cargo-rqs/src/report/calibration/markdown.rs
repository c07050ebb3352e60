//! A calibration as a comment or a page of documentation: the same tables, in Markdown.

use std::borrow::Cow;

use super::{
    LAYOUTS, POWER, SAME, conclusion, each_cells, each_titles, head, large_runs, layout_cells, name,
    power_cells, same_rows, sides, size, tally_cells, wrong_way_round,
};
use crate::analysis::calibration;
use crate::model::calibration::CalibrationRecord;
use crate::report::escape::{html_block, markdown_code};

/// The whole report, with a line break at its end.
pub fn render(record: &CalibrationRecord, paths: &[Cow<'_, str>]) -> String {
    let calibration = calibration::calibrate(record);
    let mut sections = vec![format!("### Calibration: {}", conclusion(&calibration))];
    sections.extend(large_runs(record));
    sections.extend(wrong_way_round(&calibration).map(|line| format!("> **Warning:** {line}")));
    let row = |first: String, cells: Vec<String>| [first].into_iter().chain(cells).collect::<Vec<_>>();
    let same = same_rows(&calibration).into_iter().map(|(name, tally)| row(name, tally_cells(&tally).into()));
    sections.extend(table(&SAME.map(str::to_owned), same.collect()));
    let layouts = calibration.layouts.iter().map(|(it, tally)| row(sides(*it), layout_cells(tally).into()));
    sections.extend(table(&LAYOUTS.map(str::to_owned), layouts.collect()));
    let power = calibration.power.iter().map(|power| row(size(power.per_mille), power_cells(power).into()));
    sections.extend(table(&POWER.map(str::to_owned), power.collect()));
    let each = calibration.benchmarks.iter();
    let each = each.map(|it| row(markdown_code(&name(&calibration, it)), each_cells(&calibration, it)));
    let each = table(&each_titles(&calibration), each.collect());
    sections
        .extend(each.map(|table| format!("<details><summary>Benchmarks</summary>\n\n{table}\n\n</details>")));
    let circumstances: Vec<String> =
        head(record, paths).into_iter().map(|(name, value)| format!("{name:<12} {value}")).collect();
    let notes = record.notes.iter().map(|note| format!("note: {note}"));
    let told: Vec<String> = circumstances.into_iter().chain(notes).collect();
    sections.push(format!(
        "<details><summary>How it was measured</summary>\n\n{}\n\n</details>",
        html_block(&told.join("\n"))
    ));
    sections.join("\n\n") + "\n"
}

fn table(titles: &[String], rows: Vec<Vec<String>>) -> Option<String> {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let rule = (0..titles.len()).map(|k| if k == 0 { "---" } else { "---:" }.to_owned()).collect::<Vec<_>>();
    let lines: Vec<String> =
        [line(titles), line(&rule)].into_iter().chain(rows.iter().map(|row| line(row))).collect();
    (!rows.is_empty()).then(|| lines.join("\n"))
}
