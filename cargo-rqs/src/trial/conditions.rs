//! The conditions of the host, as several commands look at them: facts, checks, what may be changed, what was put back.

use std::path::Path;
use std::time::Duration;

use super::granted;
use crate::analysis::conditions;
use crate::host::environment;
use crate::host::facts::{self, Inquiry};
use crate::host::terminal::Terminal;
use crate::host::tuning::{Refusal, Restored};
use crate::model::check::{self, Check};
use crate::model::facts::Facts;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::item::Item;
use crate::model::tuning::{Change, Tuning};
use crate::report::checks;
use crate::report::escape::visible;

/// The facts that the conditions of the host are judged by; watches the host for some time. `cpus` as typed.
pub fn gather_facts(cpus: Option<&[u32]>, sysroot: &Path, folder: &Path, watch_ms: u64) -> Outcome<Facts> {
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
pub fn check_host(
    cpus: Option<&[u32]>,
    sysroot: &Path,
    folder: &Path,
    watch_ms: u64,
) -> Outcome<(Facts, Vec<Check>)> {
    let facts = gather_facts(cpus, sysroot, folder, watch_ms)?;
    let checks = conditions::check(&facts);
    Ok((facts, checks))
}

/// The failure of a host that does not meet what is demanded of it.
pub fn unmet(checks: &[Check], required: &[Item], strict: bool) -> Failure {
    let mut failure = Failure::new(Exit::HostCheck, "the host does not meet what is required of it");
    failure.causes = check::failed(checks, required, strict).into_iter().map(checks::cause).collect();
    failure.hint("`cargo rqs env check` explains each; `[env] require` in `rqs.toml` says what is required")
}

/// The changes that this process may make, and those that need other rights.
pub fn permitted(plan: &Tuning, sysroot: &Path) -> (Tuning, Vec<Change>) {
    let (changes, mut forbidden): (Vec<_>, Vec<_>) =
        plan.changes.iter().cloned().partition(|change| facts::may_write(sysroot, &change.path));
    forbidden.retain(|change| !change.holds());
    (Tuning { changes, left: plan.left.clone() }, forbidden)
}

/// Says what was put back.
pub fn say_restored(restored: &Restored, terminal: &mut Terminal) -> Outcome<()> {
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
