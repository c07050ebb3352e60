//! Hooks of the socket calls: how many bytes the benchmark sends and receives, those of its talk with the coordinator
//! left out. Bytes that go through `read`, `write`, their vectored kin or `io_uring` are not seen here.

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering::Relaxed};

use crate::layout::Used;
use crate::system::Next;

/// Only looks at what is there, without taking it.
const MSG_PEEK: c_int = 2;

static USED: AtomicPtr<Used> = AtomicPtr::new(core::ptr::null_mut());

static NEXT_RECV: Next = Next::new(c"recv");
static NEXT_SENDTO: Next = Next::new(c"sendto");
static NEXT_RECVFROM: Next = Next::new(c"recvfrom");
static NEXT_SENDMSG: Next = Next::new(c"sendmsg");
static NEXT_RECVMSG: Next = Next::new(c"recvmsg");

/// Counts from now on.
pub fn begin(used: &'static Used) {
    USED.store(core::ptr::from_ref(used).cast_mut(), Relaxed);
}

/// Counts no more: in a forked child.
pub fn end() {
    USED.store(core::ptr::null_mut(), Relaxed);
}

fn count(socket: c_int, bytes: isize, sum: fn(&Used) -> &AtomicU64) -> isize {
    // SAFETY: null, or the shared memory, which is never unmapped.
    if let Some(used) = unsafe { USED.load(Relaxed).as_ref() }
        && bytes > 0
        && !crate::is_harness_socket(socket)
    {
        sum(used).fetch_add(bytes as u64, Relaxed);
    }
    bytes
}

/// Counts what `send`, sendto and sendmsg gave out.
pub fn sent(socket: c_int, bytes: isize) -> isize {
    count(socket, bytes, |used| &used.sent_bytes)
}

fn received(socket: c_int, bytes: isize, flags: c_int) -> isize {
    if flags & MSG_PEEK == 0 { count(socket, bytes, |used| &used.received_bytes) } else { bytes }
}

/// Hook of `recv`.
///
/// # Safety
/// As for the C function: `len` writable bytes at `bytes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn recv(socket: c_int, bytes: *mut c_void, len: usize, flags: c_int) -> isize {
    let address = NEXT_RECV.address();
    if address.is_null() {
        return -1;
    }
    // SAFETY: the symbol is the C library's recv.
    let function: extern "C" fn(c_int, *mut c_void, usize, c_int) -> isize =
        unsafe { core::mem::transmute(address) };
    received(socket, function(socket, bytes, len, flags), flags)
}

/// Hook of `recvfrom`.
///
/// # Safety
/// As for the C function: `len` writable bytes at `bytes`, and an address that is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn recvfrom(
    socket: c_int,
    bytes: *mut c_void,
    len: usize,
    flags: c_int,
    from: *mut c_void,
    from_len: *mut u32,
) -> isize {
    let address = NEXT_RECVFROM.address();
    if address.is_null() {
        return -1;
    }
    // SAFETY: the symbol is the C library's recvfrom.
    let function: extern "C" fn(c_int, *mut c_void, usize, c_int, *mut c_void, *mut u32) -> isize =
        unsafe { core::mem::transmute(address) };
    received(socket, function(socket, bytes, len, flags, from, from_len), flags)
}

/// Hook of `recvmsg`.
///
/// # Safety
/// As for the C function: a valid message header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn recvmsg(socket: c_int, message: *mut c_void, flags: c_int) -> isize {
    let address = NEXT_RECVMSG.address();
    if address.is_null() {
        return -1;
    }
    // SAFETY: the symbol is the C library's recvmsg.
    let function: extern "C" fn(c_int, *mut c_void, c_int) -> isize =
        unsafe { core::mem::transmute(address) };
    received(socket, function(socket, message, flags), flags)
}

/// Hook of `sendto`.
///
/// # Safety
/// As for the C function: `len` readable bytes at `bytes`, and an address that is null or readable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sendto(
    socket: c_int,
    bytes: *const c_void,
    len: usize,
    flags: c_int,
    to: *const c_void,
    to_len: u32,
) -> isize {
    let address = NEXT_SENDTO.address();
    if address.is_null() {
        return -1;
    }
    // SAFETY: the symbol is the C library's sendto.
    let function: extern "C" fn(c_int, *const c_void, usize, c_int, *const c_void, u32) -> isize =
        unsafe { core::mem::transmute(address) };
    sent(socket, function(socket, bytes, len, flags, to, to_len))
}

/// Hook of `sendmsg`.
///
/// # Safety
/// As for the C function: a valid message header.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sendmsg(socket: c_int, message: *const c_void, flags: c_int) -> isize {
    let address = NEXT_SENDMSG.address();
    if address.is_null() {
        return -1;
    }
    // SAFETY: the symbol is the C library's sendmsg.
    let function: extern "C" fn(c_int, *const c_void, c_int) -> isize =
        unsafe { core::mem::transmute(address) };
    sent(socket, function(socket, message, flags))
}
