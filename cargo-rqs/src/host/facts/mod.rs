//! Raw facts about the host's present condition, read and not judged: files of `/proc` and `/sys` below a root, and
//! what the kernel grants this process. Reads, and changes nothing.
#![allow(clippy::disallowed_methods, reason = "this room reads the machine's facts")]

mod files;
mod process;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::model::cores::Cores;
use crate::model::facts::Facts;

/// How the facts are to be read.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// The root of `/proc` and `/sys`: `/`, or a folder that holds a copy of them.
    pub root: PathBuf,
    /// Cores for the benchmarks; empty: none in particular.
    pub bench_cores: Vec<u32>,
    /// How long what counts (stolen time, interrupts, the work of others) is watched.
    pub interval: Duration,
    /// A folder on the disk that builds go to.
    pub folder: PathBuf,
    /// What kind of machine this is, as `kvm` or `none`.
    pub virtualisation: String,
}

/// Reads the facts. It takes as long as the interval; a file that is not there is left out.
pub fn gather(inquiry: &Inquiry) -> Facts {
    let root = &inquiry.root;
    let groups = files::control_groups(root);
    let begin = Instant::now();
    let earlier = files::read(root, &[&files::COUNTING[..], &groups.counting()].concat());
    std::thread::sleep(inquiry.interval);
    let mut all = files::read(root, &[&files::COUNTING[..], &groups.counting()].concat());
    let interval_ms = begin.elapsed().as_millis() as u64;
    all.extend(files::read(root, &[&files::STANDING[..], &groups.standing()].concat()));
    // Only the kernel of this machine can be asked for its cores.
    let own_cores = if root == Path::new("/") { &inquiry.bench_cores[..] } else { &[] };
    let mut process = process::gather(own_cores, &inquiry.folder);
    process.virtualisation.clone_from(&inquiry.virtualisation);
    let first = inquiry.bench_cores.first().copied().unwrap_or(0);
    process.boost_register = files::boost_register(root, first);
    let bench_cores: Cores = inquiry.bench_cores.iter().copied().collect();
    Facts { files: all, earlier, interval_ms, bench_cores, process }
}

/// Whether this process may write a file below a root; the kernel may still refuse the value.
pub fn may_write(root: &Path, path: &str) -> bool {
    process::may_write(&root.join(path))
}

/// The path of this program, for commands that are to be run as another user.
pub fn own_program() -> String {
    process::own_program()
}

#[cfg(test)]
mod tests;
