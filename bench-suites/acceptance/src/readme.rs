//! Puts measured figures into the README, so that nobody types a number.

use crate::Outcome;

/// Replaces what stands between `<!-- NAME: begin -->` and `<!-- NAME: end -->` in README.md.
///
/// # Errors
/// When the README cannot be read or written, or lacks the markers.
pub fn splice(name: &str, block: &str) -> Outcome<()> {
    let path = crate::root().join("README.md");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("cannot read the README: {error}"))?;
    let spliced = spliced(&text, name, block).ok_or_else(|| format!("the README has no markers `{name}`"))?;
    std::fs::write(&path, spliced).map_err(|error| format!("cannot write the README: {error}"))
}

fn spliced(text: &str, name: &str, block: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
    let (head, rest) = text.split_once(&begin)?;
    let (_, tail) = rest.split_once(&end)?;
    Some(format!("{head}{begin}{block}{end}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_is_replaced() {
        let text = "a\n<!-- x: begin -->\nold\n<!-- x: end -->\nb <!-- y: begin -->\n<!-- y: end -->";
        let expected = "a\n<!-- x: begin -->\nnew\n<!-- x: end -->\nb <!-- y: begin -->\n<!-- y: end -->";
        assert_eq!(spliced(text, "x", "new\n").as_deref(), Some(expected));
        assert_eq!(spliced(text, "z", "new\n"), None);
        assert_eq!(spliced("<!-- x: begin -->\n", "x", ""), None);
    }
}
