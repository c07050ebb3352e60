//! The dependency graph that a build was made from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fingerprint;

/// A resolved dependency graph, sorted by name and version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DependencyGraph {
    /// Version of this format.
    pub format: u32,
    /// Every package of the graph, the target's own included.
    pub packages: Vec<Dependency>,
}

/// One package of the graph.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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
    /// Features that are switched on, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// Packages it depends on, as `name version`, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<String>,
}

impl DependencyGraph {
    /// Version of the format that this code writes.
    pub const FORMAT: u32 = 1;

    /// The content address of the whole graph.
    pub fn fingerprint(&self) -> String {
        fingerprint::of_json(self)
    }
}
