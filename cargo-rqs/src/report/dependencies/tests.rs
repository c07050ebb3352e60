//! What is printed of dependency graphs.

use serde_json::Value;

use super::difference::Side;
use super::samples;
use super::*;
use crate::model::integrity::{ArchiveCheck, FileDifference, Found, Integrity};

fn sides<'a>(graphs: &'a [DependencyGraph; 2]) -> [Side<'a>; 2] {
    [
        Side { name: "v1.0.0", revision: None, graph: &graphs[0] },
        Side { name: "workdir", revision: None, graph: &graphs[1] },
    ]
}

#[test]
fn a_graph_is_told_in_short_and_what_the_workspace_names_one_by_one() {
    let shown = graph("v1.1.0", &samples::after(), Some("results/x.json"), false, Paint::Plain);
    assert_eq!(shown, include_str!("../expected/dependencies.txt"));
}

#[test]
fn a_difference_is_told_with_what_matters_most_first() {
    let graphs = [samples::before(), samples::after()];
    let difference = dependencies::compare(&graphs[0], &graphs[1]);
    let shown = difference::text(sides(&graphs), &difference, Paint::Plain);
    assert_eq!(shown, include_str!("../expected/dependency_difference.txt"));
    let shown = markdown_difference(sides(&graphs), &difference);
    assert_eq!(shown, include_str!("../expected/dependency_difference.md"));
}

#[test]
fn equal_graphs_are_told_in_one_line() {
    let graphs = [samples::after(), samples::after()];
    let difference = dependencies::compare(&graphs[0], &graphs[1]);
    let shown = difference::text(sides(&graphs), &difference, Paint::Plain);
    assert!(shown.contains("\nequal: all 8 packages are the same\n"), "{shown}");
}

fn integrity() -> Integrity {
    let check = |name: &str, found: Found| ArchiveCheck {
        name: name.to_owned(),
        version: "1.0.0".to_owned(),
        checksum: "ab".repeat(32),
        archive: format!("/home/registry/cache/index/{name}-1.0.0.crate").into(),
        found,
    };
    let files = vec![
        FileDifference::Changed("src/lib.rs".into()),
        FileDifference::Added("src/\u{1b}x.rs".into()),
        FileDifference::Gone("build.rs".into()),
    ];
    Integrity {
        archives: vec![
            check("good", Found::Intact),
            check("archive", Found::OtherArchive("cd".repeat(32))),
            check("files", Found::OtherFiles(files)),
            check("absent", Found::Missing),
            check("locked", Found::Unreadable("permission denied".to_owned())),
        ],
        from_git: vec!["forked 0.3.0".to_owned()],
        without_checksum: vec!["private 1.0.0".to_owned()],
    }
}

#[test]
fn what_was_tampered_with_is_told_with_the_way_out() {
    let shown = super::integrity::text("workdir", &integrity(), Paint::Plain);
    assert_eq!(shown, include_str!("../expected/integrity.txt"));
}

#[test]
fn every_field_that_is_printed_is_in_the_schema() {
    let graphs = [samples::before(), samples::after()];
    let difference = dependencies::compare(&graphs[0], &graphs[1]);
    let printed = [
        json::graph(sides(&graphs)[1], None),
        json::difference(sides(&graphs), &difference),
        json::integrity("workdir", &integrity()),
    ];
    for ((kind, schema), text) in json::schemas().into_iter().zip(printed) {
        let schema: Value = serde_json::from_str(&schema).unwrap();
        let Value::Object(fields) = serde_json::from_str(&text).unwrap() else {
            panic!("{kind} is no object")
        };
        for name in fields.keys() {
            assert!(schema["properties"].get(name).is_some(), "`{name}` is missing in {kind}");
        }
        assert!(!text.contains('\u{1b}'), "{kind}");
    }
}
