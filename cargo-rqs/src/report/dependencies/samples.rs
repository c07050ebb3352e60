//! Two small graphs that differ in every way.

use crate::model::dependencies::{Dependency, DependencyGraph};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn package(name: &str, version: &str) -> Dependency {
    Dependency {
        name: name.to_owned(),
        version: version.to_owned(),
        source: Some(REGISTRY.to_owned()),
        checksum: Some("ab".repeat(32)),
        licence: Some("MIT OR Apache-2.0".to_owned()),
        rust_version: Some("1.70.0".to_owned()),
        ..Dependency::default()
    }
}

fn graph(version: &str, others: Vec<Dependency>, dev: &[&str]) -> DependencyGraph {
    let names = others.iter().map(|it| format!("{} {}", it.name, it.version));
    let (dev, run): (Vec<String>, Vec<String>) =
        names.partition(|name| dev.iter().any(|dev| name.starts_with(dev)));
    let target = Dependency {
        source: None,
        checksum: None,
        member: true,
        dependencies: run,
        dev_dependencies: dev,
        ..package("target", version)
    };
    let mut packages = others;
    packages.push(target);
    packages.sort();
    DependencyGraph { format: DependencyGraph::FORMAT, packages }
}

/// The graph of an earlier release.
pub fn before() -> DependencyGraph {
    let git = Some("git+https://example.org/forked#1111".to_owned());
    graph(
        "1.0.0",
        vec![
            package("bytes", "1.4.0"),
            Dependency { source: git, checksum: None, ..package("forked", "0.3.0") },
            package("gone", "0.2.0"),
            Dependency { features: vec!["std".to_owned()], ..package("serde", "1.0.0") },
            package("syn", "1.0.109"),
            package("trusted", "1.0.0"),
        ],
        &["syn"],
    )
}

/// The graph of the next one.
pub fn after() -> DependencyGraph {
    let git = Some("git+https://example.org/forked#2222".to_owned());
    let serde =
        Dependency { features: vec!["derive".to_owned(), "std".to_owned()], ..package("serde", "1.0.0") };
    graph(
        "1.1.0",
        vec![
            package("bytes", "2.0.0"),
            Dependency { source: git, checksum: None, ..package("forked", "0.3.0") },
            Dependency { licence: Some("GPL-3.0 | \u{1b}[31m<b>".to_owned()), ..package("new", "0.1.0") },
            serde,
            Dependency { rust_version: Some("1.85.0".to_owned()), ..package("syn", "1.0.109") },
            Dependency { licence: None, ..package("syn", "2.0.1") },
            Dependency { checksum: Some("cd".repeat(32)), ..package("trusted", "1.0.0") },
        ],
        &["syn 1"],
    )
}
