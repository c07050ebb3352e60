//! A trial: two sides are laid out, built and listed, and their benchmarks measured in alternation until every one is
//! decided. What the commands do with two revisions begins here; which revisions, why, and what is kept of it is theirs.
//!
//! In which order: [`Sides::lay_out`] resolves both revisions and their dependencies; [`prepare::LaidOut::build`] builds
//! them; [`suites::list`] asks both for their benchmarks; [`measure::Measuring`] measures a [`Trial`].

pub mod conditions;
mod focus;
pub mod identity;
mod lanes;
pub mod measure;
pub mod prepare;
mod progress;
pub mod readiness;
pub mod suites;
mod temper;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rqs_harness::process::Conditions;

use crate::host::cargo::BuildOptions;
use crate::host::lock::HostTurn;
use crate::host::revisions::Target;
use crate::host::terminal::Terminal;
use crate::model::failure::{Failure, Outcome};
use crate::model::ledger::LedgerEntry;
use crate::model::policy::{Budget, Policy};
use crate::model::record::{Placement, RunRecord, SuiteRecord};
use crate::model::revision::RevisionSpec;
use crate::model::{Counter, Counters};

/// Two revisions, and how both are built.
#[derive(Clone, Debug)]
pub struct Sides {
    /// The revision to compare with.
    pub baseline: RevisionSpec,
    /// The revision that is judged; by default the work tree if it is dirty, else `HEAD`.
    pub candidate: Option<RevisionSpec>,
    /// Whether the baseline measures the candidate's benchmarks.
    pub benches_from_candidate: bool,
    /// Toolchain for both sides.
    pub toolchain: Option<String>,
    /// What to build.
    pub build: BuildOptions,
}

/// Which benchmarks.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// A regular expression, or a whole name; all of them when absent.
    pub filter: Option<String>,
    /// Whether the filter is a whole name.
    pub exact: bool,
    /// Measure identical code too.
    pub measure_identical: bool,
}

/// Where and how benchmark processes run, and what is done to the host for it.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Cores for the benchmarks; empty for none in particular.
    pub cpus: Option<Vec<u32>>,
    /// Seconds of silence after which a benchmark counts as hung.
    pub hang_timeout_s: u64,
    /// What to count in the benchmarks; empty for nothing.
    pub counters: Vec<Counter>,
    /// Whether to count in benchmarks with threads of their own too.
    pub count_threads: bool,
    /// Tune the host for the run, and put everything back afterwards.
    pub tune: bool,
    /// Measure nothing where a condition of the host is a blocker.
    pub strict: bool,
}

/// Seconds of silence after which a benchmark counts as hung, where nothing else is said.
pub const USUAL_HANG_TIMEOUT_S: u64 = 120;

impl Seat {
    /// Some cores, with nothing counted and the host left as it is.
    pub fn plain(cpus: Option<Vec<u32>>, hang_timeout_s: u64) -> Seat {
        let counters = Vec::new();
        Seat { cpus, hang_timeout_s, counters, count_threads: false, tune: false, strict: false }
    }

    /// The conditions that this machine grants, and what became of the counters that were asked for.
    ///
    /// # Errors
    /// When cores are named that there are not.
    pub fn conditions(&self) -> Outcome<(Conditions, Option<Counters>)> {
        let mut conditions = granted(self.cpus.as_deref())?;
        conditions.hang_timeout_s = self.hang_timeout_s;
        let counters =
            (!self.counters.is_empty()).then(|| conditions.count(&self.counters, self.count_threads));
        Ok((conditions, counters))
    }
}

/// What is to be measured by which rules, and what has come of it so far.
pub struct Trial<'a> {
    /// The suites; their benchmarks take the epochs in.
    pub suites: &'a mut Vec<SuiteRecord>,
    /// What counts as a change.
    pub policy: Policy,
    /// What may be spent.
    pub budget: Budget,
    /// Which counters were asked for; takes in what cannot be counted.
    pub counters: Option<&'a mut Counters>,
    /// Takes in what happened on the machine during each epoch.
    pub ledger: &'a mut Vec<LedgerEntry>,
    /// Takes in what the reader should know.
    pub notes: &'a mut Vec<String>,
}

impl<'a> Trial<'a> {
    /// The trial of a run.
    pub fn of(record: &'a mut RunRecord) -> Trial<'a> {
        Trial {
            suites: &mut record.suites,
            policy: record.policy,
            budget: record.budget,
            counters: record.counters.as_mut(),
            ledger: &mut record.ledger,
            notes: &mut record.notes,
        }
    }
}

/// What commands need from outside.
pub struct Surroundings<'a> {
    /// The directory that the user is in.
    pub current_dir: &'a Path,
    /// Directory of the results as typed.
    pub results: Option<&'a Path>,
    /// True once the user asks to stop.
    pub interrupted: &'a AtomicBool,
}

/// Two runs at once would disturb each other's numbers, whatever repositories they are about.
pub fn host_turn(around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<HostTurn> {
    let turn = HostTurn::wait(|| {
        terminal.status("waiting for another run to finish measuring on this host");
        !around.interrupted.load(Ordering::Relaxed)
    })?;
    turn.ok_or_else(|| Failure::incomplete("interrupted").cause("another run is measuring on this host"))
}

/// How processes are placed, for a record.
pub fn placement(conditions: &Conditions) -> Placement {
    Placement {
        bench_cpus: conditions.bench_cpus.clone(),
        coordinator_cpu: conditions.coordinator_cpu(),
        scheduling: if conditions.fifo { "fifo" } else { "other" }.into(),
        aslr_off: conditions.aslr_off,
    }
}

/// The directories of a target.
#[derive(Clone, Debug)]
pub struct Places {
    /// Where results are kept and committed.
    pub results: PathBuf,
    /// Where the tool keeps what it can make again.
    pub work: PathBuf,
}

impl Places {
    /// The directories for a target; `results` as the user typed it.
    pub fn of(target: &Target, results: Option<&Path>, current_dir: &Path) -> Places {
        let root = target.repository_root().unwrap_or(target.manifest_dir());
        let results = results.map_or_else(|| root.join("results"), |typed| current_dir.join(typed));
        Places { results, work: root.join("target").join("rqs") }
    }

    /// Where executables are kept.
    pub fn executables(&self) -> PathBuf {
        self.work.join("executables")
    }
}

/// Where and how benchmark processes may run on this machine.
pub fn granted(cpus: Option<&[u32]>) -> Outcome<Conditions> {
    Conditions::granted(cpus)
        .map_err(|what| Failure::usage(what).hint("name allowed cores with `--cpu`, or `--cpu none`"))
}

/// The target that the user is in, and its directories.
///
/// # Errors
/// When there is no package here.
pub fn find_target(around: &Surroundings<'_>) -> Outcome<(Target, Places)> {
    let target = Target::discover(around.current_dir)?;
    let places = Places::of(&target, around.results, around.current_dir);
    let target = target.leaving_out(&places.results).leaving_out(&places.work);
    Ok((target, places))
}
