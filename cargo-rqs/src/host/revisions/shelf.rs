//! The directory with the trees: extractions appear whole or not at all, and are reused only while exact.

use std::collections::{HashMap, HashSet};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::tree::{Entry, EntryKind, NewTree, Stamp, path_of, shown};
use super::{slot, worktree};
use crate::model::failure::{OrFail, Outcome};

const PARTIAL: &str = ".partial-";
const COMPLETE: &str = ".complete";
const MARKER_FORMAT: &str = "tree 1";

/// The directory that holds `<id>` and, beside it, `<id>.complete`, the list of what was written.
pub struct Shelf {
    dir: PathBuf,
}

/// A tree that is not on the shelf yet; dropped before that, it is removed.
pub struct Staged {
    dir: TempDir,
    tree: NewTree,
}

impl Staged {
    /// The tree to be filled.
    pub fn tree(&mut self) -> &mut NewTree {
        &mut self.tree
    }
}

impl Shelf {
    /// The shelf in `dir`, which is made when it is missing.
    pub fn at(dir: &Path) -> Outcome<Shelf> {
        let cannot = || format!("cannot make the directory for trees `{}`", shown(dir));
        std::fs::create_dir_all(dir).or_fail(cannot)?;
        Ok(Shelf { dir: dir.canonicalize().or_fail(cannot)? })
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The tree called `id`, when it holds exactly what was written. What a build or a benchmark added is removed,
    /// except build directories; a tree in which anything is changed or missing is removed as a whole.
    pub fn find(&self, id: &str) -> Outcome<Option<PathBuf>> {
        let (tree, marker) = (self.dir.join(id), self.marker(id));
        if tree.symlink_metadata().is_ok_and(|found| found.is_dir())
            && let Some(listed) = std::fs::read(&marker).ok().as_deref().and_then(parse)
            && is_exact(&tree, &listed)?
        {
            return Ok(Some(tree));
        }
        remove(&marker)?;
        remove(&tree)?;
        Ok(None)
    }

    /// Starts a tree in a directory beside the final one.
    pub fn stage(&self) -> Outcome<Staged> {
        let cannot = || format!("cannot write to the directory for trees `{}`", shown(&self.dir));
        let dir = tempfile::Builder::new().prefix(PARTIAL).tempdir_in(&self.dir).or_fail(cannot)?;
        let root = dir.path().join("tree");
        std::fs::create_dir(&root).or_fail(cannot)?;
        Ok(Staged { dir, tree: NewTree::new(root) })
    }

    /// Puts a finished tree on the shelf as `id`, which [`Shelf::find`] said is not there.
    pub fn keep(&self, mut staged: Staged, id: &str) -> Outcome<PathBuf> {
        let (tree, marker) = (self.dir.join(id), self.marker(id));
        let cannot = || format!("cannot keep the tree `{}`", shown(&tree));
        let list = staged.dir.path().join("list");
        std::fs::write(&list, render(staged.tree.entries())).or_fail(cannot)?;
        std::fs::rename(staged.tree.root(), &tree).or_fail(cannot)?;
        // The marker comes last: a tree without one is never taken for complete.
        std::fs::rename(&list, &marker).or_fail(cannot)?;
        Ok(tree)
    }

    fn marker(&self, id: &str) -> PathBuf {
        self.dir.join(format!("{id}{COMPLETE}"))
    }
}

/// Removes what a killed process left in `trees`: half-written trees, a tree that is still in the slot, and the
/// markers of trees that are not there. A `trees` that does not exist is clean.
///
/// The caller makes sure that no other run uses `trees` at this time.
///
/// # Errors
/// When something cannot be read or removed.
pub fn clear_leftovers(trees: &Path) -> Outcome<()> {
    let entries = match std::fs::read_dir(trees) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other.or_fail(|| format!("cannot list `{}`", shown(trees)))?,
    };
    for entry in entries {
        let path = entry.or_fail(|| format!("cannot list `{}`", shown(trees)))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let orphan = |id: &str| id != slot::NAME && !trees.join(id).is_dir();
        if name.starts_with(PARTIAL) || name == slot::NAME || name.strip_suffix(COMPLETE).is_some_and(orphan)
        {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Removes a file or a directory with all that is in it; what is not there counts as removed.
fn remove(path: &Path) -> Outcome<()> {
    let removed = match path.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other.or_fail(|| format!("cannot remove `{}`", shown(path))),
    }
}

type Listed = HashMap<PathBuf, (EntryKind, Stamp)>;

/// Format and number of entries, then one record per entry, each ended by NUL: kind, length, modification time, path as it is.
fn render(entries: &[Entry]) -> Vec<u8> {
    let mut text = format!("{MARKER_FORMAT} {}\0", entries.len()).into_bytes();
    for entry in entries {
        let Stamp { bytes, modified_ns } = entry.stamp;
        text.extend(format!("{} {bytes} {modified_ns} ", char::from(entry.kind as u8)).bytes());
        text.extend(entry.path.as_os_str().as_bytes());
        text.push(0);
    }
    text
}

/// The opposite of [`render`]; nothing when the marker is cut short or of another format.
fn parse(text: &[u8]) -> Option<Listed> {
    let mut records = text.strip_suffix(&[0])?.split(|byte| *byte == 0);
    let head = std::str::from_utf8(records.next()?).ok()?;
    let count: usize = head.strip_prefix(MARKER_FORMAT)?.trim().parse().ok()?;
    let listed: Listed = records.map(parse_record).collect::<Option<_>>()?;
    (listed.len() == count).then_some(listed)
}

fn parse_record(record: &[u8]) -> Option<(PathBuf, (EntryKind, Stamp))> {
    let mut fields = record.splitn(4, |byte| *byte == b' ');
    let kind = match fields.next()? {
        b"f" => EntryKind::Regular,
        b"x" => EntryKind::Executable,
        b"l" => EntryKind::Symlink,
        _ => return None,
    };
    let bytes = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let modified_ns = std::str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    Some((path_of(fields.next()?).to_path_buf(), (kind, Stamp { bytes, modified_ns })))
}

/// Whether `tree` holds all that is listed, unchanged; removes what is not listed.
fn is_exact(tree: &Path, listed: &Listed) -> Outcome<bool> {
    let dirs: HashSet<&Path> = listed.keys().flat_map(|path| path.ancestors().skip(1)).collect();
    let mut unseen = listed.len();
    let mut open = vec![PathBuf::new()];
    while let Some(dir) = open.pop() {
        for entry in worktree::sorted(&tree.join(&dir))? {
            let (path, place) = (dir.join(entry.file_name()), entry.path());
            let metadata = place.symlink_metadata().or_fail(|| format!("cannot read `{}`", shown(&place)))?;
            match listed.get(&path) {
                Some((kind, stamp))
                    if kind_of(&metadata) == Some(*kind) && Stamp::of(&metadata) == *stamp =>
                {
                    unseen -= 1;
                }
                Some(_) => return Ok(false),
                None if metadata.is_dir() && dirs.contains(path.as_path()) => open.push(path),
                None if metadata.is_dir() && worktree::is_build_directory(&place) => {}
                None => remove(&place)?,
            }
        }
    }
    Ok(unseen == 0)
}

fn kind_of(metadata: &std::fs::Metadata) -> Option<EntryKind> {
    match (metadata.is_symlink(), metadata.is_file(), metadata.permissions().mode() & 0o100) {
        (true, ..) => Some(EntryKind::Symlink),
        (_, true, 0) => Some(EntryKind::Regular),
        (_, true, _) => Some(EntryKind::Executable),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    fn shelf_with_a_tree() -> (TempDir, Shelf, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::at(&dir.path().join("trees")).unwrap();
        let mut staged = shelf.stage().unwrap();
        staged.tree().file(Path::new("src/lib.rs"), EntryKind::Regular, &b"one"[..]).unwrap();
        staged.tree().file(path_of(b"odd \xff\nname"), EntryKind::Executable, &b""[..]).unwrap();
        staged.tree().link(Path::new("link"), OsStr::new("src/lib.rs")).unwrap();
        let tree = shelf.keep(staged, ID).unwrap();
        (dir, shelf, tree)
    }

    fn names(dir: &Path) -> Vec<String> {
        worktree::sorted(dir)
            .unwrap()
            .iter()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn a_tree_is_found_again_and_nothing_else_is_left() {
        let (_dir, shelf, tree) = shelf_with_a_tree();
        assert_eq!(shelf.find(ID).unwrap(), Some(tree));
        assert_eq!(names(shelf.dir()), [ID.to_owned(), format!("{ID}.complete")]);
    }

    #[test]
    fn a_dropped_extraction_leaves_nothing() {
        let (_dir, shelf, _) = shelf_with_a_tree();
        let before = names(shelf.dir());
        let mut staged = shelf.stage().unwrap();
        staged.tree().file(Path::new("half"), EntryKind::Regular, &b"x"[..]).unwrap();
        assert_eq!(names(shelf.dir()).len(), before.len() + 1);
        drop(staged);
        assert_eq!(names(shelf.dir()), before);
    }

    #[test]
    fn what_a_build_added_is_removed_but_its_target_directory_stays() {
        let (_dir, shelf, tree) = shelf_with_a_tree();
        std::fs::write(tree.join("src/new.rs"), "").unwrap();
        std::fs::create_dir_all(tree.join("extra/deep")).unwrap();
        std::fs::create_dir_all(tree.join("out/debug")).unwrap();
        std::fs::write(tree.join("out/CACHEDIR.TAG"), "").unwrap();
        assert_eq!(shelf.find(ID).unwrap(), Some(tree.clone()));
        assert_eq!(names(&tree.join("src")), ["lib.rs"]);
        assert_eq!(names(&tree), ["link", "odd \u{fffd}\nname", "out", "src"]);
    }

    #[test]
    fn a_tree_with_a_changed_missing_or_replaced_file_is_not_reused() {
        let changes: [fn(&Path); 6] = [
            |tree| std::fs::write(tree.join("src/lib.rs"), "two").unwrap(),
            |tree| std::fs::remove_file(tree.join("src/lib.rs")).unwrap(),
            |tree| std::fs::remove_dir_all(tree.join("src")).unwrap(),
            |tree| {
                let path = tree.join("src/lib.rs");
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
            },
            |tree| {
                std::fs::remove_file(tree.join("link")).unwrap();
                std::os::unix::fs::symlink("src/other", tree.join("link")).unwrap();
            },
            |tree| std::fs::remove_dir_all(tree).unwrap(),
        ];
        for (index, change) in changes.iter().enumerate() {
            let (_dir, shelf, tree) = shelf_with_a_tree();
            change(&tree);
            assert_eq!(shelf.find(ID).unwrap(), None, "change {index}");
            assert_eq!(names(shelf.dir()).len(), 0, "change {index}");
        }
    }

    #[test]
    fn a_tree_whose_marker_is_missing_or_cut_short_is_not_reused() {
        let whole = {
            let (_dir, shelf, _) = shelf_with_a_tree();
            std::fs::read(shelf.marker(ID)).unwrap().len()
        };
        for keep_bytes in (0..whole).map(Some).chain([None]) {
            let (_dir, shelf, _) = shelf_with_a_tree();
            let marker = shelf.marker(ID);
            match keep_bytes {
                None => std::fs::remove_file(&marker).unwrap(),
                Some(count) => {
                    let text = std::fs::read(&marker).unwrap();
                    std::fs::write(&marker, &text[..count.min(text.len() - 1)]).unwrap();
                }
            }
            assert_eq!(shelf.find(ID).unwrap(), None, "{keep_bytes:?}");
        }
    }

    #[test]
    fn leftovers_of_a_killed_process_are_cleared_and_whole_trees_stay() {
        let (dir, shelf, tree) = shelf_with_a_tree();
        let killed = "f".repeat(40);
        std::fs::create_dir_all(shelf.dir().join(".partial-x1/tree/src")).unwrap();
        std::fs::create_dir_all(shelf.dir().join(slot::NAME).join("src")).unwrap();
        std::fs::write(shelf.marker(&killed), "tree 1\0").unwrap();
        clear_leftovers(shelf.dir()).unwrap();
        assert_eq!(names(shelf.dir()), [ID.to_owned(), format!("{ID}.complete")]);
        assert_eq!(shelf.find(ID).unwrap(), Some(tree));
        clear_leftovers(&dir.path().join("never made")).unwrap();
    }
}
