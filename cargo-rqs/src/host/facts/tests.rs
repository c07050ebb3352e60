//! Facts of a private root, and of this machine.

use super::*;
use crate::model::facts::{Known, Reading};

fn inquiry(root: &Path) -> Inquiry {
    Inquiry {
        root: root.to_owned(),
        bench_cores: Vec::new(),
        interval: Duration::ZERO,
        folder: root.to_owned(),
        virtualisation: "none".to_owned(),
    }
}

#[test]
fn a_private_root_is_read_and_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("proc/loadavg", "0.50 0.10 0.00 1/80 999\n");
    write("proc/12/task/13/stat", "13 (a b) R 1");
    write("proc/self/task/1/stat", "no number");
    write("sys/devices/system/cpu/cpu3/cpuidle/state1/latency", "120\n");
    write("sys/devices/system/cpu/cpu3/cpuidle/state1/power", "0\n");
    std::fs::create_dir_all(root.path().join("proc/swaps")).unwrap();
    let facts = gather(&inquiry(root.path()));
    let names: Vec<&str> = facts.files.keys().map(String::as_str).collect();
    let expected =
        ["proc/12/task/13/stat", "proc/loadavg", "sys/devices/system/cpu/cpu3/cpuidle/state1/latency"];
    assert_eq!(names, expected);
    assert_eq!(facts.earlier.keys().map(String::as_str).collect::<Vec<_>>(), ["proc/12/task/13/stat"]);
    assert_eq!(facts.files["proc/loadavg"], Reading::Bytes(b"0.50 0.10 0.00 1/80 999\n".to_vec()));
    assert_eq!(facts.known("proc/swaps"), Known::Absent);
}

#[test]
fn this_machine_has_facts() {
    let facts = gather(&inquiry(Path::new("/")));
    assert!(facts.text("proc/stat").is_some_and(|stat| stat.starts_with("cpu ")));
    assert!(facts.text("proc/self/status").is_some());
    assert_eq!(facts.process.pid, std::process::id());
    assert_eq!(facts.process.affinity_refused, None);
    assert!(facts.process.disk.is_some());
}

#[test]
fn rights_to_write_are_told() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("a"), "").unwrap();
    assert!(may_write(root.path(), "a"));
    assert!(!may_write(root.path(), "b"));
}
