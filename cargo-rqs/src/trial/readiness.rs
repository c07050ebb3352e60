//! Readies the host for a run: tunes it if asked to, checks its conditions, and leaves it as it was.

use std::path::Path;

use super::Seat;
use super::conditions::{check_host, gather_facts, permitted, say_restored, unmet};
use crate::analysis::tuning::{self, Permission};
use crate::host::clock;
use crate::host::terminal::Terminal;
use crate::host::tuning::{Guard, Standing, Workbench};
use crate::model::check::{self, Check, Status};
use crate::model::config::EnvConfig;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::item::Item;
use crate::model::tuning::{Purpose, UndoEntry};
use crate::report::{checks, tuning as tuned_text};

/// How long the host is watched before a run.
const WATCH_MS: u64 = 250;

/// A host that is ready for a run. When it is dropped without [`Ready::leave`], its guardian puts the settings back.
pub struct Ready {
    tuned: Option<Tuned>,
    notes: Vec<String>,
}

struct Tuned {
    workbench: Workbench,
    id: String,
    /// Dropped last: it acts when nobody else did.
    _guard: Guard,
}

/// Tunes the host if asked to, and checks it.
///
/// # Errors
/// Exit code 7 when a demand is not met; 101 when tuning is impossible.
pub fn enter(seat: &Seat, demands: &EnvConfig, work: &Path, terminal: &mut Terminal) -> Outcome<Ready> {
    let mut ready = match seat.tune {
        true => tune(seat, work, terminal)?,
        false => {
            warn_of_leftovers(terminal);
            Ready { tuned: None, notes: Vec::new() }
        }
    };
    let (_, found) = check_host(seat.cpus.as_deref(), Path::new("/"), work, WATCH_MS)?;
    for line in checks::warnings(&found) {
        terminal.say(&line);
    }
    if !check::failed(&found, &demands.require, seat.strict).is_empty() {
        return Err(unmet(&found, &demands.require, seat.strict));
    }
    ready.notes.extend(note_of_blockers(&found));
    Ok(ready)
}

fn note_of_blockers(found: &[Check]) -> Option<String> {
    let blockers = found.iter().filter(|check| check.status == Status::Blocker);
    let words: Vec<String> = blockers.map(|check| format!("{} ({})", check.item, check.value)).collect();
    (!words.is_empty()).then(|| format!("the host was not at its best: {}", words.join("; ")))
}

/// Settings that a killed run left spoil this one too, one way or the other.
fn warn_of_leftovers(terminal: &mut Terminal) {
    match Workbench::of(Path::new("/")).standing() {
        Ok(Some(Standing { journal, of_another_boot: false, owner_lives: false, changed, .. }))
            if journal.purpose == Purpose::Run =>
        {
            terminal.say(&format!(
                "warning: a run that was killed left {} settings of the host changed; `cargo rqs env restore` puts \
                 them back",
                changed.len()
            ));
        }
        Ok(_) => {}
        // A run that does not tune needs no journal; whoever tunes or restores is told the whole of it.
        Err(failure) => terminal.say(&format!("warning: {}", failure.message)),
    }
}

fn tune(seat: &Seat, work: &Path, terminal: &mut Terminal) -> Outcome<Ready> {
    let root = Path::new("/");
    let workbench = Workbench::of(root);
    if let Some(standing) = workbench.standing()?.filter(|standing| !standing.of_another_boot) {
        if standing.journal.purpose == Purpose::Kept || standing.owner_lives {
            terminal.say("the host is tuned already; its settings stay as they are (`cargo rqs env status`)");
            let notes = vec!["the host was tuned before this run".to_owned()];
            return Ok(Ready { tuned: None, notes });
        }
        terminal.say("a run that was killed left settings of the host changed");
        say_restored(&workbench.restore(Some(&standing.journal.id))?, terminal)?;
    }
    let facts = gather_facts(seat.cpus.as_deref(), root, work, 0)?;
    let plan = tuning::plan(&facts, Permission::default());
    let (allowed, forbidden) = permitted(&plan, root);
    for left in &plan.left {
        terminal.say(&format!("note: {left}"));
    }
    if !forbidden.is_empty() {
        terminal.say(&format!(
            "note: {} of {} settings that are wrong may only be changed by root; `cargo rqs env tune --dry-run` names them",
            forbidden.len(),
            plan.changes.len()
        ));
    }
    if allowed.changes.is_empty() {
        terminal.say("nothing is tuned for this run");
        return Ok(Ready { tuned: None, notes: Vec::new() });
    }
    let id = format!("{:016x}", clock::random_seed());
    // From here on, whatever ends this process, the guardian puts back what was changed.
    let guard = Guard::start(root, &id)?;
    let applied = workbench.apply(&allowed, Purpose::Run, &id, clock::now_unix_s())?;
    let refused: Vec<_> =
        applied.refused.iter().map(|refusal| (&refusal.entry, refusal.why.as_str())).collect();
    tuned_text::refusals(&refused).lines().for_each(|line| terminal.say(line));
    let note = format!("the host was tuned for this run: {}", names(&applied.set));
    terminal.say(&format!("tuned for this run: {}", names(&applied.set)));
    Ok(Ready { tuned: Some(Tuned { workbench, id, _guard: guard }), notes: vec![note] })
}

/// The conditions that were mended, each once.
fn names(set: &[UndoEntry]) -> String {
    let mut items: Vec<Item> = set.iter().map(|entry| entry.item).collect();
    items.sort();
    items.dedup();
    match items.is_empty() {
        true => "nothing".to_owned(),
        false => items.iter().map(|item| item.id()).collect::<Vec<_>>().join(", "),
    }
}

impl Ready {
    /// What the reader of the run's record should know of the host.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Leaves the host as it was, and gives the outcome of the run.
    ///
    /// # Errors
    /// Those of the run; after a clean run, also that a setting could not be put back.
    pub fn leave(self, ended: Outcome<Exit>, terminal: &mut Terminal) -> Outcome<Exit> {
        let Some(tuned) = self.tuned else { return ended };
        let restored = tuned.workbench.restore(Some(&tuned.id));
        let restored = restored.and_then(|restored| say_restored(&restored, terminal));
        match (ended, restored) {
            (ended, Ok(())) => ended,
            (Ok(Exit::Clean), Err(failure)) => Err(failure),
            (ended, Err(failure)) => {
                terminal.say(&Failure::to_string(&failure));
                ended
            }
        }
    }
}
