//! Machines with and without each source, as texts and as folders of files.

use super::texts::*;
use super::*;

const STAT: &str = "cpu  40 4 20 999 9 2 4 6 0 0\ncpu0 10 1 5 400 3 0 1 2 7 7\ncpu1 20 2 10 500 5 1 2 3 8 8\n\
                    cpu10 1 1 1 1 1 1 1 1 0 0\nintr 1 2 3\n";

#[test]
fn a_core_is_busy_with_everything_but_idling_and_waiting() {
    assert_eq!(core_ticks(STAT, &[1]), Some(CoreTicks { busy: 35, steal: 3 }));
    assert_eq!(core_ticks(STAT, &[0, 1]), Some(CoreTicks { busy: 52, steal: 5 }));
    assert_eq!(core_ticks(STAT, &[]), Some(CoreTicks { busy: 70, steal: 6 }));
    assert_eq!(core_ticks(STAT, &[0, 2]), None);
    assert_eq!(core_ticks("cpu0 1 2", &[0]), None);
    assert_eq!(core_ticks("", &[]), None);
}

#[test]
fn pressure_load_and_throttling_are_found_in_the_kernels_texts() {
    let both = "some avg10=0.53 avg60=1.16 avg300=3.46 total=31509024\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";
    assert_eq!(pressure(both), Some(Pressure { some_us: 31_509_024, full_us: Some(7) }));
    let some = "some avg10=0.53 avg60=1.16 avg300=3.46 total=5\n";
    assert_eq!(pressure(some), Some(Pressure { some_us: 5, full_us: None }));
    assert_eq!(pressure("some avg10=x"), None);
    assert_eq!(load("0.89 0.76 0.48 5/110 30885\n"), [Some(89), Some(5)]);
    assert_eq!(load("much"), [None, None]);
    let v2 = "usage_usec 9\nnr_periods 4\nnr_throttled 3\nthrottled_usec 1234\n";
    assert_eq!(throttling(v2), Some(Throttling { times: 3, us: 1234 }));
    let v1 = "nr_periods 4\nnr_throttled 3\nthrottled_time 1234567\n";
    assert_eq!(throttling(v1), Some(Throttling { times: 3, us: 1234 }));
    assert_eq!(throttling("usage_usec 9\n"), None);
}

#[test]
fn the_groups_above_a_process_are_looked_at_too_in_both_versions() {
    let groups = cpu_groups("9:name=systemd:/\n4:memory:/m\n1:cpu,cpuacct:/docker/x\n0::/user.slice\n");
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    assert_eq!(
        groups,
        [
            "sys/fs/cgroup",
            "sys/fs/cgroup/cpu",
            "sys/fs/cgroup/cpu,cpuacct",
            "sys/fs/cgroup/cpu,cpuacct/docker",
            "sys/fs/cgroup/cpu,cpuacct/docker/x",
            "sys/fs/cgroup/cpu/docker",
            "sys/fs/cgroup/cpu/docker/x",
            "sys/fs/cgroup/unified",
            "sys/fs/cgroup/unified/user.slice",
            "sys/fs/cgroup/user.slice",
        ]
    );
    assert!(cpu_groups("0::/../../outside\n").iter().all(|folder| !folder.contains("..")));
}

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn an_epoch_gets_the_differences_of_everything_that_counts_up_and_the_last_state_of_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let throttle = "sys/devices/system/cpu/cpu1/thermal_throttle";
    write(
        dir.path(),
        &[
            ("proc/stat", "cpu0 10 0 0 0 0 0 0 0 0 0\ncpu1 100 0 0 0 0 0 0 5 0 0\n"),
            ("proc/pressure/cpu", "some avg10=0 total=100\nfull avg10=0 total=10\n"),
            ("proc/pressure/io", "some avg10=0 total=7\n"),
            ("proc/self/cgroup", "0::/a\n"),
            ("sys/fs/cgroup/a/cpu.stat", "nr_throttled 1\nthrottled_usec 50\n"),
            (&format!("{throttle}/core_throttle_count"), "3\n"),
            (&format!("{throttle}/package_throttle_count"), "4\n"),
        ],
    );
    // As systemd mounts it, under two names: what is one group counts once.
    std::os::unix::fs::symlink("../cgroup", dir.path().join("sys/fs/cgroup/unified")).unwrap();
    let reader = LedgerReader::below(dir.path(), &[1], Some(0));
    let before = reader.read();
    write(
        dir.path(),
        &[
            ("proc/stat", "cpu0 13 0 0 0 0 0 0 0 0 0\ncpu1 130 0 4 0 0 0 0 6 0 0\n"),
            ("proc/pressure/cpu", "some avg10=0 total=150\nfull avg10=0 total=10\n"),
            ("proc/pressure/io", "some avg10=0 total=9\n"),
            ("proc/loadavg", "1.50 0.76 0.48 3/110 30885\n"),
            ("sys/fs/cgroup/a/cpu.stat", "nr_throttled 3\nthrottled_usec 90\n"),
            (&format!("{throttle}/core_throttle_count"), "5\n"),
            ("sys/class/hwmon/hwmon0/name", "coretemp\n"),
            ("sys/class/hwmon/hwmon0/temp1_input", "51000\n"),
            ("sys/class/hwmon/hwmon0/temp2_input", "54000\n"),
            ("sys/class/hwmon/hwmon1/name", "nvme\n"),
            ("sys/class/hwmon/hwmon1/temp1_input", "88000\n"),
            ("sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq", "3600000\n"),
        ],
    );
    let entry = reader.since(&before, 2, 9);
    assert_eq!((entry.suite, entry.epoch), (2, 9));
    assert_eq!(
        (entry.steal_ticks, entry.bench_busy_ticks, entry.coordinator_busy_ticks),
        (Some(1), Some(34), Some(3))
    );
    assert_eq!((entry.pressure_cpu_some_us, entry.pressure_cpu_full_us), (Some(50), Some(0)));
    assert_eq!((entry.pressure_io_some_us, entry.pressure_io_full_us), (Some(2), None));
    assert_eq!((entry.pressure_memory_some_us, entry.migrations), (None, None));
    assert_eq!((entry.cgroup_throttles, entry.cgroup_throttled_us), (Some(2), Some(40)));
    assert_eq!((entry.thermal_throttles, entry.temperature_millicelsius), (Some(2), Some(54_000)));
    assert_eq!(
        (entry.frequency_khz, entry.load_hundredths, entry.runnable),
        (Some(3_600_000), Some(150), Some(3))
    );
}

#[test]
fn a_machine_that_tells_nothing_leaves_the_fields_empty() {
    let dir = tempfile::tempdir().unwrap();
    let reader = LedgerReader::below(dir.path(), &[1], None);
    let entry = reader.since(&reader.read(), 0, 0);
    let told = serde_json::to_value(&entry).unwrap();
    let told: Vec<&String> = told.as_object().unwrap().keys().collect();
    let of_the_processes = [
        "bench_own_us",
        "epoch",
        "involuntary_switches",
        "major_faults",
        "minor_faults",
        "suite",
        "voluntary_switches",
        "wall_us",
    ];
    assert_eq!(told, of_the_processes);
}

#[test]
fn a_temperature_of_the_mainboard_stands_in_for_one_of_the_processor() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        &[("sys/class/hwmon/hwmon0/name", "acpitz\n"), ("sys/class/hwmon/hwmon0/temp1_input", "80000\n")],
    );
    assert_eq!(sensors::temperature_millicelsius(dir.path()), Some(80_000));
    write(
        dir.path(),
        &[
            ("sys/class/thermal/thermal_zone0/type", "x86_pkg_temp\n"),
            ("sys/class/thermal/thermal_zone0/temp", "60000\n"),
        ],
    );
    assert_eq!(sensors::temperature_millicelsius(dir.path()), Some(60_000));
}

#[test]
fn children_that_were_waited_for_are_in_the_ledger_of_the_real_machine() {
    let reader = LedgerReader::new(&[], None);
    let before = reader.read();
    std::process::Command::new("sh")
        .args(["-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"])
        .status()
        .unwrap();
    let entry = reader.since(&before, 0, 0);
    assert!(entry.bench_own_us.unwrap() > 0 && entry.minor_faults.unwrap() > 0, "{entry:?}");
    assert!(entry.bench_busy_ticks.is_some() && entry.load_hundredths.is_some(), "{entry:?}");
}
