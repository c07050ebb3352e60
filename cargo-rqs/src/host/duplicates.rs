//! Copies of executables beside their originals, for as long as they are needed.
#![allow(clippy::disallowed_methods, reason = "this room owns the copies")]

use std::fs;
use std::path::{Path, PathBuf};

use crate::model::failure::{OrFail, Outcome};

/// What the names of copies end in.
const MARKS: [char; 2] = ['~', '^'];
/// Folders between the store of executables and an executable, at most.
const DEEPEST: usize = 4;

/// Removes copies that a killed process left anywhere in the store of executables; nobody else may be using it.
///
/// # Errors
/// When one cannot be removed.
pub fn clear_leftovers(store: &Path) -> Outcome<()> {
    clear(store, DEEPEST)
}

fn clear(folder: &Path, depth: usize) -> Outcome<()> {
    // There may be no store yet.
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.to_string_lossy().ends_with(MARKS) && path.is_file() {
            fs::remove_file(&path).or_fail(|| format!("cannot remove `{}`", path.display()))?;
        } else if depth > 1 && path.is_dir() && !path.is_symlink() {
            clear(&path, depth - 1)?;
        }
    }
    Ok(())
}

/// A copy of a file, removed when this is dropped.
#[derive(Debug)]
pub struct Duplicate {
    path: PathBuf,
}

impl Duplicate {
    /// Copies a file to its own folder, under a name of the same length, because what a program is called takes room on
    /// its stack.
    ///
    /// # Errors
    /// When the file cannot be read or the copy not be written.
    pub fn beside(original: &Path) -> Outcome<Duplicate> {
        Duplicate::of(original, original, MARKS[0])
    }

    /// Copies a file to the folder of another one, whose name and that of a copy of it are as long.
    ///
    /// # Errors
    /// When the file cannot be read or the copy not be written.
    pub fn instead(content: &Path, original: &Path) -> Outcome<Duplicate> {
        Duplicate::of(content, original, MARKS[1])
    }

    fn of(content: &Path, original: &Path, mark: char) -> Outcome<Duplicate> {
        let name = original.file_name().unwrap_or_default().to_string_lossy();
        let path = original.with_file_name(marked(&name, mark));
        // A killed process may have left one.
        let _ = fs::remove_file(&path);
        let duplicate = Duplicate { path };
        let cannot = || format!("cannot copy `{}`", content.display());
        fs::copy(content, &duplicate.path).or_fail(cannot)?;
        Ok(duplicate)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Duplicate {
    fn drop(&mut self) {
        // What cannot be removed now is replaced by the next copy.
        let _ = fs::remove_file(&self.path);
    }
}

/// A name as long that no executable of cargo's has.
fn marked(name: &str, mark: char) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    match letters.last_mut().filter(|last| last.is_ascii()) {
        Some(last) => *last = mark,
        None => letters.push(mark),
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_stands_beside_its_original_under_a_name_as_long_and_goes_with_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        let original = dir.path().join("bench-0123");
        fs::write(&original, "program").unwrap();
        let copy = Duplicate::beside(&original).unwrap();
        assert_eq!(fs::read(copy.path()).unwrap(), b"program");
        assert_eq!(copy.path().as_os_str().len(), original.as_os_str().len());
        assert_eq!(copy.path().parent(), original.parent());
        let other = dir.path().join("bench-0123.linked-anew");
        fs::write(&other, "another program").unwrap();
        let instead = Duplicate::instead(&other, &original).unwrap();
        assert_eq!(fs::read(instead.path()).unwrap(), b"another program");
        assert_eq!(instead.path().as_os_str().len(), original.as_os_str().len());
        assert!(copy.path().exists() && copy.path() != instead.path());
        let path = copy.path().to_owned();
        drop(copy);
        assert!(!path.exists() && original.exists());
        let deps = dir.path().join("store/0123/release/deps");
        fs::create_dir_all(&deps).unwrap();
        for name in ["bench-012~", "bench-012^", "bench-0123"] {
            fs::write(deps.join(name), "left by a killed process").unwrap();
        }
        clear_leftovers(&dir.path().join("store")).unwrap();
        let left: Vec<_> = fs::read_dir(&deps).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["bench-0123"]);
        clear_leftovers(&dir.path().join("no store")).unwrap();
        assert!(Duplicate::beside(&dir.path().join("gone")).is_err());
    }
}
