//! What changes the code that is measured: tracers, preloaded libraries, instrumentation, dispatch by the processor,
//! microcode and mitigations.

use std::collections::BTreeSet;

use super::{of_file, refused};
use crate::model::check::{Check, Status};
use crate::model::facts::{Facts, Known};
use crate::model::item::Item;

/// Parts of compiler flags that add code which a release does not have.
const INSTRUMENTING: [&str; 5] =
    ["instrument-coverage", "profile-generate", "sanitizer=", "instrument-mcount", "instrument-xray"];

pub(super) fn tracer(facts: &Facts) -> Check {
    let item = Item::Tracer;
    of_file(facts, item, "proc/self/status", "no /proc", |status| {
        let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:")).map(str::trim);
        match tracer {
            None => Check::new(item, Status::Unknown, "the kernel does not tell"),
            Some("0") => Check::ok(item, "none"),
            Some(pid) => Check::new(item, Status::Blocker, format!("process {pid} traces this one"))
                .mended_by("run it without the debugger or `strace`"),
        }
    })
}

fn unset(names: &[&str]) -> String {
    format!("unset {}", names.join(" "))
}

/// The variables with their values, as `NAME=value`.
fn shown(facts: &Facts, names: &[&str]) -> String {
    let pairs =
        names.iter().filter_map(|name| Some(format!("{name}={}", facts.process.variables.get(*name)?)));
    pairs.collect::<Vec<_>>().join(", ")
}

/// The variables of this process that a predicate picks.
fn variables(facts: &Facts, picks: impl Fn(&str, &str) -> bool) -> Vec<&str> {
    let set = facts.process.variables.iter().filter(|(name, value)| picks(name, value));
    set.map(|(name, _)| name.as_str()).collect()
}

pub(super) fn instrumentation(facts: &Facts) -> Check {
    let item = Item::Instrumentation;
    let names = variables(facts, |name, value| match name {
        "LLVM_PROFILE_FILE" | "CARGO_LLVM_COV" | "GCOV_PREFIX" | "ASAN_OPTIONS" | "TSAN_OPTIONS" => true,
        name if name.ends_with("RUSTFLAGS") => INSTRUMENTING.iter().any(|part| value.contains(part)),
        "RUSTC_WRAPPER" | "RUSTC_WORKSPACE_WRAPPER" => value.contains("llvm-cov"),
        _ => false,
    });
    if names.is_empty() {
        return Check::ok(item, "none");
    }
    // Variables that are only read by instrumented code change nothing by themselves.
    let flags = names.iter().any(|name| name.ends_with("RUSTFLAGS") || name.starts_with("RUSTC_"));
    let status = if flags || names.contains(&"CARGO_LLVM_COV") { Status::Blocker } else { Status::Note };
    Check::new(item, status, shown(facts, &names)).mended_by(unset(&names))
}

pub(super) fn preload(facts: &Facts) -> Check {
    let item = Item::Preload;
    let names = variables(facts, |name, _| {
        name.starts_with("LD_")
            || name == "MALLOC_CONF"
            || (name.starts_with("MALLOC_") && name.ends_with('_'))
    });
    // Cargo itself sets the library path for what it starts.
    let serious = names.iter().any(|name| *name != "LD_LIBRARY_PATH");
    match names.is_empty() {
        true => Check::ok(item, "nothing"),
        false if !serious => Check::ok(item, shown(facts, &names)),
        false => Check::new(item, Status::Note, shown(facts, &names)).mended_by(unset(&names)),
    }
}

pub(super) fn glibc_tunables(facts: &Facts) -> Check {
    let item = Item::GlibcTunables;
    match facts.process.variables.get("GLIBC_TUNABLES") {
        _ if !facts.process.libc.starts_with("glibc") => Check::not_there(item, "another C library"),
        None => Check::ok(item, "not set"),
        Some(value) => Check::new(item, Status::Note, value.as_str()).mended_by(unset(&["GLIBC_TUNABLES"])),
    }
}

/// glibc before 2.39 copies with `rep movsb` on Zen 3 and Zen 4, which takes many times as long when source and target
/// lie at certain distances from each other (glibc bug 30994).
pub(super) fn cpu_dispatch(facts: &Facts) -> Check {
    let item = Item::CpuDispatch;
    of_file(facts, item, "proc/cpuinfo", "no /proc", |cpuinfo| {
        let field = |name: &str| {
            let line =
                cpuinfo.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name));
            line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned())
        };
        let Some(flags) = field("flags") else { return Check::not_there(item, "not an x86 processor") };
        let has = |flag: &str| flags.split(' ').any(|one| one == flag);
        let level = match () {
            () if has("avx512f") && has("avx512bw") && has("avx512vl") => "x86-64-v4",
            () if has("avx2") && has("bmi2") && has("fma") => "x86-64-v3",
            () if has("sse4_2") && has("popcnt") => "x86-64-v2",
            () => "x86-64-v1",
        };
        let copies = match (has("erms"), has("fsrm")) {
            (_, true) => ", fsrm",
            (true, false) => ", erms",
            _ => "",
        };
        let value = format!("{level}{copies}, {}", facts.process.libc);
        let zen = field("vendor_id").as_deref() == Some("AuthenticAMD")
            && field("cpu family").as_deref() == Some("25");
        let chosen = facts.process.variables.get("GLIBC_TUNABLES");
        let avoided = chosen.is_some_and(|tunables| tunables.contains("x86_rep_movsb_threshold"));
        if zen && (has("erms") || has("fsrm")) && before_2_39(&facts.process.libc) && !avoided {
            return Check::new(item, Status::Note, format!("{value}: slow `rep movsb` on Zen 3 and 4"))
                .mended_by("use glibc 2.39 or newer; until then `GLIBC_TUNABLES=glibc.cpu.x86_rep_movsb_threshold=0x100000000` avoids it");
        }
        Check::ok(item, value)
    })
}

fn before_2_39(libc: &str) -> bool {
    let version = libc.strip_prefix("glibc ").and_then(|version| version.split_once('.'));
    let numbers = version
        .map(|(major, minor)| (major.parse::<u32>(), minor.split('.').next().unwrap_or("").parse::<u32>()));
    matches!(numbers, Some((Ok(major), Ok(minor))) if (major, minor) < (2, 39))
}

pub(super) fn microcode(facts: &Facts) -> Check {
    let item = Item::Microcode;
    of_file(facts, item, "proc/cpuinfo", "no /proc", |cpuinfo| {
        let revisions: BTreeSet<&str> = cpuinfo
            .lines()
            .filter_map(|line| line.split_once(':').filter(|(key, _)| key.trim() == "microcode"))
            .map(|(_, revision)| revision.trim())
            .collect();
        let value = revisions.iter().copied().collect::<Vec<_>>().join(", ");
        let old = facts.text("sys/devices/system/cpu/vulnerabilities/old_microcode");
        match revisions.len() {
            0 => Check::not_there(item, "no revision is told"),
            1 if old.is_some_and(|old| old.starts_with("Vulnerable")) => {
                Check::new(item, Status::Note, format!("{value}, known to be old"))
                    .mended_by("install the distribution's microcode package and boot again")
            }
            1 => Check::ok(item, value),
            _ => Check::new(item, Status::Note, format!("cores differ: {value}"))
                .mended_by("install the distribution's microcode package and boot again"),
        }
    })
}

pub(super) fn mitigations(facts: &Facts) -> Check {
    let item = Item::Mitigations;
    const FOLDER: &str = "sys/devices/system/cpu/vulnerabilities/";
    let states: Vec<(&str, String)> = facts.below(FOLDER).collect();
    if states.is_empty() {
        return match facts.known("proc/cmdline") {
            Known::Refused(why) => refused(item, "proc/cmdline", &why),
            _ => Check::not_there(item, "the kernel lists no vulnerabilities"),
        };
    }
    let of = |start: &str| states.iter().filter(|(_, text)| text.starts_with(start)).count();
    let open: Vec<&str> =
        states.iter().filter(|(_, text)| text.starts_with("Vulnerable")).map(|(name, _)| *name).collect();
    let mode = facts.text("proc/cmdline").and_then(|line| {
        line.split(' ')
            .find_map(|word| word.strip_prefix("mitigations="))
            .map(|mode| format!("; mitigations={mode}"))
    });
    let open = if open.is_empty() { String::new() } else { format!(", open: {}", open.join(" ")) };
    Check::ok(item, format!("{} active{open}{}", of("Mitigation"), mode.unwrap_or_default()))
}
