//! Resolves both revisions, lays them out, settles their lockfiles, and builds them.

use std::collections::BTreeMap;
use std::path::Path;

use super::BenchOptions;
use crate::commands::Places;
use crate::host::cargo::{
    self, Build, BuildOptions, BuildRequest, Lock, LockRequest, Place, Toolchain, Tree,
};
use crate::host::revisions::{self, Slot, Source, Target};
use crate::host::terminal::Terminal;
use crate::model::failure::{Failure, Outcome};
use crate::model::record::RunRecord;
use crate::model::revision::Revision;
use crate::model::{ByRole, Role};

/// One side, built.
pub struct Side {
    /// What was resolved.
    pub revision: Revision,
    /// Its lockfile.
    pub lock: Lock,
    /// Its executables.
    pub build: Build,
}

/// Both sides, ready to be measured.
pub struct Prepared {
    /// Baseline and candidate.
    pub sides: ByRole<Side>,
    /// What the reader of the result should know.
    pub notes: Vec<String>,
    toolchain: Toolchain,
}

/// Prepares both sides.
///
/// # Errors
/// When a revision is unknown, cannot be laid out, resolved or built.
pub fn prepare(
    options: &BenchOptions,
    target: &Target,
    places: &Places,
    terminal: &mut Terminal,
) -> Outcome<Prepared> {
    let root = target.repository_root().unwrap_or(target.manifest_dir());
    let place = Place::for_repository(root)?;
    revisions::clear_leftovers(&place.trees)?;
    let build_options = options.build.clone().anchored(target.manifest_dir(), &place.outer_configs);
    let toolchain = Toolchain::resolve(options.toolchain.as_deref(), target.manifest_dir())?;
    let candidate = options.candidate.clone().map_or_else(|| target.default_candidate(), Ok)?;
    let package = build_options.packages.first().map(String::as_str);
    let specs = ByRole::new(options.baseline.clone(), candidate);
    terminal.status("laying out both revisions");
    let mut sources = ByRole::try_from_fn(|role| target.materialise(specs.get(role), package, &place.trees))?;
    let mut notes = Vec::new();
    if options.benches_from_candidate {
        let (source, lent) = lend_benches(target, &sources, &place.trees)?;
        sources.baseline = source;
        notes.push(format!("the baseline measures the candidate's benchmarks: {}", lent.join(", ")));
    }
    let trees = sources.as_ref().map(|source| Tree { root: &source.tree, package: &source.manifest_rel });
    let locks_store = places.work.join("locks");
    let request = LockRequest { toolchain: &toolchain, options: &build_options, store: &locks_store };
    terminal.status("resolving dependencies");
    let locks = cargo::agree(trees, request)?;
    let executables = places.work.join("executables");
    let slot = Slot::new(&place.trees);
    let builds = ByRole::try_from_fn(|role| {
        let work =
            Work { slot: &slot, executables: &executables, options: &build_options, toolchain: &toolchain };
        work.build(role, sources.get(role), locks.get(role), terminal)
    })?;
    terminal.clear_status();
    for (role, build) in builds.iter() {
        let spec = &sources.get(role).revision.spec;
        notes.extend(build.notes.iter().map(|note| format!("`{spec}`: {note}")));
        if build.capped_lints {
            notes.push(format!(
                "`{spec}` denies lints that this compiler raises; they were capped for the build"
            ));
        }
        notes.extend(
            build
                .broken
                .iter()
                .map(|suite| format!("`{}` does not build at `{spec}`: {}", suite.name, suite.reason)),
        );
    }
    notes.extend(locks.iter().flat_map(|(_, lock)| lock.notes.clone()));
    notes.dedup();
    let mut parts = builds.map(Some);
    let sides = ByRole::try_from_fn(|role| {
        let build = parts.get_mut(role).take().ok_or_else(|| Failure::incomplete("a build is missing"))?;
        Ok::<_, Failure>(Side {
            revision: sources.get(role).revision.clone(),
            lock: locks.get(role).clone(),
            build,
        })
    })?;
    Ok(Prepared { sides, notes, toolchain })
}

/// A tree of its own for the baseline with the candidate's benchmarks in it.
fn lend_benches(target: &Target, sources: &ByRole<Source>, trees: &Path) -> Outcome<(Source, Vec<String>)> {
    let source = target.branch_off(&sources.baseline, &sources.candidate.revision.id, trees)?;
    let dir = |source: &Source| source.tree.join(&source.manifest_rel);
    let lent = cargo::overlay_benches(&dir(&sources.candidate), &dir(&source))?;
    Ok((source, lent))
}

struct Work<'a> {
    slot: &'a Slot,
    executables: &'a Path,
    options: &'a BuildOptions,
    toolchain: &'a Toolchain,
}

impl Work<'_> {
    fn build(&self, role: Role, source: &Source, lock: &Lock, terminal: &mut Terminal) -> Outcome<Build> {
        let tree_id =
            source.tree.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let request = BuildRequest {
            tree: &source.tree,
            slot: self.slot.path(),
            tree_id: &tree_id,
            package: &source.manifest_rel,
            lock_sha256: &lock.sha256,
            executables: self.executables,
            options: self.options,
            toolchain: self.toolchain,
        };
        if let Some(build) = cargo::lookup(&request)? {
            return Ok(build);
        }
        let spec = &source.revision.spec;
        terminal.say(&format!("building the {role} `{spec}` ({})", source.revision.short_id()));
        let occupied = self.slot.occupy(&source.tree)?;
        let built = cargo::build(&request, &mut |line| terminal.status(line));
        let released = occupied.release();
        let build =
            built.map_err(|failure| failure.within(format!("failed to build the {role} `{spec}`")))?;
        released.map(|()| build)
    }
}

impl Prepared {
    /// The facts of `rustc -vV`.
    pub fn toolchain_facts(&self) -> BTreeMap<String, String> {
        let facts = self.toolchain.rustc_version.lines().filter_map(|line| line.split_once(": "));
        facts.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    /// What would be measured, for `--dry-run`.
    pub fn outline(&self) -> String {
        let mut text = String::new();
        for (role, side) in self.sides.iter() {
            let revision = &side.revision;
            text += &format!("{role}: `{}` ({}) {}\n", revision.spec, revision.short_id(), revision.summary);
            for suite in &side.build.suites {
                text += &format!("  {} ({})\n", suite.name, suite.harness);
            }
        }
        crate::report::escape::visible_lines(&text).map(|line| line + "\n").collect()
    }

    /// Fails unless these are the sides that an interrupted run was started with.
    pub fn check_same(&self, record: &RunRecord) -> Outcome<()> {
        for (role, side) in self.sides.iter() {
            let before = record.revisions.get(role);
            if side.revision.id != before.id {
                return Err(Failure::usage(format!("the {role} `{}` is not what it was", before.spec))
                    .cause(format!("it was {} and is {} now", before.short_id(), side.revision.short_id()))
                    .hint(
                        "restore it, or start a new run; the interrupted one stays in `target/rqs/journal`",
                    ));
            }
        }
        for suite in &record.suites {
            for (role, sha256) in suite.executables.iter().filter(|(_, sha256)| !sha256.is_empty()) {
                let built = self.sides.get(role).build.suites.iter().find(|built| built.name == suite.name);
                if built.is_none_or(|built| built.sha256 != *sha256) {
                    return Err(Failure::incomplete(format!(
                        "`{}` was built differently this time",
                        suite.name
                    ))
                    .cause("numbers of two builds cannot be joined in one run")
                    .hint("start a new run with the same command line"));
                }
            }
        }
        Ok(())
    }
}
