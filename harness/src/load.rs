//! Load on the machine while benchmarks are measured, made by processes of our own: to see what disturbs them, and what
//! comes of it. The processes end with this one, however it ends.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::conductor::stage::{MeasureError, system};
use crate::kernel;
use crate::process::{BenchProcess, Conditions, Executable, install};

/// Processes that copy memory at most: more of them fill no bus any fuller.
const MOST_COPYING: usize = 8;

/// A kind of load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A process on each of the benchmarks' cores that is busy now and then, with ordinary priority as others' are.
    Bursts,
    /// Processes on other cores that copy memory all the time.
    Memory,
}

/// Load that lasts until this is dropped.
pub struct Running {
    processes: Vec<BenchProcess>,
}

impl Running {
    /// Ids of its processes.
    pub fn pids(&self) -> impl Iterator<Item = u32> {
        self.processes.iter().map(BenchProcess::pid)
    }

    /// Fails when a process has ended, because then there was no load.
    ///
    /// # Errors
    /// When one has ended, with its last words.
    pub fn check(&mut self) -> Result<(), MeasureError> {
        for process in &mut self.processes {
            system(process.take_in(), || "cannot follow a process that makes load".into())?;
            if let Some(status) = process.exit() {
                let how = crate::process::describe_exit(status);
                let why = std::io::Error::other(format!("{how}: {}", process.stderr_tail()));
                return Err(MeasureError::System("a process that makes load has ended".into(), why));
            }
        }
        Ok(())
    }
}

/// The cores that a kind of load runs on; empty where it cannot be made.
pub fn cores(kind: Kind, conditions: &Conditions) -> Vec<u32> {
    match kind {
        Kind::Bursts => conditions.bench_cpus.clone(),
        Kind::Memory if conditions.bench_cpus.is_empty() => Vec::new(),
        Kind::Memory => {
            let allowed = kernel::allowed_cpus().unwrap_or_default();
            allowed
                .into_iter()
                .filter(|cpu| !conditions.bench_cpus.contains(cpu))
                .take(MOST_COPYING)
                .collect()
        }
    }
}

/// Starts a kind of load; the coins of bursts are those of the seed. `scratch` is a folder for its program.
///
/// # Errors
/// When there is no core for it here, or a process cannot be started.
pub fn start(
    kind: Kind,
    conditions: &Conditions,
    seed: u64,
    scratch: &Path,
) -> Result<Running, MeasureError> {
    let cores = cores(kind, conditions);
    if crate::REFERENCE.is_empty() || cores.is_empty() {
        let why = std::io::Error::other("there is no core for it, or no program for this platform");
        return Err(MeasureError::System("cannot make load".into(), why));
    }
    let path = scratch.join("load");
    let installed = install(&path, crate::REFERENCE)
        .and_then(|()| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)));
    system(installed, || format!("cannot write `{}`", path.display()))?;
    let executable = Executable { path, cwd: scratch.to_owned(), env: Vec::new() };
    let name = match kind {
        Kind::Bursts => "bursts",
        Kind::Memory => "memory",
    };
    let mut processes = Vec::new();
    for core in cores {
        let arguments =
            ["--load".to_owned(), name.to_owned(), seed.wrapping_add(u64::from(core)).to_string()];
        let place = Conditions { bench_cpus: vec![core], ..Conditions::default() };
        let process = BenchProcess::spawn(&executable, &arguments, &[], &[], &place);
        processes.push(system(process, || "cannot start a process that makes load".into())?);
    }
    Ok(Running { processes })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn conditions() -> Conditions {
        Conditions {
            bench_cpus: kernel::allowed_cpus().unwrap().pop().into_iter().collect(),
            ..Conditions::default()
        }
    }

    #[test]
    fn load_keeps_the_processor_busy_until_it_is_dropped() {
        if crate::REFERENCE.is_empty() {
            return;
        }
        let scratch = tempfile::tempdir().unwrap();
        let conditions = conditions();
        for kind in [Kind::Bursts, Kind::Memory] {
            if cores(kind, &conditions).is_empty() {
                continue;
            }
            let mut load = start(kind, &conditions, 3, scratch.path()).unwrap();
            let pids: Vec<u32> = load.pids().collect();
            let used = || pids.iter().filter_map(|pid| kernel::cpu_ns_of(*pid)).sum::<u64>();
            let before = used();
            // However busy the machine is, some time comes round.
            while used() < before + 20_000_000 {
                load.check().unwrap();
                std::thread::sleep(Duration::from_millis(5));
            }
            drop(load);
            assert!(pids.iter().all(|pid| !Path::new(&format!("/proc/{pid}")).exists()), "{kind:?}");
        }
    }

    #[test]
    fn without_a_core_there_is_no_load() {
        let scratch = tempfile::tempdir().unwrap();
        let nowhere = Conditions::default();
        assert!(cores(Kind::Bursts, &nowhere).is_empty() && cores(Kind::Memory, &nowhere).is_empty());
        assert!(start(Kind::Memory, &nowhere, 1, scratch.path()).is_err());
    }
}
