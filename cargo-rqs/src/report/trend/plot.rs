//! A series as a plot of characters.

use super::Of;
use crate::analysis::trend::{Change, Point};

/// Rows of a plot.
const ROWS: usize = 8;
/// Columns of the points at most; longer series show the newest.
const COLUMNS: usize = 72;

/// The plot, with a line break at its end: points as `*`, the first point of a new level as `O`, uncertain ones with their
/// intervals as `|`.
pub(super) fn render(points: &[Point], changes: &[Change], of: Of, width: Option<usize>) -> String {
    let columns = width.map_or(COLUMNS, |width| width.saturating_sub(14).clamp(10, COLUMNS));
    let shown = points.len().min(columns);
    let start = points.len() - shown;
    let step = if shown * 3 <= columns { 3 } else { 1 };
    let values: Vec<f64> = points[start..].iter().map(|point| point.value).collect();
    let (lowest, highest) = range(&values);
    let row_of = |value: f64| {
        let share = (value - lowest) / (highest - lowest);
        ((1.0 - share) * (ROWS - 1) as f64).round().clamp(0.0, (ROWS - 1) as f64) as usize
    };
    let mut cells = vec![vec![' '; shown * step]; ROWS];
    for (place, point) in points[start..].iter().enumerate() {
        let column = place * step;
        if let Some(step) = point.step.filter(|step| step.half_width > 0.0) {
            let ends = [point.value + step.half_width, point.value - step.half_width].map(row_of);
            cells[ends[0]..=ends[1]].iter_mut().for_each(|row| row[column] = '|');
        }
        let is_change = changes.iter().any(|change| change.at == start + place);
        cells[row_of(point.value)][column] = if is_change { 'O' } else { '*' };
    }
    let mut text = String::new();
    for (number, row) in cells.iter().enumerate() {
        let label = match number {
            0 => of.value(highest),
            _ if number == ROWS - 1 => of.value(lowest),
            _ => String::new(),
        };
        let row: String = row.iter().collect();
        text += format!("{label:>12} |{row}").trim_end();
        text.push('\n');
    }
    text
}

/// The lowest and the highest value, never the same.
fn range(values: &[f64]) -> (f64, f64) {
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let room = (0.005 - (highest - lowest)).max(0.0) / 2.0;
    (lowest - room, highest + room)
}
