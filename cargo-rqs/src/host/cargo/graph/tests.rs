//! Small resolved graphs, as `cargo metadata` writes them.

use cargo_metadata::{Metadata, MetadataCommand};
use serde_json::{Value, json};

use super::super::lockfile::locked_packages;
use super::*;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Packages as (name, version, from the registry?), and edges as (from, name in use, to).
fn metadata(packages: &[(&str, &str, bool)], edges: &[(&str, &str, &str)]) -> Metadata {
    let package = |(name, version, external): &(&str, &str, bool)| {
        json!({ "name": name, "version": version, "id": name, "source": external.then_some(REGISTRY),
            "dependencies": [], "targets": [], "features": {}, "manifest_path": format!("/t/{name}/Cargo.toml") })
    };
    let node = |(name, _, _): &(&str, &str, bool)| {
        let own: Vec<_> = edges.iter().filter(|(from, _, _)| from == name).collect();
        let dependencies: Vec<Value> = own.iter().map(|(_, _, to)| json!(to)).collect();
        let deps: Vec<Value> =
            own.iter().map(|(_, used, to)| json!({ "name": used, "pkg": to, "dep_kinds": [] })).collect();
        json!({ "id": name, "dependencies": dependencies, "deps": deps, "features": ["std", "alloc"] })
    };
    let text = json!({
        "packages": packages.iter().map(package).collect::<Vec<_>>(),
        "resolve": { "nodes": packages.iter().map(node).collect::<Vec<_>>(), "root": "me" },
        "workspace_members": ["me"], "workspace_root": "/t", "target_directory": "/t/target", "version": 1, "metadata": null
    });
    MetadataCommand::parse(text.to_string()).unwrap()
}

fn harness(metadata: &Metadata, source: &str) -> String {
    harness_of(metadata, metadata.packages.iter().find(|package| package.name == "me").unwrap(), source)
}

#[test]
fn the_harness_is_found_also_under_another_name_and_behind_a_package_of_the_tree() {
    let direct = metadata(
        &[("me", "1.0.0", false), ("criterion", "0.5.1", true)],
        &[("me", "criterion", "criterion")],
    );
    assert_eq!(harness(&direct, ""), "criterion 0.5.1");
    let compat = [("me", "1.0.0", false), ("codspeed-criterion-compat", "2.7.2", true)];
    let renamed = metadata(&compat, &[("me", "criterion", "codspeed-criterion-compat")]);
    assert_eq!(harness(&renamed, "use criterion::Criterion;"), "codspeed-criterion-compat 2.7.2");
    let behind = [("me", "1.0.0", false), ("kit", "0.1.0", false), ("divan", "0.1.21", true)];
    assert_eq!(
        harness(&metadata(&behind, &[("me", "kit", "kit"), ("kit", "divan", "divan")]), ""),
        "divan 0.1.21"
    );
}

#[test]
fn a_harness_behind_a_registry_package_is_not_ours() {
    let packages = [("me", "1.0.0", false), ("other", "1.0.0", true), ("criterion", "0.5.1", true)];
    let graph = metadata(&packages, &[("me", "other", "other"), ("other", "criterion", "criterion")]);
    assert_eq!(harness(&graph, "criterion"), "unknown");
}

#[test]
fn of_several_harnesses_the_source_decides() {
    let packages = [("me", "1.0.0", false), ("criterion", "0.5.1", true), ("divan", "0.1.21", true)];
    let graph = metadata(&packages, &[("me", "criterion", "criterion"), ("me", "divan", "divan")]);
    assert_eq!(harness(&graph, "fn main() { divan::main() }"), "divan 0.1.21");
    assert_eq!(harness(&graph, "criterion_group!(a, b); // not individivan"), "criterion 0.5.1");
}

#[test]
fn the_graph_is_sorted_and_has_checksums_for_registry_packages_only() {
    let lockfile = format!(
        "[[package]]\nname = 'zed'\nversion = '1.0.0'\nsource = '{REGISTRY}'\nchecksum = 'abc'\n[[package]]\nname = 'me'\nversion = '1.0.0'\n"
    );
    let metadata = metadata(&[("zed", "1.0.0", true), ("me", "1.0.0", false)], &[("me", "zed", "zed")]);
    let graph = dependency_graph(&metadata, &locked_packages(&lockfile).unwrap());
    let [me, zed] = graph.packages.as_slice() else { panic!("{graph:?}") };
    assert_eq!((me.name.as_str(), me.source.as_deref(), me.checksum.as_deref()), ("me", None, None));
    assert_eq!(me.dependencies, ["zed 1.0.0"]);
    assert!(me.member && !zed.member);
    assert_eq!((zed.checksum.as_deref(), zed.features.join(" ").as_str()), (Some("abc"), "alloc std"));
    assert_eq!(changeable_packages(&metadata).iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["me"]);
}

#[test]
fn edges_are_told_apart_by_their_kind_and_packages_by_their_source() {
    let (git, dual) = ("git+https://example.org/dual#abc", "MIT OR Apache-2.0");
    let package = |id: &str, name: &str, source: Option<&str>| {
        json!({ "name": name, "version": "1.0.0", "id": id, "source": source, "license": dual, "rust_version": "1.70",
            "dependencies": [], "targets": [], "features": {}, "manifest_path": format!("/t/{id}/Cargo.toml") })
    };
    let edge = |id: &str, kinds: &[Option<&str>]| {
        let kinds: Vec<Value> = kinds.iter().map(|kind| json!({ "kind": kind, "target": null })).collect();
        json!({ "name": id, "pkg": id, "dep_kinds": kinds })
    };
    let deps = [
        edge("r", &[None, Some("dev")]),
        edge("g", &[Some("build")]),
        edge("old", &[]),
        edge("d", &[Some("dev")]),
    ];
    let node =
        |id: &str, deps: &[Value]| json!({ "id": id, "dependencies": [], "deps": deps, "features": [] });
    let text = json!({
        "packages": [package("me", "me", None), package("r", "dual", Some(REGISTRY)), package("g", "dual", Some(git)),
            package("old", "old", Some(REGISTRY)), package("d", "dev", Some(REGISTRY))],
        "resolve": { "root": "me",
            "nodes": [node("me", &deps), node("r", &[]), node("g", &[]), node("old", &[]), node("d", &[])] },
        "workspace_members": ["me"], "workspace_root": "/t", "target_directory": "/t/target", "version": 1, "metadata": null
    });
    let metadata = MetadataCommand::parse(text.to_string()).unwrap();
    let lockfile = format!(
        "[[package]]\nname = 'dual'\nversion = '1.0.0'\nsource = '{REGISTRY}'\nchecksum = 'abc'\n\
         [[package]]\nname = 'dual'\nversion = '1.0.0'\nsource = '{git}'\n"
    );
    let graph = dependency_graph(&metadata, &locked_packages(&lockfile).unwrap());
    let me = graph.packages.iter().find(|package| package.name == "me").unwrap();
    assert_eq!(me.dependencies, [format!("dual 1.0.0 ({REGISTRY})"), "old 1.0.0".to_owned()]);
    assert_eq!(me.build_dependencies, [format!("dual 1.0.0 ({git})")]);
    assert_eq!(me.dev_dependencies, ["dev 1.0.0".to_owned(), format!("dual 1.0.0 ({REGISTRY})")]);
    assert_eq!((me.licence.as_deref(), me.rust_version.as_deref()), (Some(dual), Some("1.70.0")));
    let checksums: Vec<_> =
        graph.packages.iter().filter(|it| it.name == "dual").map(|it| &it.checksum).collect();
    assert_eq!(checksums, [&None, &Some("abc".to_owned())]);
}
