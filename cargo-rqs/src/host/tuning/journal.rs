//! The undo journal on the disk: there whole or not at all, one for each root, with a lock around it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};

use tempfile::Builder;

use crate::model::failure::{Failure, OrFail, Outcome};
use crate::model::fingerprint;
use crate::model::tuning::UndoJournal;

/// Names the folder of the journal instead of the usual ones.
const FOLDER_VARIABLE: &str = "CARGO_RQS_STATE_DIR";
/// Where root keeps it.
const FOLDER_OF_ROOT: &str = "/var/lib/cargo-rqs";

/// Where the journal of one root lies.
#[derive(Debug)]
pub(super) struct Drawer {
    /// The folder that this process writes it into, where it has one.
    own: Option<PathBuf>,
    /// All folders that it may lie in.
    folders: Vec<PathBuf>,
    /// Its name without the ending.
    name: String,
}

/// The right to change settings and their journal; given back when it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Drawer {
    /// Root has one for the whole host. Others have their own, and also see root's.
    pub(super) fn of(root: &Path) -> Drawer {
        let variable =
            |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // SAFETY: takes nothing, cannot fail.
        let is_root = unsafe { libc::geteuid() == 0 };
        let of_user = || {
            let state = variable("XDG_STATE_HOME").or_else(|| Some(variable("HOME")?.join(".local/state")));
            state.map(|state| state.join("cargo-rqs"))
        };
        let named = variable(FOLDER_VARIABLE);
        let own = match &named {
            Some(folder) => Some(folder.clone()),
            None if is_root => Some(FOLDER_OF_ROOT.into()),
            None => of_user(),
        };
        let of_root = (named.is_none() && !is_root).then(|| FOLDER_OF_ROOT.into());
        Drawer { folders: own.iter().cloned().chain(of_root).collect(), own, name: name_for(root) }
    }

    #[cfg(test)]
    pub(super) fn in_folder(root: &Path, folder: &Path) -> Drawer {
        Drawer { own: Some(folder.to_owned()), folders: vec![folder.to_owned()], name: name_for(root) }
    }

    /// Waits until no other process is at it.
    pub(super) fn lock(&self) -> Outcome<Lock> {
        let folder = self.made_folder()?;
        let path = folder.join(format!("{}.lock", self.name));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let file =
            options.open(&path).or_fail(|| format!("cannot open the lock file `{}`", path.display()))?;
        file.lock().or_fail(|| format!("cannot lock `{}`", path.display()))?;
        Ok(Lock { _file: file })
    }

    /// The journal and its path.
    pub(super) fn read(&self) -> Outcome<Option<(PathBuf, UndoJournal)>> {
        for folder in &self.folders {
            let path = folder.join(format!("{}.json", self.name));
            match fs::read(&path) {
                Ok(bytes) => return Ok(Some((path.clone(), understood(&path, &bytes)?))),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(Failure::incomplete(format!("cannot read `{}`", path.display()))
                        .because(error)
                        .hint("run the command as the user who tuned the host"));
                }
            }
        }
        Ok(None)
    }

    /// Writes the journal, and returns once it is safe on the disk under its name.
    pub(super) fn write(&self, journal: &UndoJournal) -> Outcome<PathBuf> {
        let folder = self.made_folder()?;
        let path = folder.join(format!("{}.json", self.name));
        let failed = || format!("cannot write `{}`", path.display());
        let mut text = serde_json::to_vec_pretty(journal).or_fail(failed)?;
        text.push(b'\n');
        // Others may read it, so that their runs can tell that the host is tuned.
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        let staged = Builder::new().prefix(".rqs-").permissions(permissions).tempfile_in(folder);
        let mut staged = staged.or_fail(failed)?;
        staged.write_all(&text).or_fail(failed)?;
        staged.as_file().sync_all().or_fail(failed)?;
        staged.persist_noclobber(&path).map_err(|error| error.error).or_fail(failed)?;
        File::open(folder).and_then(|folder| folder.sync_all()).or_fail(failed)?;
        Ok(path)
    }

    /// Removes the journal: everything is back.
    pub(super) fn remove(&self, path: &Path) -> Outcome<()> {
        fs::remove_file(path).or_fail(|| format!("cannot remove `{}`", path.display()))
    }

    fn made_folder(&self) -> Outcome<&Path> {
        let folder = self.own.as_deref().ok_or_else(|| {
            Failure::incomplete("there is no place for what has to be restored later")
                .hint(format!("name a folder with `{FOLDER_VARIABLE}`"))
        })?;
        DirBuilder::new().recursive(true).mode(0o755).create(folder).map_err(|error| {
            Failure::incomplete(format!("cannot create `{}`", folder.display()))
                .because(error)
                .hint(format!("name another folder with `{FOLDER_VARIABLE}`"))
        })?;
        Ok(folder)
    }
}

fn name_for(root: &Path) -> String {
    match root == Path::new("/") {
        true => "tuning".to_owned(),
        false => {
            let hash = fingerprint::of_bytes(root.as_os_str().as_encoded_bytes());
            format!("tuning-{}", &hash[..16])
        }
    }
}

/// Whoever restores writes what the journal says to where it says: so it has to be ours, and to name settings only.
fn understood(path: &Path, bytes: &[u8]) -> Outcome<UndoJournal> {
    let bad = |why: String| {
        Failure::incomplete(format!("cannot use the undo journal `{}`", path.display())).cause(why).hint(
            "it holds each setting as it was: put them back by hand, or boot the machine again, and remove it",
        )
    };
    let journal: UndoJournal = serde_json::from_slice(bytes).map_err(|error| bad(error.to_string()))?;
    if journal.format != UndoJournal::FORMAT {
        return Err(bad(format!("it has format {}, which is not known", journal.format)));
    }
    let is_setting = |name: &str| {
        let mut parts = Path::new(name).components();
        matches!(parts.next(), Some(Component::Normal(top)) if top == "proc" || top == "sys")
            && parts.all(|part| matches!(part, Component::Normal(_)))
    };
    if let Some(entry) = journal.entries.iter().find(|entry| !is_setting(&entry.path)) {
        return Err(bad(format!("`{}` is no setting of the kernel", entry.path.escape_debug())));
    }
    let owner = fs::metadata(path).or_fail(|| format!("cannot read `{}`", path.display()))?.uid();
    // SAFETY: takes nothing, cannot fail.
    let user = unsafe { libc::geteuid() };
    if owner != user && owner != 0 {
        return Err(bad(format!("it belongs to user {owner}, not to user {user} or root")));
    }
    Ok(journal)
}
