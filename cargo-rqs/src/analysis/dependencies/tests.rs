//! Graphs against each other, and the standing of packages.

use std::slice::from_ref;

use proptest::prelude::*;

use super::*;
use crate::model::dependencies::{Dependency, DependencyGraph};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn package(name: &str, version: &str) -> Dependency {
    Dependency {
        name: name.to_owned(),
        version: version.to_owned(),
        source: Some(REGISTRY.to_owned()),
        checksum: Some(format!("{name}-{version}")),
        licence: Some("MIT".to_owned()),
        ..Dependency::default()
    }
}

/// The target, which depends on all of some packages.
fn graph(packages: &[Dependency]) -> DependencyGraph {
    let dependencies = packages.iter().map(|it| format!("{} {}", it.name, it.version)).collect();
    let me =
        Dependency { source: None, checksum: None, member: true, dependencies, ..package("me", "1.0.0") };
    let mut packages = [&[me], packages].concat();
    packages.sort();
    DependencyGraph { format: DependencyGraph::FORMAT, packages }
}

fn names(list: &[String]) -> Vec<String> {
    list.to_vec()
}

#[test]
fn what_a_package_is_needed_for_is_the_strongest_reason() {
    let list = |texts: &[&str]| names(&texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
    let mut graph = graph(&[
        Dependency { build_dependencies: list(&["cc 1.0.0"]), ..package("run", "1.0.0") },
        Dependency { dependencies: list(&["deep 1.0.0"]), ..package("test", "1.0.0") },
        Dependency { dependencies: list(&["run 1.0.0"]), ..package("cc", "1.0.0") },
        package("deep", "1.0.0"),
    ]);
    let me = graph.packages.iter_mut().find(|it| it.name == "me").unwrap();
    me.dependencies = list(&["run 1.0.0"]);
    me.dev_dependencies = list(&["test 1.0.0", "run 1.0.0"]);
    let found: Vec<(&str, bool, Option<Need>)> = graph
        .packages
        .iter()
        .zip(standings(&graph))
        .map(|(package, standing)| (package.name.as_str(), standing.direct, standing.need))
        .collect();
    assert_eq!(
        found,
        [
            ("cc", false, Some(Need::Build)),
            ("deep", false, Some(Need::Dev)),
            ("me", false, Some(Need::Run)),
            ("run", true, Some(Need::Run)),
            ("test", true, Some(Need::Dev)),
        ]
    );
    graph.format = 1;
    assert!(standings(&graph).iter().all(|standing| standing.need.is_none()));
}

#[test]
fn versions_are_told_apart_as_cargo_does() {
    let step = |before: &str, after: &str| {
        compare(&graph(&[package("a", before)]), &graph(&[package("a", after)])).changed[0].step
    };
    assert_eq!(step("1.0.0", "2.0.0"), Step::Major);
    assert_eq!(step("0.1.9", "0.2.0"), Step::Major);
    assert_eq!(step("0.0.1", "0.0.2"), Step::Major);
    assert_eq!(step("1.0.0", "1.1.0"), Step::Minor);
    assert_eq!(step("1.0.0", "1.0.1"), Step::Patch);
    assert_eq!(step("0.1.0", "0.1.1"), Step::Patch);
    assert_eq!(step("1.0.0-beta.1", "1.0.0"), Step::Patch);
    assert_eq!(step("1.0.0", "1.0.0-beta.1"), Step::Downgrade);
    assert_eq!(step("1.0.0", "0.9.0"), Step::Downgrade);
    assert_eq!(step("one", "two"), Step::Major);
}

#[test]
fn of_several_versions_the_compatible_ones_belong_together() {
    let before = graph(&[package("syn", "1.0.100"), package("syn", "2.0.1"), package("old", "1.0.0")]);
    let after = graph(&[package("syn", "1.0.109"), package("syn", "2.0.1"), package("new", "1.0.0")]);
    let difference = compare(&before, &after);
    let [change] = &difference.changed[..] else { panic!("{difference:?}") };
    assert_eq!(
        (change.before.as_str(), change.after.as_str(), change.step),
        ("1.0.100", "1.0.109", Step::Patch)
    );
    assert_eq!((difference.added[0].name.as_str(), difference.removed[0].name.as_str()), ("new", "old"));
    assert_eq!(difference.several[0].after, ["1.0.109", "2.0.1"]);
    assert_eq!(difference.same, 2, "the target and `syn 2.0.1`");
}

#[test]
fn other_content_under_the_same_version_is_named_by_its_kind() {
    let tampered = Dependency { checksum: Some("other".to_owned()), ..package("a", "1.0.0") };
    let git = |commit: &str| Dependency {
        source: Some(format!("git+https://example.org/b#{commit}")),
        checksum: None,
        ..package("b", "1.0.0")
    };
    let before = graph(&[package("a", "1.0.0"), git("1"), package("c", "1.0.0")]);
    let moved =
        Dependency { source: Some("git+https://example.org/c#1".to_owned()), ..package("c", "1.0.0") };
    let difference = compare(&before, &graph(&[tampered, git("2"), moved]));
    let kinds: Vec<_> = difference.replaced.iter().map(|it| (it.name.as_str(), it.kind)).collect();
    assert_eq!(kinds, [("a", Replaced::Checksum), ("b", Replaced::Commit), ("c", Replaced::Source)]);
    assert!(difference.has_other_bytes() && !difference.is_none());
    let untold = Dependency { checksum: None, ..package("a", "1.0.0") };
    let difference = compare(&graph(&[package("a", "1.0.0")]), &graph(&[untold]));
    assert!(difference.is_none());
}

#[test]
fn licences_rust_versions_and_features_are_compared_where_both_tell_them() {
    let plain = Dependency { features: vec!["std".into(), "x".into()], ..package("a", "1.0.0") };
    let other = Dependency {
        licence: None,
        licence_file: Some("EULA.txt".to_owned()),
        rust_version: Some("1.80.0".to_owned()),
        features: vec!["std".into(), "y".into()],
        ..plain.clone()
    };
    let difference = compare(&graph(from_ref(&plain)), &graph(from_ref(&other)));
    let [licence] = &difference.licences[..] else { panic!("{difference:?}") };
    assert_eq!((licence.before.as_deref(), licence.after.as_deref()), (Some("MIT"), Some("see `EULA.txt`")));
    assert_eq!(difference.rust_versions[0].after.as_deref(), Some("1.80.0"));
    assert_eq!(
        (&difference.features[0].on[..], &difference.features[0].off[..]),
        (&["y".to_owned()][..], &["x".to_owned()][..])
    );
    let mut untold = graph(&[Dependency { licence: None, ..plain }]);
    untold.format = 1;
    let difference = compare(&untold, &graph(&[other]));
    assert!(difference.licences.is_empty() && difference.rust_versions.is_empty());
}

#[test]
fn packages_of_the_workspace_stand_apart() {
    let mut after = graph(&[]);
    after.packages[0].version = "1.1.0".to_owned();
    let difference = compare(&graph(&[]), &after);
    assert_eq!((difference.own.len(), difference.changed.len()), (1, 0));
}

#[test]
fn a_graph_in_short_counts_the_packages_of_others() {
    let mut graph = graph(&[
        Dependency { rust_version: Some("1.80.0".into()), ..package("a", "1.0.0") },
        Dependency {
            source: Some("git+https://example.org/b#1".into()),
            licence: None,
            ..package("b", "1.0.0")
        },
        package("syn", "1.0.0"),
        Dependency { rust_version: Some("1.99.0".into()), ..package("syn", "2.0.0") },
    ]);
    let me = graph.packages.iter_mut().find(|it| it.name == "me").unwrap();
    me.dev_dependencies = vec![me.dependencies.pop().unwrap()];
    me.rust_version = Some("1.70.0".into());
    let found = outline(&graph);
    assert_eq!((found.packages, found.members, found.direct), (5, 1, 4));
    assert_eq!((found.run, found.build, found.dev), (3, 0, 1));
    assert_eq!(found.licences, [(Some("MIT".to_owned()), 3), (None, 1)]);
    assert_eq!(found.sources, [("git", 1), ("registry", 3)].into());
    assert_eq!(found.several["syn"], ["1.0.0", "2.0.0"]);
    assert_eq!(
        (found.rust_version.as_deref(), &found.rust_version_of[..]),
        (Some("1.80.0"), &["a 1.0.0".to_owned()][..])
    );
    assert!(found.breaks_promise(), "1.80 is later than the 1.70 that is promised");
    graph.packages.iter_mut().find(|it| it.name == "me").unwrap().rust_version = Some("1.80.0".into());
    assert!(!outline(&graph).breaks_promise());
}

fn some_graph() -> impl Strategy<Value = DependencyGraph> {
    let package = ("[abc]", 0u64..3, 0u64..3, 0u64..3, any::<bool>()).prop_map(
        |(name, major, minor, patch, tampered)| {
            let version = format!("{major}.{minor}.{patch}");
            let it = package(&name, &version);
            if tampered { Dependency { checksum: Some("other".to_owned()), ..it } } else { it }
        },
    );
    proptest::collection::vec(package, 0..6).prop_map(|mut packages| {
        packages.sort();
        packages.dedup_by(|one, other| one.name == other.name && one.version == other.version);
        graph(&packages)
    })
}

proptest! {
    #[test]
    fn a_graph_does_not_differ_from_itself(graph in some_graph()) {
        let difference = compare(&graph, &graph);
        prop_assert!(difference.is_none());
        prop_assert_eq!(difference.same, graph.packages.len());
    }

    #[test]
    fn turned_round_what_was_added_is_removed_and_nothing_is_lost(first in some_graph(), second in some_graph()) {
        let (there, back) = (compare(&first, &second), compare(&second, &first));
        prop_assert_eq!(&there.added, &back.removed);
        prop_assert_eq!(&there.removed, &back.added);
        prop_assert_eq!(there.changed.len(), back.changed.len());
        prop_assert_eq!(there.replaced.len(), back.replaced.len());
        prop_assert_eq!(there.same + there.replaced.len() + there.changed.len() + there.added.len(), second.packages.len());
    }
}
