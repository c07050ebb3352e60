//! Text in columns, aligned by how wide it is on a terminal.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::paint::{Paint, Tone};

/// The space between two columns.
const GAP: &str = "  ";
/// A name is never cut to less than this.
const NARROWEST: usize = 16;

/// On which side of its column a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At its start, for words.
    Left,
    /// At its end, for numbers.
    Right,
}

/// One line of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// One text for each column.
    Cells(Vec<(String, Tone)>),
    /// A text across all columns, which does not widen them.
    Across(String, Tone),
}

/// The lines in columns. With a `width`, the first column is cut in the middle so far that lines of cells fit.
pub fn render(lines: &[Line], aligns: &[Align], width: Option<usize>, paint: Paint) -> String {
    let mut widths = column_widths(lines, aligns.len());
    if let (Some(width), Some((first, others))) = (width, widths.split_first_mut()) {
        let taken: usize = others.iter().map(|other| other + GAP.len()).sum();
        *first = (*first).min(width.saturating_sub(taken).max(NARROWEST));
    }
    lines.iter().map(|line| render_line(line, aligns, &widths, paint) + "\n").collect()
}

fn column_widths(lines: &[Line], columns: usize) -> Vec<usize> {
    let mut widths = vec![0; columns];
    for line in lines {
        if let Line::Cells(cells) = line {
            for (width, (text, _)) in widths.iter_mut().zip(cells) {
                *width = (*width).max(text.width());
            }
        }
    }
    widths
}

fn render_line(line: &Line, aligns: &[Align], widths: &[usize], paint: Paint) -> String {
    let cells = match line {
        Line::Across(text, tone) => return paint.tone(*tone, text),
        Line::Cells(cells) => cells,
    };
    // Nothing is padded after the last text, so that no line ends in spaces.
    let last = cells.iter().rposition(|(text, _)| !text.is_empty()).unwrap_or(0);
    let mut shown = String::new();
    for (i, ((text, tone), (align, width))) in
        cells.iter().zip(aligns.iter().zip(widths)).take(last + 1).enumerate()
    {
        let text = cut_middle(text, *width);
        let padding = " ".repeat(width.saturating_sub(text.width()));
        let text = paint.tone(*tone, &text);
        shown.push_str(if i == 0 { "" } else { GAP });
        match align {
            Align::Right => shown.extend([padding.as_str(), &text]),
            Align::Left if i == last => shown.push_str(&text),
            Align::Left => shown.extend([text.as_str(), &padding]),
        }
    }
    shown
}

/// The text, with its middle replaced by `…` if it is wider than `width` columns.
pub fn cut_middle(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut room = width.saturating_sub(1);
    loop {
        let start = prefix(text.chars(), room.div_ceil(2));
        let end = prefix(text.chars().rev(), room / 2);
        let cut: String = start.into_iter().chain(['…']).chain(end.into_iter().rev()).collect();
        // A few characters, emoji above all, are wider together than each by itself.
        if cut.width() <= width || room == 0 {
            return cut;
        }
        room -= 1;
    }
}

/// As many of the characters as fit into `room` columns.
fn prefix(chars: impl Iterator<Item = char>, room: usize) -> Vec<char> {
    let mut taken = 0;
    chars
        .take_while(|c| {
            taken += c.width().unwrap_or(0);
            taken <= room
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells(texts: [&str; 3]) -> Line {
        Line::Cells(texts.map(|text| (text.to_owned(), Tone::Normal)).to_vec())
    }

    const ALIGNS: [Align; 3] = [Align::Left, Align::Right, Align::Left];

    #[test]
    fn columns_are_aligned_by_display_width() {
        let lines = [cells(["解析", "1", "yes"]), cells(["short", "1000", ""]), cells(["a", "", "no"])];
        let expected = "解析      1  yes\nshort  1000\na            no\n";
        assert_eq!(render(&lines, &ALIGNS, None, Paint::Plain), expected);
    }

    #[test]
    fn colour_takes_no_room() {
        let line = |tone| Line::Cells(vec![("a".into(), tone), ("b".into(), Tone::Normal)]);
        let lines = [line(Tone::Bad), Line::Cells(vec![("long".into(), Tone::Normal)])];
        let shown = render(&lines, &[Align::Left, Align::Left], None, Paint::Ansi);
        assert_eq!(shown, "\x1b[1;31ma\x1b[0m     b\nlong\n");
    }

    #[test]
    fn names_are_cut_in_the_middle_to_fit_the_terminal() {
        let lines = [cells(["a_very_long_group/with_a_function/and_a_parameter", "12", "unchanged"])];
        let shown = render(&lines, &ALIGNS, Some(40), Paint::Plain);
        assert_eq!(shown, "a_very_long_g…nd_a_parameter  12  unchanged\n".replace("long_g…nd", "long_…"));
    }

    proptest! {
        #[test]
        fn what_was_cut_is_never_wider_than_asked(text in "\\PC{0,40}", width in 1usize..30) {
            prop_assert!(cut_middle(&text, width).width() <= width.max(1));
        }
    }
}
