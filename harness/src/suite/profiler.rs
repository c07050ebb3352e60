//! A profiler for `--profile-time`: samples the suite by a timer of the kernel, and writes folded stacks and a flamegraph.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ::criterion::profiler::Profiler;
use inferno::flamegraph;
use pprof::{ProfilerGuard, ProfilerGuardBuilder, Report};

use crate::contract::{PROFILE_DIR, profile_name};

/// Samples a second at most; a prime, so that nothing periodic is met at the same place every time. Kernels whose timers
/// are coarser give fewer.
const FREQUENCY_HZ: i32 = 997;
/// Code in which unwinding is not safe: the unwinder itself, and functions of the kernel that have no tables.
const NOT_UNWOUND: [&str; 2] = ["libgcc", "vdso"];

/// Writes a profile of each benchmark that runs under `--profile-time`; what is in its files is described in
/// [the module](crate::suite).
pub struct Profiles {
    folder: Option<PathBuf>,
    running: Option<ProfilerGuard<'static>>,
}

impl std::fmt::Debug for Profiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profiles").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Default for Profiles {
    fn default() -> Self {
        Profiles::new()
    }
}

impl Profiles {
    /// Writes into the folder that `RQS_PROFILE_DIR` names, else into that of each benchmark.
    pub fn new() -> Profiles {
        let folder = std::env::var_os(PROFILE_DIR).filter(|folder| !folder.is_empty()).map(PathBuf::from);
        Profiles { folder, running: None }
    }

    /// Writes into one folder.
    pub fn into_folder(folder: impl Into<PathBuf>) -> Profiles {
        Profiles { folder: Some(folder.into()), running: None }
    }
}

/// Criterion gives a profiler no way to report an error. Somebody who asked for a profile must not take silence for
/// success, so a profile that fails ends the suite.
impl Profiler for Profiles {
    fn start_profiling(&mut self, benchmark_id: &str, _benchmark_dir: &Path) {
        let guard = ProfilerGuardBuilder::default().frequency(FREQUENCY_HZ).blocklist(&NOT_UNWOUND).build();
        match guard {
            Ok(guard) => self.running = Some(guard),
            Err(error) => panic!("cannot profile `{benchmark_id}`: {error}"),
        }
    }

    fn stop_profiling(&mut self, benchmark_id: &str, benchmark_dir: &Path) {
        let Some(guard) = self.running.take() else { return };
        let report = guard.report().build();
        drop(guard);
        let folder = self.folder.as_deref().unwrap_or(benchmark_dir);
        let written = report
            .map_err(io::Error::other)
            .and_then(|report| write_profile(folder, benchmark_id, &folded(&report)));
        if let Err(error) = written {
            panic!("cannot write the profile of `{benchmark_id}` into `{}`: {error}", folder.display());
        }
    }
}

/// Stacks with their numbers of samples, root frame first, sorted.
fn folded(report: &Report) -> String {
    let mut stacks = BTreeMap::<String, u64>::new();
    for (frames, count) in &report.data {
        // The innermost frame comes first, and within one frame the innermost of the inlined functions.
        let names = frames.frames.iter().rev().flat_map(|inlined| inlined.iter().rev());
        let stack = names.map(|symbol| frame(&symbol.name())).collect::<Vec<_>>().join(";");
        if !stack.is_empty() {
            *stacks.entry(stack).or_default() += u64::try_from(*count).unwrap_or(0);
        }
    }
    stacks.iter().map(|(stack, count)| format!("{stack} {count}\n")).collect()
}

/// A function's name with nothing in it that means something in the file, and without its hash.
fn frame(name: &str) -> String {
    let hashed = name
        .rsplit_once("::h")
        .filter(|(_, hash)| hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let name = hashed.map_or(name, |(name, _)| name);
    name.chars()
        .map(|c| match c {
            ';' => ':',
            c if c.is_control() => ' ',
            c => c,
        })
        .collect()
}

fn write_profile(folder: &Path, id: &str, folded: &str) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let name = profile_name(id);
    write_whole(&folder.join(format!("{name}.folded")), folded.as_bytes())?;
    let picture = folder.join(format!("{name}.svg"));
    if folded.is_empty() {
        return match std::fs::remove_file(&picture) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let mut options = flamegraph::Options::default();
    options.title = id.to_owned();
    options.count_name = "samples".to_owned();
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, folded.lines(), &mut svg).map_err(io::Error::other)?;
    write_whole(&picture, &svg)
}

/// Under a temporary name first, so that nobody finds half a file.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut temporary = path.to_owned().into_os_string();
    temporary.push(format!(".{}.tmp", std::process::id()));
    let mut file = std::fs::File::create(&temporary)?;
    file.write_all(bytes)?;
    drop(file);
    std::fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_nothing_that_means_something_in_the_file() {
        assert_eq!(frame("<[u8; 4] as core::fmt::Debug>::fmt"), "<[u8: 4] as core::fmt::Debug>::fmt");
        assert_eq!(frame("a::b::h0123456789abcdef"), "a::b");
        assert_eq!(frame("a::hello\n"), "a::hello ");
    }

    #[test]
    fn a_profile_without_samples_is_an_empty_file_and_no_picture() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("made/for/it");
        write_profile(&folder, "a/b", "main;f 3\nmain;g 1\n").unwrap();
        let stem = folder.join(profile_name("a/b"));
        let svg = std::fs::read_to_string(stem.with_added_extension("svg")).unwrap();
        assert!(svg.contains("<svg") && svg.contains("a/b"));
        write_profile(&folder, "a/b", "").unwrap();
        assert_eq!(std::fs::read_to_string(stem.with_added_extension("folded")).unwrap(), "");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }
}
