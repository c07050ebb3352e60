//! `env check`: how the conditions of the host stand, the worst first.

use std::path::Path;

use crate::commands::{Format, Output, paint};
use crate::host::config;
use crate::host::terminal::Terminal;
use crate::model::check;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::report::checks;
use crate::trial::conditions::{check_host, unmet};

/// What was asked for.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// Cores for the benchmarks as typed; empty: none in particular.
    pub cpus: Option<Vec<u32>>,
    /// Exit with 7 at any blocker.
    pub strict: bool,
    /// The root of `/proc` and `/sys`.
    pub sysroot: std::path::PathBuf,
    /// How the result is printed.
    pub output: Output,
}

/// Checks the host and prints what was found.
///
/// # Errors
/// When a core may not be used, the configuration is not understood, or the output cannot be written.
pub fn run(options: &CheckOptions, current_dir: &Path, terminal: &mut Terminal) -> Outcome<Exit> {
    let config = config::find(current_dir)?;
    terminal.status("watching the host for half a second");
    let (facts, found) = check_host(options.cpus.as_deref(), &options.sysroot, current_dir, 500)?;
    let failed = check::failed(&found, &config.env.require, options.strict);
    let failed: Vec<_> = failed.iter().map(|check| check.item).collect();
    let text = match options.output.format {
        Format::Text => checks::render(&found, &facts.bench_cores, &failed, paint(terminal)),
        Format::Json => checks::json(&found, &facts.bench_cores, &failed),
        Format::Markdown => return Err(Failure::usage("`env check` prints text or JSON")),
    };
    terminal.result(&text)?;
    match failed.is_empty() {
        true => Ok(Exit::Clean),
        false => Err(unmet(&found, &config.env.require, options.strict)),
    }
}
