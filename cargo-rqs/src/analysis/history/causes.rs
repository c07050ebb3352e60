//! What may have brought the changes between two revisions: their code, their dependencies, the toolchain or the
//! environment, the likeliest first. What is ruled out is told too, with the reason.

use crate::analysis::dependencies::GraphDifference;

/// A kind of cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The sources.
    Code,
    /// What they depend on.
    Dependencies,
    /// The compiler.
    Toolchain,
    /// The machine.
    Environment,
}

/// How much speaks for a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It is all that differs.
    Only,
    /// It differs, and so does another.
    Possible,
    /// Nobody knows whether it differs.
    Unknown,
    /// It is the same on both sides.
    RuledOut,
}

/// A cause with what speaks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Likely {
    /// The cause.
    pub cause: Cause,
    /// How much speaks for it.
    pub weight: Weight,
}

/// Files that differ between two commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Those that can change what is compiled.
    pub sources: usize,
    /// Lockfiles.
    pub lockfiles: usize,
    /// Documents and the like.
    pub others: usize,
}

impl Files {
    /// Sorts paths. What is neither a lockfile nor surely a document counts as a source.
    pub fn of<'a>(paths: impl IntoIterator<Item = &'a str>) -> Files {
        let mut files = Files::default();
        for path in paths {
            let name = path.rsplit('/').next().unwrap_or(path);
            let is_document = path.starts_with(".github/")
                || [".md", ".adoc", ".rst"].iter().any(|end| name.ends_with(end))
                || ["LICENSE", "COPYING", ".git"].iter().any(|start| name.starts_with(start));
            match name {
                "Cargo.lock" => files.lockfiles += 1,
                _ if is_document => files.others += 1,
                _ => files.sources += 1,
            }
        }
        files
    }
}

/// The causes, likeliest first. `files` are those of the two commits, and `dependencies` the difference of their graphs, each
/// `None` where it is not known; `in_alternation` says whether both were measured so.
pub fn likely(
    files: Option<Files>,
    dependencies: Option<&GraphDifference>,
    in_alternation: bool,
) -> Vec<Likely> {
    let differs = |differs: Option<bool>| match differs {
        Some(true) => Weight::Possible,
        Some(false) => Weight::RuledOut,
        None => Weight::Unknown,
    };
    let mut causes = vec![
        (Cause::Code, differs(files.map(|files| files.sources > 0))),
        (Cause::Dependencies, differs(dependencies.map(|found| !is_none_for_speed(found)))),
        // Results of two toolchains or environments are never set against each other.
        (Cause::Toolchain, Weight::RuledOut),
        (Cause::Environment, if in_alternation { Weight::RuledOut } else { Weight::Possible }),
    ];
    let open = causes.iter().filter(|(_, weight)| *weight != Weight::RuledOut).count();
    if open == 1 {
        causes
            .iter_mut()
            .filter(|(_, weight)| *weight == Weight::Possible)
            .for_each(|it| it.1 = Weight::Only);
    }
    causes.sort_by_key(|(_, weight)| *weight);
    causes.into_iter().map(|(cause, weight)| Likely { cause, weight }).collect()
}

/// Whether two graphs give the same code: licences and versions of Rust that are needed do not change it, and neither do
/// versions of the workspace's own packages.
fn is_none_for_speed(difference: &GraphDifference) -> bool {
    let GraphDifference { replaced, changed, added, removed, features, .. } = difference;
    replaced.is_empty() && changed.is_empty() && added.is_empty() && removed.is_empty() && features.is_empty()
}
