//! Facts of a private root, and of this machine.

use super::*;
use crate::analysis::conditions::{self, machines};
use crate::model::facts::{Files, Known, Reading};

/// Where the calm machine's control groups are mounted; the group itself is named by its folders.
const MOUNTS: &str = "31 24 0:27 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n\
    40 1 0:33 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
const GROUPS: &str = "4:cpu:/docker\n0::/user.slice\n";

fn write(root: &Path, path: &str, bytes: &[u8]) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn write_all(root: &Path, files: &Files) {
    for (path, reading) in files {
        let Reading::Bytes(bytes) = reading else { panic!("{path} is refused") };
        write(root, path, bytes);
    }
}

#[test]
fn every_file_that_is_judged_is_read_from_a_private_root_in_its_good_and_each_bad_state() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), "proc/self/cgroup", GROUPS.as_bytes());
    write(root.path(), "proc/self/mountinfo", MOUNTS.as_bytes());
    let mut on_disk = Files::new();
    let calm: fn(&mut Facts) = |_| {};
    for spoil in machines::spoilt().into_iter().map(|spoilt| spoilt.spoil).chain([calm]) {
        let mut facts = machines::calm();
        spoil(&mut facts);
        for path in on_disk.keys().filter(|path| !facts.files.contains_key(*path)) {
            std::fs::remove_file(root.path().join(path)).unwrap();
        }
        let differs = |(path, reading): &(&String, &Reading)| on_disk.get(*path) != Some(*reading);
        let new = facts.files.iter().filter(differs);
        write_all(root.path(), &new.map(|(path, reading)| (path.clone(), reading.clone())).collect());
        on_disk.clone_from(&facts.files);
        let read = gather(&inquiry(root.path()));
        assert_eq!(read.files, facts.files);
        assert!(facts.earlier.keys().all(|path| read.earlier.contains_key(path)), "{:?}", read.earlier);
        let read = Facts { files: read.files, ..facts.clone() };
        assert_eq!(conditions::check(&read), conditions::check(&facts));
    }
}

#[test]
fn the_register_of_boost_is_read_where_intel_has_it() {
    let root = tempfile::tempdir().unwrap();
    let mut registers = vec![0; 0x1a8];
    write(root.path(), "dev/cpu/0/msr", &registers);
    assert_eq!(gather(&inquiry(root.path())).process.boost_register, None);
    write(root.path(), "proc/cpuinfo", b"vendor_id\t: GenuineIntel\n");
    assert_eq!(gather(&inquiry(root.path())).process.boost_register, Some(true));
    registers[0x1a4] = 1 << 6;
    write(root.path(), "dev/cpu/0/msr", &registers);
    assert_eq!(gather(&inquiry(root.path())).process.boost_register, Some(false));
}

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
    let write = |path: &str, text: &str| write(root.path(), path, text.as_bytes());
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
