//! The stage: the running benchmark processes and everything that can be heard from them, one event at a time.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::contract::{BenchmarkFailure, Role};
use crate::criterion::connection::Connection;
use crate::criterion::message::Message;
use crate::kernel;
use crate::process::{BenchProcess, Conditions, Executable, describe_exit};
use crate::shared::SharedMemory;

/// How long one wait lasts before signs of life are checked again.
const WAIT_MS: i32 = 500;

/// Why measuring stopped.
#[derive(Debug)]
pub enum MeasureError {
    /// The user asked to stop.
    Interrupted,
    /// One side gave no sign of life for too long.
    Hung(Role),
    /// The sides run their benchmarks in different orders; asked for one at a time, they can be measured.
    OtherOrder,
    /// One side said something that is not its harness's protocol.
    Protocol(Role, String),
    /// The operating system refused something.
    System(String, io::Error),
}

impl std::fmt::Display for MeasureError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            MeasureError::Interrupted => f.write_str("interrupted"),
            MeasureError::Hung(role) => write!(f, "the {role}'s benchmark gives no sign of life"),
            MeasureError::OtherOrder => f.write_str("the two sides run their benchmarks in different orders"),
            MeasureError::Protocol(role, what) => {
                write!(f, "the {role}'s benchmark breaks the protocol: {what}")
            }
            MeasureError::System(what, _) => f.write_str(what),
        }
    }
}

impl std::error::Error for MeasureError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            MeasureError::System(_, error) => Some(error),
            _ => None,
        }
    }
}

/// Gives an I/O error the words for what was attempted.
pub fn system<T>(result: io::Result<T>, what: impl FnOnce() -> String) -> Result<T, MeasureError> {
    result.map_err(|error| MeasureError::System(what(), error))
}

/// Something that a benchmark process did.
#[derive(Debug)]
pub enum Event {
    /// Its harness sent a message.
    Message(Message),
    /// Its probe rang: look at its station.
    Rang,
    /// It ended.
    Ended(ExitStatus),
}

/// One benchmark process with its socket and its bell.
pub struct Actor {
    role: Role,
    process: BenchProcess,
    connection: Connection,
    bell: Option<OwnedFd>,
    rang: bool,
    last_sign_ns: u64,
    last_clock_reads: u64,
}

/// What the probe of one side is told at start-up.
pub struct ProbeSettings<'a> {
    /// The installed probe, open.
    pub file: &'a File,
    /// The shared memory.
    pub memory: &'a SharedMemory,
    /// Bytes by which the heap is shifted.
    pub heap_shift: u64,
    /// Pages by which later mappings are shifted.
    pub mapping_shift: u64,
    /// Seed of `getrandom`, not zero.
    pub random_seed: u64,
    /// Whether the executable is valgrind, which runs the benchmark.
    pub under_valgrind: bool,
}

/// The processes that are running now.
pub struct Stage<'a> {
    actors: Vec<Actor>,
    conditions: &'a Conditions,
    interrupted: &'a AtomicBool,
}

impl<'a> Stage<'a> {
    /// An empty stage.
    pub fn new(conditions: &'a Conditions, interrupted: &'a AtomicBool) -> Self {
        Stage { actors: Vec::new(), conditions, interrupted }
    }

    /// Starts a process; with a probe (and bytes of padding for its stack), its greeting is held until [`Stage::greet`].
    pub fn enter(
        &mut self,
        role: Role,
        executable: &Executable,
        arguments: &[String],
        scratch: &Path,
        probe: Option<(&ProbeSettings<'_>, usize)>,
    ) -> Result<(), MeasureError> {
        let cannot = |what: &str| format!("cannot {what} for `{}`", executable.path.display());
        let mut connection = system(Connection::listen(), || cannot("listen on the loopback interface"))?;
        let mut env = vec![
            ("CARGO_CRITERION_PORT".to_owned(), connection.port().to_string()),
            ("CRITERION_HOME".to_owned(), scratch.to_string_lossy().into_owned()),
        ];
        let mut inherited = Vec::new();
        let mut bell = None;
        if let Some((probe, padding)) = probe {
            connection.hold_greeting();
            let fd = system(kernel::event_descriptor(), || cannot("make an event descriptor"))?;
            inherited.extend([probe.memory.fd().as_raw_fd(), fd.as_raw_fd(), probe.file.as_raw_fd()]);
            env.extend(probe_environment(probe, role, fd.as_raw_fd(), connection.port(), padding));
            bell = Some(fd);
        }
        let process = BenchProcess::spawn(executable, arguments, &env, &inherited, self.conditions);
        let process = system(process, || cannot("start a process"))?;
        let last_sign_ns = kernel::monotonic_ns();
        self.actors.push(Actor {
            role,
            process,
            connection,
            bell,
            rang: false,
            last_sign_ns,
            last_clock_reads: 0,
        });
        Ok(())
    }

    /// The process of a role.
    pub fn actor(&mut self, role: Role) -> Option<&mut Actor> {
        self.actors.iter_mut().find(|actor| actor.role == role)
    }

    /// The next thing that a side does; both sides are heard meanwhile, nothing is lost.
    pub fn next_event(&mut self, role: Role, memory: Option<&SharedMemory>) -> Result<Event, MeasureError> {
        self.next_of(&[role], memory).map(|(_, event)| event)
    }

    /// The next thing that any of the given sides does.
    pub fn next_of(
        &mut self,
        roles: &[Role],
        memory: Option<&SharedMemory>,
    ) -> Result<(Role, Event), MeasureError> {
        loop {
            for actor in self.actors.iter_mut().filter(|actor| roles.contains(&actor.role)) {
                if let Some(event) = actor.take_event() {
                    actor.last_sign_ns = kernel::monotonic_ns();
                    return Ok((actor.role, event));
                }
            }
            if self.interrupted.load(Ordering::Relaxed) {
                return Err(MeasureError::Interrupted);
            }
            self.check_life(roles, memory)?;
            self.listen()?;
        }
    }

    /// The next thing that a side does; nothing when a short wait brought nothing.
    pub fn event_soon(&mut self, role: Role) -> Result<Option<Event>, MeasureError> {
        for waited in [false, true] {
            if waited {
                if self.interrupted.load(Ordering::Relaxed) {
                    return Err(MeasureError::Interrupted);
                }
                self.check_life(&[role], None)?;
                self.listen()?;
            }
            if let Some(actor) = self.actor(role)
                && let Some(event) = actor.take_event()
            {
                actor.last_sign_ns = kernel::monotonic_ns();
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// Waits a while and takes in whatever the processes did.
    pub fn listen(&mut self) -> Result<(), MeasureError> {
        let mut fds = Vec::new();
        for actor in &self.actors {
            fds.push(actor.connection.fd());
            fds.extend(actor.bell.iter().map(AsRawFd::as_raw_fd));
            fds.extend(actor.process.fds());
        }
        system(kernel::wait_readable(&fds, WAIT_MS), || "cannot wait for the benchmark processes".into())?;
        for actor in &mut self.actors {
            actor.take_in()?;
        }
        Ok(())
    }

    /// Fails when a side hangs or the user asked to stop.
    pub fn check(&mut self, role: Role, memory: &SharedMemory) -> Result<(), MeasureError> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(MeasureError::Interrupted);
        }
        self.check_life(&[role], Some(memory))
    }

    /// What to tell of a side that hung in a benchmark.
    pub fn hang(&mut self, role: Role) -> Option<BenchmarkFailure> {
        let timeout_s = self.conditions.hang_timeout_s;
        self.actor(role).map(|actor| actor.hang(timeout_s))
    }

    /// A side that reads its clock, or whose partner does, is alive.
    fn check_life(&mut self, roles: &[Role], memory: Option<&SharedMemory>) -> Result<(), MeasureError> {
        let now_ns = kernel::monotonic_ns();
        let mut newest_sign_ns = 0;
        for actor in &mut self.actors {
            let reads = memory.map_or(0, |memory| memory.clock_reads(actor.role));
            if reads != actor.last_clock_reads {
                (actor.last_clock_reads, actor.last_sign_ns) = (reads, now_ns);
            }
            newest_sign_ns = newest_sign_ns.max(actor.last_sign_ns);
        }
        let silent_s = now_ns.saturating_sub(newest_sign_ns) / 1_000_000_000;
        match (silent_s >= self.conditions.hang_timeout_s, roles) {
            (true, [role]) => Err(MeasureError::Hung(*role)),
            (true, _) => {
                // Both fell silent: the one whose turn it was keeps the other waiting.
                let owner = memory.and_then(SharedMemory::owner_of_turn);
                Err(MeasureError::Hung(owner.unwrap_or(Role::Candidate)))
            }
            (false, _) => Ok(()),
        }
    }
}

impl Drop for Stage<'_> {
    /// Kills everybody before anybody is waited for: with real-time priority, a process that spins keeps the others on its
    /// core from running, and a process has to run to die.
    fn drop(&mut self) {
        for actor in &self.actors {
            actor.process.send_kill();
        }
    }
}

fn probe_environment(
    probe: &ProbeSettings<'_>,
    role: Role,
    bell: i32,
    port: u16,
    padding: usize,
) -> impl Iterator<Item = (String, String)> + use<> {
    // Fixed widths: both sides get an environment block of the same length, so their stacks begin alike.
    let settings = format!(
        "{:05},{:05},{},{:010},{:010},{:020},{:05},{:05},{}",
        probe.memory.fd().as_raw_fd(),
        bell,
        role.index(),
        probe.heap_shift,
        probe.mapping_shift,
        probe.random_seed,
        port,
        probe.file.as_raw_fd(),
        u8::from(probe.under_valgrind),
    );
    // The dynamic linker splits the variable at spaces and colons, which the file's own path may hold.
    let path = format!("/proc/self/fd/{}", probe.file.as_raw_fd());
    let present = std::env::var("LD_PRELOAD").ok().filter(|value| !value.is_empty());
    let preload = present.as_ref().map_or(path.clone(), |present| format!("{path}:{present}"));
    let mut env = vec![("RQS_PROBE".to_owned(), settings), ("LD_PRELOAD".to_owned(), preload)];
    env.extend(present.map(|present| ("RQS_LD_PRELOAD".to_owned(), present)));
    env.push(("RQS_PADDING".to_owned(), "x".repeat(padding)));
    env.into_iter()
}

impl Actor {
    fn take_event(&mut self) -> Option<Event> {
        if let Some(message) = self.connection.next_message() {
            return Some(Event::Message(message));
        }
        if std::mem::take(&mut self.rang) {
            return Some(Event::Rang);
        }
        self.process.exit().map(Event::Ended)
    }

    fn take_in(&mut self) -> Result<(), MeasureError> {
        let role = self.role;
        if let Some(bell) = &self.bell {
            let mut count = [0u8; 8];
            let heard =
                system(kernel::read_now(bell.as_raw_fd(), &mut count), || "cannot hear a probe".into())?;
            self.rang |= heard.is_some();
        }
        system(self.process.take_in(), || format!("cannot follow the {role}'s process"))?;
        // After the bell and the end: whatever was sent before them is in the socket by now.
        match self.connection.receive() {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Err(MeasureError::Protocol(role, error.to_string()))
            }
            result => system(result, || format!("cannot read from the {role}'s socket")),
        }
    }

    /// The harness's socket.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Whether the process is gone.
    pub fn has_ended(&self) -> bool {
        self.process.exit().is_some()
    }

    /// The kernel's id of the process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Lets the harness go on; a process that is gone already is noticed by its end.
    pub fn send_continue(&mut self) -> Result<(), MeasureError> {
        match self.connection.send_continue() {
            Err(error)
                if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) =>
            {
                Ok(())
            }
            result => system(result, || "cannot answer a benchmark".into()),
        }
    }

    /// What to tell of a process that ended in a benchmark.
    pub fn failure(&self, status: ExitStatus) -> BenchmarkFailure {
        BenchmarkFailure {
            role: self.role,
            what: describe_exit(status),
            stderr_tail: self.process.stderr_tail(),
        }
    }

    /// What to tell of a process that hung in a benchmark.
    pub fn hang(&self, timeout_s: u64) -> BenchmarkFailure {
        let what = format!("gave no sign of life for {timeout_s} s and was ended");
        BenchmarkFailure { role: self.role, what, stderr_tail: self.process.stderr_tail() }
    }
}
