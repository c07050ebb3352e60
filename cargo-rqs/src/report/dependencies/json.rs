//! Dependency graphs for programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::difference::Side;
use crate::analysis::dependencies::{self, GraphDifference, Outline, Standing};
use crate::model::dependencies::Dependency;
use crate::model::integrity::{FileDifference, Found, Integrity};
use crate::model::revision::Revision;
use crate::report::json::pretty;

/// Version of these formats.
const FORMAT: u32 = 1;

/// What `deps capture --format json` prints.
#[derive(Serialize, JsonSchema)]
struct DependenciesReport<'a> {
    /// Version of this format.
    format: u32,
    /// What the user called it.
    name: &'a str,
    /// The revision; null where it is none.
    revision: Option<&'a Revision>,
    /// Hash of the whole graph.
    fingerprint: String,
    /// Where the graph is stored; null when it is not.
    path: Option<&'a str>,
    /// The graph in short.
    outline: Outline,
    /// All packages.
    packages: Vec<PackageReport<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct PackageReport<'a> {
    /// The package as it is recorded.
    #[serde(flatten)]
    package: &'a Dependency,
    /// How it stands in the graph.
    standing: Standing,
}

/// What `deps compare --format json` prints.
#[derive(Serialize, JsonSchema)]
struct DependencyDifferenceReport<'a> {
    /// Version of this format.
    format: u32,
    /// The first graph.
    first: SideReport<'a>,
    /// The second graph.
    second: SideReport<'a>,
    /// Whether nothing differs.
    equal: bool,
    /// What differs.
    #[serde(flatten)]
    difference: &'a GraphDifference,
}

#[derive(Serialize, JsonSchema)]
struct SideReport<'a> {
    /// What the user called it.
    name: &'a str,
    /// The revision; null where it is none.
    revision: Option<&'a Revision>,
    /// Hash of the whole graph.
    fingerprint: String,
    /// Packages in it.
    packages: usize,
}

/// What `deps validate --format json` prints.
#[derive(Serialize, JsonSchema)]
struct IntegrityReport<'a> {
    /// Version of this format.
    format: u32,
    /// What the user called it.
    name: &'a str,
    /// Packages whose archive and unpacked files are as the lockfile says.
    intact: usize,
    /// The other packages that have a checksum.
    others: Vec<ArchiveReport<'a>>,
    /// Packages from git, as `name version`.
    from_git: &'a [String],
    /// Packages from a registry of which the lockfile names no checksum, as `name version`.
    without_checksum: &'a [String],
}

#[derive(Serialize, JsonSchema)]
struct ArchiveReport<'a> {
    /// Name of the package.
    name: &'a str,
    /// Its version.
    version: &'a str,
    /// SHA-256 that the lockfile names.
    checksum: &'a str,
    /// Where the archive should be; empty where that is not known.
    archive: String,
    /// What was found.
    found: Finding,
    /// The archive's own checksum, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    found_checksum: Option<&'a str>,
    /// Unpacked files that are not those of the archive.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<String>,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Finding {
    /// The archive has another checksum.
    OtherArchive,
    /// Unpacked files are not those of the archive.
    OtherFiles,
    /// There is no archive on this machine.
    Missing,
    /// It cannot be read.
    Unreadable,
}

/// Names and JSON Schemas of what is printed here.
pub fn schemas() -> [(&'static str, String); 3] {
    fn text<T: JsonSchema>() -> String {
        format!("{:#}\n", schemars::schema_for!(T).as_value())
    }
    [
        ("dependencies-report", text::<DependenciesReport>()),
        ("dependency-difference-report", text::<DependencyDifferenceReport>()),
        ("integrity-report", text::<IntegrityReport>()),
    ]
}

/// One graph, with a line break at its end.
pub fn graph(side: Side<'_>, path: Option<&str>) -> String {
    let packages = side.graph.packages.iter().zip(dependencies::standings(side.graph));
    pretty(&DependenciesReport {
        format: FORMAT,
        name: side.name,
        revision: side.revision,
        fingerprint: side.graph.fingerprint(),
        path,
        outline: dependencies::outline(side.graph),
        packages: packages.map(|(package, standing)| PackageReport { package, standing }).collect(),
    })
}

/// Two graphs against each other, with a line break at its end.
pub fn difference(sides: [Side<'_>; 2], difference: &GraphDifference) -> String {
    fn side(side: Side<'_>) -> SideReport<'_> {
        let (fingerprint, packages) = (side.graph.fingerprint(), side.graph.packages.len());
        SideReport { name: side.name, revision: side.revision, fingerprint, packages }
    }
    let [first, second] = sides.map(side);
    pretty(&DependencyDifferenceReport {
        format: FORMAT,
        first,
        second,
        equal: difference.is_none(),
        difference,
    })
}

/// What this machine keeps, with a line break at its end.
pub fn integrity(name: &str, integrity: &Integrity) -> String {
    let others: Vec<ArchiveReport<'_>> = integrity.archives.iter().filter_map(archive).collect();
    pretty(&IntegrityReport {
        format: FORMAT,
        name,
        intact: integrity.archives.len() - others.len(),
        others,
        from_git: &integrity.from_git,
        without_checksum: &integrity.without_checksum,
    })
}

fn archive(check: &crate::model::integrity::ArchiveCheck) -> Option<ArchiveReport<'_>> {
    let (found, found_checksum, files, why) = match &check.found {
        Found::Intact => return None,
        Found::OtherArchive(checksum) => (Finding::OtherArchive, Some(checksum.as_str()), Vec::new(), None),
        Found::OtherFiles(files) => {
            let path = |file: &FileDifference| file.path().to_string_lossy().into_owned();
            (Finding::OtherFiles, None, files.iter().map(path).collect(), None)
        }
        Found::Missing => (Finding::Missing, None, Vec::new(), None),
        Found::Unreadable(why) => (Finding::Unreadable, None, Vec::new(), Some(why.as_str())),
    };
    Some(ArchiveReport {
        name: &check.name,
        version: &check.version,
        checksum: &check.checksum,
        archive: check.archive.to_string_lossy().into_owned(),
        found,
        found_checksum,
        files,
        why,
    })
}
