//! Two dependency graphs against each other, for a comment on a pull request.

use std::fmt::Write;

use super::difference::{Side, headline, sections};
use crate::analysis::dependencies::GraphDifference;
use crate::report::escape::markdown_code;

/// The difference, with a line break at its end. Long parts are folded.
pub fn difference(sides: [Side<'_>; 2], difference: &GraphDifference) -> String {
    difference_of(sides.map(|side| side.name), difference)
}

/// The same of two graphs that are called so.
pub fn difference_of(names: [&str; 2], difference: &GraphDifference) -> String {
    let [first, second] = names.map(markdown_code);
    let mut text = format!("### Dependencies from {first} to {second}: {}\n", headline(difference));
    for section in sections(difference) {
        let (title, rows) = (section.title, &section.rows);
        let open = if rows.len() > 10 { "" } else { " open" };
        let _ = write!(text, "\n<details{open}><summary>{title} ({})</summary>\n\n", rows.len());
        for row in rows {
            let cells: Vec<String> =
                row.iter().filter(|cell| !cell.is_empty()).map(|cell| markdown_code(cell)).collect();
            let _ = writeln!(text, "- {}", cells.join(" "));
        }
        text += "\n</details>\n";
    }
    text
}
