//! Writes the files of one tree, refuses those that would leave it, and names the tree after its contents.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::model::failure::{Failure, OrFail, Outcome};

/// What an entry of a tree is; the byte stands for it in hashes and markers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    Regular = b'f' as isize,
    /// A file that its owner may execute.
    Executable = b'x' as isize,
    /// A symbolic link.
    Symlink = b'l' as isize,
}

/// A tree that is being written.
pub struct NewTree {
    root: PathBuf,
    dirs: HashSet<PathBuf>,
    entries: Vec<Entry>,
}

/// A file or symbolic link that was written.
pub struct Entry {
    /// Relative to the root.
    pub path: PathBuf,
    /// What it is.
    pub kind: EntryKind,
    /// What tells without reading it whether it was changed since.
    pub stamp: Stamp,
    content: [u8; 32],
}

/// Length and modification time of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Length in bytes.
    pub bytes: u64,
    /// Modification time in nanoseconds since 1970.
    pub modified_ns: i128,
}

impl Stamp {
    /// The stamp that the file system shows.
    pub fn of(metadata: &std::fs::Metadata) -> Stamp {
        let modified_ns = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
        Stamp { bytes: metadata.len(), modified_ns }
    }
}

impl NewTree {
    /// Starts a tree in `root`, an empty directory.
    pub fn new(root: PathBuf) -> NewTree {
        NewTree { root, dirs: HashSet::from([PathBuf::new()]), entries: Vec::new() }
    }

    /// The directory that is being filled.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What was written, sorted by path.
    pub fn entries(&mut self) -> &[Entry] {
        self.entries.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
        &self.entries
    }

    /// 40 hex digits that are a pure function of the paths, modes and contents.
    pub fn content_id(&mut self) -> String {
        let mut hash = Sha256::new();
        for entry in self.entries() {
            let path = entry.path.as_os_str().as_bytes();
            hash.update([entry.kind as u8]);
            hash.update((path.len() as u64).to_le_bytes());
            hash.update(path);
            hash.update(entry.content);
        }
        hash.finalize().iter().take(20).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// Copies a file or symbolic link of the machine to `path`.
    pub fn copy(&mut self, from: &Path, path: &Path) -> Outcome<()> {
        let cannot = || format!("cannot read `{}`", shown(from));
        let metadata = from.symlink_metadata().or_fail(cannot)?;
        if metadata.is_symlink() {
            return self.link(path, from.read_link().or_fail(cannot)?.as_os_str());
        }
        let kind = match metadata.permissions().mode() & 0o100 {
            0 => EntryKind::Regular,
            _ => EntryKind::Executable,
        };
        self.file(path, kind, File::open(from).or_fail(cannot)?)
    }

    /// Writes a file.
    pub fn file(&mut self, path: &Path, kind: EntryKind, mut content: impl Read) -> Outcome<()> {
        let cannot = || format!("cannot write `{}`", shown(path));
        let place = self.place(path)?;
        let mode = if kind == EntryKind::Executable { 0o777 } else { 0o666 };
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(mode).open(place).or_fail(cannot)?;
        let (mut hash, mut buffer) = (Sha256::new(), [0; 64 * 1024]);
        loop {
            let count = match content.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other.or_fail(|| format!("cannot read `{}`", shown(path)))?,
            };
            let Some(chunk) = buffer.get(..count).filter(|chunk| !chunk.is_empty()) else { break };
            hash.update(chunk);
            file.write_all(chunk).or_fail(cannot)?;
        }
        let stamp = Stamp::of(&file.metadata().or_fail(cannot)?);
        self.entries.push(Entry { path: path.to_path_buf(), kind, stamp, content: hash.finalize().into() });
        Ok(())
    }

    /// Makes a symbolic link; `target` is taken as it is.
    pub fn link(&mut self, path: &Path, target: &OsStr) -> Outcome<()> {
        let cannot = || format!("cannot write `{}`", shown(path));
        let place = self.place(path)?;
        std::os::unix::fs::symlink(target, &place).or_fail(cannot)?;
        let stamp = Stamp::of(&place.symlink_metadata().or_fail(cannot)?);
        let content = Sha256::digest(target.as_bytes()).into();
        self.entries.push(Entry { path: path.to_path_buf(), kind: EntryKind::Symlink, stamp, content });
        Ok(())
    }

    /// Makes a directory, and those above it.
    pub fn dir(&mut self, path: &Path) -> Outcome<()> {
        check_stays_inside(path)?;
        for dir in path.ancestors().collect::<Vec<_>>().into_iter().rev() {
            // Only what was made here as a directory is entered, never a link that has the same name.
            if self.dirs.insert(dir.to_path_buf()) {
                std::fs::create_dir(self.root.join(dir))
                    .or_fail(|| format!("cannot make `{}`", shown(dir)))?;
            }
        }
        Ok(())
    }

    fn place(&mut self, path: &Path) -> Outcome<PathBuf> {
        check_stays_inside(path)?;
        self.dir(path.parent().unwrap_or(Path::new("")))?;
        Ok(self.root.join(path))
    }
}

/// Refuses a path that would leave the tree or plant a repository in it.
fn check_stays_inside(path: &Path) -> Outcome<()> {
    let harmless = |part| matches!(part, Component::Normal(name) if !is_repository(name));
    match path.components().all(harmless) {
        true => Ok(()),
        false => Err(Failure::incomplete(format!("the entry `{}` would leave the tree", shown(path)))
            .hint("do not trust this revision; `git fsck` says more about it")),
    }
}

/// Whether a file of this name belongs to git itself.
pub fn is_repository(name: &OsStr) -> bool {
    name.eq_ignore_ascii_case(".git")
}

/// A path from the bytes that git stores.
pub fn path_of(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// A path as text for a person, control characters escaped.
pub fn shown(path: &Path) -> String {
    path.to_string_lossy().chars().fold(String::new(), |mut text, letter| {
        match letter.is_control() {
            true => text.extend(letter.escape_default()),
            false => text.push(letter),
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree_of(files: &[(&str, EntryKind, &str)]) -> (tempfile::TempDir, NewTree) {
        let dir = tempfile::tempdir().unwrap();
        let mut tree = NewTree::new(dir.path().to_path_buf());
        for (path, kind, content) in files {
            match kind {
                EntryKind::Symlink => tree.link(Path::new(path), OsStr::new(content)).unwrap(),
                _ => tree.file(Path::new(path), *kind, content.as_bytes()).unwrap(),
            }
        }
        (dir, tree)
    }

    fn id_of(files: &[(&str, EntryKind, &str)]) -> String {
        tree_of(files).1.content_id()
    }

    #[test]
    fn the_id_does_not_depend_on_the_order_of_writing() {
        let (a, b) = (("a/b", EntryKind::Regular, "1"), ("a", EntryKind::Regular, "2"));
        let c = ("c", EntryKind::Regular, "3");
        assert_eq!(id_of(&[a, c]), id_of(&[c, a]));
        assert_eq!(id_of(&[a]).len(), 40);
        assert_ne!(id_of(&[a]), id_of(&[b]));
    }

    #[test]
    fn the_id_depends_on_path_mode_and_content() {
        let ids = [
            id_of(&[("a", EntryKind::Regular, "1")]),
            id_of(&[("a", EntryKind::Regular, "2")]),
            id_of(&[("a", EntryKind::Executable, "1")]),
            id_of(&[("a", EntryKind::Symlink, "1")]),
            id_of(&[("b", EntryKind::Regular, "1")]),
            id_of(&[("a", EntryKind::Regular, "1"), ("b", EntryKind::Regular, "")]),
            id_of(&[]),
        ];
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    }

    #[test]
    fn entries_that_would_leave_the_tree_are_refused() {
        let (dir, mut tree) = tree_of(&[("inside", EntryKind::Regular, "")]);
        for path in ["..", "../x", "a/../../x", "/etc/x", ".git", "a/.GIT/hooks/x", ".git/config"] {
            let failure = tree.file(Path::new(path), EntryKind::Regular, &b"x"[..]).unwrap_err();
            assert!(failure.message.contains("would leave the tree"), "{path}: {failure}");
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn nothing_is_written_through_a_link_of_the_tree_itself() {
        let outside = tempfile::tempdir().unwrap();
        let (_dir, mut tree) = tree_of(&[("a", EntryKind::Symlink, outside.path().to_str().unwrap())]);
        assert!(tree.file(Path::new("a/x"), EntryKind::Regular, &b"x"[..]).is_err());
        assert!(tree.file(Path::new("a"), EntryKind::Regular, &b"x"[..]).is_err());
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    }

    #[test]
    fn control_characters_of_a_path_are_escaped() {
        assert_eq!(shown(Path::new("a\n\u{1b}[31mü b")), "a\\n\\u{1b}[31mü b");
    }
}
