//! Graphs made by hand: what a walk enters, and what makes two of them the same.

use std::collections::BTreeSet;

use super::identity::Programs;
use super::routines::{Closed, Routines};
use super::walk::Walker;
use super::*;
use crate::model::ByRole;
use crate::model::code::CodeIdentity;

const BENCH: &str = "_ZN106_$LT$criterion..routine..Function$LT$M$C$F$C$T$GT$$u20$as$u20$criterion..routine..Routine$LT$M$C$T$GT$$GT$5bench17h";
const SAMPLE: &str = "_ZN9criterion7routine7Routine6sample17h";

fn symbol(of: &str, hash: char) -> String {
    format!("{of}{}E", hash.to_string().repeat(16))
}

fn function(name: &str, code: &[u8], targets: &[usize]) -> Node {
    let shape = Shape { executable: true, size: code.len() as u64, ..Shape::default() };
    Node { section: format!(".text.{name}"), names: vec![name.to_owned()], shape, ..data(code, targets) }
}

fn data(content: &[u8], targets: &[usize]) -> Node {
    let references = targets.iter().enumerate().map(|(k, node)| Reference {
        offset: 8 * k as u64,
        kind: 1,
        branches: false,
        target: Target::Within { node: *node, offset: 0 },
    });
    let shape = Shape { size: content.len() as u64, ..Shape::default() };
    Node {
        section: ".data.rel.ro".into(),
        names: vec![],
        shape,
        content: content.to_vec(),
        references: references.collect(),
    }
}

fn rooted(nodes: Vec<Node>) -> Graph {
    Graph { nodes, roots: vec![Target::Within { node: 0, offset: 0 }] }
}

fn hash(graph: &Graph) -> String {
    Walker::new(graph).reached(&Closed::default()).unwrap().exact
}

/// `main` registers benchmarks A and B by their tables. Both go through Criterion's own `common`; each `sample` calls its
/// `bench`, and that a function of the library. Both were set up by `prepare`.
fn suite(library_of_a: &[u8], library_of_b: &[u8], prepare: &[u8]) -> Graph {
    rooted(vec![
        function("main", b"main", &[1, 2, 9, 10]),
        data(b"table of a......", &[3, 4]),
        data(b"table of b......", &[5, 6]),
        function(&symbol(BENCH, 'a'), b"bench a", &[7]),
        function(&symbol(SAMPLE, 'a'), b"sample a", &[3]),
        function(&symbol(BENCH, 'b'), b"bench b", &[8]),
        function(&symbol(SAMPLE, 'b'), b"sample b", &[5]),
        function("library_a", library_of_a, &[]),
        function("library_b", library_of_b, &[]),
        function("common", b"common", &[]),
        function("prepare", prepare, &[]),
    ])
}

fn stack(names: &[&str]) -> Option<Vec<Vec<String>>> {
    Some(names.iter().map(|name| vec![(*name).to_owned()]).collect())
}

fn stack_of(benchmark: char) -> Option<Vec<Vec<String>>> {
    stack(&["clock", &symbol(BENCH, benchmark), &symbol(SAMPLE, benchmark), "common", "main"])
}

fn of_benchmark(one: &Graph, other: &Graph, benchmark: char) -> CodeIdentity {
    Programs::new(ByRole::new(one, other))
        .of_benchmark(&ByRole::new(stack_of(benchmark), stack_of(benchmark)))
}

#[test]
fn the_order_of_nodes_does_not_count_and_their_content_does() {
    let one =
        rooted(vec![function("main", b"x", &[1, 2]), function("f", b"f", &[]), function("g", b"g", &[1])]);
    let other =
        rooted(vec![function("main", b"x", &[2, 1]), function("g2", b"g", &[2]), function("f2", b"f", &[])]);
    assert_eq!(hash(&one), hash(&other));
    let swapped =
        rooted(vec![function("main", b"x", &[1, 2]), function("g", b"g", &[2]), function("f", b"f", &[])]);
    assert_ne!(hash(&one), hash(&swapped));
}

#[test]
fn one_node_is_not_the_same_as_two_that_are_alike() {
    let shared = rooted(vec![function("main", b"x", &[1, 1]), data(b"state", &[])]);
    let split = rooted(vec![function("main", b"x", &[1, 2]), data(b"state", &[]), data(b"state", &[])]);
    assert_ne!(hash(&shared), hash(&split));
}

#[test]
fn records_that_unwinding_tables_share_may_be_one_or_several() {
    let record = || Node { section: UNWINDING.into(), ..data(b"shared", &[]) };
    let one = rooted(vec![function("main", b"x", &[1, 1]), record()]);
    let several = rooted(vec![function("main", b"x", &[1, 2]), record(), record()]);
    assert_eq!(hash(&one), hash(&several));
    let circle =
        rooted(vec![function("main", b"x", &[1]), Node { section: UNWINDING.into(), ..data(b"r", &[1, 1]) }]);
    assert_eq!(hash(&circle), hash(&circle));
}

#[test]
fn circles_end() {
    let circle = |tail: &[u8]| rooted(vec![function("main", b"x", &[1]), function("f", tail, &[0, 1])]);
    assert_eq!(hash(&circle(b"f")), hash(&circle(b"f")));
    assert_ne!(hash(&circle(b"f")), hash(&circle(b"g")));
}

#[test]
fn what_only_another_benchmark_runs_does_not_count() {
    let (before, after) = (suite(b"a", b"b", b"p"), suite(b"a", b"changed", b"p"));
    assert!(matches!(of_benchmark(&before, &after, 'a'), CodeIdentity::Identical { .. }));
    let CodeIdentity::Different { changed, .. } = of_benchmark(&before, &after, 'b') else { panic!() };
    assert_eq!(changed, ["library_b"]);
    assert!(!Programs::new(ByRole::new(&before, &after)).whole().is_identical());
}

#[test]
fn what_is_set_up_for_any_benchmark_counts_for_all() {
    let (before, after) = (suite(b"a", b"b", b"p"), suite(b"a", b"b", b"changed"));
    for benchmark in ['a', 'b'] {
        assert!(!of_benchmark(&before, &after, benchmark).is_identical());
    }
}

#[test]
fn a_method_that_is_also_reached_by_the_benchmark_itself_stays_its_own() {
    // A's table names the method of B as well: whoever runs A may run it.
    let both = |library_of_b: &[u8]| {
        let mut graph = suite(b"a", library_of_b, b"p");
        graph.nodes[1] = data(b"table of a..............", &[3, 4, 5]);
        graph
    };
    assert!(!of_benchmark(&both(b"b"), &both(b"changed"), 'a').is_identical());
}

/// The suite with what registers B standing apart: it refers to B's table and holds B's test run, which calls the library.
fn with_registration(library_of_b: &[u8], needs_drop: bool, calls: bool) -> Graph {
    let mut graph = suite(b"a", library_of_b, b"p");
    let name =
        "_ZN9criterion15benchmark_group23BenchmarkGroup$LT$M$GT$16bench_with_input17h459f1d029e12f7feE";
    let mut registration = function(name, b"registers b", &[2, 8]);
    registration.references[1].branches = calls;
    graph.nodes[5].references[0].branches = true;
    graph.nodes.push(registration);
    graph.nodes[0] = function("main", b"main", &[1, 11, 9, 10]);
    graph.nodes[2]
        .references
        .iter_mut()
        .for_each(|reference| reference.offset += if needs_drop { 0 } else { 24 });
    graph
}

#[test]
fn the_test_run_of_another_benchmark_does_not_count() {
    let identity = |needs_drop, calls, benchmark| {
        let (before, after) =
            (with_registration(b"b", needs_drop, calls), with_registration(b"changed", needs_drop, calls));
        of_benchmark(&before, &after, benchmark).is_identical()
    };
    assert!(identity(false, true, 'a'));
    assert!(!identity(false, true, 'b'), "it is its own");
    assert!(!identity(true, true, 'a'), "dropping the closure may call the same");
    assert!(!identity(false, false, 'a'), "whoever has its address may call it");
}

#[test]
fn a_call_of_what_the_benchmark_itself_reaches_counts_wherever_it_stands() {
    let shared = |library: &[u8]| {
        let mut graph = with_registration(library, false, true);
        graph.nodes[3] = function(&symbol(BENCH, 'a'), b"bench a", &[8]);
        graph
    };
    assert!(!of_benchmark(&shared(b"b"), &shared(b"changed"), 'a').is_identical());
}

#[test]
fn without_a_stack_that_is_beyond_doubt_everything_counts() {
    let (before, after) = (suite(b"a", b"b", b"p"), suite(b"a", b"changed", b"p"));
    let (bench_a, bench_b) = (symbol(BENCH, 'a'), symbol(BENCH, 'b'));
    for doubtful in [
        None,
        stack(&[]),
        stack(&["clock", &bench_a]),
        stack(&["clock", "main"]),
        stack(&["clock", &bench_a, &bench_b, "main"]),
    ] {
        for stacks in
            [ByRole::new(doubtful.clone(), stack_of('a')), ByRole::new(stack_of('a'), doubtful.clone())]
        {
            let identity = Programs::new(ByRole::new(&before, &after)).of_benchmark(&stacks);
            assert!(!identity.is_identical(), "{doubtful:?}");
        }
    }
}

#[test]
fn a_method_in_no_table_and_a_function_that_is_more_than_a_method_are_entered() {
    let mut graph = suite(b"a", b"b", b"p");
    graph.nodes[5].names.push("something_else".into());
    let own = Routines::of(&graph).own(&stack_of('a').unwrap()).unwrap();
    assert_eq!(own.closed.nodes, BTreeSet::from([6]), "only the method that is nothing else");
    assert_eq!(own.table, 1);
}

#[test]
fn what_is_unclear_matters_where_it_is_within_reach_only() {
    let mut graph = suite(b"a", b"b", b"p");
    let unclear = Reference { offset: 0, kind: 1, branches: false, target: Target::Unclear("odd".into()) };
    graph.nodes[8].references.push(unclear);
    assert!(of_benchmark(&graph, &graph, 'a').is_identical());
    assert!(
        matches!(of_benchmark(&graph, &graph, 'b'), CodeIdentity::Unknown { why } if why.contains("odd"))
    );
}
