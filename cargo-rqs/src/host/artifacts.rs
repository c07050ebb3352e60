//! Folders of artifacts: written whole or not at all, and never in the place of something that is not ours.

#![expect(clippy::disallowed_methods, reason = "this room owns the folders of artifacts")]

use std::io::ErrorKind;
use std::path::Path;

use crate::model::failure::{Failure, OrFail, Outcome};

/// Puts a folder of files into its place. An earlier folder is replaced, if it holds the file `mark` or nothing.
///
/// # Errors
/// When there is something else in its place, or the disk refuses.
pub fn write(place: &Path, mark: &str, files: &[(&str, &[u8])]) -> Outcome<()> {
    let failed = || format!("cannot write `{}`", place.display());
    let parent = place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).or_fail(failed)?;
    check(place, mark)?;
    let staged = tempfile::Builder::new().prefix(".rqs-").tempdir_in(parent).or_fail(failed)?;
    for (path, bytes) in files {
        let file = staged.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap_or(staged.path())).or_fail(failed)?;
        std::fs::write(&file, bytes).or_fail(failed)?;
    }
    make_readable(staged.path()).or_fail(failed)?;
    let earlier = tempfile::Builder::new().prefix(".rqs-").tempdir_in(parent).or_fail(failed)?;
    match std::fs::rename(place, earlier.path().join("earlier")) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error).or_fail(failed),
        _ => {}
    }
    std::fs::rename(staged.path(), place).or_fail(failed)?;
    // It has moved, so there is nothing left to be removed.
    drop(staged.keep());
    Ok(())
}

/// Refuses to replace what is not ours.
///
/// # Errors
/// A usage error that names the place.
pub fn check(place: &Path, mark: &str) -> Outcome<()> {
    let entries = match std::fs::read_dir(place) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.or_fail(|| format!("cannot look into `{}`", place.display()))?,
    };
    if place.join(mark).is_file() || entries.count() == 0 {
        return Ok(());
    }
    Err(Failure::usage(format!("`{}` holds something else than artifacts", place.display()))
        .hint("name a new or an empty folder; an earlier folder of artifacts is replaced"))
}

/// A temporary folder is its owner's alone; a published one is not.
fn make_readable(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_folder_is_replaced_whole_and_leaves_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("a/artifacts");
        write(&place, "list", &[("list", b"1"), ("old/x", b"x")]).unwrap();
        write(&place, "list", &[("list", b"2"), ("s/b/y", b"y")]).unwrap();
        assert_eq!(names(&place), ["list", "s"]);
        assert_eq!(std::fs::read(place.join("s/b/y")).unwrap(), b"y");
        assert_eq!(names(&dir.path().join("a")), ["artifacts"]);
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("thesis.tex"), "years").unwrap();
        let failure = write(dir.path(), "list", &[("list", b"1")]).unwrap_err();
        assert!(failure.to_string().contains("something else"), "{failure}");
        assert_eq!(names(dir.path()), ["thesis.tex"]);
    }

    #[test]
    fn a_folder_that_cannot_be_written_leaves_the_earlier_one() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("artifacts");
        write(&place, "list", &[("list", b"1")]).unwrap();
        // A file cannot be a folder too.
        assert!(write(&place, "list", &[("a", b"1"), ("a/b", b"2")]).is_err());
        assert_eq!(names(&place), ["list"]);
        assert_eq!(names(dir.path()), ["artifacts"]);
    }
}
