//! Walks everything within reach and gives it a hash: equal hashes mean the same graph.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::routines::Closed;
use super::{Graph, Target, add_number, add_target};
use crate::model::fingerprint;

/// Stands for a node that was not entered.
const CLOSED: u64 = u64::MAX;

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
        let digest = |walker: &Walker<'_>, node: usize| walker.digests[node].as_ref().ok().map(|both| both[1]);
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
        let mut walk = Walk { closed, numbers: HashMap::new(), order: Vec::new() };
        for root in &self.graph.roots {
            let number = walk.number(root);
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
            for reference in &self.graph.nodes[node].references {
                let number = walk.number(&reference.target);
                hashers.iter_mut().for_each(|hasher| add_number(hasher, number));
            }
        }
        let [exact, without_lines] = hashers.map(|hasher| fingerprint::hex(&hasher.finalize()));
        Ok(Reached { exact, without_lines })
    }
}

struct Walk<'a> {
    closed: &'a Closed,
    numbers: HashMap<usize, u64>,
    order: Vec<usize>,
}

impl Walk<'_> {
    /// The number of a target's node, counted from 1 in the order of first sight; 0 for what is no node.
    fn number(&mut self, target: &Target) -> u64 {
        let Some(node) = Graph::node_of(target) else { return 0 };
        if self.closed.contains(&node) {
            return CLOSED;
        }
        let next = self.order.len() as u64 + 1;
        *self.numbers.entry(node).or_insert_with(|| {
            self.order.push(node);
            next
        })
    }
}
