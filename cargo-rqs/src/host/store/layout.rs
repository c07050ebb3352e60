//! How a record looks on disk: the outer levels on lines of their own, each deeper value (an epoch, a package) on
//! one line; and the same text without white space, which is what the content hash is taken over.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// JSON whose values deeper than `open_levels` stand on one line. Equal values give equal bytes.
pub(super) fn to_lines<T: Serialize>(value: &T, open_levels: usize) -> serde_json::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let layout = Layout { open_levels, depth: 0, empty: false };
    value.serialize(&mut Serializer::with_formatter(&mut bytes, layout))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Valid JSON without the white space between its tokens.
pub(super) fn without_space(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    json.chars()
        .filter(|&c| {
            let keep = in_string || !c.is_ascii_whitespace();
            match c {
                '"' if !escaped => in_string = !in_string,
                _ => {}
            }
            escaped = in_string && c == '\\' && !escaped;
            keep
        })
        .collect()
}

struct Layout {
    open_levels: usize,
    depth: usize,
    empty: bool,
}

impl Layout {
    fn begin<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.empty = true;
        writer.write_all(bracket)
    }

    fn element<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        self.empty = false;
        self.new_line(writer)
    }

    fn end<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        let open = self.depth <= self.open_levels && !self.empty;
        self.depth -= 1;
        self.empty = false;
        if open {
            self.indent(writer)?;
        }
        writer.write_all(bracket)
    }

    fn new_line<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.depth <= self.open_levels { self.indent(writer) } else { Ok(()) }
    }

    fn indent<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.depth).try_for_each(|_| writer.write_all(b" "))
    }
}

impl Formatter for Layout {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.element(writer, first)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.begin(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.end(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.element(writer, first)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn outer_levels_are_open_and_inner_ones_stand_on_one_line() {
        let value = json!({"a": [{"b": 1, "c": [2, 3]}, {}], "d": [], "e": {"f": "g"}});
        let text = String::from_utf8(to_lines(&value, 2).unwrap()).unwrap();
        assert_eq!(
            text,
            "{\n \"a\":[\n  {\"b\":1,\"c\":[2,3]},\n  {}\n ],\n \"d\":[],\n \"e\":{\n  \"f\":\"g\"\n }\n}\n"
        );
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[ \\\\\"\n\t{}\\[\\]:,]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[ a\\\\\"]{0,3}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_layout_keeps_the_value_and_its_text_without_space(value in any_json(), open_levels in 0usize..8) {
            let text = String::from_utf8(to_lines(&value, open_levels).unwrap()).unwrap();
            prop_assert_eq!(without_space(&text), serde_json::to_string(&value).unwrap());
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }
}
