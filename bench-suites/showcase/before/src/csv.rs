//! Lines of comma-separated values.

/// The fields of a line. A field in double quotes may hold commas; the quotes stay on.
pub fn fields(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut quoted = false;
        let end = text.bytes().position(|byte| {
            quoted ^= byte == b'"';
            byte == b',' && !quoted
        });
        rest = end.map(|end| &text[end + 1..]);
        Some(&text[..end.unwrap_or(text.len())])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_quotes_do_not_split() {
        assert_eq!(fields("a,\"b,c\",,d").collect::<Vec<_>>(), ["a", "\"b,c\"", "", "d"]);
        assert_eq!(fields("").collect::<Vec<_>>(), [""]);
    }
}
