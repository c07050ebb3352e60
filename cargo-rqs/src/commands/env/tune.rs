//! `env tune`: changes the settings of the host that are wrong and may be changed, until `env restore`.

use std::path::{Path, PathBuf};

use crate::analysis::conditions;
use crate::analysis::tuning::{self, Permission};
use crate::commands::paint;
use crate::host::clock;
use crate::host::terminal::Terminal;
use crate::host::tuning::Workbench;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::tuning::Purpose;
use crate::report::tuning::{self as text, Outline};
use crate::trial::conditions::{gather_facts, permitted, say_restored};

/// What was asked for.
#[derive(Clone, Debug)]
pub struct TuneOptions {
    /// Cores for the benchmarks as typed; empty: none in particular.
    pub cpus: Option<Vec<u32>>,
    /// Whether the siblings of the benchmark cores may be taken offline.
    pub siblings: bool,
    /// Only say what would be changed.
    pub dry_run: bool,
    /// The root of `/proc` and `/sys`.
    pub sysroot: PathBuf,
}

/// Changes what is wrong, and prints what was changed.
///
/// # Errors
/// When the host is tuned already, the journal cannot be written, or nothing that is wrong could be changed.
pub fn run(options: &TuneOptions, current_dir: &Path, terminal: &mut Terminal) -> Outcome<Exit> {
    let workbench = Workbench::of(&options.sysroot);
    if !options.dry_run
        && let Some(standing) = workbench.standing()?
        && standing.journal.purpose == Purpose::Run
        && !standing.owner_lives
    {
        // A run that was killed left it; the host is as nobody wanted it.
        let restored = workbench.restore(Some(&standing.journal.id))?;
        say_restored(&restored, terminal)?;
    }
    let facts = gather_facts(options.cpus.as_deref(), &options.sysroot, current_dir, 0)?;
    let plan = tuning::plan(&facts, Permission { siblings: options.siblings });
    let (allowed, forbidden) = permitted(&plan, &options.sysroot);
    let outline = Outline { plan: &plan.changes, forbidden: &forbidden, left: &plan.left };
    let paint = paint(terminal);
    if options.dry_run || plan.changes.is_empty() {
        terminal.result(&text::outline(&outline, paint))?;
        return Ok(Exit::Clean);
    }
    let id = format!("{:016x}", clock::random_seed());
    let applied = workbench.apply(&allowed, Purpose::Kept, &id, clock::now_unix_s())?;
    let refused: Vec<_> =
        applied.refused.iter().map(|refusal| (&refusal.entry, refusal.why.as_str())).collect();
    terminal.result(&text::applied(&applied.set, &refused, &outline, paint))?;
    match applied.set.is_empty() && !(forbidden.is_empty() && refused.is_empty()) {
        true => Err(Failure::incomplete("none of the settings could be changed")
            .hint(format!("`{}` may change them", conditions::tune_command(&facts)))),
        false => Ok(Exit::Clean),
    }
}
