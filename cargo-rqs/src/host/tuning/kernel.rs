//! Settings as the kernel shows them: files that are read, and written with one call.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

use crate::model::failure::{OrFail, Outcome};

/// Whoever owns the settings: the kernel, or in tests something that speaks like it.
pub(super) trait Kernel {
    /// The bytes of a setting, by its path below the root.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
    /// Sets it.
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()>;
}

/// The files below a root.
pub(super) struct Root(pub(super) PathBuf);

impl Kernel for Root {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.0.join(path))
    }

    /// A setting that is not there is never created, and one call holds the whole value.
    fn write(&self, path: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).truncate(true).open(self.0.join(path))?;
        match file.write(bytes)? {
            written if written == bytes.len() => Ok(()),
            written => Err(io::Error::other(format!("only {written} of {} bytes were taken", bytes.len()))),
        }
    }
}

/// The id that the kernel drew when it was booted.
pub(super) fn boot(kernel: &impl Kernel) -> Outcome<String> {
    const PATH: &str = "proc/sys/kernel/random/boot_id";
    let bytes = kernel.read(PATH).or_fail(|| format!("cannot tell which boot this is from `/{PATH}`"))?;
    Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
}

/// When a process of this machine was started, in clock ticks since boot; `None` when there is none of that id.
pub(super) fn started_ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // `pid (name) state ...`: the name may hold anything; the start is field 22, the state field 3.
    let fields = stat.get(stat.rfind(')')? + 1..)?;
    fields.split_ascii_whitespace().nth(22 - 3)?.parse().ok()
}
