//! A dependency graph in a few numbers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use semver::Version;
use serde::Serialize;

use super::standing::{Need, Standing, standings};
use crate::model::dependencies::{Dependency, DependencyGraph};

/// A graph in short.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Outline {
    /// Packages in all.
    pub packages: usize,
    /// Packages of the workspace itself.
    pub members: usize,
    /// Other packages that one of the workspace names.
    pub direct: usize,
    /// Other packages that are needed when the target runs.
    pub run: usize,
    /// Other packages that are needed to build it, and not when it runs.
    pub build: usize,
    /// Other packages that are needed by its tests and benchmarks only.
    pub dev: usize,
    /// How many of the others have each licence, most frequent first; null counts those that tell none.
    pub licences: Vec<(Option<String>, usize)>,
    /// How many of the others come from each kind of source: `registry`, `git`, `path`.
    pub sources: BTreeMap<&'static str, usize>,
    /// Names of which there are several versions, with the versions.
    pub several: BTreeMap<String, Vec<String>>,
    /// The oldest Rust that is enough for all the others which are needed to build and run; absent where none says.
    pub rust_version: Option<String>,
    /// The packages that need it.
    pub rust_version_of: Vec<String>,
    /// The oldest Rust that a package of the workspace promises to build with; absent where none promises.
    pub promised_rust_version: Option<String>,
}

/// A graph in short.
pub fn outline(graph: &DependencyGraph) -> Outline {
    let placed: Vec<(&Dependency, Standing)> = graph.packages.iter().zip(standings(graph)).collect();
    let others = || placed.iter().filter(|(_, standing)| !standing.member);
    let needed = |need: Need| others().filter(|(_, standing)| standing.need == Some(need)).count();
    let mut sources = BTreeMap::new();
    others().for_each(|(package, _)| *sources.entry(kind_of_source(package)).or_default() += 1);
    let (rust_version, rust_version_of) = newest_rust(&placed);
    Outline {
        packages: placed.len(),
        members: placed.iter().filter(|(_, standing)| standing.member).count(),
        direct: others().filter(|(_, standing)| standing.direct).count(),
        run: needed(Need::Run),
        build: needed(Need::Build),
        dev: needed(Need::Dev),
        licences: match graph.format {
            ..=1 => Vec::new(),
            _ => licences(others().map(|(package, _)| *package)),
        },
        sources,
        several: several(graph),
        rust_version,
        rust_version_of,
        promised_rust_version: promised_rust(&placed).map(|version| version.to_string()),
    }
}

impl Outline {
    /// Whether a package needs a later Rust than one of the workspace promises to build with.
    pub fn breaks_promise(&self) -> bool {
        let parse = |text: &Option<String>| Version::parse(text.as_deref()?).ok();
        match (parse(&self.rust_version), parse(&self.promised_rust_version)) {
            (Some(needed), Some(promised)) => needed > promised,
            _ => false,
        }
    }
}

/// Where a package comes from, in a word.
pub fn kind_of_source(package: &Dependency) -> &'static str {
    match package.source.as_deref() {
        None => "path",
        Some(source) if source.starts_with("git+") => "git",
        Some(_) => "registry",
    }
}

/// The licence of a package as it is told; the name of a file where that is all.
pub fn licence(package: &Dependency) -> Option<String> {
    let of_file = package.licence_file.as_ref().map(|file| format!("see `{file}`"));
    package.licence.clone().or(of_file)
}

fn licences<'a>(packages: impl Iterator<Item = &'a Dependency>) -> Vec<(Option<String>, usize)> {
    let mut counted: BTreeMap<Option<String>, usize> = BTreeMap::new();
    packages.for_each(|package| *counted.entry(licence(package)).or_default() += 1);
    let mut counted: Vec<_> = counted.into_iter().collect();
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counted
}

fn several(graph: &DependencyGraph) -> BTreeMap<String, Vec<String>> {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in &graph.packages {
        versions.entry(package.name.clone()).or_default().push(package.version.clone());
    }
    versions.retain(|_, versions| versions.len() > 1);
    versions.values_mut().for_each(|versions| versions.sort_by_cached_key(|it| Version::parse(it).ok()));
    versions
}

/// Tests and benchmarks are of no concern to who builds the target.
fn newest_rust(placed: &[(&Dependency, Standing)]) -> (Option<String>, Vec<String>) {
    let is_needed = |it: &Standing| !it.member && it.need.is_some_and(|need| need < Need::Dev);
    let needed = placed.iter().filter(|(_, standing)| is_needed(standing));
    let told: Vec<(Version, &Dependency)> =
        needed.filter_map(|(package, _)| Some((rust_of(package)?, *package))).collect();
    let newest = told.iter().map(|(version, _)| version).max();
    let of_it = told.iter().filter(|(version, _)| Some(version) == newest);
    let of_it = of_it.map(|(_, package)| format!("{} {}", package.name, package.version)).collect();
    (newest.map(Version::to_string), of_it)
}

fn promised_rust(placed: &[(&Dependency, Standing)]) -> Option<Version> {
    placed.iter().filter(|(_, standing)| standing.member).filter_map(|(package, _)| rust_of(package)).min()
}

fn rust_of(package: &Dependency) -> Option<Version> {
    Version::parse(package.rust_version.as_deref()?).ok()
}
