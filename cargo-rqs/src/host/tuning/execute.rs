//! Changing settings one after the other, and undoing it in the reverse order until everything reads as it did.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};

use super::Applied;
use super::kernel::Kernel;
use crate::model::tuning::{Change, UndoEntry, reads_as};

/// Undoing one setting may move another one that was undone before, as a governor moves boost.
const ROUNDS: usize = 3;

/// A setting that could not be set, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The setting.
    pub entry: UndoEntry,
    /// Why.
    pub why: String,
}

/// How the settings of a journal fared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// They read again as they did.
    pub back: Vec<UndoEntry>,
    /// They were never changed, or are back already.
    pub untouched: usize,
    /// Somebody else had changed them meanwhile, to this; they read again as they did before the tuning.
    pub foreign: Vec<(UndoEntry, String)>,
    /// They exist no more, with the device they belonged to.
    pub gone: Vec<UndoEntry>,
    /// They do not read as they did.
    pub failed: Vec<Refusal>,
}

/// What the journal has to hold for some changes: each setting as it reads now. Nothing when nothing is to be changed.
pub(super) fn entries(kernel: &impl Kernel, changes: &[Change]) -> Vec<UndoEntry> {
    let entry = |change: &Change| {
        // A setting that has vanished since it was planned needs no change.
        let before = kernel.read(&change.path).ok()?;
        Some(UndoEntry::from(&Change { before, ..change.clone() }))
    };
    let entries: Vec<UndoEntry> = changes.iter().filter_map(entry).collect();
    if entries.iter().all(UndoEntry::holds) { Vec::new() } else { entries }
}

/// Sets everything; what the kernel does not take is told, and does not keep the rest from being set.
pub(super) fn change(kernel: &impl Kernel, entries: &[UndoEntry]) -> Applied {
    let mut applied = Applied::default();
    for entry in entries {
        match kernel.write(&entry.path, entry.wrote.as_bytes()).and_then(|()| kernel.read(&entry.path)) {
            Ok(bytes) if reads_as(&bytes, &entry.wrote) => {
                applied.set.extend((!entry.holds()).then(|| entry.clone()));
            }
            Ok(bytes) => applied.refused.push(refusal(entry, &format!("it reads {}", shown(&bytes)))),
            Err(error) => applied.refused.push(refusal(entry, &error.to_string())),
        }
    }
    // A setting that took something else than was written has to be put back as well.
    let moved = |refusal: &&Refusal| {
        kernel.read(&refusal.entry.path).is_ok_and(|bytes| bytes != refusal.entry.before)
    };
    let moved: Vec<UndoEntry> =
        applied.refused.iter().filter(moved).map(|refusal| refusal.entry.clone()).collect();
    undo(kernel, &moved);
    applied
}

/// Puts everything back, the last change first, and looks whether it is.
pub(super) fn undo(kernel: &impl Kernel, entries: &[UndoEntry]) -> Undone {
    let mut undone = Undone::default();
    let mut touched: Vec<&UndoEntry> = Vec::new();
    for entry in entries {
        match kernel.read(&entry.path) {
            Ok(bytes) if bytes == entry.before => undone.untouched += 1,
            Ok(bytes) => {
                touched.push(entry);
                if !reads_as(&bytes, &entry.wrote) {
                    undone.foreign.push((entry.clone(), shown(&bytes)));
                }
            }
            Err(_) => touched.push(entry),
        }
    }
    let mut errors = BTreeMap::new();
    for _ in 0..ROUNDS {
        errors.clear();
        let mut changed = false;
        for entry in entries.iter().rev() {
            if kernel.read(&entry.path).is_ok_and(|bytes| bytes == entry.before) {
                continue;
            }
            changed = true;
            if let Err(error) = kernel.write(&entry.path, &entry.write_back) {
                errors.insert(entry.path.as_str(), error);
            }
        }
        if !changed {
            break;
        }
    }
    for entry in entries {
        match kernel.read(&entry.path) {
            Ok(bytes) if bytes == entry.before => {
                undone.back.extend(touched.contains(&entry).then(|| entry.clone()));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => undone.gone.push(entry.clone()),
            read => undone.failed.push(refusal(entry, &still(&read, errors.get(entry.path.as_str())))),
        }
    }
    undone
}

/// Why a setting is not as it was.
fn still(read: &io::Result<Vec<u8>>, written: Option<&io::Error>) -> String {
    match (written, read) {
        (Some(error), _) | (None, Err(error)) => error.to_string(),
        (None, Ok(bytes)) => format!("it reads {}", shown(bytes)),
    }
}

fn refusal(entry: &UndoEntry, why: &str) -> Refusal {
    Refusal { entry: entry.clone(), why: why.to_owned() }
}

fn shown(bytes: &[u8]) -> String {
    format!("`{}`", String::from_utf8_lossy(bytes).trim())
}
