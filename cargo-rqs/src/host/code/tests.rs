//! Small programs, compiled here, whose sources differ in one thing.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::analysis::code::identity::Programs;
use crate::analysis::code::{Node, Target, walk::Walker};
use crate::model::ByRole;
use crate::model::code::CodeIdentity;

/// A library with what programs may reach.
const LIBRARY: &str = r#"
use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

pub trait Shape {
    fn area(&self) -> u64;
}
pub struct Square(pub u64);
impl Shape for Square {
    #[inline(never)]
    fn area(&self) -> u64 {
        self.0 * self.0 + 11
    }
}

static TABLE: [u32; 6] = [3, 1, 4, 1, 5, 9];
static COUNTER: AtomicU64 = AtomicU64::new(7);
thread_local! { static LAST: Cell<u64> = const { Cell::new(21) } }

#[inline(never)]
pub fn outer(x: u64) -> u64 {
    middle(x) + 1
}
#[inline(never)]
fn middle(x: u64) -> u64 {
    inner(x).wrapping_mul(3)
}
#[inline(never)]
fn inner(x: u64) -> u64 {
    black_box(x) ^ 0x5a5a
}
#[inline(never)]
pub fn constants(x: f64) -> f64 {
    black_box(x) * 1.25 + 0.375
}
#[inline(never)]
pub fn text() -> &'static str {
    black_box("a text that is long enough")
}
#[inline(never)]
pub fn looked_up(at: usize) -> u32 {
    TABLE[at % 6]
}
#[inline(never)]
pub fn counted() -> u64 {
    let last = LAST.with(Cell::get);
    LAST.with(|last| last.set(COUNTER.fetch_add(1, Ordering::Relaxed)));
    last
}
#[inline(never)]
pub fn checked(values: &[u64], at: usize) -> u64 {
    values[at] + values.iter().copied().find(|&value| value > 1).expect("no values")
}
#[inline(never)]
pub fn chosen(x: u64) -> u64 {
    match black_box(x) { 0 => outer(1), 1 => 17, 2 => inner(x), 3 => x * 5, 4 => x - 9, 5 => middle(3), _ => 2 }
}
struct Guard;
impl Drop for Guard {
    #[inline(never)]
    fn drop(&mut self) {
        COUNTER.store(5, Ordering::Relaxed);
    }
}
#[inline(never)]
pub fn guarded(run: &dyn Fn() -> u64) -> u64 {
    let _guard = Guard;
    run() + 1
}
#[inline]
pub fn inlined(x: u64) -> u64 {
    x / 3
}
pub fn generic<T: Copy + Into<u64>>(values: &[T]) -> u64 {
    values.iter().map(|&value| value.into() + 13).sum()
}
#[inline(never)]
pub fn elsewhere(x: u64) -> u64 {
    black_box(x) + 1000
}
"#;

/// A program that reaches everything but `elsewhere`.
const PROGRAM: &str = r#"
use library::*;
use std::hint::black_box;
fn main() {
    let shape: Box<dyn Shape> = black_box(Box::new(Square(3)));
    black_box(shape.area() + outer(black_box(2)) + counted() + inlined(black_box(8)));
    black_box((constants(black_box(2.0)), text(), looked_up(black_box(4)), chosen(black_box(2))));
    black_box((checked(black_box(&[1, 2]), black_box(1)), guarded(&|| counted()), generic(black_box(&[1u32, 2]))));
}
"#;

/// A program, compiled.
struct Compiled {
    _dir: tempfile::TempDir,
    inputs: Inputs,
}

fn compile(library: &str, program: &str, flags: &[&str]) -> Compiled {
    let dir = tempfile::tempdir().unwrap();
    let rustc = |name: &str, source: &str, more: &[&str]| {
        let path = dir.path().join(name).with_extension("rs");
        std::fs::write(&path, source).unwrap();
        let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        // Relative, so that the directory is not embedded.
        command.current_dir(dir.path()).arg(format!("./{name}.rs")).args([
            "--edition=2021",
            "-Copt-level=3",
            "-Cdebuginfo=0",
        ]);
        let output = command.args(flags).args(more).env_remove("RUSTFLAGS").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    rustc("library", library, &["--crate-type=rlib"]);
    rustc(
        "program",
        program,
        &["--crate-type=bin", "--emit=obj", "--extern=library=liblibrary.rlib", "-Ccodegen-units=1"],
    );
    let files = ["program.o", "liblibrary.rlib"].map(|name| dir.path().join(name));
    Compiled { inputs: Inputs::read(&files).unwrap(), _dir: dir }
}

fn graph(compiled: &Compiled) -> Graph {
    compiled.inputs.graph(&[]).unwrap()
}

fn compare(one: &Compiled, other: &Compiled) -> CodeIdentity {
    let (one, other) = (graph(one), graph(other));
    Programs::new(ByRole::new(&one, &other)).whole()
}

/// How the program compares when something in the library is replaced.
fn with_library(from: &str, to: &str) -> CodeIdentity {
    assert!(LIBRARY.contains(from), "{from}");
    let changed = LIBRARY.replacen(from, to, 1);
    compare(&compile(LIBRARY, PROGRAM, &[]), &compile(&changed, PROGRAM, &[]))
}

fn assert_changed(identity: CodeIdentity, function: &str) {
    let CodeIdentity::Different { reached, changed } = &identity else { panic!("{identity:?}") };
    assert_ne!(reached.baseline, reached.candidate);
    assert!(changed.iter().any(|name| name == function), "{changed:?}");
}

#[test]
fn the_same_source_gives_the_same_code() {
    let (one, other) = (compile(LIBRARY, PROGRAM, &[]), compile(LIBRARY, PROGRAM, &[]));
    assert!(matches!(compare(&one, &other), CodeIdentity::Identical { .. }));
    let graph = graph(&one);
    let unclear = graph
        .nodes
        .iter()
        .flat_map(|node| &node.references)
        .find(|reference| matches!(reference.target, Target::Unclear(_)));
    assert_eq!(unclear, None);
}

#[test]
fn calls_are_told_from_references_that_hand_out_an_address() {
    let graph = graph(&compile(LIBRARY, PROGRAM, &[]));
    let number = |name: &str| {
        let is_it = |node: &Node| {
            node.names.iter().any(|symbol| crate::analysis::code::names::demangle(symbol) == name)
        };
        graph.nodes.iter().position(is_it).unwrap()
    };
    let refers = |from: &str, to: &str| -> Vec<bool> {
        let to = number(to);
        let of = graph.nodes[number(from)]
            .references
            .iter()
            .filter(|reference| Graph::node_of(&reference.target) == Some(to));
        of.map(|reference| reference.branches).collect()
    };
    assert_eq!(refers("library::outer", "library::middle"), [true]);
    assert!(refers("program::main", "library::outer").iter().all(|branches| *branches));
    assert_eq!(refers("main", "program::main"), [false]);
}

#[test]
fn a_changed_function_is_seen_at_any_depth() {
    assert_changed(with_library("middle(x) + 1", "middle(x) + 2"), "library::outer");
    assert_changed(with_library("wrapping_mul(3)", "wrapping_mul(5)"), "library::middle");
    assert_changed(with_library("0x5a5a", "0x5a5b"), "library::inner");
}

#[test]
fn a_change_that_is_inlined_is_seen_where_it_went() {
    assert_changed(with_library("x / 3", "x / 5"), "program::main");
}

#[test]
fn a_change_behind_a_dynamic_call_is_seen() {
    assert_changed(
        with_library("self.0 * self.0 + 11", "self.0 * self.0 + 12"),
        "<library::Square as library::Shape>::area",
    );
}

#[test]
fn a_changed_instance_of_a_generic_function_is_seen() {
    assert_changed(with_library("value.into() + 13", "value.into() + 14"), "program::main");
}

#[test]
fn a_changed_branch_of_a_jump_table_is_seen() {
    assert_changed(with_library("1 => 17", "1 => 18"), "library::chosen");
    assert_changed(with_library("5 => middle(3)", "5 => middle(4)"), "library::chosen");
}

#[test]
fn changed_data_is_seen_and_goes_by_who_uses_it() {
    assert_changed(with_library("0.375", "0.376"), "library::constants");
    assert_changed(with_library("a text that is", "a tent that is"), "library::text");
    assert_changed(with_library("1, 5, 9]", "1, 5, 8]"), "library::looked_up");
    assert_changed(with_library("AtomicU64::new(7)", "AtomicU64::new(8)"), "library::counted");
    assert_changed(with_library("Cell::new(21)", "Cell::new(22)"), "library::counted");
}

#[test]
fn a_change_that_only_a_panic_passes_is_seen() {
    assert_changed(with_library("no values", "no walues"), "library::checked");
    let changed = with_library("let _guard = Guard;", "let _guard = std::mem::ManuallyDrop::new(Guard);");
    assert_changed(changed, "library::guarded");
}

#[test]
fn a_change_elsewhere_is_none() {
    assert!(matches!(
        with_library("black_box(x) + 1000", "black_box(x) * 2000 + 7"),
        CodeIdentity::Identical { .. }
    ));
    let more = with_library(
        "#[inline(never)]\npub fn elsewhere",
        "pub fn newcomer(x: f64) -> f64 { black_box(x) * 9.5 }\n#[inline(never)]\npub fn elsewhere",
    );
    assert!(more.is_identical(), "{more:?}");
}

#[test]
fn functions_in_another_order_are_the_same() {
    let inner = "#[inline(never)]\nfn inner(x: u64) -> u64 {\n    black_box(x) ^ 0x5a5a\n}\n";
    let moved = LIBRARY.replacen(inner, "", 1) + inner;
    let identity = compare(&compile(LIBRARY, PROGRAM, &[]), &compile(&moved, PROGRAM, &[]));
    assert!(identity.is_identical(), "{identity:?}");
}

#[test]
fn lines_that_move_are_told_and_count_as_the_same() {
    let identity = with_library("pub trait Shape {", "// A line.\n\npub trait Shape {");
    assert!(matches!(identity, CodeIdentity::IdenticalButForPanicLocations { .. }), "{identity:?}");
}

#[test]
fn a_line_that_the_program_looks_at_is_a_difference() {
    let line = LIBRARY.replacen(
        "looked_up(at: usize) -> u32 {",
        "looked_up(at: usize) -> u32 {\n    let at = at + line!() as usize;",
        1,
    );
    let moved = line.replacen("pub trait Shape {", "\npub trait Shape {", 1);
    let identity = compare(&compile(&line, PROGRAM, &[]), &compile(&moved, PROGRAM, &[]));
    assert!(matches!(identity, CodeIdentity::Different { .. }), "{identity:?}");
}

#[test]
fn names_and_their_hashes_do_not_count() {
    let renamed = LIBRARY.replace("middle", "centre").replace("Guard", "Keeper");
    assert!(compare(&compile(LIBRARY, PROGRAM, &[]), &compile(&renamed, PROGRAM, &[])).is_identical());
    let hashed = compile(LIBRARY, PROGRAM, &["-Cmetadata=another"]);
    assert!(compare(&compile(LIBRARY, PROGRAM, &[]), &hashed).is_identical());
}

#[test]
fn what_the_loader_runs_counts_although_nothing_refers_to_it() {
    let constructor = |value: u64| {
        format!(
            "{LIBRARY}\nextern \"C\" fn begin() {{ COUNTER.store({value}, Ordering::Relaxed) }}\n#[used]\n#[link_section = \".init_array\"]\nstatic BEGIN: extern \"C\" fn() = begin;"
        )
    };
    assert_changed(
        compare(&compile(&constructor(1), PROGRAM, &[]), &compile(&constructor(2), PROGRAM, &[])),
        "library::begin",
    );
}

#[test]
fn a_section_that_is_gone_through_counts_as_a_whole() {
    let collected = |value: u64| {
        format!(
            "{LIBRARY}\n#[used]\n#[link_section = \"plugins\"]\nstatic ONE: u64 = {value};\nextern \"C\" {{ #[link_name = \"__start_plugins\"] static FIRST: u64; }}\n#[inline(never)]\npub fn first() -> *const u64 {{ &raw const FIRST }}"
        )
    };
    let program = PROGRAM.replacen("fn main() {", "fn main() {\n    black_box(first());", 1);
    let identity = compare(&compile(&collected(1), &program, &[]), &compile(&collected(2), &program, &[]));
    assert!(matches!(identity, CodeIdentity::Different { .. }), "{identity:?}");
}

#[test]
fn what_depends_on_the_whole_program_is_unknown_and_never_the_same() {
    let library = format!(
        "{LIBRARY}\nextern \"C\" {{ #[link_name = \"_end\"] static END: u8; }}\n#[inline(never)]\npub fn end() -> *const u8 {{ &raw const END }}"
    );
    let program = PROGRAM.replacen("fn main() {", "fn main() {\n    black_box(end());", 1);
    let (one, other) = (compile(&library, &program, &[]), compile(&library, &program, &[]));
    assert!(matches!(compare(&one, &other), CodeIdentity::Unknown { .. }));
    assert!(
        compare(&compile(&library, PROGRAM, &[]), &compile(&library, PROGRAM, &[])).is_identical(),
        "it is not reached"
    );
}

#[test]
fn a_name_with_several_definitions_is_unknown() {
    let own = |value: u64| {
        format!("{LIBRARY}\n#[no_mangle]\n#[inline(never)]\npub extern \"C\" fn twice() -> u64 {{ {value} }}")
    };
    let program = PROGRAM.replacen(
        "fn main() {",
        "extern \"C\" { fn twice() -> u64; }\nfn main() {\n    black_box(unsafe { twice() });",
        1,
    );
    let (one, other) = (compile(&own(1), &program, &[]), compile(&own(2), &program, &[]));
    let archives = [&one, &other].map(|compiled| compiled.inputs.files[1].clone());
    let both = Inputs { files: vec![one.inputs.files[0].clone(), archives[0].clone(), archives[1].clone()] };
    let graph = both.graph(&[]).unwrap();
    let reached = Walker::new(&graph).reached(&Default::default());
    assert!(reached.unwrap_err().contains("several definitions of"));
}

#[test]
fn an_exported_function_counts_although_nothing_refers_to_it() {
    let exported = |value: u64| {
        format!("{LIBRARY}\n#[no_mangle]\npub extern \"C\" fn called_back() -> u64 {{ {value} }}")
    };
    let (one, other) = (compile(&exported(1), PROGRAM, &[]), compile(&exported(2), PROGRAM, &[]));
    assert!(compare(&one, &other).is_identical());
    let names = ["called_back".to_owned()];
    let graphs = ByRole::new(one.inputs.graph(&names).unwrap(), other.inputs.graph(&names).unwrap());
    assert_changed(Programs::new(graphs.as_ref()).whole(), "called_back");
}

#[test]
fn what_is_no_program_is_refused() {
    let graph_of = |bytes: &[u8]| Inputs { files: vec![("x.o".into(), bytes.to_vec())] }.graph(&[]);
    assert!(graph_of(b"").is_err());
    assert!(graph_of(b"BC\xc0\xde bitcode").is_err());
    assert!(graph_of(b"!<thin>\n").is_err());
    assert!(Inputs { files: vec![] }.graph(&[]).unwrap_err().contains("main"));
}

#[test]
fn damaged_inputs_never_panic() {
    let compiled = compile(LIBRARY, PROGRAM, &[]);
    let lengths: Vec<usize> = compiled.inputs.files.iter().map(|(_, bytes)| bytes.len()).collect();
    let mut runner =
        proptest::test_runner::TestRunner::new(ProptestConfig { cases: 200, ..ProptestConfig::default() });
    let changes =
        proptest::collection::vec((any::<proptest::sample::Index>(), any::<bool>(), any::<u8>()), 1..30);
    let damage =
        |(changes, cut): (Vec<(proptest::sample::Index, bool, u8)>, Option<proptest::sample::Index>)| {
            let mut files = compiled.inputs.files.clone();
            for (at, archive, byte) in changes {
                let file = usize::from(archive);
                // The tables are more interesting than the code.
                let at = at.index(lengths[file]);
                files[file].1[at] = byte;
            }
            if let Some(cut) = cut {
                files[1].1.truncate(cut.index(lengths[1]));
            }
            if let Ok(graph) = (Inputs { files }).graph(&[]) {
                let _ = Walker::new(&graph).reached(&Default::default());
                let _ = Programs::new(ByRole::new(&graph, &graph)).whole();
            }
            Ok(())
        };
    runner.run(&(changes, proptest::option::of(any::<proptest::sample::Index>())), damage).unwrap();
}
