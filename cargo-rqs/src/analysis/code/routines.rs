//! Which parts of a program only run for other benchmarks.
//!
//! Criterion wraps what a user measures into its private type `Function`, hands it on as its private trait `Routine`, and
//! calls methods of that only for benchmarks that are selected. A table of such methods (a vtable) belongs to the
//! benchmarks that use one and the same closure. A benchmark's own table is known by a function of it that stood on the
//! stack when the benchmark first read the clock.
//!
//! What registers a benchmark (`bench_function` and its like, for each closure a copy of its own) can also run it once as a
//! test, and the compiler may put what a method of the table does for that into the copy itself. So calls in it of what
//! the table's methods call too are left out, unless the benchmark at hand calls the same. They are part of the test run;
//! the only thing of the user's that a copy does besides is to drop the closure, and copies whose closure needs that are
//! entered with all their calls.

use std::collections::{BTreeMap, BTreeSet};

use super::{Graph, Node, UNWINDING, names};

/// What a walk does not enter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    /// Nodes.
    pub nodes: BTreeSet<usize>,
    /// References, by their node and their number in it.
    pub references: BTreeSet<(usize, usize)>,
}

/// The `Routine`s of a program.
pub struct Routines<'a> {
    graph: &'a Graph,
    /// Nodes that are methods of a `Routine`, with their symbols.
    methods: BTreeMap<usize, BTreeSet<&'a str>>,
    /// For each table of methods: its node and the methods that it names.
    tables: BTreeMap<usize, BTreeSet<usize>>,
    /// What registers benchmarks, with the tables that it refers to.
    registering: BTreeMap<usize, BTreeSet<usize>>,
}

/// What belongs to one benchmark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// What belongs to other benchmarks.
    pub closed: Closed,
    /// The table of its own methods.
    pub table: usize,
}

impl<'a> Routines<'a> {
    /// Finds them.
    pub fn of(graph: &'a Graph) -> Self {
        let nodes = || graph.nodes.iter().enumerate();
        let functions = || nodes().filter(|(_, node)| node.shape.executable && !node.names.is_empty());
        // A node that is also something else may be called as that.
        let methods: BTreeMap<usize, BTreeSet<&str>> = functions()
            .filter(|(_, node)| node.names.iter().all(|name| names::is_routine(name)))
            .map(|(number, node)| (number, node.names.iter().map(String::as_str).collect()))
            .collect();
        let data = nodes().filter(|(_, node)| !node.shape.executable && node.section != UNWINDING);
        let tables: BTreeMap<usize, BTreeSet<usize>> = data
            .map(|(number, node)| (number, named(node, |target| methods.contains_key(&target))))
            .filter(|(_, methods)| !methods.is_empty())
            .collect();
        let registering = functions()
            .filter(|(_, node)| node.names.iter().all(|name| names::registers(name)))
            .map(|(number, node)| (number, named(node, |target| tables.contains_key(&target))))
            .filter(|(_, tables)| !tables.is_empty())
            .collect();
        Routines { graph, methods, tables, registering }
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
                let has = |symbols: &BTreeSet<&str>| frame.iter().any(|name| symbols.contains(name.as_str()));
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
        let own_tables: BTreeSet<usize> =
            self.tables.iter().filter(|(_, methods)| touches(methods)).map(|(table, _)| *table).collect();
        let own: BTreeSet<usize> = own_tables.iter().flat_map(|table| &self.tables[table]).copied().collect();
        let others = self.tables.values().flatten().filter(|method| !own.contains(method));
        let nodes: BTreeSet<usize> = others.copied().collect();
        let references = self.test_runs(&own_tables, &nodes);
        Some(Own { closed: Closed { nodes, references }, table })
    }

    /// Calls within what registers other benchmarks that belong to their test runs.
    fn test_runs(&self, own: &BTreeSet<usize>, closed: &BTreeSet<usize>) -> BTreeSet<(usize, usize)> {
        let within_reach = self.within_reach(own, closed);
        let mut found = BTreeSet::new();
        for (number, tables) in &self.registering {
            let dropped = tables.iter().any(|table| needs_drop(&self.graph.nodes[*table]));
            if dropped || !tables.is_disjoint(own) {
                continue;
            }
            let methods = tables.iter().flat_map(|table| &self.tables[table]);
            let called: BTreeSet<usize> = methods
                .flat_map(|method| calls(&self.graph.nodes[*method]))
                .map(|(_, callee)| callee)
                .collect();
            let of_tests = calls(&self.graph.nodes[*number])
                .filter(|(_, callee)| called.contains(callee) && !within_reach.contains(callee));
            found.extend(of_tests.map(|(reference, _)| (*number, reference)));
        }
        found
    }

    /// Everything that these nodes refer to, and what that refers to, and so on.
    fn within_reach(&self, from: &BTreeSet<usize>, closed: &BTreeSet<usize>) -> BTreeSet<usize> {
        let (mut reached, mut open) = (from.clone(), from.iter().copied().collect::<Vec<usize>>());
        while let Some(node) = open.pop() {
            let targets = self.graph.nodes[node].references.iter();
            for target in targets.filter_map(|reference| Graph::node_of(&reference.target)) {
                if !closed.contains(&target) && reached.insert(target) {
                    open.push(target);
                }
            }
        }
        reached
    }
}

/// The nodes of a kind that a node refers to.
fn named(node: &Node, is_wanted: impl Fn(usize) -> bool) -> BTreeSet<usize> {
    let targets = node.references.iter().filter_map(|reference| Graph::node_of(&reference.target));
    targets.filter(|target| is_wanted(*target)).collect()
}

/// The calls in a function: numbers of the references and of the nodes that are called.
fn calls(node: &Node) -> impl Iterator<Item = (usize, usize)> {
    let calls = node.references.iter().enumerate().filter(|(_, reference)| reference.branches);
    calls.filter_map(|(number, reference)| Some((number, Graph::node_of(&reference.target)?)))
}

/// Whether what a table is about needs to be dropped: the first entry of every vtable says how.
fn needs_drop(table: &Node) -> bool {
    table.references.iter().any(|reference| reference.offset == 0)
}
