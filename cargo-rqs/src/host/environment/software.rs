//! Programs and libraries that take part in a build or a run: cargo, the linker, git, and who hands out memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use super::fact;

/// Facts about software beside the compiler and the C library, which decide comparability.
pub(super) fn gather(cargo_version: &str, linker: Option<&Path>, libc: &str) -> BTreeMap<String, String> {
    let linker = linker.map(|program| {
        let name = program.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        match first_line(program) {
            Some(version) => format!("{name}: {version}"),
            None => format!("{name}: not found"),
        }
    });
    let preloaded = std::env::var("LD_PRELOAD").ok();
    let facts = [
        ("allocator", Some(allocator(libc, preloaded.as_deref()))),
        ("cargo", (!cargo_version.is_empty()).then(|| cargo_version.to_owned())),
        ("git", first_line(Path::new("git"))),
        ("linker", linker),
        ("kernel_command_line", fact("/proc/cmdline").map(|line| tuning_words(&line))),
    ];
    let present = facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    present.filter(|(_, value)| !value.is_empty()).collect()
}

/// The first line that a program prints on `--version`; nothing when there is no such program.
fn first_line(program: &Path) -> Option<String> {
    let mut command = Command::new(program);
    command.arg("--version").env("LC_ALL", "C").stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().ok()?;
    let line = String::from_utf8_lossy(&output.stdout).lines().next()?.trim().to_owned();
    (output.status.success() && !line.is_empty()).then_some(line)
}

/// Who answers `malloc` in programs that bring no allocator of their own.
fn allocator(libc: &str, preloaded: Option<&str>) -> String {
    const KNOWN: [&str; 5] = ["jemalloc", "mimalloc", "tcmalloc", "snmalloc", "hoard"];
    let preloaded = preloaded.unwrap_or_default();
    match KNOWN.into_iter().find(|name| preloaded.contains(name)) {
        Some(name) => format!("{name}, preloaded"),
        None => libc.split(' ').next().unwrap_or(libc).to_owned(),
    }
}

/// The words of the kernel's command line that change how programs run; the others may name hosts and disks.
fn tuning_words(command_line: &str) -> String {
    const WORDS: [&str; 14] = [
        "clocksource",
        "default_hugepagesz",
        "hugepages",
        "idle",
        "intel_idle.max_cstate",
        "intel_pstate",
        "amd_pstate",
        "isolcpus",
        "mitigations",
        "nohz_full",
        "nosmt",
        "preempt",
        "processor.max_cstate",
        "rcu_nocbs",
    ];
    let kept = |word: &&str| WORDS.contains(&word.split('=').next().unwrap_or_default());
    command_line.split_ascii_whitespace().filter(kept).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preloaded_allocator_is_named_and_otherwise_it_is_the_c_librarys() {
        assert_eq!(allocator("glibc 2.41", None), "glibc");
        assert_eq!(allocator("glibc 2.41", Some("/usr/lib/libjemalloc.so.2")), "jemalloc, preloaded");
        assert_eq!(allocator("musl", Some("/usr/lib/libother.so")), "musl");
    }

    #[test]
    fn only_words_that_change_how_programs_run_are_kept() {
        let line = "BOOT_IMAGE=/vmlinuz root=UUID=1234 hostname=box isolcpus=2,3 nosmt mitigations=off quiet";
        assert_eq!(tuning_words(line), "isolcpus=2,3 nosmt mitigations=off");
    }

    #[test]
    fn a_program_that_is_not_there_is_said_so() {
        assert_eq!(first_line(Path::new("/nonexistent/program")), None);
        let facts = gather("cargo 1.95.0", Some(Path::new("/nonexistent/ld")), "glibc 2.41");
        assert_eq!(facts["linker"], "ld: not found");
        assert_eq!((facts["cargo"].as_str(), facts["allocator"].as_str()), ("cargo 1.95.0", "glibc"));
    }
}
