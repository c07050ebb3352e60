//! The one kind of data that may differ between codes that count as the same: where a panic would say that it happened.
//!
//! A line that is added above a function moves the `core::panic::Location`s in it, and nothing that runs without a panic.
//! Such a constant is recognised by everything that is known of it: the compiler made it without a name, it is 24 bytes of
//! read-only data, of which the first eight refer to the begin of a read-only text that ends in `.rs` and holds a `/`, the
//! next eight are that text's length, and the rest are a line and a column of believable size. The text itself still
//! counts. Code could look at its caller's location outside of a panic and do something that depends on the line; that
//! the report names this exception is for them.

use super::{Graph, Node, Target};

/// Bytes of a location: pointer, length, line, column.
const SIZE: usize = 24;
/// Where line and column stand.
const LINE: usize = 16;
/// No file has more lines, and no line more columns.
const MOST_LINES: u32 = 10_000_000;

/// The content of a panic's location with line and column blanked; `None` when the node is none.
pub(super) fn without_line(graph: &Graph, node: &Node) -> Option<Vec<u8>> {
    let anonymous = node.section.contains("..Lanon.");
    let constant = !node.shape.writable && !node.shape.executable && node.shape.size == SIZE as u64;
    let [reference] = &node.references[..] else { return None };
    if !anonymous || !constant || node.content.len() != SIZE || reference.offset != 0 {
        return None;
    }
    let number = |at: usize| Some(u32::from_le_bytes(node.content.get(at..at + 4)?.try_into().ok()?));
    let length = u64::from_le_bytes(node.content.get(8..LINE)?.try_into().ok()?);
    let believable = |number: u32| (1..MOST_LINES).contains(&number);
    if !believable(number(LINE)?) || !believable(number(LINE + 4)?) {
        return None;
    }
    is_source_file(graph, &reference.target, length).then(|| {
        let mut content = node.content.clone();
        content[LINE..].fill(0);
        content
    })
}

/// Whether a target is the name of a source file that is so long. A zero may follow it.
fn is_source_file(graph: &Graph, target: &Target, length: u64) -> bool {
    let text = match target {
        Target::Within { node, offset: 0 } => {
            let Some(node) = graph.nodes.get(*node) else { return false };
            let plain = !node.shape.writable && !node.shape.executable && node.references.is_empty();
            if !plain {
                return false;
            }
            &node.content
        }
        Target::Element { content, inner: 0, addend: 0, .. } => content,
        _ => return false,
    };
    let text = text.strip_suffix(b"\0").unwrap_or(text);
    text.len() as u64 == length
        && text.ends_with(b".rs")
        && text.contains(&b'/')
        && text.iter().all(|byte| !byte.is_ascii_control())
}

#[cfg(test)]
mod tests {
    use super::super::{Reference, Shape};
    use super::*;

    /// A graph of a location and the name of its file.
    fn graph(file: &str, length: u64, line: u32, section: &str) -> Graph {
        let constant = |size: usize| Shape { flags: 2, size: size as u64, ..Shape::default() };
        let mut content = vec![0; 8];
        content.extend(length.to_le_bytes());
        content.extend(line.to_le_bytes());
        content.extend(7u32.to_le_bytes());
        let pointer =
            Reference { offset: 0, kind: 1, branches: false, target: Target::Within { node: 1, offset: 0 } };
        let location = Node {
            section: section.into(),
            names: vec![],
            shape: constant(SIZE),
            content,
            references: vec![pointer],
        };
        let text = Node { content: file.as_bytes().to_vec(), shape: constant(file.len()), ..Node::default() };
        Graph { nodes: vec![location, text], roots: vec![] }
    }

    fn is_location(graph: &Graph) -> bool {
        without_line(graph, &graph.nodes[0]).is_some()
    }

    const ANONYMOUS: &str = ".data.rel.ro..Lanon.0123.4";

    #[test]
    fn a_location_is_known_by_all_that_it_is() {
        let location = graph("src/lib.rs", 10, 3, ANONYMOUS);
        let other_line = graph("src/lib.rs", 10, 5, ANONYMOUS);
        assert!(is_location(&location));
        assert_eq!(
            without_line(&location, &location.nodes[0]),
            without_line(&other_line, &other_line.nodes[0])
        );
        assert!(is_location(&graph("src/lib.rs\0", 10, 3, ANONYMOUS)));
    }

    #[test]
    fn a_constant_that_lacks_anything_of_it_is_none() {
        assert!(!is_location(&graph("src/lib.rs", 9, 3, ANONYMOUS)), "the length is another one");
        assert!(!is_location(&graph("src/lib.txt", 11, 3, ANONYMOUS)), "no source file");
        assert!(!is_location(&graph("input.rs", 8, 3, ANONYMOUS)), "in no directory");
        assert!(!is_location(&graph("src/lib.rs", 10, 0, ANONYMOUS)), "lines begin at 1");
        assert!(!is_location(&graph("src/lib.rs", 10, 3, ".data.rel.ro.TABLE")), "it has a name");
        let mut written = graph("src/lib.rs", 10, 3, ANONYMOUS);
        written.nodes[0].shape.writable = true;
        assert!(!is_location(&written), "it can be written");
        let mut longer = graph("src/lib.rs", 10, 3, ANONYMOUS);
        longer.nodes[0].content.push(0);
        assert!(!is_location(&longer), "it is longer");
    }
}
