//! Moves what cargo built out of the shared target directory, and makes the paths in it those of the final places.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::model::failure::{OrFail, Outcome};
use crate::model::fingerprint;

use super::cache::StoredFile;
use super::executable::{code_hash, replace_path};

/// Which paths become which; each pair has the same length.
#[derive(Debug, Default)]
pub(super) struct Relocation {
    pairs: Vec<(PathBuf, PathBuf)>,
}

impl Relocation {
    /// Adds a pair. Paths of different lengths would shift what follows, so they are left as they are.
    pub(super) fn add(&mut self, from: &Path, to: &Path) {
        self.pairs.push((from.to_owned(), to.to_owned()));
    }

    /// The pairs.
    pub(super) fn pairs(&self) -> &[(PathBuf, PathBuf)] {
        &self.pairs
    }

    /// A text with the final paths.
    pub(super) fn text(&self, text: &str) -> String {
        let pairs = self.pairs.iter().map(|(from, to)| (from.to_string_lossy(), to.to_string_lossy()));
        pairs.fold(text.to_owned(), |text, (from, to)| text.replace(from.as_ref(), &to))
    }

    fn bytes(&self, bytes: &mut [u8]) {
        for (from, to) in &self.pairs {
            replace_path(bytes, from.as_os_str().as_bytes(), to.as_os_str().as_bytes());
        }
    }
}

/// A copied program or library.
pub(super) struct Copied {
    /// Its final place and hash.
    pub(super) file: StoredFile,
    /// What of it is loaded, hashed before any path was replaced.
    pub(super) code_hash: String,
}

/// The three places of one build: where cargo wrote, where it is gathered, and where it will be found.
pub(super) struct Destination<'a> {
    /// The shared target directory.
    pub(super) built: &'a Path,
    /// A temporary directory.
    pub(super) gathered: &'a Path,
    /// The folder of the key.
    pub(super) folder: &'a Path,
}

impl Destination<'_> {
    /// The final place of something in the target directory.
    pub(super) fn of(&self, path: &Path) -> PathBuf {
        path.strip_prefix(self.built).map_or_else(|_| path.to_owned(), |inner| self.folder.join(inner))
    }

    /// Copies a program or shared library with its permissions.
    pub(super) fn copy_program(&self, path: &Path, relocation: &Relocation) -> Outcome<Copied> {
        let original = std::fs::read(path).or_fail(|| format!("cannot read `{}`", path.display()))?;
        let code_hash = code_hash(&original)
            .map_err(|failure| failure.within(format!("`{}` cannot be measured", path.display())))?;
        let sha256 = fingerprint::of_bytes(&self.copy(path, original, relocation)?);
        Ok(Copied { file: StoredFile { path: self.of(path), sha256 }, code_hash })
    }

    /// Copies everything in a directory of generated files.
    pub(super) fn copy_directory(&self, dir: &Path, relocation: &Relocation) -> Outcome<()> {
        let failed = || format!("cannot list `{}`", dir.display());
        for entry in std::fs::read_dir(dir).or_fail(failed)? {
            let entry = entry.or_fail(failed)?;
            let (path, kind) = (entry.path(), entry.file_type().or_fail(failed)?);
            if kind.is_dir() {
                self.copy_directory(&path, relocation)?;
            } else if kind.is_file() {
                let content = std::fs::read(&path).or_fail(|| format!("cannot read `{}`", path.display()))?;
                self.copy(&path, content, relocation)?;
            } else if kind.is_symlink() {
                let place = self.gather(&path)?;
                let aim = std::fs::read_link(&path).or_fail(failed)?;
                std::os::unix::fs::symlink(self.of(&aim), &place)
                    .or_fail(|| format!("cannot link `{}`", place.display()))?;
            }
        }
        Ok(())
    }

    fn copy(&self, path: &Path, mut content: Vec<u8>, relocation: &Relocation) -> Outcome<Vec<u8>> {
        let place = self.gather(path)?;
        let failed = || format!("cannot write `{}`", place.display());
        relocation.bytes(&mut content);
        std::fs::write(&place, &content).or_fail(failed)?;
        let permissions = std::fs::metadata(path).or_fail(failed)?.permissions();
        std::fs::set_permissions(&place, permissions).or_fail(failed)?;
        Ok(content)
    }

    /// Where something is gathered, with its directory made.
    fn gather(&self, path: &Path) -> Outcome<PathBuf> {
        let place = self.gathered.join(path.strip_prefix(self.built).unwrap_or(path));
        let folder = place.parent().unwrap_or(&place);
        std::fs::create_dir_all(folder).or_fail(|| format!("cannot make `{}`", folder.display()))?;
        Ok(place)
    }
}
