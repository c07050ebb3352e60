//! The differences of two dependency graphs.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use semver::Version;
use serde::Serialize;

use super::outline::licence;
use super::standing::{Need, Standing, standings};
use crate::model::dependencies::{Dependency, DependencyGraph};

/// How far apart two versions of a package are, as cargo sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// An older version than before.
    Downgrade,
    /// Incompatible: another first number that is not zero.
    Major,
    /// Compatible, with something new; or, before 1.0, a fix.
    Minor,
    /// Compatible, the last number only.
    Patch,
}

/// A package of one of two graphs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct What {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it comes from; absent for packages of the tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Its licence; absent where none is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// How it stands in its graph.
    #[serde(flatten)]
    pub standing: Standing,
}

/// A package in two versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change {
    /// Its name.
    pub name: String,
    /// The version in the first graph.
    pub before: String,
    /// The version in the second.
    pub after: String,
    /// How far they are apart.
    pub step: Step,
    /// Where the first comes from, where that is another place than of the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_before: Option<String>,
    /// Where the second comes from; absent for packages of the tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_after: Option<String>,
    /// How it stands in the second graph.
    #[serde(flatten)]
    pub standing: Standing,
}

/// Other content under the same name and version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Replaced {
    /// The same source gives other bytes: nobody may do that to a published version.
    Checksum,
    /// It comes from elsewhere.
    Source,
    /// Another commit of the same git repository.
    Commit,
}

/// A text of a package that differs between two graphs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TextChange<Kind = ()> {
    /// Name of the package.
    pub name: String,
    /// Its version in the second graph.
    pub version: String,
    /// The text in the first graph; absent where there is none.
    pub before: Option<String>,
    /// The text in the second graph; absent where there is none.
    pub after: Option<String>,
    /// What kind of change it is.
    pub kind: Kind,
}

/// Features of a package that were switched on or off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FeatureChange {
    /// Name of the package.
    pub name: String,
    /// Its version in the second graph.
    pub version: String,
    /// Features of the second graph only.
    pub on: Vec<String>,
    /// Features of the first graph only, and of this version still.
    pub off: Vec<String>,
    /// How the package stands in the second graph.
    #[serde(flatten)]
    pub standing: Standing,
}

/// A package of which the second graph has several versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Several {
    /// Its name.
    pub name: String,
    /// The versions in the first graph.
    pub before: Vec<String>,
    /// The versions in the second graph, two or more.
    pub after: Vec<String>,
}

/// How two graphs differ. Packages of the workspace itself are in `own` only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GraphDifference {
    /// Packages of the workspace with another version.
    pub own: Vec<Change>,
    /// Packages with other content under the same name and version.
    pub replaced: Vec<TextChange<Replaced>>,
    /// Packages with another version, most telling first.
    pub changed: Vec<Change>,
    /// Packages of the second graph only.
    pub added: Vec<What>,
    /// Packages of the first graph only.
    pub removed: Vec<What>,
    /// Packages with another licence than before.
    pub licences: Vec<TextChange>,
    /// Packages that need another Rust than before.
    pub rust_versions: Vec<TextChange>,
    /// Packages of the same version with other features.
    pub features: Vec<FeatureChange>,
    /// Packages of which the second graph has several versions.
    pub several: Vec<Several>,
    /// Packages that are the same in both.
    pub same: usize,
}

impl GraphDifference {
    /// Whether nothing at all differs.
    pub fn is_none(&self) -> bool {
        let nothing =
            GraphDifference { same: self.same, several: self.several.clone(), ..Default::default() };
        *self == nothing
    }

    /// The part that can be in what is run: packages with another version, other bytes or other features, those that only
    /// benchmarks, examples and tests use left out.
    pub fn of_what_is_run(&self) -> GraphDifference {
        let is_run = |standing: &Standing| standing.need != Some(Need::Dev);
        GraphDifference {
            replaced: self.replaced.clone(),
            changed: self.changed.iter().filter(|it| is_run(&it.standing)).cloned().collect(),
            added: self.added.iter().filter(|it| is_run(&it.standing)).cloned().collect(),
            removed: self.removed.iter().filter(|it| is_run(&it.standing)).cloned().collect(),
            features: self.features.iter().filter(|it| is_run(&it.standing)).cloned().collect(),
            ..GraphDifference::default()
        }
    }

    /// Whether a published version has other bytes than before.
    pub fn has_other_bytes(&self) -> bool {
        self.replaced.iter().any(|it| it.kind == Replaced::Checksum)
    }
}

type Placed<'a> = (&'a Dependency, Standing);

/// How the second graph differs from the first.
pub fn compare(first: &DependencyGraph, second: &DependencyGraph) -> GraphDifference {
    let mut difference = GraphDifference::default();
    // Of a graph that does not tell licences, members and kinds of edges nothing is known, so nothing differs.
    let all_told = first.format > 1 && second.format > 1;
    let (mut before, mut after) = (by_name(first), by_name(second));
    let names: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
    for name in names {
        let sides = [before.remove(name).unwrap_or_default(), after.remove(name).unwrap_or_default()];
        let versions =
            sides.each_ref().map(|side| side.iter().map(|it| it.0.version.clone()).collect::<Vec<_>>());
        let paired = pair(sides);
        for (one, other) in &paired.pairs {
            difference.take_pair(one, other, all_told);
        }
        difference.removed.extend(paired.first.iter().filter(|it| !it.1.member).map(what));
        difference.added.extend(paired.second.iter().filter(|it| !it.1.member).map(what));
        let [before, after] = versions;
        if after.len() > 1 {
            difference.several.push(Several { name: name.to_owned(), before, after });
        }
    }
    difference.changed.sort_by_key(|it| (it.step, !it.standing.direct, it.standing.need));
    difference.replaced.sort_by_key(|it| it.kind != Replaced::Checksum);
    difference
}

fn by_name(graph: &DependencyGraph) -> BTreeMap<&str, Vec<Placed<'_>>> {
    let mut named: BTreeMap<&str, Vec<Placed<'_>>> = BTreeMap::new();
    for placed in graph.packages.iter().zip(standings(graph)) {
        named.entry(&placed.0.name).or_default().push(placed);
    }
    for packages in named.values_mut() {
        packages.sort_by_cached_key(|(package, _)| Version::parse(&package.version).ok());
    }
    named
}

/// Packages of one name, those of two graphs that belong together, and the rest of each.
struct Paired<'a> {
    pairs: Vec<(Placed<'a>, Placed<'a>)>,
    first: Vec<Placed<'a>>,
    second: Vec<Placed<'a>>,
}

/// First what is equal, then the same version, then a compatible one, then what is left in order, so that two versions
/// of a package of which one moved are not taken for two moves.
fn pair<'a>([mut first, mut second]: [Vec<Placed<'a>>; 2]) -> Paired<'a> {
    let mut pairs = Vec::new();
    let alike: [fn(&Dependency, &Dependency) -> bool; 4] = [
        |one, other| one.version == other.version && one.source == other.source,
        |one, other| one.version == other.version,
        |one, other| compatible(&one.version, &other.version),
        |_, _| true,
    ];
    for alike in alike {
        let mut unpaired = Vec::new();
        for one in first {
            match second.iter().position(|other| alike(one.0, other.0)) {
                Some(at) => pairs.push((one, second.remove(at))),
                None => unpaired.push(one),
            }
        }
        first = unpaired;
    }
    Paired { pairs, first, second }
}

impl GraphDifference {
    fn take_pair(&mut self, one: &Placed<'_>, other: &Placed<'_>, all_told: bool) {
        let (before, (after, standing)) = (one.0, *other);
        let mut same = true;
        if before.version != after.version {
            let change = change(before, after, standing);
            if standing.member {
                self.own.push(change);
            } else {
                self.changed.push(change);
            }
            same = false;
        } else if let Some((kind, before_text, after_text)) = replacement(before, after) {
            self.replaced.push(text_change(after, before_text, after_text, kind));
            same = false;
        }
        if all_told && licence(before) != licence(after) {
            self.licences.push(text_change(after, licence(before), licence(after), ()));
            same = false;
        }
        if all_told && before.rust_version != after.rust_version {
            let [before_text, after_text] = [before, after].map(|it| it.rust_version.clone());
            self.rust_versions.push(text_change(after, before_text, after_text, ()));
            same = false;
        }
        if before.version == after.version && before.features != after.features {
            self.features.push(feature_change(before, after, standing));
            same = false;
        }
        self.same += usize::from(same);
    }
}

fn feature_change(before: &Dependency, after: &Dependency, standing: Standing) -> FeatureChange {
    let only = |one: &Dependency, other: &Dependency| {
        one.features.iter().filter(|it| !other.features.contains(it)).cloned().collect()
    };
    FeatureChange {
        name: after.name.clone(),
        version: after.version.clone(),
        on: only(after, before),
        off: only(before, after),
        standing,
    }
}

fn what(placed: &Placed<'_>) -> What {
    let (package, standing) = *placed;
    What {
        name: package.name.clone(),
        version: package.version.clone(),
        source: package.source.clone(),
        licence: licence(package),
        standing,
    }
}

fn change(before: &Dependency, after: &Dependency, standing: Standing) -> Change {
    let moved = address(before) != address(after);
    Change {
        name: after.name.clone(),
        before: before.version.clone(),
        after: after.version.clone(),
        step: step(&before.version, &after.version),
        source_before: before.source.clone().filter(|_| moved),
        source_after: after.source.clone(),
        standing,
    }
}

fn text_change<Kind>(
    package: &Dependency,
    before: Option<String>,
    after: Option<String>,
    kind: Kind,
) -> TextChange<Kind> {
    TextChange { name: package.name.clone(), version: package.version.clone(), before, after, kind }
}

/// What stands where under the same name and version.
fn replacement(
    before: &Dependency,
    after: &Dependency,
) -> Option<(Replaced, Option<String>, Option<String>)> {
    let sources = || (before.source.clone(), after.source.clone());
    let checksums = || (before.checksum.clone(), after.checksum.clone());
    let (kind, (before, after)) = match () {
        () if address(before) != address(after) => (Replaced::Source, sources()),
        () if before.source != after.source => (Replaced::Commit, sources()),
        // A registry that tells no checksum for one of them says nothing of the other.
        () if before.checksum.is_some() && after.checksum.is_some() && before.checksum != after.checksum => {
            (Replaced::Checksum, checksums())
        }
        () => return None,
    };
    Some((kind, before, after))
}

/// A source without the commit of git.
fn address(package: &Dependency) -> Option<&str> {
    let source = package.source.as_deref()?;
    Some(source.split_once('#').map_or(source, |(address, _)| address))
}

/// Whether cargo would take one version for the other.
fn compatible(one: &str, other: &str) -> bool {
    match (Version::parse(one), Version::parse(other)) {
        (Ok(one), Ok(other)) => significant(&one) == significant(&other),
        _ => false,
    }
}

/// The numbers that have to agree, as in cargo's caret requirements.
fn significant(version: &Version) -> [u64; 3] {
    match version {
        Version { major: 0, minor: 0, patch, .. } => [0, 0, *patch],
        Version { major: 0, minor, .. } => [0, *minor, 0],
        Version { major, .. } => [*major, 0, 0],
    }
}

/// How far a version is from another. What is no version counts as incompatible.
fn step(before: &str, after: &str) -> Step {
    let (Ok(before), Ok(after)) = (Version::parse(before), Version::parse(after)) else {
        return Step::Major;
    };
    match () {
        () if after < before => Step::Downgrade,
        () if significant(&before) != significant(&after) => Step::Major,
        () if before.minor != after.minor => Step::Minor,
        () => Step::Patch,
    }
}
