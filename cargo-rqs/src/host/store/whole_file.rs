//! Files that are there whole or not at all: written under a temporary name in the same folder, flushed to the disk,
//! then named. A writer holds a kernel lock on its temporary file, so what a killed writer left can be told from
//! what a living one is writing.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

const PREFIX: &str = ".rqs-";
const SUFFIX: &str = ".tmp";

/// What became of a file that may not be overwritten.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Created {
    /// It is there now, with these bytes.
    New,
    /// There was one already; it was left as it is.
    AlreadyThere,
}

/// Creates a file that will never change. Of several writers at once, exactly one gets [`Created::New`].
pub(super) fn create(path: &Path, bytes: &[u8]) -> io::Result<Created> {
    if path.symlink_metadata().is_ok() {
        return Ok(Created::AlreadyThere);
    }
    let folder = folder_of(path)?;
    match staged(folder, bytes)?.persist_noclobber(path) {
        Ok(_) => sync_folder(folder).map(|()| Created::New),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(Created::AlreadyThere),
        Err(error) => Err(error.error),
    }
}

/// Puts a file in place of whatever is there.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path)?;
    staged(folder, bytes)?.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Creates a folder with its parents, and makes the new names durable.
pub(super) fn create_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        create_folder(parent)?;
        create_one_folder(folder)?;
        return sync_folder(parent);
    }
    create_one_folder(folder)
}

/// Removes what killed writers left in a folder; a folder that is not there has nothing left in it.
pub(super) fn sweep(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if is_temporary(&entry.path()) && entry.file_type()?.is_file() {
            remove_if_abandoned(&entry.path())?;
        }
    }
    Ok(())
}

/// Whether a file has the name of one that is being written.
pub(super) fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX))
}

/// A living writer holds the lock, or has renamed the file in the meantime.
fn remove_if_abandoned(path: &Path) -> io::Result<()> {
    let gone = |error: io::Error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return gone(error),
    };
    // An error other than "held" means that this file system knows no locks: then nothing can be told, and it stays.
    if file.try_lock().is_err() {
        return Ok(());
    }
    fs::remove_file(path).or_else(gone)
}

/// The bytes in a temporary file of the folder, flushed to the disk. Dropping it removes it.
fn staged(folder: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    loop {
        // Readable by everyone whom the process's umask allows it, like any other file of a repository.
        let permissions = Permissions::from_mode(0o666);
        let mut file =
            Builder::new().prefix(PREFIX).suffix(SUFFIX).permissions(permissions).tempfile_in(folder)?;
        // Without locks on this file system nobody can take it for abandoned either, see `remove_if_abandoned`.
        let _ = file.as_file().lock();
        // Between creating and locking, a sweep may have taken it for abandoned; then start over.
        if file.as_file().metadata()?.nlink() == 0 {
            continue;
        }
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        return Ok(file);
    }
}

fn create_one_folder(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        outcome => outcome,
    }
}

/// Makes names in a folder durable. Some network file systems cannot flush a folder and say so; there is no other way.
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        outcome => outcome,
    }
}

fn folder_of(path: &Path) -> io::Result<&Path> {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Ok(Path::new(".")),
        Some(parent) => Ok(parent),
        None => Err(io::Error::new(io::ErrorKind::InvalidInput, "the path has no folder")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn an_existing_file_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        assert_eq!(create(&path, b"one").unwrap(), Created::New);
        assert_eq!(create(&path, b"two").unwrap(), Created::AlreadyThere);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(names(folder.path()), ["a.json"]);
    }

    #[test]
    fn a_replaced_file_has_the_new_bytes_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(folder.path()), ["a.json"]);
    }

    #[test]
    fn what_a_killed_writer_left_is_removed_and_what_a_living_one_writes_is_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".rqs-abandoned.tmp"), "half").unwrap();
        fs::write(folder.path().join("mine.tmp"), "not ours").unwrap();
        let living = staged(folder.path(), b"whole").unwrap();
        sweep(folder.path()).unwrap();
        let mut left = vec![living.path().file_name().unwrap().to_str().unwrap(), "mine.tmp"];
        left.sort_unstable();
        assert_eq!(names(folder.path()), left);
        sweep(&folder.path().join("missing")).unwrap();
    }

    #[test]
    fn of_many_writers_of_one_name_exactly_one_succeeds_and_its_bytes_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let winners: Vec<usize> = std::thread::scope(|scope| {
            let path = &path;
            let writers: Vec<_> = (0..8)
                .map(|n| scope.spawn(move || create(path, format!("{n}").repeat(10_000).as_bytes()).unwrap()))
                .collect();
            let outcomes = writers.into_iter().map(|writer| writer.join().unwrap()).enumerate();
            outcomes.filter(|(_, created)| *created == Created::New).map(|(n, _)| n).collect()
        });
        assert_eq!(winners.len(), 1);
        assert_eq!(fs::read_to_string(&path).unwrap(), winners[0].to_string().repeat(10_000));
        assert_eq!(names(folder.path()), ["a.json"]);
    }

    #[test]
    fn writers_and_sweepers_of_one_folder_do_not_get_in_each_others_way() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let folder = folder.path();
                scope.spawn(move || {
                    for n in 0..25 {
                        sweep(folder).unwrap();
                        create(&folder.join(format!("{writer}-{n}")), b"whole").unwrap();
                    }
                });
            }
        });
        assert_eq!(names(folder.path()).len(), 100);
    }
}
