//! One recipe per subcommand: fetch from `host`, decide in the pure rooms, hand back to `host`. Commands do not import
//! one another; what they share is here.

pub mod accept;
pub mod bench;
pub mod bisect;
pub mod calibrate;
pub mod compare;
pub mod deps;
pub mod env;
pub mod fsck;
pub mod list;
pub mod query;
pub mod schema;
pub mod show;
pub mod trend;

use std::path::{Path, PathBuf};

use crate::analysis::comparison::Comparison;
use crate::host::cargo::{Configured, Toolchain};
use crate::host::environment::{self, Subject};
use crate::host::revisions::Target;
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::model::calibration::CalibrationRecord;
use crate::model::environment::Environment;
use crate::model::failure::{Exit, Outcome};
use crate::model::record::RunRecord;
use crate::report::calibration::line::Known;
use crate::report::paint::Paint;
use crate::report::{Details, calibration, json, markdown, text};
use crate::trial::{Places, Surroundings};

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

/// Prints a calibration that lies in these files to standard output.
fn print_calibration(
    terminal: &mut Terminal,
    format: Format,
    record: &CalibrationRecord,
    paths: &[PathBuf],
) -> Outcome<()> {
    let paths: Vec<_> = paths.iter().map(|path| path.to_string_lossy()).collect();
    let rendered = match format {
        Format::Text => calibration::render(record, &paths, paint(terminal)),
        Format::Json => calibration::json::render(record, &paths),
        Format::Markdown => calibration::markdown::render(record, &paths),
    };
    terminal.result(&rendered)
}

/// What the stored calibrations tell of false alarms in an environment, judged by this version of the tool.
fn known_rate(store: &Store, environment: &str) -> Outcome<Known> {
    let records =
        store.calibration_ids()?.iter().map(|id| store.read_calibration(id)).collect::<Outcome<Vec<_>>>()?;
    Ok(Known::of(&records, environment, env!("CARGO_PKG_VERSION")))
}

/// Where records are looked up: the package's results, or what was typed; outside of a package there may still be a
/// folder of results.
fn store_of(around: &Surroundings<'_>) -> Store {
    let places = Target::discover(around.current_dir)
        .map(|target| Places::of(&target, around.results, around.current_dir).results);
    let typed = || around.current_dir.join(around.results.unwrap_or("results".as_ref()));
    Store::open(&places.unwrap_or_else(|_| typed()))
}

/// The environment of the package in the user's directory, or of the machine alone where there is no package.
struct Here {
    environment: Environment,
    places: Option<Places>,
}

/// Captures the environment as `bench` would record it.
fn here(toolchain: Option<&str>, around: &Surroundings<'_>) -> Outcome<Here> {
    let target = match Target::discover(around.current_dir) {
        Ok(target) => Some(target),
        // There is no package here; a repository that cannot be opened is another matter.
        Err(failure) if failure.exit == Exit::Usage => None,
        Err(failure) => return Err(failure),
    };
    let dir = target.as_ref().map_or(around.current_dir, Target::manifest_dir);
    let toolchain = Toolchain::resolve(toolchain, dir)?;
    let configured = match &target {
        Some(target) => Configured::of_package(target.repository_root().unwrap_or(dir), dir, &toolchain)?,
        None => Configured::of_directory(dir, &toolchain)?,
    };
    let places = target.as_ref().map(|target| Places::of(target, around.results, around.current_dir));
    let environment = environment::capture(&Subject {
        toolchain: &toolchain.facts(),
        cargo_version: &toolchain.cargo_version,
        target: &configured.target,
        profile: &configured.profile,
        rustflags: &configured.rustflags,
        linker: Some(&configured.linker),
        work_dir: places.as_ref().map_or(dir, |places| &places.work),
    })?;
    Ok(Here { environment, places })
}

fn paint(terminal: &Terminal) -> Paint {
    if terminal.paints_results() { Paint::Ansi } else { Paint::Plain }
}
