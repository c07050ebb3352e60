//! Names what differs between two programs, the nearest to a benchmark first.

use std::collections::{BTreeSet, HashSet, VecDeque};

use super::names::demangle;
use super::routines::Closed;
use super::walk::Walker;
use super::{Graph, Node};

/// Stands for Criterion's loop around what is measured, with what the compiler put into it.
const LOOP: &str = "[measuring loop]";
/// Names that are given at most.
const MOST_NAMES: usize = 5;

/// One side of the comparison.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The program.
    pub walker: &'a Walker<'a>,
    /// What is not entered.
    pub closed: &'a Closed,
    /// Where the benchmark itself begins, if that is known.
    pub begin: Option<usize>,
}

/// The functions that differ, as people write them; a few at most. Data that differs goes by the function that uses it.
pub fn changed(baseline: Side<'_>, candidate: Side<'_>) -> Vec<String> {
    let (graphs, mut queue) = ([baseline.walker.graph(), candidate.walker.graph()], VecDeque::new());
    if let (Some(one), Some(other)) = (baseline.begin, candidate.begin) {
        queue.push_back((one, other, String::new()));
    }
    let roots = graphs[0].roots.iter().zip(&graphs[1].roots);
    let pairs = roots.filter_map(|(one, other)| Graph::node_of(one).zip(Graph::node_of(other)));
    queue.extend(pairs.map(|(one, other)| (one, other, String::new())));
    let (mut seen, mut told, mut names) = (HashSet::new(), BTreeSet::new(), Vec::new());
    while let Some((one, other, user)) = queue.pop_front() {
        let closed = (baseline.closed.nodes.contains(&one), candidate.closed.nodes.contains(&other));
        if closed == (true, true) || !seen.insert((one, other)) {
            continue;
        }
        let nodes = [&graphs[0].nodes[one], &graphs[1].nodes[other]];
        let name = function(nodes[1]).or_else(|| function(nodes[0])).unwrap_or(user);
        if !baseline.walker.is_alike(one, candidate.walker, other) || closed.0 != closed.1 {
            if !name.is_empty() && told.insert(name.clone()) {
                names.push(name.clone());
            }
            if names.len() == MOST_NAMES {
                break;
            }
        }
        // Where the relocations are in line, what they refer to can be compared as well.
        if nodes[0].references.len() == nodes[1].references.len() {
            for (k, (first, second)) in nodes[0].references.iter().zip(&nodes[1].references).enumerate() {
                if baseline.closed.references.contains(&(one, k))
                    && candidate.closed.references.contains(&(other, k))
                {
                    continue;
                }
                let pair = Graph::node_of(&first.target).zip(Graph::node_of(&second.target));
                queue.extend(pair.filter(|_| first.kind == second.kind).map(|(a, b)| (a, b, name.clone())));
            }
        }
    }
    names
}

/// The function that a node is.
fn function(node: &Node) -> Option<String> {
    let symbol = node.names.first().filter(|_| node.shape.executable)?;
    let name = demangle(symbol);
    let measures = name.trim_start_matches('<').starts_with("criterion::bencher::Bencher<");
    Some(if measures { LOOP.to_owned() } else { name })
}
