//! The clock hook that lets two benchmark processes take turns.
//!
//! Loaded with `LD_PRELOAD` into an unmodified benchmark executable, it sees every `clock_gettime` and, on the
//! harness's socket, every message. From these it knows where samples begin and end, and makes the process wait
//! there while the other one takes its turn. It stays silent in every program that the coordinator did not start.

mod callsite;
mod counters;
mod gate;
mod layout;
mod sockets;
mod system;
mod valgrind;

use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};

use gate::Gate;
use layout::Shared;
use system::{Next, Timespec};

struct GateCell(UnsafeCell<Option<Gate>>);
// SAFETY: written once by the constructor, afterwards used only by the thread that times (see `Gate::thread`).
unsafe impl Sync for GateCell {}

static GATE: GateCell = GateCell(UnsafeCell::new(None));
static ACTIVE: AtomicBool = AtomicBool::new(false);
static HARNESS_PORT: AtomicI32 = AtomicI32::new(-1);
static HARNESS_SOCKET: AtomicI32 = AtomicI32::new(-1);
static RANDOM_SEED: AtomicU64 = AtomicU64::new(0);
static RANDOM_STEP: AtomicU64 = AtomicU64::new(0);

/// Whether samples are counted and not timed.
static COUNTING: AtomicBool = AtomicBool::new(false);
static CALENDAR_LOOKS: AtomicU64 = AtomicU64::new(0);

/// The date while samples are counted, 2020-09-13: what formats the present time does the same work every time. It goes
/// on by a microsecond with each look at it.
const COUNTED_DATE_NS: u64 = 1_600_000_000_000_000_000;

static NEXT_CLOCK: Next = Next::new(c"clock_gettime");
static NEXT_SEND: Next = Next::new(c"send");
static NEXT_CONNECT: Next = Next::new(c"connect");
static NEXT_GETRANDOM: Next = Next::new(c"getrandom");

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = construct;

/// Reads `RQS_PROBE`: shared-memory descriptor, event descriptor, role, heap shift in bytes, mapping shift in pages,
/// seed of `getrandom` (0 leaves it alone), harness port, descriptor of the probe itself, 1 if the process is meant to
/// run under valgrind; decimal numbers with commas between.
extern "C" fn construct() {
    let Some(settings) = system::environment(c"RQS_PROBE") else { return };
    let mut numbers = settings.to_bytes().split(|&byte| byte == b',').map(parse_decimal);
    let mut next = || numbers.next().flatten();
    let (Some(memory_fd), Some(event_fd), Some(role)) = (next(), next(), next()) else { return };
    let (Some(heap), Some(pages), Some(seed), Some(port)) = (next(), next(), next(), next()) else { return };
    let (Some(probe_fd), Some(under_valgrind)) = (next(), next()) else { return };
    if under_valgrind == 1 && !valgrind::is_running() {
        // This is valgrind's launcher, which becomes valgrind and then runs the benchmark with the same environment.
        return;
    }
    // Programs that the benchmark starts run without the hook.
    system::set_environment(c"LD_PRELOAD", system::environment(c"RQS_LD_PRELOAD"));
    system::set_environment(c"RQS_PROBE", None);
    system::set_environment(c"RQS_LD_PRELOAD", None);
    let at: *const Shared = system::map_shared(memory_fd as c_int, size_of::<Shared>()).cast();
    // SAFETY: either null or a mapping of the coordinator's memory that is never unmapped.
    let Some(shared) = (unsafe { at.as_ref() }) else { return };
    if shared.magic.load(Ordering::Acquire) != layout::MAGIC || role > 1 {
        return;
    }
    // The dynamic linker has mapped the probe; nobody needs the descriptor any more.
    system::close_descriptor(probe_fd as c_int);
    system::shift_layout(heap as usize, pages as usize);
    system::close_on_exec(event_fd as c_int);
    system::at_fork_in_child(fall_silent);
    RANDOM_SEED.store(seed, Ordering::Relaxed);
    HARNESS_PORT.store(port as i32, Ordering::Relaxed);
    // SAFETY: the constructor runs before main, alone.
    unsafe { *GATE.0.get() = Some(Gate::new(shared, role as usize, event_fd as c_int)) };
    COUNTING.store(shared.counting.load(Ordering::Acquire) == 1, Ordering::Relaxed);
    sockets::begin(&shared.sides[role as usize].used);
    shared.sides[role as usize].loaded.store(1, Ordering::Release);
    ACTIVE.store(true, Ordering::Release);
}

fn parse_decimal(text: &[u8]) -> Option<u64> {
    core::str::from_utf8(text).ok()?.parse().ok()
}

/// A forked child shares the memory but must not take part.
extern "C" fn fall_silent() {
    ACTIVE.store(false, Ordering::Relaxed);
    RANDOM_SEED.store(0, Ordering::Relaxed);
    COUNTING.store(false, Ordering::Relaxed);
    sockets::end();
}

/// Whether this is the socket on which the harness talks to the coordinator.
fn is_harness_socket(socket: c_int) -> bool {
    socket == HARNESS_SOCKET.load(Ordering::Relaxed)
}

/// The clock as the C library gives it.
fn real_clock(clock: c_int) -> Timespec {
    let mut time = Timespec { tv_sec: 0, tv_nsec: 0 };
    real_clock_into(clock, &mut time);
    time
}

#[inline(always)]
fn real_clock_into(clock: c_int, time: *mut Timespec) -> c_int {
    let address = NEXT_CLOCK.address();
    if address.is_null() {
        return -1;
    }
    // SAFETY: the symbol is the C library's clock_gettime, which has this signature.
    let function: extern "C" fn(c_int, *mut Timespec) -> c_int = unsafe { core::mem::transmute(address) };
    function(clock, time)
}

/// Address of the hook's own return address. Valid in functions compiled with frame pointers, as the probe is.
#[inline(always)]
fn return_slot() -> usize {
    let frame: usize;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: reading a register.
    unsafe {
        core::arch::asm!("mov {}, rbp", out(reg) frame, options(nostack, nomem, preserves_flags));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: reading a register.
    unsafe {
        core::arch::asm!("mov {}, x29", out(reg) frame, options(nostack, nomem, preserves_flags));
    }
    frame + 8
}

/// Hook of the C library's `clock_gettime`.
///
/// # Safety
/// As for the C function: `time` must be writable.
#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int {
    if clock == system::CLOCK_REALTIME && COUNTING.load(Ordering::Relaxed) {
        let looks = CALENDAR_LOOKS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: writable as the caller promises.
        unsafe { *time = Timespec::from_ns(COUNTED_DATE_NS + 1000 * looks) };
        return 0;
    }
    let status = real_clock_into(clock, time);
    if clock != system::CLOCK_MONOTONIC || !ACTIVE.load(Ordering::Relaxed) || status != 0 {
        return status;
    }
    // SAFETY: the gate is set before ACTIVE; only the timing thread gets past `concerns_this_thread`.
    let Some(gate) = (unsafe { &mut *GATE.0.get() }) else { return status };
    gate.count_read();
    if !gate.concerns_this_thread() {
        return status;
    }
    gate.pause_counting();
    // SAFETY: the C library has just written it.
    let now = unsafe { *time };
    let bonus_ns = gate.on_clock_read(now.as_ns(), return_slot(), real_clock);
    let now = match bonus_ns {
        Some(0) if !gate.counts() => return status,
        Some(_) => now,
        None => real_clock(clock),
    };
    let seen_ns = if gate.counts() { gate.seen_ns(now.as_ns()) } else { now.as_ns() };
    // SAFETY: writable as the caller promises.
    unsafe { *time = Timespec::from_ns(seen_ns.wrapping_add(bonus_ns.unwrap_or(0))) };
    gate.resume_counting();
    status
}

/// Hook of `send`: the harness's messages announce what comes next.
///
/// # Safety
/// As for the C function: `len` readable bytes at `bytes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send(socket: c_int, bytes: *const c_void, len: usize, flags: c_int) -> isize {
    let address = NEXT_SEND.address();
    if address.is_null() {
        return -1;
    }
    if ACTIVE.load(Ordering::Relaxed) && is_harness_socket(socket) && len > 4 {
        // SAFETY: as the caller promises.
        let payload = unsafe { core::slice::from_raw_parts(bytes.cast::<u8>(), len) };
        // SAFETY: the harness sends from the thread that times.
        if let Some(gate) = unsafe { &mut *GATE.0.get() } {
            gate.on_message(payload);
        }
    }
    // SAFETY: the symbol is the C library's send.
    let function: extern "C" fn(c_int, *const c_void, usize, c_int) -> isize =
        unsafe { core::mem::transmute(address) };
    sockets::sent(socket, function(socket, bytes, len, flags))
}

/// Hook of `connect`: finds the socket on which the harness talks to the coordinator.
///
/// # Safety
/// As for the C function: `len` readable bytes at `to`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn connect(socket: c_int, to: *const u8, len: u32) -> c_int {
    let address = NEXT_CONNECT.address();
    if address.is_null() {
        return -1;
    }
    // SAFETY: the symbol is the C library's connect.
    let function: extern "C" fn(c_int, *const u8, u32) -> c_int = unsafe { core::mem::transmute(address) };
    let status = function(socket, to, len);
    if status == 0 && len >= 4 && ACTIVE.load(Ordering::Relaxed) {
        // SAFETY: an address has its family in two bytes, and for the internet families the port in the next two.
        let head = unsafe { core::slice::from_raw_parts(to, 4) };
        let family = u16::from_ne_bytes([head[0], head[1]]);
        let port = i32::from(u16::from_be_bytes([head[2], head[3]]));
        if (family == 2 || family == 10) && port == HARNESS_PORT.load(Ordering::Relaxed) {
            HARNESS_SOCKET.store(socket, Ordering::Relaxed);
        }
    }
    status
}

/// Hook of `getrandom`: the same stream for both sides of an epoch, so that hash maps hash alike.
///
/// # Safety
/// As for the C function: `len` writable bytes at `bytes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn getrandom(bytes: *mut u8, len: usize, flags: u32) -> isize {
    let seed = RANDOM_SEED.load(Ordering::Relaxed);
    if seed == 0 {
        let address = NEXT_GETRANDOM.address();
        if address.is_null() {
            return -1;
        }
        // SAFETY: the symbol is the C library's getrandom.
        let function: extern "C" fn(*mut u8, usize, u32) -> isize = unsafe { core::mem::transmute(address) };
        return function(bytes, len, flags);
    }
    let steps = len.div_ceil(8) as u64;
    let first = RANDOM_STEP.fetch_add(steps, Ordering::Relaxed);
    for k in 0..len {
        let word = split_mix(seed.wrapping_add(first + (k / 8) as u64));
        // SAFETY: writable as the caller promises.
        unsafe { *bytes.add(k) = word.to_le_bytes()[k % 8] };
    }
    len as isize
}

/// SplitMix64 (Steele, Lea, Flood 2014): a well-mixed word for every counter value.
fn split_mix(counter: u64) -> u64 {
    let mut z = counter.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
