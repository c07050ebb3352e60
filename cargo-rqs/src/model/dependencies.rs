//! The dependency graph that a build was made from.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fingerprint;

/// A resolved dependency graph, sorted by name and version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DependencyGraph {
    /// Version of this format. Format 1 knew neither licences nor members, and held edges of all kinds in
    /// `dependencies`.
    pub format: u32,
    /// Every package of the graph, the target's own included.
    pub packages: Vec<Dependency>,
}

/// One package of the graph. Packages are named by `name version`, and by `name version (source)` where that would name
/// several.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Dependency {
    /// Package name.
    pub name: String,
    /// Exact version.
    pub version: String,
    /// Where it comes from, for example `registry+https://...`; absent for path packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// SHA-256 from the lockfile; absent for path and git packages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// Whether it is a package of the workspace itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub member: bool,
    /// The licence as its manifest tells it, for example `MIT OR Apache-2.0`; absent where it tells none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// The file with the text of a licence that has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence_file: Option<String>,
    /// The oldest Rust that it says it builds with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rust_version: Option<String>,
    /// Features that are switched on, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// Packages it depends on when it runs, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<String>,
    /// Packages that its build script depends on, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub build_dependencies: Vec<String>,
    /// Packages that its tests and benchmarks depend on, sorted; only those of members are in a graph.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dev_dependencies: Vec<String>,
}

impl DependencyGraph {
    /// Version of the format that this code writes.
    pub const FORMAT: u32 = 2;

    /// The content address of the whole graph.
    pub fn fingerprint(&self) -> String {
        fingerprint::of_json(self)
    }

    /// The names of the packages in the graph, in their order.
    pub fn names(&self) -> Vec<String> {
        let triples = self.packages.iter();
        names(triples.map(|it| (it.name.as_str(), it.version.as_str(), it.source.as_deref())))
    }
}

/// The names of packages in a graph, from name, version and source of each.
pub fn names<'a>(packages: impl Iterator<Item = (&'a str, &'a str, Option<&'a str>)> + Clone) -> Vec<String> {
    let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    packages.clone().for_each(|(name, version, _)| *seen.entry((name, version)).or_default() += 1);
    let name = |(name, version, source): (&str, &str, Option<&str>)| match seen[&(name, version)] {
        1 => format!("{name} {version}"),
        _ => format!("{name} {version} ({})", source.unwrap_or("path")),
    };
    packages.map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_named_only_where_name_and_version_are_not_enough() {
        let packages = [("a", "1.0.0", None), ("a", "1.0.0", Some("git+x")), ("b", "1.0.0", Some("git+x"))];
        assert_eq!(names(packages.into_iter()), ["a 1.0.0 (path)", "a 1.0.0 (git+x)", "b 1.0.0"]);
    }

    #[test]
    fn a_graph_of_the_first_format_keeps_its_fingerprint() {
        let text = r#"{"format":1,"packages":[{"name":"a","version":"1.0.0","dependencies":["b 2.0.0"]}]}"#;
        let graph: DependencyGraph = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&graph).unwrap(), text);
    }
}
