//! The Linux calls that the harness needs and that the standard library lacks, each wrapped once.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::AtomicU32;

fn check(status: libc::c_int) -> io::Result<libc::c_int> {
    if status < 0 { Err(io::Error::last_os_error()) } else { Ok(status) }
}

/// Cores that the calling thread may use, ascending.
pub fn allowed_cpus() -> io::Result<Vec<u32>> {
    // SAFETY: a zeroed set is a valid empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is writable and of the given size; 0 is the calling thread.
    check(unsafe { libc::sched_getaffinity(0, size_of_val(&set), &mut set) })?;
    // SAFETY: the index stays below the set's size.
    Ok((0..libc::CPU_SETSIZE as u32).filter(|&cpu| unsafe { libc::CPU_ISSET(cpu as usize, &set) }).collect())
}

/// Pins a thread (0: the calling one) to some cores.
pub fn pin(thread: i32, cpus: &[u32]) -> io::Result<()> {
    // SAFETY: a zeroed set is a valid empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    for &cpu in cpus.iter().filter(|&&cpu| cpu < libc::CPU_SETSIZE as u32) {
        // SAFETY: the index stays below the set's size.
        unsafe { libc::CPU_SET(cpu as usize, &mut set) };
    }
    // SAFETY: the set is readable and of the given size.
    check(unsafe { libc::sched_setaffinity(thread, size_of_val(&set), &set) }).map(drop)
}

/// Gives a thread (0: the calling one) the lowest real-time priority; threads and children it starts do not inherit it.
pub fn make_fifo(thread: i32) -> io::Result<()> {
    let parameter = libc::sched_param { sched_priority: 1 };
    // SAFETY: the parameter is readable.
    let status =
        unsafe { libc::sched_setscheduler(thread, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, &parameter) };
    check(status).map(drop)
}

/// Gives a thread the ordinary scheduling class.
pub fn make_ordinary(thread: i32) -> io::Result<()> {
    let parameter = libc::sched_param { sched_priority: 0 };
    // SAFETY: the parameter is readable.
    check(unsafe { libc::sched_setscheduler(thread, libc::SCHED_OTHER, &parameter) }).map(drop)
}

/// Switches address-space randomisation off for the programs that the calling process becomes.
pub fn switch_aslr_off() -> io::Result<()> {
    // SAFETY: 0xffffffff asks for the present personality.
    let present = check(unsafe { libc::personality(0xffff_ffff) })?;
    // SAFETY: only the flag is added.
    check(unsafe { libc::personality((present | libc::ADDR_NO_RANDOMIZE) as libc::c_ulong) }).map(drop)
}

/// Kills the calling process when the thread that started it dies.
pub fn die_with_parent() -> io::Result<()> {
    // SAFETY: plain flag.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) }).map(drop)
}

/// Anonymous memory with a descriptor that child processes inherit only where it is handed on.
pub fn memory_file(name: &std::ffi::CStr, len: usize) -> io::Result<OwnedFd> {
    // SAFETY: a NUL-terminated name.
    let fd = check(unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) })?;
    // SAFETY: the descriptor is fresh and ours.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    // SAFETY: the descriptor is valid.
    check(unsafe { libc::ftruncate(fd.as_raw_fd(), len as libc::off_t) })?;
    Ok(fd)
}

/// A descriptor that becomes readable when somebody rings it.
pub fn event_descriptor() -> io::Result<OwnedFd> {
    // SAFETY: no pointers.
    let fd = check(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
    // SAFETY: the descriptor is fresh and ours.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A descriptor that becomes readable when the process ends.
pub fn process_descriptor(pid: u32) -> io::Result<OwnedFd> {
    // SAFETY: no pointers.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid as libc::pid_t, 0) };
    let fd = check(fd as libc::c_int)?;
    // SAFETY: the descriptor is fresh and ours; pidfd_open sets close-on-exec.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Hands a descriptor on to the program that the calling process becomes.
pub fn keep_on_exec(fd: RawFd) -> io::Result<()> {
    // SAFETY: plain descriptor flag.
    check(unsafe { libc::fcntl(fd, libc::F_SETFD, 0) }).map(drop)
}

/// Keeps a descriptor from programs that are started later.
pub fn close_on_exec(fd: RawFd) -> io::Result<()> {
    // SAFETY: plain descriptor flag.
    check(unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) }).map(drop)
}

/// Processor time of another process so far, all its threads together, in nanoseconds; `None` when it is gone.
pub fn cpu_ns_of(pid: u32) -> Option<u64> {
    let (mut clock, mut time): (libc::clockid_t, libc::timespec) =
        (0, libc::timespec { tv_sec: 0, tv_nsec: 0 });
    // SAFETY: both are writable.
    let told = unsafe {
        libc::clock_getcpuclockid(pid as libc::pid_t, &mut clock) == 0
            && libc::clock_gettime(clock, &mut time) == 0
    };
    told.then(|| time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

/// Reads from the descriptor do not wait any more.
pub fn do_not_block(fd: RawFd) -> io::Result<()> {
    // SAFETY: plain descriptor flags.
    let flags = check(unsafe { libc::fcntl(fd, libc::F_GETFL) })?;
    // SAFETY: plain descriptor flags.
    check(unsafe { libc::fcntl(fd, libc::F_SETFL, flags | libc::O_NONBLOCK) }).map(drop)
}

/// Acknowledges what comes in at once. Criterion writes a frame as two small packets without `TCP_NODELAY`, so the second
/// one waits for our acknowledgement of the first, 40 ms long by default. The kernel forgets the setting, so it is
/// renewed after every read.
pub fn acknowledge_at_once(socket: RawFd) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the option value is a readable int of the given size.
    let status = unsafe {
        libc::setsockopt(
            socket,
            libc::IPPROTO_TCP,
            libc::TCP_QUICKACK,
            (&raw const on).cast(),
            size_of_val(&on) as libc::socklen_t,
        )
    };
    check(status).map(drop)
}

/// Reads what is there; `None` when nothing is there yet, `Some(0)` at the end.
pub fn read_now(fd: RawFd, bytes: &mut [u8]) -> io::Result<Option<usize>> {
    loop {
        // SAFETY: the buffer is writable.
        let count = unsafe { libc::read(fd, bytes.as_mut_ptr().cast(), bytes.len()) };
        if count >= 0 {
            return Ok(Some(count as usize));
        }
        match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
            error if error.kind() == io::ErrorKind::Interrupted => {}
            error => return Err(error),
        }
    }
}

/// Waits until one of the descriptors can be read, or the time is over; returns early on a signal.
pub fn wait_readable(fds: &[RawFd], timeout_ms: i32) -> io::Result<()> {
    let mut polled: Vec<libc::pollfd> =
        fds.iter().map(|&fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 }).collect();
    // SAFETY: the array is writable and of the given length.
    let status = unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, timeout_ms) };
    match check(status) {
        Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
        _ => Ok(()),
    }
}

/// Whether something can be read from the descriptor now.
pub fn is_readable(fd: RawFd) -> io::Result<bool> {
    let mut polled = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // SAFETY: one writable entry.
    check(unsafe { libc::poll(&mut polled, 1, 0) }).map(|ready| ready > 0)
}

/// Wakes whoever sleeps on a word of shared memory.
pub fn wake(word: &AtomicU32) {
    // SAFETY: the word outlives the call.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX) };
}

/// Sends a signal to a process group.
pub fn signal_group(leader: u32, signal: libc::c_int) {
    // SAFETY: no pointers. A group that is gone already is fine.
    unsafe { libc::kill(-(leader as libc::pid_t), signal) };
}

/// Stops a process with all its threads and waits until it has stopped or ended.
pub fn stop_and_wait(pid: u32) {
    // SAFETY: no pointers but a writable struct; WNOWAIT leaves the child for the real wait.
    unsafe {
        libc::kill(pid as libc::pid_t, libc::SIGSTOP);
        let mut status: libc::siginfo_t = std::mem::zeroed();
        let options = libc::WSTOPPED | libc::WEXITED | libc::WNOWAIT;
        while libc::waitid(libc::P_PID, pid as libc::id_t, &mut status, options) < 0
            && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
        {}
    }
}

/// Lets a stopped process go on.
pub fn resume(pid: u32) {
    // SAFETY: no pointers.
    unsafe { libc::kill(pid as libc::pid_t, libc::SIGCONT) };
}

/// The monotonic clock in nanoseconds, the one that the probe writes into its traces.
pub fn monotonic_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a writable struct and a clock that always exists.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Steal time of some cores since boot, in clock ticks, from `/proc/stat`; 0 where it is not told.
pub fn steal_ticks(cpus: &[u32]) -> u64 {
    std::fs::read_to_string("/proc/stat").map_or(0, |stat| parse_steal(&stat, cpus))
}

fn parse_steal(stat: &str, cpus: &[u32]) -> u64 {
    let of_line = |line: &str| {
        let mut fields = line.split_ascii_whitespace();
        let cpu: u32 = fields.next()?.strip_prefix("cpu")?.parse().ok()?;
        if !cpus.contains(&cpu) {
            return None;
        }
        // user nice system idle iowait irq softirq steal
        fields.nth(7)?.parse::<u64>().ok()
    };
    stat.lines().filter_map(of_line).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steal_is_summed_over_the_named_cores_only() {
        let stat =
            "cpu  9 9 9 9 9 9 9 99 0 0\ncpu0 1 2 3 4 5 6 7 8 9 10\ncpu1 1 2 3 4 5 6 7 20 9 10\nintr 5\n";
        assert_eq!(parse_steal(stat, &[1]), 20);
        assert_eq!(parse_steal(stat, &[0, 1]), 28);
        assert_eq!(parse_steal("cpu0 1 2", &[0]), 0);
    }

    #[test]
    fn this_thread_may_use_some_core() {
        assert!(!allowed_cpus().unwrap().is_empty());
    }
}
