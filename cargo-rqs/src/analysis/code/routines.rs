//! Which parts of a program only run for other benchmarks.
//!
//! Criterion wraps what a user measures into its private type `Function`, hands it on as its private trait `Routine`, and
//! calls methods of that only for benchmarks that are selected. A table of such methods (a vtable) belongs to the
//! benchmarks that use one and the same closure. A benchmark's own table is known by a function of it that stood on the
//! stack when the benchmark first read the clock.

use std::collections::{BTreeMap, BTreeSet};

use super::{Graph, UNWINDING, names};

/// Nodes that a walk does not enter.
pub type Closed = BTreeSet<usize>;

/// The `Routine`s of a program.
#[derive(Clone, Debug, Default)]
pub struct Routines {
    /// Nodes that are methods of a `Routine`, with their symbols.
    methods: BTreeMap<usize, BTreeSet<String>>,
    /// For each table of methods: its node and the methods that it names.
    tables: BTreeMap<usize, BTreeSet<usize>>,
}

/// What belongs to one benchmark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The methods of other benchmarks.
    pub closed: Closed,
    /// The table of its own methods.
    pub table: usize,
}

impl Routines {
    /// Finds them.
    pub fn of(graph: &Graph) -> Routines {
        let mut methods = BTreeMap::new();
        for (number, node) in graph.nodes.iter().enumerate().filter(|(_, node)| node.shape.executable) {
            // A node that is also something else may be called as that.
            if !node.names.is_empty() && node.names.iter().all(|name| names::is_routine(name)) {
                methods.insert(number, node.names.iter().cloned().collect());
            }
        }
        let mut tables = BTreeMap::new();
        let data = graph.nodes.iter().enumerate().filter(|(_, node)| !node.shape.executable);
        for (number, node) in data.filter(|(_, node)| node.section != UNWINDING) {
            let targets = node.references.iter().filter_map(|reference| Graph::node_of(&reference.target));
            let named: BTreeSet<usize> = targets.filter(|target| methods.contains_key(target)).collect();
            if !named.is_empty() {
                tables.insert(number, named);
            }
        }
        Routines { methods, tables }
    }

    /// What belongs to the benchmark that had these functions on its stack, and what belongs to others only; `None` when
    /// that cannot be told, so that everything counts as its own.
    ///
    /// `stack` holds the symbols of each frame, mangled; a frame may have several.
    pub fn own(&self, stack: &[Vec<String>]) -> Option<Own> {
        // A stack that does not begin in `main` may be one that could not be followed.
        if !stack.iter().flatten().any(|name| name == "main") {
            return None;
        }
        let on_stack: Vec<BTreeSet<usize>> = stack
            .iter()
            .map(|frame| {
                let has = |symbols: &BTreeSet<String>| frame.iter().any(|name| symbols.contains(name));
                self.methods.iter().filter(|(_, symbols)| has(symbols)).map(|(node, _)| *node).collect()
            })
            .filter(|nodes: &BTreeSet<usize>| !nodes.is_empty())
            .collect();
        // One benchmark stands within one `Routine`, so all these frames are of one table.
        let is_own = |methods: &BTreeSet<usize>| on_stack.iter().all(|frame| !frame.is_disjoint(methods));
        if on_stack.is_empty() {
            return None;
        }
        let table = self.tables.iter().find(|(_, methods)| is_own(methods)).map(|(table, _)| *table)?;
        let touches = |methods: &BTreeSet<usize>| on_stack.iter().any(|frame| !frame.is_disjoint(methods));
        let own: BTreeSet<usize> =
            self.tables.values().filter(|methods| touches(methods)).flatten().copied().collect();
        let others = self.tables.values().flatten().filter(|method| !own.contains(method));
        Some(Own { closed: others.copied().collect(), table })
    }
}
