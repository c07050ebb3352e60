//! The one path at which every tree is built, so that the paths inside both sides' executables are equal.

use std::path::{Path, PathBuf};

use super::tree::shown;
use crate::model::failure::{Failure, OrFail, Outcome};

/// As long as the name of a tree, and the name of none.
pub const NAME: &str = "0000000000000000000000000000000000000000";

/// The place in the directory for trees at which builds happen.
#[derive(Clone, Debug)]
pub struct Slot {
    path: PathBuf,
}

/// A tree in the slot; it goes home when this is released or dropped.
#[derive(Debug)]
#[must_use = "the tree leaves the slot when this is dropped"]
pub struct Occupied {
    path: PathBuf,
    home: PathBuf,
    released: bool,
}

impl Slot {
    /// The slot of the directory `trees`.
    pub fn new(trees: &Path) -> Slot {
        Slot { path: trees.join(NAME) }
    }

    /// Where the trees are built.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves `tree` into the slot; modification times stay.
    ///
    /// # Errors
    /// When the slot is taken, or the tree cannot be moved.
    pub fn occupy(&self, tree: &Path) -> Outcome<Occupied> {
        if self.path.symlink_metadata().is_ok() {
            return Err(Failure::incomplete(format!(
                "the place for builds `{}` is taken",
                shown(&self.path)
            ))
            .hint("let the other run finish; after a killed run the next one clears it"));
        }
        std::fs::rename(tree, &self.path)
            .or_fail(|| format!("cannot move `{}` to `{}`", shown(tree), shown(&self.path)))?;
        Ok(Occupied { path: self.path.clone(), home: tree.to_path_buf(), released: false })
    }
}

impl Occupied {
    /// Moves the tree back.
    ///
    /// # Errors
    /// When it cannot be moved; it then stays in the slot until `clear_leftovers`.
    pub fn release(mut self) -> Outcome<()> {
        self.go_home()
    }

    fn go_home(&mut self) -> Outcome<()> {
        self.released = true;
        std::fs::rename(&self.path, &self.home)
            .or_fail(|| format!("cannot move `{}` back to `{}`", shown(&self.path), shown(&self.home)))
    }
}

impl Drop for Occupied {
    fn drop(&mut self) {
        if !self.released {
            // Nobody can be told here. A tree that stays in the slot is cleared and extracted again by the next run.
            let _ = self.go_home();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trees() -> (tempfile::TempDir, PathBuf, Slot) {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("a".repeat(40));
        std::fs::create_dir(&tree).unwrap();
        std::fs::write(tree.join("lib.rs"), "x").unwrap();
        let slot = Slot::new(dir.path());
        (dir, tree, slot)
    }

    #[test]
    fn a_tree_is_in_the_slot_until_it_is_released() {
        let (_dir, tree, slot) = trees();
        let modified = |path: &Path| path.join("lib.rs").metadata().unwrap().modified().unwrap();
        let before = modified(&tree);
        let occupied = slot.occupy(&tree).unwrap();
        assert_eq!(slot.path().as_os_str().len(), tree.as_os_str().len());
        assert_eq!(modified(slot.path()), before);
        assert!(!tree.exists());
        occupied.release().unwrap();
        assert!(!slot.path().exists());
        assert_eq!(modified(&tree), before);
    }

    #[test]
    fn a_dropped_slot_gives_the_tree_back() {
        let (_dir, tree, slot) = trees();
        drop(slot.occupy(&tree).unwrap());
        assert!(tree.join("lib.rs").is_file() && !slot.path().exists());
    }

    #[test]
    fn a_taken_slot_is_refused_and_the_tree_stays_at_home() {
        let (dir, tree, slot) = trees();
        let other = dir.path().join("b".repeat(40));
        std::fs::create_dir(&other).unwrap();
        let occupied = slot.occupy(&tree).unwrap();
        assert!(slot.occupy(&other).unwrap_err().message.contains("is taken"));
        assert!(other.is_dir());
        occupied.release().unwrap();
    }

    #[test]
    fn a_release_that_fails_says_so() {
        let (_dir, tree, slot) = trees();
        let occupied = slot.occupy(&tree).unwrap();
        std::fs::create_dir(&tree).unwrap();
        std::fs::write(tree.join("new"), "").unwrap();
        assert!(occupied.release().unwrap_err().message.contains("cannot move"));
        assert!(slot.path().join("lib.rs").is_file());
    }
}
