//! Whether what a benchmark can execute is the same on both sides; pure.
//!
//! A program is a graph. Its nodes are the sections that the linker puts together, one for each function and for each
//! piece of data; its edges are the relocations, by which sections refer to one another. Nothing that runs is found in
//! any other way, so what a process may execute or read of its own file is within reach of `main` and of what the loader
//! runs before and after it. Two graphs are the same when walking them from their roots gives the same: the same content,
//! the same relocations in the same places, and edges that meet again where they meet again on the other side. Names do
//! not count, because hashes in them move; where the linker puts things does not count either.
//!
//! One benchmark reaches less than its executable does. Criterion calls what a user measures through a private type,
//! `Function`, which implements its private trait `Routine`, and only when the benchmark is selected. So in a process
//! that is told to run one benchmark, the `Routine`s of the others are never entered, and the walk does not enter them
//! ([`routines`]). Everything else counts: `main`, the functions that register benchmarks and the input that they make,
//! even for other benchmarks. What registers a benchmark holds its test run as well, which a measuring run never enters.
//! Hence "identical" says: *run on its own, this benchmark executes the same*. No assumption about shared state is needed.
//!
//! What is decided on the safe side: unwinding tables and landing pads count like code. Reading a constant pool counts
//! for the constant only. Whatever is not understood is [`Target::Unclear`] and makes the answer "unknown", never
//! "identical". One thing only may differ, and is then told: line and column in the location of a panic, which nobody
//! looks at without a panic ([`locations`]).

pub mod changed;
pub mod identity;
pub mod locations;
pub mod names;
pub mod routines;
pub mod walk;

use sha2::{Digest, Sha256};

/// Name of the section of unwinding tables.
pub const UNWINDING: &str = ".eh_frame";
/// Type of the references that tie a function to its unwinding record, and that to the record it shares with others; no
/// relocation is of this type.
pub const BELONGS: u32 = u32::MAX;

/// A program before it is linked, as far as it is within reach of its roots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// Sections and parts of sections.
    pub nodes: Vec<Node>,
    /// What the loader enters: `main`, initialisers and finalisers, exported symbols.
    pub roots: Vec<Target>,
}

/// A section, or what counts like one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// The section's name.
    pub section: String,
    /// Symbols of all functions and data in it, mangled, in the order of their places.
    pub names: Vec<String>,
    /// What kind of memory it becomes.
    pub shape: Shape,
    /// Its bytes as they are in the file; empty for memory that begins as zeroes.
    pub content: Vec<u8>,
    /// Its relocations in the order of their places.
    pub references: Vec<Reference>,
}

/// What the linker makes of a section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Type of the section, as in the file.
    pub kind: u32,
    /// Its flags, those left out that only say how it is stored in the file.
    pub flags: u64,
    /// Alignment in bytes.
    pub alignment: u64,
    /// Bytes of an element, for sections that consist of such.
    pub element: u64,
    /// Bytes in memory.
    pub size: u64,
    /// Whether it can be executed.
    pub executable: bool,
    /// Whether it can be written once the program runs.
    pub writable: bool,
}

/// A place that the linker fills in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Where in the section.
    pub offset: u64,
    /// What is computed there: the type of the relocation.
    pub kind: u32,
    /// Whether it is a call of, or a jump to, the begin of what it refers to, and so does not hand out its address.
    pub branches: bool,
    /// What it refers to.
    pub target: Target,
}

/// What a relocation refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A place in a node. The offset holds the relocation's addend.
    Within {
        /// Number of the node.
        node: usize,
        /// Distance from the node's begin.
        offset: i64,
    },
    /// An element of a pool that the linker merges.
    Element {
        /// The pool.
        shape: Shape,
        /// The element's bytes.
        content: Vec<u8>,
        /// Distance from the element's begin.
        inner: u64,
        /// What is added to the element's address.
        addend: i64,
    },
    /// A symbol of a shared library.
    Outside {
        /// Its name.
        name: String,
        /// What is added to its address.
        addend: i64,
    },
    /// A number.
    Absolute(u64),
    /// Something of which it is not known what it refers to; why.
    Unclear(String),
}

impl Node {
    /// Whether only its content counts and not that it is one: the linker merges records that unwinding tables share.
    fn is_by_value(&self) -> bool {
        self.section == UNWINDING && self.references.iter().all(|reference| reference.kind != BELONGS)
    }
}

impl Graph {
    /// The node that a target lies in.
    pub fn node_of(target: &Target) -> Option<usize> {
        match target {
            Target::Within { node, .. } => Some(*node),
            _ => None,
        }
    }

    /// Everything about a node but which nodes it refers to, in two digests: as it is, and with lines and columns of a
    /// panic left out. An error says what is not understood in it.
    fn digests(&self, node: &Node) -> Result<[[u8; 32]; 2], String> {
        let exact = self.digest(node, &node.content)?;
        match locations::without_line(self, node) {
            None => Ok([exact, exact]),
            Some(content) => Ok([exact, self.digest(node, &content)?]),
        }
    }

    fn digest(&self, node: &Node, content: &[u8]) -> Result<[u8; 32], String> {
        let mut hasher = Sha256::new();
        add_shape(&mut hasher, &node.shape);
        add_bytes(&mut hasher, content);
        add_number(&mut hasher, node.references.len() as u64);
        for reference in &node.references {
            add_number(&mut hasher, reference.offset);
            add_number(&mut hasher, u64::from(reference.kind));
            add_target(&mut hasher, &reference.target)?;
        }
        Ok(hasher.finalize().into())
    }
}

/// Adds what is known of a target without knowing its node.
fn add_target(hasher: &mut Sha256, target: &Target) -> Result<(), String> {
    match target {
        Target::Within { offset, .. } => {
            add_number(hasher, 1);
            hasher.update(offset.to_le_bytes());
        }
        Target::Element { shape, content, inner, addend } => {
            add_number(hasher, 2);
            add_shape(hasher, shape);
            add_bytes(hasher, content);
            add_number(hasher, *inner);
            hasher.update(addend.to_le_bytes());
        }
        Target::Outside { name, addend } => {
            add_number(hasher, 3);
            add_bytes(hasher, name.as_bytes());
            hasher.update(addend.to_le_bytes());
        }
        Target::Absolute(value) => {
            add_number(hasher, 4);
            add_number(hasher, *value);
        }
        Target::Unclear(why) => return Err(why.clone()),
    }
    Ok(())
}

fn add_shape(hasher: &mut Sha256, shape: &Shape) {
    for number in [u64::from(shape.kind), shape.flags, shape.alignment, shape.element, shape.size] {
        add_number(hasher, number);
    }
    hasher.update([u8::from(shape.executable), u8::from(shape.writable)]);
}

/// Length first, so that neighbours cannot run into each other.
fn add_bytes(hasher: &mut Sha256, bytes: &[u8]) {
    add_number(hasher, bytes.len() as u64);
    hasher.update(bytes);
}

fn add_number(hasher: &mut Sha256, number: u64) {
    hasher.update(number.to_le_bytes());
}

#[cfg(test)]
mod tests;
