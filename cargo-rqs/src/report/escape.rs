//! Names and messages that others wrote, made safe to show: nothing in them can steer a terminal or a web page.

use std::fmt::Write;

/// One line for a terminal. Control and invisible formatting characters become visible escapes, line breaks included.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        // Writing to a string cannot fail.
        let _ = match c {
            '\n' => write!(shown, "\\n"),
            '\r' => write!(shown, "\\r"),
            '\t' => write!(shown, "\\t"),
            c if c.is_ascii_control() => write!(shown, "\\x{:02x}", u32::from(c)),
            c if acts(c) => write!(shown, "\\u{{{:x}}}", u32::from(c)),
            c => write!(shown, "{c}"),
        };
    }
    shown
}

/// The lines of a longer text, each made [`visible`]; tabs become four spaces.
pub fn visible_lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(|line| visible(&line.trim_end().replace('\t', "    ")))
}

/// Whether a character does something other than being seen: a control, or an invisible formatting character.
pub fn acts(c: char) -> bool {
    c.is_control() || is_invisible(c)
}

/// Format characters, line separators and others that show nothing or turn the direction of what follows.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// One line of GitHub-flavoured Markdown, shown as code, fit for a table cell. Plain names stay readable in the
/// source; anything that Markdown, HTML or GitHub could take for its own is written as entities.
pub fn markdown_code(text: &str) -> String {
    let text = visible(text);
    let tame = |c: char| c.is_alphanumeric() || " _-+=/:.,;()[]{}#%&<>!?'\"^~*@$→".contains(c);
    if !text.is_empty() && text.trim() == text && text.chars().all(tame) {
        return format!("`{text}`");
    }
    format!("<code>{}</code>", entities(&text))
}

/// One line of HTML text or of an attribute's value.
pub fn html(text: &str) -> String {
    visible(text)
        .chars()
        .map(|c| match c {
            '&' | '<' | '>' | '"' | '\'' => format!("&#{};", u32::from(c)),
            c => c.to_string(),
        })
        .collect()
}

/// A longer text as a preformatted block of HTML.
pub fn html_block(text: &str) -> String {
    let lines: Vec<String> = visible_lines(text).map(|line| entities(&line)).collect();
    format!("<pre>\n{}\n</pre>", lines.join("\n"))
}

/// Every ASCII character that could mean something becomes a numeric entity.
fn entities(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            c if c.is_ascii_punctuation() && !"-/,".contains(c) => format!("&#{};", u32::from(c)),
            c => c.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn controls_and_bidi_tricks_become_visible() {
        assert_eq!(visible("a\x1b[31mred\u{7}\u{9b}2J"), "a\\x1b[31mred\\x07\\u{9b}2J");
        assert_eq!(visible("a\r\n\tb\u{202e}c\u{200b}d\u{2028}"), "a\\r\\n\\tb\\u{202e}c\\u{200b}d\\u{2028}");
        assert_eq!(visible("größe/解析/שלום"), "größe/解析/שלום");
    }

    #[test]
    fn a_longer_text_keeps_its_lines() {
        assert_eq!(
            visible_lines("one\r\n\ttwo\x1b\n\nend").collect::<Vec<_>>(),
            ["one", "    two\\x1b", "", "end"]
        );
    }

    #[test]
    fn plain_names_stay_readable_in_markdown() {
        assert_eq!(markdown_code("json::parse/4 KiB @home <b>"), "`json::parse/4 KiB @home <b>`");
    }

    #[test]
    fn names_that_could_break_out_of_markdown_become_entities() {
        assert_eq!(markdown_code("a|b"), "<code>a&#124;b</code>");
        assert_eq!(markdown_code("`</code>@all"), "<code>&#96;&#60;/code&#62;&#64;all</code>");
        assert_eq!(markdown_code("a\\"), "<code>a&#92;</code>");
        assert_eq!(markdown_code(" "), "<code> </code>");
        assert_eq!(html_block("</pre>\n@all"), "<pre>\n&#60;/pre&#62;\n&#64;all\n</pre>");
    }

    #[test]
    fn nothing_breaks_out_of_html() {
        assert_eq!(html("<a href=\"x\">'&\n"), "&#60;a href=&#34;x&#34;&#62;&#39;&#38;\\n");
        assert_eq!(html("core::fmt::write"), "core::fmt::write");
    }

    proptest! {
        #[test]
        fn whatever_is_shown_has_no_control_characters(text in any::<String>()) {
            prop_assert!(!visible(&text).chars().any(acts));
            let code = markdown_code(&text);
            let inner = code.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')).unwrap_or(&code);
            prop_assert!(!inner.contains(['`', '|', '\n']));
        }
    }
}
