//! Reads a resolved dependency graph: the packages for the record, and which benchmark harness a target uses.

use std::collections::{BTreeSet, HashMap, HashSet};

use cargo_metadata::{DependencyKind, Metadata, Node, NodeDep, Package, PackageId};

use crate::model::dependencies::{self, Dependency, DependencyGraph};

use super::lockfile::LockedPackage;

/// Packages that are benchmark harnesses, the ones we know best first.
const HARNESSES: [&str; 11] = [
    "criterion",
    "divan",
    "codspeed-criterion-compat",
    "codspeed-divan-compat",
    "iai-callgrind",
    "gungraun",
    "criterion2",
    "iai",
    "tango-bench",
    "brunch",
    "glassbench",
];

/// The graph for the record: packages, features and edges from cargo's resolution, checksums from the lockfile.
pub(super) fn dependency_graph(metadata: &Metadata, locked: &[LockedPackage]) -> DependencyGraph {
    let checksums: HashMap<_, _> = locked
        .iter()
        .filter_map(|package| {
            let source = package.source.as_deref()?;
            Some(((package.name.as_str(), package.version.as_str(), source), package.checksum.as_ref()?))
        })
        .collect();
    let versions: Vec<String> = metadata.packages.iter().map(|package| package.version.to_string()).collect();
    let known = metadata.packages.iter().zip(&versions);
    let names = dependencies::names(known.map(|(package, version)| {
        (package.name.as_str(), version.as_str(), package.source.as_ref().map(|source| source.repr.as_str()))
    }));
    let names: HashMap<_, _> = metadata.packages.iter().map(|package| &package.id).zip(names).collect();
    let packages: HashMap<_, _> = metadata.packages.iter().map(|package| (&package.id, package)).collect();
    let members: HashSet<_> = metadata.workspace_members.iter().collect();
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let mut graph: Vec<_> = nodes
        .filter_map(|node| {
            let package = packages.get(&node.id)?;
            let version = package.version.to_string();
            let source = package.source.as_ref().map(|source| source.repr.clone());
            let key = (package.name.as_str(), version.as_str(), source.as_deref().unwrap_or_default());
            let checksum = checksums.get(&key).map(|checksum| (*checksum).clone());
            let mut features: Vec<_> = node.features.iter().map(|feature| feature.to_string()).collect();
            features.sort();
            Some(Dependency {
                name: package.name.to_string(),
                checksum,
                member: members.contains(&node.id),
                licence: package.license.clone(),
                licence_file: package.license_file.as_ref().map(|file| file.to_string()),
                rust_version: package.rust_version.as_ref().map(|version| version.to_string()),
                features,
                dependencies: edges(node, DependencyKind::Normal, &names),
                build_dependencies: edges(node, DependencyKind::Build, &names),
                dev_dependencies: edges(node, DependencyKind::Development, &names),
                version,
                source,
            })
        })
        .collect();
    graph.sort();
    DependencyGraph { format: DependencyGraph::FORMAT, packages: graph }
}

/// The packages that one depends on in some way, sorted. Cargo older than 1.41 does not tell how; such an edge counts
/// as one of those that are needed when it runs.
fn edges(node: &Node, kind: DependencyKind, names: &HashMap<&PackageId, String>) -> Vec<String> {
    let is_of_kind = |edge: &NodeDep| match &edge.dep_kinds[..] {
        [] => kind == DependencyKind::Normal,
        kinds => kinds.iter().any(|it| it.kind == kind),
    };
    let found: BTreeSet<_> =
        node.deps.iter().filter(|edge| is_of_kind(edge)).filter_map(|edge| names.get(&edge.pkg)).collect();
    found.into_iter().cloned().collect()
}

/// The harness of a target that does not use the built-in one, as `criterion 0.5.1`; `unknown` when the package
/// depends on none that we know. `source` is the text of the target: it decides where a package has several.
pub(super) fn harness_of(metadata: &Metadata, package: &Package, source: &str) -> String {
    let nodes: HashMap<_, _> =
        metadata.resolve.iter().flat_map(|r| &r.nodes).map(|node| (&node.id, node)).collect();
    let packages: HashMap<_, _> = metadata.packages.iter().map(|package| (&package.id, package)).collect();
    let mut found = reachable_harnesses(package, &nodes, &packages);
    found.sort_by_key(|(_, harness)| HARNESSES.iter().position(|name| *name == harness.name.as_str()));
    match found.iter().find(|(name, _)| names_crate(source, name)).or(found.first()) {
        Some((_, harness)) => format!("{} {}", harness.name, harness.version),
        None => "unknown".to_owned(),
    }
}

/// The harnesses that a package depends on, with the names it uses for them. Packages of the same tree are looked
/// through, because a workspace may keep its harness behind a package of its own.
fn reachable_harnesses<'a>(
    package: &'a Package,
    nodes: &HashMap<&'a PackageId, &'a Node>,
    packages: &HashMap<&'a PackageId, &'a Package>,
) -> Vec<(&'a str, &'a Package)> {
    let (mut found, mut seen) = (Vec::new(), HashSet::from([&package.id]));
    let mut to_visit = vec![&package.id];
    while let Some(node) = to_visit.pop().and_then(|id| nodes.get(id)) {
        for dependency in &node.deps {
            let Some(&used) = packages.get(&dependency.pkg).filter(|used| seen.insert(&used.id)) else {
                continue;
            };
            if HARNESSES.contains(&used.name.as_str()) {
                found.push((dependency.name.as_str(), used));
            } else if used.source.is_none() {
                to_visit.push(&used.id);
            }
        }
    }
    found
}

/// Whether a word of the source is the name of the crate, or a macro of it such as `criterion_group`.
fn names_crate(source: &str, name: &str) -> bool {
    let words = source.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    words
        .into_iter()
        .any(|word| word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
}

/// The packages whose sources may change under the same name and version: all but those from registries and git.
pub(super) fn changeable_packages(metadata: &Metadata) -> Vec<&Package> {
    let resolved: HashSet<_> =
        metadata.resolve.iter().flat_map(|resolve| &resolve.nodes).map(|node| &node.id).collect();
    metadata
        .packages
        .iter()
        .filter(|package| package.source.is_none() && resolved.contains(&package.id))
        .collect()
}

#[cfg(test)]
mod tests;
