//! One benchmark process: how it is started, watched and ended.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::contract::{Counter, Counters};
use crate::counters::{Availability, EventPlan, available};
use crate::kernel;

/// The last bytes of standard error that are kept.
const STDERR_TAIL: usize = 4096;

/// A benchmark executable and how cargo would run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executable {
    /// The file.
    pub path: PathBuf,
    /// Working directory.
    pub cwd: PathBuf,
    /// Variables on top of the inherited environment.
    pub env: Vec<(String, String)>,
}

impl Executable {
    /// Bytes that its path and variables take on its stack, where they come before everything else.
    pub fn stack_bytes(&self) -> usize {
        // The path stands there twice, as the first argument and as the name of the executed file.
        let variables: usize = self.env.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
        2 * (self.path.as_os_str().len() + 1) + variables
    }
}

/// Where and how benchmark processes run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Cores that they are pinned to; empty: not pinned.
    pub bench_cpus: Vec<u32>,
    /// Whether they get real-time priority.
    pub fifo: bool,
    /// Whether address-space randomisation is switched off for them.
    pub aslr_off: bool,
    /// Seconds without any sign of life after which a benchmark counts as hung.
    pub hang_timeout_s: u64,
    /// Events that are counted in them.
    pub events: EventPlan,
    /// Counters that their own accounting tells instead of an event: page faults, context switches, processor time.
    pub from_usage: Vec<Counter>,
    /// Whether benchmarks with threads of their own are counted too. Each event is opened again for each thread that is
    /// started, which made that half as slow again and more: nothing for those whose times are wanted first.
    pub count_threads: bool,
}

impl Conditions {
    /// The conditions that this machine grants: one core for the benchmarks and another one for the coordinator if
    /// there are two, real-time priority if permitted.
    ///
    /// # Errors
    /// When a requested core may not be used.
    pub fn granted(requested_cpus: Option<&[u32]>) -> Result<Self, String> {
        let allowed =
            kernel::allowed_cpus().map_err(|error| format!("cannot read the allowed cores: {error}"))?;
        let bench_cpus = match requested_cpus {
            Some(requested) => {
                // Isolated cores are in nobody's set from the start, and are granted to those who ask.
                let granted =
                    |cpu: &u32| allowed.contains(cpu) || in_scratch_thread(|| kernel::pin(0, &[*cpu]));
                if let Some(missing) = requested.iter().find(|cpu| !granted(cpu)) {
                    return Err(format!("core {missing} may not be used; allowed: {}", join(&allowed)));
                }
                requested.to_vec()
            }
            None => allowed.last().copied().into_iter().collect(),
        };
        let coordinator_has_its_own = allowed.iter().any(|cpu| !bench_cpus.contains(cpu));
        Ok(Conditions {
            fifo: coordinator_has_its_own
                && !bench_cpus.is_empty()
                && in_scratch_thread(|| kernel::make_fifo(0)),
            // A thread's personality is its own, so trying it out in a thread that ends leaves no trace.
            aslr_off: in_scratch_thread(kernel::switch_aslr_off),
            bench_cpus,
            hang_timeout_s: 120,
            events: EventPlan::default(),
            from_usage: Vec::new(),
            count_threads: false,
        })
    }

    /// Counts these, as far as they can be had here, in benchmarks with threads of their own only if `threads`; tells what
    /// became of them.
    pub fn count(&mut self, asked: &[Counter], threads: bool) -> Counters {
        // What a process is told of itself anyway costs nothing. Any open event makes a hand-over take twice as long, so the
        // kernel's are opened only where threads are to be counted too.
        let events: Vec<Counter> = asked.iter().copied().filter(|it| threads || it.is_hardware()).collect();
        let Availability { plan, missing } = available(&events);
        let told = [Counter::PageFaults, Counter::ContextSwitches, Counter::TaskClockNs];
        let has_no_event = |counter: &Counter| !plan.events().iter().any(|event| event.counter == *counter);
        self.from_usage = told.into_iter().filter(|it| asked.contains(it) && has_no_event(it)).collect();
        (self.events, self.count_threads) = (plan, threads);
        Counters { asked: asked.to_vec(), threads, missing, from_usage: self.from_usage.clone() }
    }

    /// The core that the coordinator keeps to: the first one that no benchmark uses.
    pub fn coordinator_cpu(&self) -> Option<u32> {
        if self.bench_cpus.is_empty() {
            return None;
        }
        kernel::allowed_cpus().ok()?.into_iter().find(|cpu| !self.bench_cpus.contains(cpu))
    }
}

/// Keeps the calling thread off the benchmarks' cores while it lives.
pub struct CoordinatorSeat {
    allowed_before: Vec<u32>,
}

impl CoordinatorSeat {
    /// Takes the seat; without a core of its own, the thread stays where it is.
    pub fn take(conditions: &Conditions) -> CoordinatorSeat {
        let allowed_before = kernel::allowed_cpus().unwrap_or_default();
        let free: Vec<u32> =
            allowed_before.iter().copied().filter(|cpu| !conditions.bench_cpus.contains(cpu)).collect();
        // Being refused costs precision, not correctness, and the record names the coordinator's core only if granted.
        if !free.is_empty() && !conditions.bench_cpus.is_empty() && kernel::pin(0, &free).is_err() {
            return CoordinatorSeat { allowed_before: Vec::new() };
        }
        CoordinatorSeat { allowed_before }
    }
}

impl Drop for CoordinatorSeat {
    fn drop(&mut self) {
        if !self.allowed_before.is_empty() {
            let _ = kernel::pin(0, &self.allowed_before);
        }
    }
}

/// How many cores this process may use, at least one.
pub fn allowed_cores() -> usize {
    kernel::allowed_cpus().map_or(1, |cpus| cpus.len().max(1))
}

fn join(cpus: &[u32]) -> String {
    cpus.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

fn in_scratch_thread(attempt: impl FnOnce() -> io::Result<()> + Send) -> bool {
    std::thread::scope(|scope| scope.spawn(attempt).join().is_ok_and(|result| result.is_ok()))
}

/// A running benchmark process, killed with its whole process group when dropped.
pub struct BenchProcess {
    child: Child,
    pid_fd: OwnedFd,
    stdout: Option<OwnedFd>,
    stderr: Option<OwnedFd>,
    stderr_tail: Vec<u8>,
    exit: Option<ExitStatus>,
}

impl BenchProcess {
    /// Starts an executable under some conditions; `inherited` descriptors stay open in it.
    pub fn spawn(
        executable: &Executable,
        arguments: &[String],
        extra_env: &[(String, String)],
        inherited: &[RawFd],
        conditions: &Conditions,
    ) -> io::Result<Self> {
        let mut command = Command::new(&executable.path);
        command.args(arguments).current_dir(&executable.cwd).process_group(0);
        command.envs(executable.env.iter().cloned()).envs(extra_env.iter().cloned());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let (inherited, conditions) = (inherited.to_vec(), conditions.clone());
        let prepare = move || {
            kernel::die_with_parent()?;
            for &fd in &inherited {
                kernel::keep_on_exec(fd)?;
            }
            if !conditions.bench_cpus.is_empty() {
                kernel::pin(0, &conditions.bench_cpus)?;
            }
            if conditions.aslr_off {
                kernel::switch_aslr_off()?;
            }
            if conditions.fifo { kernel::make_fifo(0) } else { Ok(()) }
        };
        // SAFETY: only system calls, no allocation: the closure's data was made before the fork.
        unsafe { command.pre_exec(prepare) };
        let mut child = command.spawn()?;
        let pid_fd = kernel::process_descriptor(child.id())?;
        let stdout = child.stdout.take().map(OwnedFd::from);
        let stderr = child.stderr.take().map(OwnedFd::from);
        for fd in [&stdout, &stderr].into_iter().flatten() {
            kernel::do_not_block(fd.as_raw_fd())?;
        }
        Ok(BenchProcess { child, pid_fd, stdout, stderr, stderr_tail: Vec::new(), exit: None })
    }

    /// The kernel's id of the process, also of its process group.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Descriptors to wait on: output, and the end of the process.
    pub fn fds(&self) -> impl Iterator<Item = RawFd> {
        let outputs = [&self.stdout, &self.stderr].into_iter().flatten().map(AsRawFd::as_raw_fd);
        let end = self.exit.is_none().then(|| self.pid_fd.as_raw_fd());
        outputs.chain(end).collect::<Vec<_>>().into_iter()
    }

    /// Takes in output and the end of the process. Standard output is dropped; a benchmark may print gigabytes.
    pub fn take_in(&mut self) -> io::Result<()> {
        let mut chunk = [0u8; 64 << 10];
        // A bounded number of chunks: a process that prints without end must not keep the coordinator here.
        for _ in 0..16 {
            let mut quiet = true;
            if let Some(count) = read_output(&mut self.stdout, &mut chunk)? {
                quiet = count == 0;
            }
            if let Some(count) = read_output(&mut self.stderr, &mut chunk)? {
                quiet &= count == 0;
                self.stderr_tail.extend_from_slice(&chunk[..count]);
                let surplus = self.stderr_tail.len().saturating_sub(STDERR_TAIL);
                self.stderr_tail.drain(..surplus);
            }
            if quiet {
                break;
            }
        }
        if self.exit.is_none() && kernel::is_readable(self.pid_fd.as_raw_fd())? {
            // While the leader is not reaped its group keeps its number, so nobody else can be hit.
            kernel::signal_group(self.pid(), libc::SIGKILL);
            self.exit = Some(self.child.wait()?);
        }
        Ok(())
    }

    /// How it ended, if it has.
    pub fn exit(&self) -> Option<ExitStatus> {
        self.exit
    }

    /// The end of what it printed on standard error.
    pub fn stderr_tail(&self) -> String {
        String::from_utf8_lossy(&self.stderr_tail).trim().to_owned()
    }

    /// Asks the kernel to kill it with everything in its process group, without waiting.
    pub fn send_kill(&self) {
        if self.exit.is_none() {
            kernel::signal_group(self.pid(), libc::SIGKILL);
        }
    }

    /// Kills it with everything in its process group, and waits for it.
    pub fn kill(&mut self) {
        if self.exit.is_none() {
            kernel::signal_group(self.pid(), libc::SIGKILL);
            self.exit = self.child.wait().ok();
        }
    }
}

/// `None` once the stream has ended.
fn read_output(stream: &mut Option<OwnedFd>, chunk: &mut [u8]) -> io::Result<Option<usize>> {
    let Some(fd) = stream else { return Ok(None) };
    match kernel::read_now(fd.as_raw_fd(), chunk)? {
        Some(0) => {
            *stream = None;
            Ok(None)
        }
        Some(count) => Ok(Some(count)),
        None => Ok(Some(0)),
    }
}

impl Drop for BenchProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An exit status in words.
pub fn describe_exit(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(101), _) => "panicked (exit status 101)".into(),
        (Some(code), _) => format!("ended early with exit status {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended in an unknown way".into(),
    }
}

/// Writes bytes to a file that only its owner may change, unless it already holds them.
pub(crate) fn install(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if std::fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    std::fs::write(&temporary, bytes)?;
    std::fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_outside_of_the_present_set_is_granted_when_the_kernel_permits_it() {
        let all = kernel::allowed_cpus().unwrap();
        let (first, last) = (all[0], all[all.len() - 1]);
        std::thread::spawn(move || {
            kernel::pin(0, &[first]).unwrap();
            assert_eq!(Conditions::granted(Some(&[last])).unwrap().bench_cpus, [last]);
            assert_eq!(Conditions::granted(None).unwrap().bench_cpus, [first]);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_core_that_does_not_exist_is_refused_with_those_that_are_allowed() {
        let refused = Conditions::granted(Some(&[100_000])).unwrap_err();
        assert!(refused.starts_with("core 100000 may not be used; allowed: "), "{refused}");
    }
}
