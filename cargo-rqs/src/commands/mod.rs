//! One recipe per subcommand: fetch from `host`, decide in the pure rooms, hand back to `host`. Commands do not import
//! one another; what they share is here.

pub mod bench;
pub mod env;
pub mod list;
pub mod show;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rqs_harness::process::Conditions;

use crate::analysis::comparison::Comparison;
use crate::host::lock::HostTurn;
use crate::host::revisions::Target;
use crate::host::terminal::Terminal;
use crate::model::failure::{Failure, Outcome};
use crate::model::record::{Placement, RunRecord};
use crate::report::paint::Paint;
use crate::report::{json, markdown, text};

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
    let rendered = match output.format {
        Format::Text => text::render(record, comparison, &path, terminal.result_width(), paint(terminal)),
        Format::Json => json::render(record, comparison, &path),
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
