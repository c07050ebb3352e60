//! Walks everything within reach and gives it a hash: equal hashes mean the same graph.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::routines::Closed;
use super::{Graph, Target, add_number, add_target};
use crate::model::fingerprint;

/// Stands for a node that was not entered.
const CLOSED: u64 = u64::MAX;
/// Stands for a node of which only the content counts.
const BY_VALUE: u64 = u64::MAX - 1;

/// What is within reach of a program's roots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// SHA-256 over all of it, in lowercase hex.
    pub exact: String,
    /// The same with lines and columns of panics left out.
    pub without_lines: String,
}

/// A graph that can be walked many times: what is in its nodes is hashed once.
pub struct Walker<'a> {
    graph: &'a Graph,
    digests: Vec<Result<[[u8; 32]; 2], String>>,
}

impl<'a> Walker<'a> {
    /// Hashes the nodes.
    pub fn new(graph: &'a Graph) -> Self {
        Walker { graph, digests: graph.nodes.iter().map(|node| graph.digests(node)).collect() }
    }

    /// The graph.
    pub(super) fn graph(&self) -> &'a Graph {
        self.graph
    }

    /// Whether a node and one of another graph are the same, lines and columns of panics and what they refer to left out.
    pub(super) fn is_alike(&self, node: usize, other: &Walker<'_>, of_other: usize) -> bool {
        let digest =
            |walker: &Walker<'_>, node: usize| walker.digests[node].as_ref().ok().map(|both| both[1]);
        digest(self, node).is_some() && digest(self, node) == digest(other, of_other)
    }

    /// Walks from the roots, breadth first, without entering `closed`, and numbers the nodes as they come. Each node adds
    /// its content and the numbers of those that it refers to, so two walks give the same hash exactly when a one-to-one
    /// pairing of their nodes makes them the same.
    ///
    /// # Errors
    /// What is not understood of something within reach.
    pub fn reached(&self, closed: &Closed) -> Result<Reached, String> {
        let mut hashers = [Sha256::new(), Sha256::new()];
        let mut walk = Walk { graph: self.graph, closed, numbers: HashMap::new(), order: Vec::new() };
        for root in &self.graph.roots {
            let number = walk.number(root, false);
            for hasher in &mut hashers {
                add_target(hasher, root)?;
                add_number(hasher, number);
            }
        }
        let mut at = 0;
        while let Some(&node) = walk.order.get(at) {
            at += 1;
            let digests = self.digests[node].as_ref().map_err(Clone::clone)?;
            hashers.iter_mut().zip(digests).for_each(|(hasher, digest)| hasher.update(digest));
            let content_only = self.graph.nodes[node].is_by_value();
            for (k, reference) in self.graph.nodes[node].references.iter().enumerate() {
                let number = match closed.references.contains(&(node, k)) {
                    true => CLOSED,
                    false => walk.number(&reference.target, content_only),
                };
                hashers.iter_mut().for_each(|hasher| add_number(hasher, number));
            }
        }
        let [exact, without_lines] = hashers.map(|hasher| fingerprint::hex(&hasher.finalize()));
        Ok(Reached { exact, without_lines })
    }
}

struct Walk<'a> {
    graph: &'a Graph,
    closed: &'a Closed,
    numbers: HashMap<usize, u64>,
    order: Vec<usize>,
}

impl Walk<'_> {
    /// The number of a target's node, counted from 1 in the order of first sight; 0 for what is no node. Of a node that
    /// the linker puts together with others of its content, every sight counts as the first, unless it is from another
    /// such node, so that circles end.
    fn number(&mut self, target: &Target, from_one_by_value: bool) -> u64 {
        let Some(node) = Graph::node_of(target) else { return 0 };
        if self.closed.nodes.contains(&node) {
            return CLOSED;
        }
        if !from_one_by_value && self.graph.nodes[node].is_by_value() {
            self.order.push(node);
            return BY_VALUE;
        }
        let next = self.numbers.len() as u64 + 1;
        *self.numbers.entry(node).or_insert_with(|| {
            self.order.push(node);
            next
        })
    }
}
