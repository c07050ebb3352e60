//! Capturing this machine, whatever it is.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

fn toolchain() -> BTreeMap<String, String> {
    let lines = [
        ("binary", "rustc"),
        ("commit-date", "2026-04-14"),
        ("commit-hash", "59807616e1fa"),
        ("host", "x86_64-unknown-linux-gnu"),
        ("release", "1.95.0"),
        ("LLVM version", "22.1.2"),
    ];
    lines.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

fn capture_with(
    toolchain: &BTreeMap<String, String>,
    profile: &str,
    rustflags: &[String],
) -> Outcome<Environment> {
    capture(&Subject {
        toolchain,
        cargo_version: "cargo 1.95.0",
        target: "x86_64-unknown-linux-gnu",
        profile,
        rustflags,
        linker: Some(Path::new("cc")),
        work_dir: Path::new("."),
    })
}

fn capture_here() -> Environment {
    capture_with(&toolchain(), "bench", &["-Ctarget-cpu=native".to_owned()]).unwrap()
}

#[test]
fn a_hundred_captures_under_load_have_one_fingerprint() {
    let stop = AtomicBool::new(false);
    let first = capture_here();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        for n in 0..100 {
            let next = capture_here();
            if next.fingerprint() != first.fingerprint() {
                stop.store(true, Ordering::Relaxed);
                panic!("capture {n}: {:#?} and {:#?}", first.comparability, next.comparability);
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn this_machines_facts_are_complete_and_its_name_is_not_among_them() {
    let environment = capture_here();
    let facts = &environment.comparability;
    for text in [&facts.cpu_model, &facts.kernel, &facts.virtualisation, &facts.libc] {
        assert!(!text.trim().is_empty(), "{facts:#?}");
    }
    assert!(facts.usable_cores > 0 && facts.memory_mib.is_multiple_of(256), "{facts:#?}");
    assert_eq!(
        facts.toolchain.keys().collect::<Vec<_>>(),
        ["LLVM version", "commit-hash", "host", "release"]
    );
    let host = System::host_name().unwrap();
    let named = environment.metadata.iter().find(|(_, value)| **value == host);
    assert!(named.is_none() && !environment.metadata.contains_key("hostname"), "{named:?}");
    for key in [
        "load_average",
        "uptime_s",
        "memory_kib",
        "memory_available_kib",
        "cpu_topology",
        "allocator",
        "cargo",
    ] {
        assert!(environment.metadata.contains_key(key), "{:#?}", environment.metadata);
    }
}

#[test]
fn metadata_never_enters_the_fingerprint_and_each_comparable_fact_does() {
    let environment = capture_here();
    let mut later = environment.clone();
    later.metadata.insert("load_average".to_owned(), "99".to_owned());
    assert_eq!(later.fingerprint(), environment.fingerprint());
    let flags = capture_with(&toolchain(), "bench", &[]).unwrap();
    assert_ne!(flags.fingerprint(), environment.fingerprint());
    let profile = capture_with(&toolchain(), "release", &environment.comparability.rustflags);
    assert_ne!(profile.unwrap().fingerprint(), environment.fingerprint());
}

#[test]
fn a_compiler_that_does_not_say_its_release_is_an_error() {
    let failure = capture_with(&BTreeMap::new(), "bench", &[]).unwrap_err();
    assert_eq!(failure.causes, ["`rustc -vV` printed no `release` line"]);
}

#[test]
fn memory_is_rounded_so_that_the_kernels_share_does_not_show() {
    assert_eq!(memory_mib(24_684_092 << 10), 24_064);
    assert_eq!(memory_mib((24_684_092 - 3_000) << 10), 24_064);
    assert_eq!(memory_mib(u64::MAX), (u64::MAX >> 20) + 1);
}

#[test]
fn the_fingerprint_of_given_facts_is_what_it_was_when_the_first_record_was_written() {
    let comparability = Comparability {
        cpu_model: "AMD EPYC 7763".to_owned(),
        cpu_stepping: "AuthenticAMD 25/1/1".to_owned(),
        usable_cores: 2,
        caches: vec!["L1d 32K".to_owned()],
        memory_mib: 8192,
        kernel: "6.1.0".to_owned(),
        virtualisation: "kvm".to_owned(),
        libc: "glibc 2.41".to_owned(),
        toolchain: toolchain().into_iter().filter(|(key, _)| key == "release").collect(),
        target: "x86_64-unknown-linux-gnu".to_owned(),
        profile: "bench".to_owned(),
        rustflags: Vec::new(),
    };
    let environment = Environment { format: 1, comparability, metadata: BTreeMap::new() };
    let json = "{\"cpu_model\":\"AMD EPYC 7763\",\"cpu_stepping\":\"AuthenticAMD 25/1/1\",\"usable_cores\":2,\
                \"caches\":[\"L1d 32K\"],\"memory_mib\":8192,\"kernel\":\"6.1.0\",\"virtualisation\":\"kvm\",\
                \"libc\":\"glibc 2.41\",\"toolchain\":{\"release\":\"1.95.0\"},\
                \"target\":\"x86_64-unknown-linux-gnu\",\"profile\":\"bench\",\"rustflags\":[]}";
    assert_eq!(environment.fingerprint(), crate::model::fingerprint::of_bytes(json.as_bytes()));
}
