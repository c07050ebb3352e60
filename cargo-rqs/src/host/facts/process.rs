//! What the kernel grants this process, tried out on threads and children of its own, and what it inherited.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::model::facts::ProcessFacts;

/// Variables that change the code that is measured or how it runs; these, and those that [`is_telling`] names.
const VARIABLES: [&str; 18] = [
    "ASAN_OPTIONS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "CARGO_LLVM_COV",
    "GCOV_PREFIX",
    "GLIBC_TUNABLES",
    "LD_AUDIT",
    "LD_BIND_NOW",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LD_PROFILE",
    "LLVM_PROFILE_FILE",
    "MALLOC_CONF",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "TSAN_OPTIONS",
];

fn is_telling(name: &str) -> bool {
    VARIABLES.contains(&name)
        || (name.starts_with("CARGO_TARGET_") && name.ends_with("_RUSTFLAGS"))
        || (name.starts_with("MALLOC_") && name.ends_with('_'))
}

pub(super) fn gather(bench_cores: &[u32], folder: &Path) -> ProcessFacts {
    let variables = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| is_telling(name))?;
        Some((name, value.to_string_lossy().into_owned())).filter(|(_, value)| !value.is_empty())
    });
    ProcessFacts {
        pid: std::process::id(),
        program: own_program(),
        root: is_root(),
        affinity_refused: try_cores(bench_cores).err().map(|error| error.to_string()),
        fifo: try_fifo(),
        nice: nice(),
        aslr_off: try_personality(),
        variables: variables.collect::<BTreeMap<_, _>>(),
        disk: disk(folder),
        virtualisation: String::new(),
        libc: libc_version(),
        boost_register: None,
    }
}

/// `sudo` looks for programs elsewhere than their user does, so commands for it name the path.
pub(super) fn own_program() -> String {
    std::env::current_exe().map_or_else(|_| "cargo-rqs".into(), |path| path.to_string_lossy().into_owned())
}

fn is_root() -> bool {
    // SAFETY: takes nothing, cannot fail.
    unsafe { libc::geteuid() == 0 }
}

fn check(status: libc::c_int) -> io::Result<()> {
    if status < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Runs something on a thread of its own, whose settings end with it.
fn on_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, work)?;
        thread.join().map_err(|_| io::Error::other("the thread ended early"))
    })
}

/// Moves a thread to the cores and looks whether it arrived there.
fn try_cores(cores: &[u32]) -> io::Result<()> {
    if cores.is_empty() {
        return Ok(());
    }
    on_a_thread(|| {
        // SAFETY: a zeroed set is a valid empty set.
        let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        for &core in cores.iter().filter(|&&core| core < libc::CPU_SETSIZE as u32) {
            // SAFETY: the index stays below the set's size.
            unsafe { libc::CPU_SET(core as usize, &mut set) };
        }
        // SAFETY: the set is readable and of the given size; 0 is the calling thread.
        check(unsafe { libc::sched_setaffinity(0, size_of_val(&set), &set) })?;
        // SAFETY: takes nothing.
        let core = unsafe { libc::sched_getcpu() };
        match u32::try_from(core) {
            Ok(core) if cores.contains(&core) => Ok(()),
            _ => Err(io::Error::other(format!("the kernel says yes, and runs the thread on core {core}"))),
        }
    })?
}

fn try_fifo() -> bool {
    let granted = on_a_thread(|| {
        let parameter = libc::sched_param { sched_priority: 1 };
        // SAFETY: the parameter is readable; 0 is the calling thread.
        check(unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &parameter) })
    });
    matches!(granted, Ok(Ok(())))
}

fn nice() -> i32 {
    // SAFETY: no pointers; 0 is the calling process.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
}

/// Personality belongs to the thread, so nothing stays.
fn try_personality() -> bool {
    let granted = on_a_thread(|| {
        // SAFETY: 0xffffffff asks for the present personality.
        let present = unsafe { libc::personality(0xffff_ffff) };
        check(present)?;
        // SAFETY: only the flag is added.
        check(unsafe { libc::personality((present | libc::ADDR_NO_RANDOMIZE) as libc::c_ulong) })
    });
    matches!(granted, Ok(Ok(())))
}

/// Free bytes for this user, and the kind of the file system; of the nearest folder that exists.
fn disk(folder: &Path) -> Option<(u64, String)> {
    let folder = folder.ancestors().find(|folder| folder.exists())?;
    let path = CString::new(folder.as_os_str().as_bytes()).ok()?;
    // SAFETY: zero bytes are a valid struct.
    let mut found: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: a NUL-terminated path and a writable struct.
    check(unsafe { libc::statfs(path.as_ptr(), &mut found) }).ok()?;
    let kind = match found.f_type as u64 {
        0xef53 => "ext4",
        0x0102_1994 => "tmpfs",
        0x5846_5342 => "xfs",
        0x9123_683e => "btrfs",
        0x794c_7630 => "overlayfs",
        0x2fc1_2fc1 => "zfs",
        0x6969 => "nfs",
        0xf2f5_2010 => "f2fs",
        _ => "another file system",
    };
    Some((found.f_bavail.saturating_mul(found.f_bsize as u64), kind.to_owned()))
}

pub(super) fn may_write(path: &Path) -> bool {
    let Ok(path) = CString::new(path.as_os_str().as_bytes()) else { return false };
    // SAFETY: a NUL-terminated path.
    unsafe { libc::faccessat(libc::AT_FDCWD, path.as_ptr(), libc::W_OK, libc::AT_EACCESS) == 0 }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn libc_version() -> String {
    // SAFETY: takes nothing and gives a pointer to a constant C string that lives as long as the program.
    let version = unsafe { std::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) };
    format!("glibc {}", version.to_string_lossy())
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn libc_version() -> String {
    if cfg!(target_env = "musl") { "musl".to_owned() } else { "unknown".to_owned() }
}
