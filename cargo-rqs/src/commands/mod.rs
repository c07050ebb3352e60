//! One recipe per subcommand: fetch from `host`, decide in the pure rooms, hand back to `host`. Commands do not import
//! one another; what they share is here.

pub mod bench;
pub mod env;
pub mod list;
pub mod show;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rqs_harness::process::Conditions;

use crate::analysis::comparison::Comparison;
use crate::analysis::conditions;
use crate::host::environment;
use crate::host::facts::{self, Inquiry};
use crate::host::lock::HostTurn;
use crate::host::revisions::Target;
use crate::host::terminal::Terminal;
use crate::host::tuning::{Refusal, Restored};
use crate::model::check::{self, Check};
use crate::model::facts::Facts;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::item::Item;
use crate::model::record::{Placement, RunRecord};
use crate::model::tuning::{Change, Tuning};
use crate::report::escape::visible;
use crate::report::paint::Paint;
use crate::report::{Details, checks, json, markdown, text};

/// A format of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For tools.
    Json,
    /// For comments on pull requests.
    Markdown,
}

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// In which format.
    pub format: Format,
    /// Whether the resources of every benchmark are shown.
    pub resources: bool,
    /// Whether the whole ledger of disturbances is shown.
    pub ledger: bool,
}

impl Output {
    /// A format without anything that has to be asked for.
    pub fn of(format: Format) -> Output {
        Output { format, resources: false, ledger: false }
    }
}

/// Prints a judged run to standard output.
fn print_run(
    terminal: &mut Terminal,
    output: Output,
    record: &RunRecord,
    comparison: &Comparison,
    path: &Path,
) -> Outcome<()> {
    let path = path.to_string_lossy();
    let details = Details { resources: output.resources, ledger: output.ledger };
    let rendered = match output.format {
        Format::Text => {
            text::render(record, comparison, &path, details, terminal.result_width(), paint(terminal))
        }
        Format::Json => json::render(record, comparison, &path, details),
        Format::Markdown => markdown::render(record, comparison, &path),
    };
    terminal.result(&rendered)
}

fn paint(terminal: &Terminal) -> Paint {
    if terminal.paints_results() { Paint::Ansi } else { Paint::Plain }
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
fn host_turn(around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<HostTurn> {
    let turn = HostTurn::wait(|| {
        terminal.status("waiting for another run to finish measuring on this host");
        !around.interrupted.load(Ordering::Relaxed)
    })?;
    turn.ok_or_else(|| Failure::incomplete("interrupted").cause("another run is measuring on this host"))
}

/// How processes are placed, for a record.
fn placement(conditions: &Conditions) -> Placement {
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
}

/// The facts that the conditions of the host are judged by; watches the host for some time. `cpus` as typed.
fn gather_facts(cpus: Option<&[u32]>, sysroot: &Path, folder: &Path, watch_ms: u64) -> Outcome<Facts> {
    let elsewhere = sysroot != Path::new("/");
    // Of another machine, nothing tells which cores a process may use.
    let bench_cores = match elsewhere {
        true => cpus.unwrap_or_default().to_vec(),
        false => granted(cpus)?.bench_cpus,
    };
    let mut facts = facts::gather(&Inquiry {
        root: sysroot.to_owned(),
        bench_cores,
        interval: Duration::from_millis(watch_ms),
        folder: folder.to_owned(),
        virtualisation: environment::virtualisation(),
    });
    if elsewhere && cpus.is_none() {
        facts.bench_cores = facts.online().iter().last().into_iter().collect();
    }
    Ok(facts)
}

/// How the conditions of the host stand, the worst first, with the facts behind them.
fn check_host(
    cpus: Option<&[u32]>,
    sysroot: &Path,
    folder: &Path,
    watch_ms: u64,
) -> Outcome<(Facts, Vec<Check>)> {
    let facts = gather_facts(cpus, sysroot, folder, watch_ms)?;
    let checks = conditions::check(&facts);
    Ok((facts, checks))
}

/// Where and how benchmark processes may run on this machine.
fn granted(cpus: Option<&[u32]>) -> Outcome<Conditions> {
    Conditions::granted(cpus)
        .map_err(|what| Failure::usage(what).hint("name allowed cores with `--cpu`, or `--cpu none`"))
}

/// The failure of a host that does not meet what is demanded of it.
fn unmet(checks: &[Check], required: &[Item], strict: bool) -> Failure {
    let mut failure = Failure::new(Exit::HostCheck, "the host does not meet what is required of it");
    failure.causes = check::failed(checks, required, strict).into_iter().map(checks::cause).collect();
    failure.hint("`cargo rqs env check` explains each; `[env] require` in `rqs.toml` says what is required")
}

/// The changes that this process may make, and those that need other rights.
fn permitted(plan: &Tuning, sysroot: &Path) -> (Tuning, Vec<Change>) {
    let (changes, mut forbidden): (Vec<_>, Vec<_>) =
        plan.changes.iter().cloned().partition(|change| facts::may_write(sysroot, &change.path));
    forbidden.retain(|change| !change.holds());
    (Tuning { changes, left: plan.left.clone() }, forbidden)
}

/// Says what was put back.
fn say_restored(restored: &Restored, terminal: &mut Terminal) -> Outcome<()> {
    let undone = match restored {
        Restored::Nothing => return Ok(()),
        Restored::GoneWithTheBoot => {
            terminal.say("the machine was booted since it was tuned, so its settings are back already");
            return Ok(());
        }
        Restored::Undone(undone) => undone,
    };
    for (entry, text) in &undone.foreign {
        let path = visible(&entry.path);
        terminal.say(&format!("note: somebody else had set /{path} to {} meanwhile", visible(text)));
    }
    for entry in &undone.gone {
        terminal.say(&format!("note: /{} is not there any more", visible(&entry.path)));
    }
    let count = |count: usize| crate::report::numbers::count(count as u64, "setting");
    let back = undone.back.len();
    terminal.say(&format!("put back {}, {} unchanged", count(back), undone.untouched));
    if undone.failed.is_empty() {
        return Ok(());
    }
    const MOST_CAUSES: usize = 5;
    let mut failure = Failure::incomplete(format!("cannot put back {}", count(undone.failed.len())));
    let cause = |refusal: &Refusal| format!("/{}: {}", visible(&refusal.entry.path), visible(&refusal.why));
    failure.causes = undone.failed.iter().take(MOST_CAUSES).map(cause).collect();
    if let Some(more) = undone.failed.len().checked_sub(MOST_CAUSES).filter(|more| *more > 0) {
        failure.causes.push(format!("and {more} more"));
    }
    let program = facts::own_program();
    Err(failure.hint(format!(
        "`sudo {program} env restore` may write them; what they were is kept until everything is back"
    )))
}
