//! What the probe says to callgrind, when the process runs under it: a few instructions that do nothing on a real
//! processor and that valgrind takes for a request (valgrind.h and callgrind.h, "client requests").

use core::sync::atomic::{AtomicUsize, Ordering};

const RUNNING_ON_VALGRIND: usize = 0x1001;
/// `VG_USERREQ_TOOL_BASE('C', 'T')`.
const CALLGRIND: usize = 0x4354_0000;
const DUMP_STATS: usize = CALLGRIND;
const ZERO_STATS: usize = CALLGRIND + 1;
const TOGGLE_COLLECT: usize = CALLGRIND + 2;
const START_INSTRUMENTATION: usize = CALLGRIND + 4;

/// Makes a request without arguments; 0 where nobody answers.
#[inline(always)]
fn request(code: usize) -> usize {
    let arguments: [AtomicUsize; 6] = [const { AtomicUsize::new(0) }; 6];
    arguments[0].store(code, Ordering::Relaxed);
    ask(&arguments)
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn ask(arguments: &[AtomicUsize; 6]) -> usize {
    let mut answer = 0usize;
    // SAFETY: the rotations add up to two full turns and `xchg rbx, rbx` changes nothing; valgrind reads six words.
    unsafe {
        core::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") arguments.as_ptr(),
            inout("rdx") answer,
            options(nostack),
        );
    }
    answer
}

#[cfg(not(target_arch = "x86_64"))]
fn ask(_: &[AtomicUsize; 6]) -> usize {
    0
}

/// Whether this process runs under valgrind, any tool of it.
pub fn is_running() -> bool {
    request(RUNNING_ON_VALGRIND) > 0
}

/// Starts counting as such: until then the code runs almost uninstrumented.
pub fn start_instrumentation() {
    request(START_INSTRUMENTATION);
    request(ZERO_STATS);
}

/// Switches whether the calling thread's instructions are counted.
#[inline(always)]
pub fn toggle_collection() {
    request(TOGGLE_COLLECT);
}

/// Writes what was counted since the last time to a file of its own, and starts again from zero.
pub fn dump() {
    request(DUMP_STATS);
}
