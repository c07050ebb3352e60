//! The machine and the toolchain as they are now: what decides whether results may be compared, and what is only
//! good to know. Reads, and changes nothing.
#![allow(clippy::disallowed_methods, reason = "this room reads the machine's facts")]

mod cpu;
mod metadata;
mod software;
mod storage;
mod topology;
mod variables;
mod virtualisation;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

use crate::model::environment::{Comparability, Environment};
use crate::model::failure::{Failure, OrFail, Outcome};

/// The lines of `rustc -vV` that say which compiler it is; the others follow from these.
const TOOLCHAIN_FACTS: [&str; 4] = ["release", "commit-hash", "host", "LLVM version"];

/// What is built here and with what, as far as the machine's own facts do not tell.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The `key: value` lines of `rustc -vV`.
    pub toolchain: &'a BTreeMap<String, String>,
    /// `cargo -V`, one line; empty when it is not known.
    pub cargo_version: &'a str,
    /// Target triple.
    pub target: &'a str,
    /// Cargo profile.
    pub profile: &'a str,
    /// The flags that reach rustc, in order.
    pub rustflags: &'a [String],
    /// The linker that rustc calls, when it is known.
    pub linker: Option<&'a Path>,
    /// The directory that is built and measured in.
    pub work_dir: &'a Path,
}

/// Captures the environment. Call it before this process is pinned to a core: the cores that it may use are counted.
///
/// # Errors
/// When a fact that decides comparability cannot be read. Missing metadata is left out instead.
pub fn capture(subject: &Subject<'_>) -> Outcome<Environment> {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").map_err(|error| {
        Failure::incomplete("cannot read the processor's facts from `/proc/cpuinfo`")
            .because(error)
            .hint("environments can be captured on Linux with `/proc` mounted")
    })?;
    let processors = cpu::parse(&cpuinfo);
    let usable_cores = std::thread::available_parallelism()
        .or_fail(|| "cannot count the cores that this process may use".to_owned())?;
    let kernel = System::kernel_version().or_fail(|| "cannot read the kernel's release".to_owned())?;
    let evidence = virtualisation::Evidence::gather(&processors, &kernel);
    let comparability = Comparability {
        cpu_model: processors.model(),
        cpu_stepping: processors.stepping(),
        usable_cores: u32::try_from(usable_cores.get()).unwrap_or(u32::MAX),
        caches: cpu::caches(),
        memory_mib: memory_mib(total_memory_bytes()?),
        kernel,
        virtualisation: evidence.name(),
        libc: libc_version(),
        toolchain: compiler(subject.toolchain)?,
        target: subject.target.to_owned(),
        profile: subject.profile.to_owned(),
        rustflags: subject.rustflags.to_vec(),
    };
    let mut metadata = metadata::gather(&processors);
    metadata.extend(topology::gather());
    metadata.extend(storage::memory());
    metadata.extend(storage::disk(subject.work_dir));
    metadata.extend(software::gather(subject.cargo_version, subject.linker, &comparability.libc));
    metadata.extend(variables::relevant(texts(std::env::vars_os()), &variables::Private::here()));
    Ok(Environment { format: Environment::FORMAT, comparability, metadata })
}

/// Names and values as text; bytes that are none become replacement characters.
fn texts(
    variables: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
) -> impl Iterator<Item = (String, String)> {
    variables.map(|(name, value)| (name.to_string_lossy().into(), value.to_string_lossy().into()))
}

/// What kind of machine this is: hypervisor or container, `none` on bare metal.
pub fn virtualisation() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let kernel = System::kernel_version().unwrap_or_default();
    virtualisation::Evidence::gather(&cpu::parse(&cpuinfo), &kernel).name()
}

/// The content of a small text file without surrounding white space; nothing when there is none that can be read.
fn fact(path: &str) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    // Device-tree files end in a NUL.
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    (!text.is_empty()).then(|| text.to_owned())
}

fn compiler(lines: &BTreeMap<String, String>) -> Outcome<BTreeMap<String, String>> {
    let facts: BTreeMap<String, String> = TOOLCHAIN_FACTS
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), lines.get(key)?.trim().to_owned())))
        .collect();
    if facts.contains_key("release") {
        return Ok(facts);
    }
    Err(Failure::incomplete("cannot tell which compiler builds the benchmarks")
        .cause("`rustc -vV` printed no `release` line")
        .hint("run `rustc -vV` in the target's folder to see what it says"))
}

fn total_memory_bytes() -> Outcome<u64> {
    let only_memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system =
        System::new_with_specifics(only_memory).or_fail(|| "cannot read the memory's size".to_owned())?;
    match system.total_memory() {
        0 => {
            Err(Failure::incomplete("cannot read the memory's size")
                .hint("see `MemTotal` in `/proc/meminfo`"))
        }
        bytes => Ok(bytes),
    }
}

/// Bytes to MiB, to the nearest 256 MiB.
fn memory_mib(bytes: u64) -> u64 {
    const STEP_MIB: u64 = 256;
    let mib = bytes >> 20;
    (mib + STEP_MIB / 2) / STEP_MIB * STEP_MIB
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn libc_version() -> String {
    // SAFETY: the function takes nothing and gives a pointer to a constant C string that lives as long as the program.
    let version = unsafe { std::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) };
    format!("glibc {}", version.to_string_lossy())
}

/// The other C libraries have no function that gives their version.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn libc_version() -> String {
    if cfg!(target_env = "musl") { "musl".to_owned() } else { std::env::consts::OS.to_owned() }
}
