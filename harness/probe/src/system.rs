//! The few C functions that the probe needs, declared by hand so that it has no dependency.

use core::ffi::{c_char, c_int, c_long, c_void};
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// `struct timespec` of 64-bit Linux.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Timespec {
    /// Seconds.
    pub tv_sec: i64,
    /// Nanoseconds.
    pub tv_nsec: i64,
}

impl Timespec {
    /// The whole time in nanoseconds.
    pub fn as_ns(self) -> u64 {
        (self.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(self.tv_nsec as u64)
    }

    /// A time of so many nanoseconds.
    pub fn from_ns(ns: u64) -> Timespec {
        Timespec { tv_sec: (ns / 1_000_000_000) as i64, tv_nsec: (ns % 1_000_000_000) as i64 }
    }
}

/// `struct rusage` of 64-bit Linux: two `timeval`, then fourteen longs.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Usage {
    times: [i64; 4],
    longs: [i64; 14],
}

impl Usage {
    /// Page faults that needed a disk.
    pub fn major_faults(&self) -> i64 {
        self.longs[5]
    }

    /// Page faults, with and without a disk.
    pub fn page_faults(&self) -> i64 {
        self.longs[4] + self.longs[5]
    }

    /// Involuntary context switches.
    pub fn involuntary_switches(&self) -> i64 {
        self.longs[13]
    }

    /// Context switches, voluntary and involuntary.
    pub fn switches(&self) -> i64 {
        self.longs[12] + self.longs[13]
    }
}

pub const CLOCK_REALTIME: c_int = 0;
pub const CLOCK_MONOTONIC: c_int = 1;
pub const CLOCK_PROCESS_CPUTIME_ID: c_int = 2;
const CLOCK_THREAD_CPUTIME_ID: c_int = 3;
const RUSAGE_THREAD: c_int = 1;
const RTLD_NEXT: *mut c_void = -1isize as *mut c_void;
const PROT_READ_WRITE: c_int = 3;
const MAP_SHARED: c_int = 1;
const MAP_PRIVATE_ANONYMOUS_NORESERVE: c_int = 0x2 | 0x20 | 0x4000;
const FUTEX_WAIT: c_int = 0;
const FUTEX_WAKE: c_int = 1;
const F_SETFD: c_int = 2;
const FD_CLOEXEC: c_int = 1;
const PERF_FLAG_FD_CLOEXEC: c_long = 8;
const PERF_EVENT_IOC_ENABLE: c_long = 0x2400;
const PERF_EVENT_IOC_DISABLE: c_long = 0x2401;
const PERF_IOC_FLAG_GROUP: c_int = 1;
#[cfg(target_arch = "x86_64")]
const SYS_PERF_EVENT_OPEN: c_long = 298;
#[cfg(target_arch = "aarch64")]
const SYS_PERF_EVENT_OPEN: c_long = 241;
#[cfg(target_arch = "x86_64")]
const SYS_FUTEX: c_long = 202;
#[cfg(target_arch = "x86_64")]
const SYS_GETTID: c_long = 186;
#[cfg(target_arch = "aarch64")]
const SYS_FUTEX: c_long = 98;
#[cfg(target_arch = "aarch64")]
const SYS_GETTID: c_long = 178;

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, symbol: *const c_char) -> *mut c_void;
    fn getenv(name: *const c_char) -> *const c_char;
    fn setenv(name: *const c_char, value: *const c_char, overwrite: c_int) -> c_int;
    fn unsetenv(name: *const c_char) -> c_int;
    fn mmap(at: *mut c_void, len: usize, prot: c_int, flags: c_int, fd: c_int, offset: i64) -> *mut c_void;
    fn close(fd: c_int) -> c_int;
    fn fcntl(fd: c_int, command: c_int, argument: c_int) -> c_int;
    fn ioctl(fd: c_int, request: c_long, ...) -> c_int;
    fn read(fd: c_int, bytes: *mut c_void, len: usize) -> isize;
    fn write(fd: c_int, bytes: *const c_void, len: usize) -> isize;
    fn __errno_location() -> *mut c_int;
    fn syscall(number: c_long, ...) -> c_long;
    fn getrusage(who: c_int, usage: *mut Usage) -> c_int;
    fn sbrk(increment: isize) -> *mut c_void;
    fn pthread_atfork(
        prepare: Option<extern "C" fn()>,
        parent: Option<extern "C" fn()>,
        child: Option<extern "C" fn()>,
    ) -> c_int;
}

/// A symbol's next definition after ours, looked up once.
pub struct Next {
    name: &'static core::ffi::CStr,
    found: AtomicPtr<c_void>,
}

impl Next {
    /// Names the symbol.
    pub const fn new(name: &'static core::ffi::CStr) -> Self {
        Next { name, found: AtomicPtr::new(core::ptr::null_mut()) }
    }

    /// Its address, null when nobody else defines it.
    pub fn address(&self) -> *mut c_void {
        let known = self.found.load(Ordering::Relaxed);
        if !known.is_null() {
            return known;
        }
        // SAFETY: a NUL-terminated name and the documented pseudo handle.
        let address = unsafe { dlsym(RTLD_NEXT, self.name.as_ptr()) };
        self.found.store(address, Ordering::Relaxed);
        address
    }
}

/// The value of an environment variable.
pub fn environment(name: &'static core::ffi::CStr) -> Option<&'static core::ffi::CStr> {
    // SAFETY: called from the constructor, before any other thread exists.
    let value = unsafe { getenv(name.as_ptr()) };
    // SAFETY: getenv returns null or a NUL-terminated string that stays in the environment block.
    (!value.is_null()).then(|| unsafe { core::ffi::CStr::from_ptr(value) })
}

/// Sets or removes an environment variable.
pub fn set_environment(name: &'static core::ffi::CStr, value: Option<&'static core::ffi::CStr>) {
    // SAFETY: called from the constructor, before any other thread exists.
    unsafe {
        match value {
            Some(value) => setenv(name.as_ptr(), value.as_ptr(), 1),
            None => unsetenv(name.as_ptr()),
        };
    }
}

/// Maps a file shared and closes its descriptor; null when that fails.
pub fn map_shared(fd: c_int, len: usize) -> *mut c_void {
    // SAFETY: a fresh mapping chosen by the kernel; the descriptor is ours.
    unsafe {
        let at = mmap(core::ptr::null_mut(), len, PROT_READ_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        if at as isize == -1 { core::ptr::null_mut() } else { at }
    }
}

/// Moves later heap and mapping addresses, so that layout differs from epoch to epoch but not between the sides.
pub fn shift_layout(heap_bytes: usize, mapping_pages: usize) {
    // SAFETY: both only reserve address space that nobody uses.
    unsafe {
        if heap_bytes > 0 {
            sbrk(heap_bytes as isize);
        }
        if mapping_pages > 0 {
            mmap(core::ptr::null_mut(), mapping_pages * 4096, 0, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0);
        }
    }
}

/// Closes a descriptor.
pub fn close_descriptor(fd: c_int) {
    // SAFETY: the descriptor was handed to the probe for good.
    unsafe { close(fd) };
}

/// Keeps child programs from inheriting a descriptor.
pub fn close_on_exec(fd: c_int) {
    // SAFETY: plain descriptor flag.
    unsafe { fcntl(fd, F_SETFD, FD_CLOEXEC) };
}

/// Tells the coordinator, through its event descriptor, to look at the shared memory.
pub fn ring(event_fd: c_int) {
    let one = 1u64;
    // SAFETY: eight readable bytes; an event descriptor takes exactly eight.
    unsafe { write(event_fd, (&raw const one).cast(), 8) };
}

/// Sleeps while the word holds `expected`; may return early.
pub fn futex_wait(word: &AtomicU32, expected: u32) {
    // SAFETY: the word outlives the call; no timeout.
    unsafe { syscall(SYS_FUTEX, word.as_ptr(), FUTEX_WAIT, expected, core::ptr::null::<Timespec>()) };
}

/// Wakes everybody who sleeps on the word.
pub fn futex_wake(word: &AtomicU32) {
    // SAFETY: the word outlives the call.
    unsafe { syscall(SYS_FUTEX, word.as_ptr(), FUTEX_WAKE, i32::MAX) };
}

/// Kernel id of the calling thread.
pub fn thread_id() -> i32 {
    // SAFETY: no arguments.
    unsafe { syscall(SYS_GETTID) as i32 }
}

/// Resource use of the calling thread.
pub fn thread_usage() -> Usage {
    let mut usage = Usage::default();
    // SAFETY: a writable struct of the kernel's size.
    unsafe { getrusage(RUSAGE_THREAD, &mut usage) };
    usage
}

/// Processor time of all threads but the calling one.
pub fn helper_cpu_ns(clock: impl Fn(c_int) -> Timespec) -> u64 {
    let thread = clock(CLOCK_THREAD_CPUTIME_ID).as_ns();
    clock(CLOCK_PROCESS_CPUTIME_ID).as_ns().saturating_sub(thread)
}

/// Opens an event of the calling thread and of all it starts, in the group of another descriptor (-1: in its own);
/// the `errno` when that fails.
pub fn open_event(attribute: &[u64], group_fd: c_int) -> Result<c_int, c_int> {
    // SAFETY: the attribute is readable and holds its own size; 0 is the calling thread, -1 every core.
    let fd = unsafe {
        let (this_thread, any_core): (c_int, c_int) = (0, -1);
        syscall(
            SYS_PERF_EVENT_OPEN,
            attribute.as_ptr(),
            this_thread,
            any_core,
            group_fd,
            PERF_FLAG_FD_CLOEXEC,
        )
    };
    // SAFETY: the C library's own variable of this thread.
    if fd < 0 { Err(unsafe { *__errno_location() }) } else { Ok(fd as c_int) }
}

/// Lets the events of a group count.
pub fn switch_events_on(leader: c_int) {
    // SAFETY: the descriptor is an event's, and the request takes an int.
    unsafe { ioctl(leader, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP) };
}

/// Stops the events of a group.
pub fn switch_events_off(leader: c_int) {
    // SAFETY: the descriptor is an event's, and the request takes an int.
    unsafe { ioctl(leader, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP) };
}

/// Fills `words` from a descriptor; `false` when it gives less.
pub fn read_words(fd: c_int, words: &mut [u64]) -> bool {
    let bytes = size_of_val(words);
    // SAFETY: so many bytes can be written there.
    unsafe { read(fd, words.as_mut_ptr().cast(), bytes) == bytes as isize }
}

/// Calls `child` in every forked child.
pub fn at_fork_in_child(child: extern "C" fn()) {
    // SAFETY: the handler is a static function.
    unsafe { pthread_atfork(None, None, Some(child)) };
}

/// A number that differs between threads and costs one instruction.
#[inline(always)]
pub fn thread_pointer() -> usize {
    let pointer: usize;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the x86-64 ABI keeps the thread pointer at fs:0.
    unsafe {
        core::arch::asm!("mov {}, fs:0", out(reg) pointer, options(nostack, readonly, preserves_flags));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: reading a register.
    unsafe {
        core::arch::asm!("mrs {}, tpidr_el0", out(reg) pointer, options(nostack, nomem, preserves_flags));
    }
    pointer
}
