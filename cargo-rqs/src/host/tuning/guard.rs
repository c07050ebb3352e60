//! The guardian of a tuned run: a small process of its own that waits for the run's end and then puts back what the run
//! did not, so that even a run that is killed leaves the host as it was.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::model::failure::{OrFail, Outcome};

/// A guardian that waits; when this is dropped, the guardian takes it for the end of the run.
#[derive(Debug)]
pub struct Guard {
    child: Child,
    /// The kernel closes it when this process ends, however it ends; nobody inherits it.
    line: Option<ChildStdin>,
}

impl Guard {
    /// Starts one for the tuning `id` of a root. It has to be there before the first change.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn start(root: &Path, id: &str) -> Outcome<Guard> {
        // The program may have been replaced meanwhile; this link leads to the one that runs.
        let mut command = Command::new("/proc/self/exe");
        command.arg0("cargo-rqs").args(["rqs", "env", "guard", "--journal", id, "--sysroot"]).arg(root);
        command.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null());
        // SAFETY: `setsid` may be called between fork and exec.
        unsafe { command.pre_exec(leave_the_terminal) };
        let mut child =
            command.spawn().or_fail(|| "cannot start the process that guards the host's settings".into())?;
        let line = child.stdin.take();
        Ok(Guard { child, line })
    }
}

/// Ctrl-C and the closing of a terminal reach every process of a session; the guardian has work to do then.
fn leave_the_terminal() -> io::Result<()> {
    // SAFETY: takes nothing.
    if unsafe { libc::setsid() } < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

impl Drop for Guard {
    /// Returns when the guardian has done what was left to do.
    fn drop(&mut self) {
        drop(self.line.take());
        // It says itself what went wrong, and there is nobody left to tell how it ended.
        let _ = self.child.wait();
    }
}

/// In the guardian: returns when the process that started it has ended or has let go of it.
///
/// # Errors
/// When the line to that process cannot be read.
pub fn await_end_of_owner() -> Outcome<()> {
    let mut line = io::stdin().lock();
    let mut bytes = [0; 64];
    loop {
        match line.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                return Err(error).or_fail(|| "cannot wait for the end of the run".into());
            }
            _ => {}
        }
    }
}
