//! Changes settings of the host for a run, and undoes it exactly. Before the first change, everything that is about to
//! be overwritten is written into a journal and safe on the disk; so whatever happens to the process, the settings
//! can be put back, byte for byte, until the machine is booted again.
#![allow(clippy::disallowed_methods, reason = "this room owns the host's settings and their journal")]

mod execute;
mod guard;
mod journal;
mod kernel;

#[cfg(test)]
mod fake_kernel;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use execute::{Refusal, Undone};
pub use guard::{Guard, await_end_of_owner};

use crate::model::failure::{Failure, Outcome};
use crate::model::tuning::{Purpose, Tuning, UndoEntry, UndoJournal};
use journal::Drawer;
use kernel::{Kernel, Root};

/// The place where the settings of one root are changed and restored.
#[derive(Debug)]
pub struct Workbench {
    root: PathBuf,
    drawer: Drawer,
}

/// A journal that is there: settings were changed and not put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The journal.
    pub journal: UndoJournal,
    /// Where it lies.
    pub path: PathBuf,
    /// Whether the machine was booted since, so that the settings are gone by themselves.
    pub of_another_boot: bool,
    /// Whether the process that changed them still runs.
    pub owner_lives: bool,
    /// Those of the settings that read otherwise than before.
    pub changed: Vec<UndoEntry>,
}

/// What became of a tuning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// What was set, in order.
    pub set: Vec<UndoEntry>,
    /// What the kernel did not take, and why.
    pub refused: Vec<Refusal>,
}

/// What became of a restoration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restored {
    /// There is no journal.
    Nothing,
    /// The journal was of another boot and is removed: its settings ended with that boot.
    GoneWithTheBoot,
    /// The settings of the journal, and how each of them fared.
    Undone(Undone),
}

impl Workbench {
    /// The workbench for a root, which is `/` or a folder with a copy of `/proc` and `/sys`.
    pub fn of(root: &Path) -> Workbench {
        Workbench { root: root.to_owned(), drawer: Drawer::of(root) }
    }

    #[cfg(test)]
    fn in_folder(root: &Path, folder: &Path) -> Workbench {
        Workbench { root: root.to_owned(), drawer: Drawer::in_folder(root, folder) }
    }

    /// The journal that is there, if any. Changes nothing.
    ///
    /// # Errors
    /// When a journal is there and cannot be read.
    pub fn standing(&self) -> Outcome<Option<Standing>> {
        self.standing_under(&Root(self.root.clone()))
    }

    fn standing_under(&self, kernel: &impl Kernel) -> Outcome<Option<Standing>> {
        let Some((path, journal)) = self.drawer.read()? else { return Ok(None) };
        let of_another_boot = kernel::boot(kernel)? != journal.boot;
        let owner_lives = !of_another_boot
            && kernel::started_ticks(journal.pid).is_some_and(|ticks| ticks == journal.pid_started_ticks);
        let differs = |entry: &&UndoEntry| kernel.read(&entry.path).is_ok_and(|bytes| bytes != entry.before);
        let changed = journal.entries.iter().filter(differs).cloned().collect();
        Ok(Some(Standing { journal, path, of_another_boot, owner_lives, changed }))
    }

    /// Changes settings. `id` tells this tuning from others; `unix_s` is the present time.
    ///
    /// # Errors
    /// When settings are changed already, or the journal cannot be written; then nothing was changed.
    pub fn apply(&self, tuning: &Tuning, purpose: Purpose, id: &str, unix_s: u64) -> Outcome<Applied> {
        self.apply_under(&Root(self.root.clone()), tuning, purpose, id, unix_s)
    }

    fn apply_under(
        &self,
        kernel: &impl Kernel,
        tuning: &Tuning,
        purpose: Purpose,
        id: &str,
        unix_s: u64,
    ) -> Outcome<Applied> {
        let _lock = self.drawer.lock()?;
        if let Some(standing) = self.standing_under(kernel)? {
            if !standing.of_another_boot {
                return Err(tuned_already(&standing));
            }
            self.drawer.remove(&standing.path)?;
        }
        let pid = std::process::id();
        let journal = UndoJournal {
            format: UndoJournal::FORMAT,
            id: id.to_owned(),
            boot: kernel::boot(kernel)?,
            root: self.root.to_string_lossy().into_owned(),
            purpose,
            pid,
            pid_started_ticks: kernel::started_ticks(pid).unwrap_or(0),
            unix_s,
            entries: execute::entries(kernel, &tuning.changes),
        };
        if journal.entries.is_empty() {
            return Ok(Applied::default());
        }
        let path = self.drawer.write(&journal)?;
        let applied = execute::change(kernel, &journal.entries);
        if applied.set.is_empty() {
            self.drawer.remove(&path)?;
        }
        Ok(applied)
    }

    /// Puts everything back that the journal holds, and removes it once everything is. With an `id`, only the journal
    /// of that name.
    ///
    /// # Errors
    /// When the journal cannot be read or removed. Settings that could not be put back are told in the result, and
    /// their journal stays.
    pub fn restore(&self, id: Option<&str>) -> Outcome<Restored> {
        self.restore_under(&Root(self.root.clone()), id)
    }

    fn restore_under(&self, kernel: &impl Kernel, id: Option<&str>) -> Outcome<Restored> {
        if self.drawer.read()?.is_none() {
            return Ok(Restored::Nothing);
        }
        let _lock = self.drawer.lock()?;
        let Some(standing) = self.standing_under(kernel)? else { return Ok(Restored::Nothing) };
        if id.is_some_and(|id| id != standing.journal.id) {
            return Ok(Restored::Nothing);
        }
        if standing.of_another_boot {
            self.drawer.remove(&standing.path)?;
            return Ok(Restored::GoneWithTheBoot);
        }
        let undone = execute::undo(kernel, &standing.journal.entries);
        if undone.failed.is_empty() {
            self.drawer.remove(&standing.path)?;
        }
        Ok(Restored::Undone(undone))
    }
}

fn tuned_already(standing: &Standing) -> Failure {
    let who = match (standing.journal.purpose, standing.owner_lives) {
        (Purpose::Kept, _) => "`env tune`".to_owned(),
        (Purpose::Run, true) => format!("the run of process {}", standing.journal.pid),
        (Purpose::Run, false) => format!("the run of process {}, which was killed", standing.journal.pid),
    };
    Failure::incomplete("the host is tuned already")
        .cause(format!("{} settings are changed by {who}", standing.changed.len()))
        .cause(format!("what they were is kept in `{}`", standing.path.display()))
        .hint("`cargo rqs env restore` puts them back; `cargo rqs env status` shows them")
}
