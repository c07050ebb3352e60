//! Fresh copies of the executables, so that where their pages lie in physical memory is drawn anew for each epoch.
//!
//! The kernel keeps the pages of a file for as long as it lives in the page cache, and every process of it runs from
//! these very pages. Which ones they are moves a benchmark by a percent and more, the same way in every epoch: of equal
//! executables one was measured 0.7 % faster in ten runs on end, and 1 % slower once its file had been copied. No
//! number of epochs sees through that, unless each has its own pages.
//!
//! A plain copy is not enough: the pages that the last copies gave back are the first to be handed out again, in the
//! same order. So both copies are written at once, piece by piece in an order of coins, and each pool of free pages is
//! dealt to both like cards.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use super::stage::{MeasureError, system};
use crate::coin::Coins;
use crate::contract::{ByRole, Role};
use crate::process::Executable;

/// What is written in one go: a page, so that each is dealt on its own.
const PIECE: usize = 4096;

/// Ends the names of the copies. They stand beside their originals, where `$ORIGIN` and `current_exe` lead to the same
/// folder.
const SUFFIX: &str = ".epoch";

/// Copies of both executables, removed when this is dropped.
pub struct Copies {
    executables: ByRole<Executable>,
}

impl Copies {
    /// Copies both executables. Both are written before any process starts: a child that inherits a descriptor open
    /// for writing would keep its executable from starting.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn of(originals: &ByRole<Executable>, coins: &mut Coins) -> Result<Copies, MeasureError> {
        let executables = originals.as_ref().map(|original| {
            let mut path = original.path.clone().into_os_string();
            path.push(SUFFIX);
            Executable { path: path.into(), ..original.clone() }
        });
        // From here on what was written is removed, whatever happens.
        let copies = Copies { executables };
        let cannot = |path: &Path| format!("cannot copy `{}`", path.display());
        let contents = ByRole::try_from_fn(|role| {
            let path = &originals.get(role).path;
            system(std::fs::read(path), || cannot(path))
        })?;
        let files = ByRole::try_from_fn(|role| {
            let path = &copies.executables.get(role).path;
            system(create_afresh(path), || cannot(path))
        })?;
        for (role, number) in dealt(&contents, coins) {
            let start = number * PIECE;
            let piece = contents.get(role).chunks(PIECE).nth(number).unwrap_or_default();
            let written = files.get(role).write_all_at(piece, start as u64);
            system(written, || cannot(&originals.get(role).path))?;
        }
        Ok(copies)
    }

    /// The copies as executables.
    pub fn executables(&self) -> &ByRole<Executable> {
        &self.executables
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        for (_, copy) in self.executables.iter() {
            // What cannot be removed now is replaced by the next epoch.
            let _ = std::fs::remove_file(&copy.path);
        }
    }
}

/// A new file instead of what is there: a file that is only emptied or replaced is written to disk at once by some file
/// systems.
fn create_afresh(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o700).open(path)
}

/// The numbers of all pieces of both sides, in an order of coins.
fn dealt(contents: &ByRole<Vec<u8>>, coins: &mut Coins) -> Vec<(Role, usize)> {
    let pieces = |(role, bytes): (Role, &Vec<u8>)| (0..bytes.len().div_ceil(PIECE)).map(move |k| (role, k));
    let mut pieces: Vec<_> = contents.iter().flat_map(pieces).collect();
    coins.shuffle(&mut pieces);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_run_beside_their_originals_and_are_gone_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let originals = ByRole::from_fn(|role| {
            let path = dir.path().join(role.to_string());
            let script = format!("#!/bin/sh\necho {role}\nexit\n{}", "# much text\n".repeat(10_000));
            std::fs::write(&path, script).unwrap();
            Executable { path, cwd: dir.path().into(), env: Vec::new() }
        });
        std::fs::write(dir.path().join("baseline.epoch"), "left behind by a kill").unwrap();
        let copies = Copies::of(&originals, &mut Coins::new(1)).unwrap();
        for (role, copy) in copies.executables().iter() {
            let original = &originals.get(role).path;
            assert_eq!(std::fs::read(&copy.path).unwrap(), std::fs::read(original).unwrap());
        }
        let copy = &copies.executables().get(Role::Baseline).path;
        assert_eq!(copy.parent(), Some(dir.path()));
        let output = std::process::Command::new(copy).output().unwrap();
        assert_eq!(output.stdout, b"baseline\n");
        drop(copies);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_missing_original_is_an_error_and_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let missing = Executable { path: dir.path().join("gone"), cwd: dir.path().into(), env: Vec::new() };
        assert!(Copies::of(&ByRole::new(missing.clone(), missing), &mut Coins::new(1)).is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
