//! One run at a time: a kernel lock on `target/rqs/lock`, given back by the kernel however the holder ends.
#![allow(clippy::disallowed_methods, reason = "this room owns the lock file")]

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::model::failure::{Failure, OrFail, Outcome};

/// The right to measure; held until it is dropped.
#[derive(Debug)]
pub struct RunLock {
    file: File,
}

impl RunLock {
    /// Takes the lock in `dir` (`target/rqs`), which is made when it is missing.
    ///
    /// # Errors
    /// Exit code 101 with the holder's process id when another process holds it, or when the file cannot be opened.
    pub fn acquire(dir: &Path) -> Outcome<RunLock> {
        let path = dir.join("lock");
        std::fs::create_dir_all(dir).or_fail(|| format!("cannot create `{}`", dir.display()))?;
        // Not every repository ignores its target directory.
        let ignore = dir.join(".gitignore");
        if !ignore.exists() {
            std::fs::write(&ignore, "*\n").or_fail(|| format!("cannot write `{}`", ignore.display()))?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .or_fail(|| format!("cannot open the lock file `{}`", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held_by_another(&mut file, &path)),
            Err(TryLockError::Error(error)) => {
                return Err(Failure::incomplete(format!("cannot lock `{}`", path.display())).because(error).hint(
                    "the file system may not know locks; put the target directory on a local disk with `CARGO_TARGET_DIR`",
                ));
            }
        }
        write_holder(&mut file, &format!("{}\n", std::process::id()))
            .or_fail(|| format!("cannot write the lock file `{}`", path.display()))?;
        Ok(RunLock { file })
    }
}

/// The right to use this host's cores for measuring, for runs of any repository; held until it is dropped.
#[derive(Debug)]
pub struct HostTurn {
    _file: File,
}

impl HostTurn {
    /// Waits until no other run measures on this host. `waiting` is called again and again meanwhile and says whether
    /// to go on waiting; `None` when it does not.
    ///
    /// # Errors
    /// When the lock file in the directory for temporary files cannot be opened.
    pub fn wait(mut waiting: impl FnMut() -> bool) -> Outcome<Option<HostTurn>> {
        let path = std::env::temp_dir().join("cargo-rqs-measuring.lock");
        // Other users' runs take turns with ours, so anybody may open the file.
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o666);
        let file = options.open(&path).or_else(|_| File::open(&path));
        let file = file.or_fail(|| format!("cannot open the lock file `{}`", path.display()))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(HostTurn { _file: file })),
                Err(TryLockError::WouldBlock) if !waiting() => return Ok(None),
                Err(TryLockError::WouldBlock) => std::thread::sleep(std::time::Duration::from_millis(200)),
                Err(TryLockError::Error(error)) => {
                    return Err(
                        Failure::incomplete(format!("cannot lock `{}`", path.display())).because(error)
                    );
                }
            }
        }
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Closing the file gives the lock back. A stale process id does no harm if this fails: it is only shown
        // while the lock is held, and every holder writes its own.
        let _ = self.file.set_len(0);
    }
}

fn write_holder(file: &mut File, text: &str) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}

fn held_by_another(file: &mut File, path: &Path) -> Failure {
    let mut text = String::new();
    // The holder may be between taking the lock and writing its id; then it stays nameless.
    let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse::<u32>().ok());
    let (who, stop) = match pid {
        Some(pid) => (format!("process {pid}"), format!("stop it with `kill {pid}`")),
        None => ("another process".to_owned(), "stop it".to_owned()),
    };
    Failure::incomplete(format!("{who} is measuring already"))
        .cause(format!("it holds `{}`", path.display()))
        .hint(format!("wait until it ends or {stop}; two runs at once would disturb each other's numbers"))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;
    use crate::model::failure::Exit;

    #[test]
    fn a_second_run_is_told_who_holds_the_lock_and_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let lock = RunLock::acquire(dir.path()).unwrap();
        let failure = RunLock::acquire(dir.path()).unwrap_err();
        assert_eq!(failure.exit, Exit::Incomplete);
        assert_eq!(failure.message, format!("process {} is measuring already", std::process::id()));
        assert!(failure.hint.unwrap().contains(&format!("`kill {}`", std::process::id())));
        drop(lock);
        RunLock::acquire(dir.path()).unwrap();
    }

    #[test]
    fn the_folder_of_the_lock_is_made_and_a_file_in_its_place_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        RunLock::acquire(&dir.path().join("a/b")).unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        let failure = RunLock::acquire(&dir.path().join("file")).unwrap_err();
        assert!(failure.message.starts_with("cannot create"), "{failure}");
    }

    /// Holds the lock until it is killed; only the test below starts it, with a folder in the environment.
    #[test]
    #[ignore = "a helper process of the test below"]
    fn child_that_holds_the_lock() {
        let Ok(dir) = std::env::var("RQS_TEST_LOCK_DIR") else { return };
        let _lock = RunLock::acquire(Path::new(&dir)).unwrap();
        std::fs::write(Path::new(&dir).join("ready"), "").unwrap();
        std::thread::sleep(std::time::Duration::from_secs(60));
    }

    #[test]
    fn a_killed_holder_leaves_the_lock_free() {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "host::lock::tests::child_that_holds_the_lock", "--ignored"])
            .env("RQS_TEST_LOCK_DIR", dir.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        while !dir.path().join("ready").exists() {
            assert!(child.try_wait().unwrap().is_none(), "the holder ended early");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let failure = RunLock::acquire(dir.path()).unwrap_err();
        assert!(failure.message.contains(&child.id().to_string()), "{failure}");
        child.kill().unwrap();
        child.wait().unwrap();
        RunLock::acquire(dir.path()).unwrap();
    }
}
