//! Resolves both revisions, lays them out, settles their lockfiles, and builds them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rqs_harness::process::Executable;

use super::{Places, Sides};
use crate::host::cargo::{
    self, BrokenSuite, BuildOptions, BuildRequest, BuiltSuite, Lock, LockRequest, Place, Resolved, Toolchain,
    Tree,
};
use crate::host::environment;
use crate::host::revisions::{self, Slot, Source, Target};
use crate::host::terminal::Terminal;
use crate::model::environment::Environment;
use crate::model::failure::{Failure, Outcome};
use crate::model::record::{RunRecord, SuiteRecord};
use crate::model::revision::{Revision, RevisionSpec};
use crate::model::{ByRole, Role};

/// One side, built.
pub struct Side {
    /// What was resolved.
    pub revision: Revision,
    /// Its lockfile.
    pub lock: Lock,
    /// Its executables.
    pub build: cargo::Build,
}

/// What executables are built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// To be timed: exactly as the user has them.
    Timed,
    /// To be looked into: with line tables and frame pointers.
    Profiled,
}

/// Both sides, ready to be measured.
pub struct Prepared {
    /// Baseline and candidate.
    pub sides: ByRole<Side>,
    /// What the reader of the result should know.
    pub notes: Vec<String>,
    /// What both were built with.
    pub toolchain: Toolchain,
}

/// Both revisions as source trees with lockfiles, before anything is built.
pub struct LaidOut {
    sources: ByRole<Source>,
    locks: ByRole<Lock>,
    notes: Vec<String>,
    slot: Slot,
    executables: PathBuf,
    options: BuildOptions,
    toolchain: Toolchain,
}

impl Sides {
    /// Resolves both revisions and their dependencies.
    ///
    /// # Errors
    /// When a revision is unknown, or cannot be laid out or resolved.
    pub fn lay_out(&self, target: &Target, places: &Places, terminal: &mut Terminal) -> Outcome<LaidOut> {
        self.lay_out_with(None, target, places, terminal)
    }

    /// The same, with the benchmarks of a `lender` on both sides, if there is one.
    ///
    /// # Errors
    /// When a revision is unknown, or cannot be laid out or resolved.
    pub fn lay_out_with(
        &self,
        lender: Option<&RevisionSpec>,
        target: &Target,
        places: &Places,
        terminal: &mut Terminal,
    ) -> Outcome<LaidOut> {
        let root = target.repository_root().unwrap_or(target.manifest_dir());
        self.lay_out_in(&Place::for_repository(root)?, lender, target, places, terminal)
    }

    /// The same at another path: executables that are built there differ in nothing but what the path does to them.
    ///
    /// # Errors
    /// As for the usual place.
    pub fn lay_out_elsewhere(
        &self,
        target: &Target,
        places: &Places,
        terminal: &mut Terminal,
    ) -> Outcome<LaidOut> {
        let root = target.repository_root().unwrap_or(target.manifest_dir());
        self.lay_out_in(&Place::elsewhere(root)?, None, target, places, terminal)
    }

    fn lay_out_in(
        &self,
        place: &Place,
        lender: Option<&RevisionSpec>,
        target: &Target,
        places: &Places,
        terminal: &mut Terminal,
    ) -> Outcome<LaidOut> {
        revisions::clear_leftovers(&place.trees)?;
        let build_options = self.build.clone().anchored(target.manifest_dir(), &place.outer_configs);
        let toolchain = Toolchain::resolve(self.toolchain.as_deref(), target.manifest_dir())?;
        let candidate = self.candidate.clone().map_or_else(|| target.default_candidate(), Ok)?;
        let package = build_options.packages.first().map(String::as_str);
        let specs = ByRole::new(self.baseline.clone(), candidate);
        terminal.status("laying out both revisions");
        let mut sources =
            ByRole::try_from_fn(|role| target.materialise(specs.get(role), package, &place.trees))?;
        let mut notes = Vec::new();
        if self.benches_from_candidate {
            let (source, lent) = lend_benches(target, &sources.baseline, &sources.candidate, &place.trees)?;
            sources.baseline = source;
            notes.push(format!("the baseline measures the candidate's benchmarks: {}", lent.join(", ")));
        }
        if let Some(lender) = lender {
            let lender = target.materialise(lender, package, &place.trees)?;
            sources = ByRole::try_from_fn(|role| match sources.get(role) {
                own if own.revision.id == lender.revision.id => Ok(own.clone()),
                own => lend_benches(target, own, &lender, &place.trees).map(|(source, _)| source),
            })?;
        }
        let trees = sources.as_ref().map(|source| Tree { root: &source.tree, package: &source.manifest_rel });
        let locks_store = places.work.join("locks");
        let request = LockRequest { toolchain: &toolchain, options: &build_options, store: &locks_store };
        terminal.status("resolving dependencies");
        let locks = cargo::agree(trees, request)?;
        notes.extend(locks.iter().flat_map(|(_, lock)| lock.notes.clone()));
        terminal.clear_status();
        let (slot, executables) = (Slot::new(&place.trees), places.executables());
        Ok(LaidOut { sources, locks, notes, slot, executables, options: build_options, toolchain })
    }
}

impl LaidOut {
    /// Builds both sides, or finds them built.
    ///
    /// # Errors
    /// When a side does not build.
    pub fn build(&self, kind: Build, interrupted: &AtomicBool, terminal: &mut Terminal) -> Outcome<Prepared> {
        let ByRole { baseline, candidate } =
            ByRole::try_from_fn(|role| self.build_side(role, kind, interrupted, terminal))?;
        terminal.clear_status();
        let side = |role: Role, build: cargo::Build| Side {
            revision: self.sources.get(role).revision.clone(),
            lock: self.locks.get(role).clone(),
            build,
        };
        let sides = ByRole::new(side(Role::Baseline, baseline), side(Role::Candidate, candidate));
        let mut notes = self.notes.clone();
        notes.extend(sides.iter().flat_map(|(_, side)| build_notes(side)));
        notes.dedup();
        Ok(Prepared { sides, notes, toolchain: self.toolchain.clone() })
    }

    fn build_side(
        &self,
        role: Role,
        kind: Build,
        interrupted: &AtomicBool,
        terminal: &mut Terminal,
    ) -> Outcome<cargo::Build> {
        let source = self.sources.get(role);
        let tree_id = tree_id(source);
        let options = BuildOptions { instrumented: kind == Build::Profiled, ..self.options.clone() };
        let request = BuildRequest { options: &options, ..self.request(role, &tree_id, interrupted) };
        if let Some(build) = cargo::lookup(&request)? {
            return Ok(build);
        }
        let spec = &source.revision.spec;
        let how = if kind == Build::Profiled { ", with line tables and frame pointers" } else { "" };
        terminal.say(&format!("building the {role} {}{how}", named(&source.revision)));
        let occupied = self.slot.occupy(&source.tree)?;
        let built = cargo::build(&request, &mut |line| terminal.status(line));
        let released = occupied.release();
        if interrupted.load(Ordering::Relaxed) {
            return Err(Failure::incomplete("interrupted while building")
                .hint("what was built is kept; the same command line goes on from there"));
        }
        let build =
            built.map_err(|failure| failure.within(format!("failed to build the {role} `{spec}`")))?;
        released.map(|()| build)
    }

    fn request<'a>(&'a self, role: Role, tree_id: &'a str, interrupted: &'a AtomicBool) -> BuildRequest<'a> {
        let source = self.sources.get(role);
        BuildRequest {
            tree: &source.tree,
            slot: self.slot.path(),
            tree_id,
            package: &source.manifest_rel,
            lock_sha256: &self.locks.get(role).sha256,
            executables: &self.executables,
            options: &self.options,
            toolchain: &self.toolchain,
            interrupted,
        }
    }

    /// What a side is.
    pub fn revision(&self, role: Role) -> &Revision {
        &self.sources.get(role).revision
    }

    /// What the reader should know of the lockfiles.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The dependencies of a side, without a build.
    ///
    /// # Errors
    /// When cargo cannot load the packages.
    pub fn dependencies(&self, role: Role) -> Outcome<Resolved> {
        let source = self.sources.get(role);
        let tree = Tree { root: &source.tree, package: &source.manifest_rel };
        Resolved::of(tree, &self.options, &self.toolchain).map_err(|failure| {
            failure.within(format!("cannot load the dependencies of `{}`", source.revision.spec))
        })
    }

    /// What would be built, for `--dry-run`.
    ///
    /// # Errors
    /// When cargo's configuration around a tree cannot be read.
    pub fn outline(&self) -> Outcome<String> {
        let mut text = String::new();
        for (role, source) in self.sources.iter() {
            let revision = &source.revision;
            text += &format!("{role}: `{}` ({}) {}\n", revision.spec, revision.short_id(), revision.summary);
            match cargo::lookup(&self.request(role, &tree_id(source), &AtomicBool::new(false)))? {
                None => text += "  to be built\n",
                Some(build) => {
                    text += "  already built\n";
                    for suite in &build.suites {
                        text += &format!("    {} ({})\n", suite.name, suite.harness);
                    }
                }
            }
        }
        text += &format!("toolchain: {}\n", self.toolchain.rustc_version.lines().next().unwrap_or_default());
        text.extend(self.notes.iter().map(|note| format!("note: {note}\n")));
        Ok(text)
    }
}

/// A revision as it was typed, and what it is, unless that was typed.
fn named(revision: &Revision) -> String {
    match revision.spec == revision.id {
        true => format!("`{}`", revision.short_id()),
        false => format!("`{}` ({})", revision.spec, revision.short_id()),
    }
}

fn tree_id(source: &Source) -> String {
    source.tree.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What the reader should know of a build.
fn build_notes(side: &Side) -> Vec<String> {
    let (spec, build) = (&side.revision.spec, &side.build);
    let mut notes: Vec<String> = build.notes.iter().map(|note| format!("`{spec}`: {note}")).collect();
    if build.capped_lints {
        notes
            .push(format!("`{spec}` denies lints that this compiler raises; they were capped for the build"));
    }
    let broken =
        |suite: &BrokenSuite| format!("`{}` does not build at `{spec}`: {}", suite.name, suite.reason);
    notes.extend(build.broken.iter().map(broken));
    notes
}

/// A tree of its own for a side with the benchmarks of the lender in it.
fn lend_benches(
    target: &Target,
    side: &Source,
    lender: &Source,
    trees: &Path,
) -> Outcome<(Source, Vec<String>)> {
    let source = target.branch_off(side, &lender.revision.id, trees)?;
    let dir = |source: &Source| source.tree.join(&source.manifest_rel);
    let lent = cargo::overlay_benches(&dir(lender), &dir(&source))?;
    Ok((source, lent))
}

/// A suite's executable as the harness wants it.
pub fn executable(suite: &BuiltSuite) -> Executable {
    Executable { path: suite.executable.clone(), cwd: suite.cwd.clone(), env: suite.env.clone() }
}

impl Prepared {
    /// The executables of some suites, in their order; `None` where a side has none.
    pub fn executables(&self, suites: &[SuiteRecord]) -> Vec<Option<ByRole<Executable>>> {
        self.built(suites).into_iter().map(|built| built.map(|built| built.map(executable))).collect()
    }

    /// What was built of some suites, in their order; `None` where a side has none.
    pub fn built(&self, suites: &[SuiteRecord]) -> Vec<Option<ByRole<&BuiltSuite>>> {
        let built = |name: &str, role: Role| {
            let suites = &self.sides.get(role).build.suites;
            suites.iter().find(|built| built.name == name).ok_or(())
        };
        suites.iter().map(|suite| ByRole::try_from_fn(|role| built(&suite.name, role)).ok()).collect()
    }

    /// The machine, and what the candidate was built with on it.
    ///
    /// # Errors
    /// When the machine does not tell what decides comparability.
    pub fn environment(&self, places: &Places) -> Outcome<Environment> {
        let build = &self.sides.candidate.build;
        environment::capture(&environment::Subject {
            toolchain: &self.toolchain.facts(),
            cargo_version: &self.toolchain.cargo_version,
            target: &build.target,
            profile: &build.profile,
            rustflags: &build.rustflags,
            linker: None,
            work_dir: &places.work,
        })
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
