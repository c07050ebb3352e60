//! The host: its conditions are told, settings are changed and put back, on a private copy of `/proc` and `/sys` for
//! everybody, and on this machine for root.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use serde_json::Value;

use crate::program::{Background, LONG, Ran, SHORT, finish, within};
use crate::repository::Repository;

/// Names how many moments the test of kills tries, instead of a few.
const KILLS: &str = "RQS_TEST_KILLS";
const BATTERY: &str = "sys/class/power_supply/AC/online";

/// A small machine as files: on mains, with an interrupt at the benchmark core.
const FILES: [(&str, &str); 10] = [
    ("proc/cmdline", "quiet\n"),
    ("proc/irq/24/smp_affinity_list", "0-3\n"),
    ("proc/irq/default_smp_affinity", "f\n"),
    ("proc/sys/kernel/nmi_watchdog", "1\n"),
    ("proc/sys/kernel/numa_balancing", "1\n"),
    ("proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n"),
    ("sys/class/power_supply/AC/type", "Mains\n"),
    (BATTERY, "1\n"),
    ("sys/devices/system/cpu/online", "0-3\n"),
    ("sys/kernel/mm/ksm/run", "1\n"),
];

/// A private copy of a machine's files, and a folder for the journal.
struct Machine {
    folder: PathBuf,
}

impl Machine {
    fn new(repository: &Repository, name: &str) -> Machine {
        let machine = Machine { folder: repository.scratch(name) };
        FILES.iter().for_each(|(path, text)| machine.write(path, text));
        machine
    }

    fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn all(&self) -> BTreeMap<PathBuf, String> {
        let files = crate::repository::files_below(&self.root());
        files.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
    }

    fn env(&self, repository: &Repository, arguments: &[&str]) -> Ran {
        let root = self.root();
        let place = ["--sysroot", root.to_str().unwrap()];
        let mut command = repository.command("", &[&["env"], arguments, &place].concat());
        command.env("CARGO_RQS_STATE_DIR", self.folder.join("state"));
        finish(command)
    }
}

#[test]
fn conditions_are_told_worst_first_and_a_demand_that_is_not_met_ends_with_7() {
    let repository = Repository::get();
    let machine = Machine::new(&repository, "check");
    machine.write(BATTERY, "0\n");
    let check =
        |arguments: &[&str]| machine.env(&repository, &[&["check", "--cpu", "3"], arguments].concat());
    let shown = check(&[]).exited(0).stdout;
    assert!(shown.contains("blocker  mains-power"), "{shown}");
    assert!(shown.contains("to mend: plug it in"), "{shown}");
    let report: Value = serde_json::from_str(&check(&["--format", "json"]).exited(0).stdout).unwrap();
    assert_eq!(report["bench_cpus"], serde_json::json!([3]));
    let statuses: Vec<&str> =
        report["checks"].as_array().unwrap().iter().map(|it| it["status"].as_str().unwrap()).collect();
    let order = |status: &&str| ["blocker", "unknown", "note", "ok"].iter().position(|it| it == status);
    assert!(statuses.is_sorted_by_key(order) && statuses.len() > 40, "{statuses:?}");

    check(&["--strict"]).exited(7).said(&["mains-power: on battery; wanted: plugged in"]);
    repository.write("rqs.toml", "[env]\nrequire = [\"ksm\"]\n");
    check(&[]).exited(7).said(&["error: the host does not meet what is required of it", "ksm: on"]);
    machine.write("sys/kernel/mm/ksm/run", "0\n");
    check(&[]).exited(0);
    repository.write("rqs.toml", "[env]\nrequire = [\"ksm\", \"kms\"]\n");
    check(&[]).exited(2).said(&["rqs.toml:2:19: unknown variant `kms`"]);
}

#[test]
fn settings_of_a_copy_are_changed_told_and_put_back_byte_for_byte() {
    let repository = Repository::get();
    let machine = Machine::new(&repository, "tune");
    let before = machine.all();
    let env = |arguments: &[&str]| machine.env(&repository, arguments);
    let plan = env(&["tune", "--cpu", "3", "--dry-run"]).exited(0).stdout;
    assert!(plan.starts_with("would change 5 settings"), "{plan}");
    assert_eq!(machine.all(), before);
    assert_eq!(env(&["status"]).exited(0).stdout, "not tuned: no setting is changed\n");
    env(&["restore"]).exited(0).said(&["nothing to restore"]);

    let tuned = env(&["tune", "--cpu", "3"]).exited(0).stdout;
    assert!(tuned.starts_with("changed 5 settings"), "{tuned}");
    let text = |path: &str| fs::read_to_string(machine.root().join(path)).unwrap();
    assert_eq!(text("proc/irq/24/smp_affinity_list"), "0-2");
    assert_eq!(text("proc/irq/default_smp_affinity"), "00000007");
    let status = env(&["status"]).exited(0).stdout;
    assert!(status.starts_with("5 settings changed since ") && status.contains("by `env tune`"), "{status}");
    env(&["tune", "--cpu", "3"]).exited(0);
    machine.write("sys/kernel/mm/ksm/run", "1\n");
    env(&["tune", "--cpu", "3"]).exited(101).said(&["the host is tuned already", "`cargo rqs env restore`"]);

    env(&["restore"]).exited(0).said(&["put back 4 settings, 1 unchanged"]);
    assert_eq!(machine.all(), before);
    assert_eq!(env(&["status"]).exited(0).stdout, "not tuned: no setting is changed\n");
}

#[test]
fn a_run_on_a_host_that_does_not_meet_a_demand_measures_nothing_and_ends_with_7() {
    let repository = Repository::get();
    let results = repository.results();
    let bench = |variable: &str| {
        let sides = ["bench", "--baseline", "v1", "--candidate", "v1-readme"];
        let mut command = repository.command("", &[&sides[..], &SHORT].concat());
        command.env(variable, "x").env("CARGO_RQS_STATE_DIR", repository.scratch("demand"));
        finish(command)
    };
    repository.write("rqs.toml", "[env]\nrequire = [\"instrumentation\"]\n");
    let told =
        ["error: the host does not meet", "instrumentation: LLVM_PROFILE_FILE=x; wanted: ", "unset LLVM"];
    bench("LLVM_PROFILE_FILE").exited(7).said(&told);
    assert_eq!(repository.results(), results);
    bench("RQS_TEST_NOTHING").exited(0);
    repository.write("rqs.toml", "[env]\nrequires = []\n");
    let misspelt = bench("RQS_TEST_NOTHING").exited(2).said(&["rqs.toml:2:1: unknown field `requires`"]);
    assert!(!misspelt.stderr.contains("building"), "{}", misspelt.stderr);
}

static MACHINE: Mutex<()> = Mutex::new(());

/// This machine, for one test at a time; its settings are as they were afterwards.
struct RealMachine {
    before: BTreeMap<PathBuf, Vec<u8>>,
    /// Settings that were spoilt, with what has to be written to undo it.
    spoilt: Vec<(PathBuf, Vec<u8>)>,
    state: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

impl RealMachine {
    /// `None` where settings cannot be changed.
    fn get(repository: &Repository, name: &str) -> Option<RealMachine> {
        // SAFETY of the assumption: only root may write the settings of a machine.
        if fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) != 0) {
            eprintln!("skipped: only root may change the settings of this machine");
            return None;
        }
        let turn = MACHINE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let state = repository.scratch(name);
        let mut machine = RealMachine { before: BTreeMap::new(), spoilt: Vec::new(), state, _turn: turn };
        machine.spoil("/sys/kernel/mm/transparent_hugepage/enabled", "always");
        machine.spoil("/sys/kernel/mm/ksm/run", "1");
        machine.spoil("/proc/sys/kernel/numa_balancing", "1");
        machine.spoil("/proc/sys/kernel/nmi_watchdog", "1");
        machine.spoil("/proc/sys/kernel/perf_event_paranoid", "4");
        machine.before = settings();
        Some(machine)
    }

    /// Sets a setting to what has to be tuned, where this machine has it and takes it.
    fn spoil(&mut self, path: &str, text: &str) {
        let path = PathBuf::from(path);
        let Ok(before) = fs::read(&path) else { return };
        let choice = String::from_utf8_lossy(&before).into_owned();
        let chosen = choice.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(word, _)| word);
        let back = chosen.map_or(before.clone(), |word| word.as_bytes().to_vec());
        if fs::write(&path, text).is_ok() {
            self.spoilt.push((path, back));
        }
    }

    fn command(&self, repository: &Repository, arguments: &[&str]) -> Command {
        let mut command = repository.command("", arguments);
        command.env("CARGO_RQS_STATE_DIR", &self.state);
        command
    }

    fn rqs(&self, repository: &Repository, arguments: &[&str]) -> Ran {
        finish(self.command(repository, arguments))
    }

    fn journal(&self) -> PathBuf {
        self.state.join("tuning.json")
    }

    /// A run that has tuned the host and goes on for a while.
    fn start_tuned(&self, repository: &Repository) -> Background {
        let sides = ["bench", "--tune", "--baseline", "v1", "--candidate", "slower", "mix/(steady|changed)"];
        let command = self.command(repository, &[&sides[..], &LONG].concat());
        let mut background = Background::of(command);
        background.wait_until("the host is tuned", || self.journal().exists());
        background
    }

    #[track_caller]
    fn assert_as_before(&self) {
        let now = settings();
        let shown = |bytes: Option<&Vec<u8>>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let differing = self.before.iter().filter(|(path, bytes)| now.get(*path) != Some(*bytes));
        let differing: Vec<_> =
            differing.map(|(path, bytes)| (path, shown(Some(bytes)), shown(now.get(path)))).collect();
        assert!(differing.is_empty(), "setting, before, now: {differing:#?}");
        assert_eq!(now.len(), self.before.len());
    }
}

impl Drop for RealMachine {
    fn drop(&mut self) {
        for (path, back) in self.spoilt.iter().rev() {
            fs::write(path, back).unwrap_or_else(|error| eprintln!("{}: {error}", path.display()));
        }
    }
}

/// Every setting of this machine that a tuning may change.
fn settings() -> BTreeMap<PathBuf, Vec<u8>> {
    let mut paths: Vec<PathBuf> = [
        "proc/irq/default_smp_affinity",
        "proc/sys/kernel/nmi_watchdog",
        "proc/sys/kernel/numa_balancing",
        "proc/sys/kernel/perf_event_paranoid",
        "proc/sys/kernel/randomize_va_space",
        "proc/sys/kernel/sched_autogroup_enabled",
        "proc/sys/kernel/sched_rt_runtime_us",
        "sys/devices/system/cpu/cpufreq/boost",
        "sys/devices/system/cpu/intel_pstate/no_turbo",
        "sys/kernel/mm/ksm/run",
        "sys/kernel/mm/transparent_hugepage/enabled",
    ]
    .iter()
    .map(|path| Path::new("/").join(path))
    .collect();
    let entries =
        |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    paths.extend(entries(Path::new("/proc/irq")).map(|irq| irq.join("smp_affinity_list")));
    let policy = ["scaling_governor", "scaling_min_freq", "energy_performance_preference", "boost"];
    for folder in entries(Path::new("/sys/devices/system/cpu/cpufreq")) {
        paths.extend(policy.iter().map(|name| folder.join(name)));
    }
    for cpu in entries(Path::new("/sys/devices/system/cpu")) {
        paths.extend(entries(&cpu.join("cpuidle")).map(|state| state.join("disable")));
    }
    paths.into_iter().filter_map(|path| Some((path.clone(), fs::read(path).ok()?))).collect()
}

/// The guardians of a tuning, by its name in their command line.
fn guardians(journal: &Path) -> Vec<String> {
    let Ok(text) = fs::read_to_string(journal) else { return Vec::new() };
    let journal: Value = serde_json::from_str(&text).unwrap();
    let id = journal["id"].as_str().unwrap().to_owned();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let guards = |pid: &String| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
        words.contains(&&b"guard"[..]) && words.contains(&id.as_bytes())
    };
    names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).filter(guards).collect()
}

fn kill(pid: &str) {
    assert!(Command::new("kill").args(["-KILL", pid]).status().unwrap().success());
}

#[test]
fn every_setting_of_this_machine_that_is_wrong_is_set_and_put_back_byte_for_byte() {
    let repository = Repository::get();
    let Some(machine) = RealMachine::get(&repository, "real-tune") else { return };
    let tuned = machine.rqs(&repository, &["env", "tune"]).exited(0).stdout;
    let now = settings();
    for (path, _) in &machine.spoilt {
        assert_ne!(now[path], machine.before[path], "{} is not tuned:\n{tuned}", path.display());
    }
    machine.rqs(&repository, &["env", "restore"]).exited(0);
    machine.assert_as_before();
    assert!(!machine.journal().exists());
}

#[test]
fn a_tuned_run_leaves_the_host_as_it_was_whether_it_ends_well_or_is_interrupted() {
    let repository = Repository::get();
    let Some(machine) = RealMachine::get(&repository, "real-bench") else { return };
    let sides = ["bench", "--tune", "--baseline", "v1", "--candidate", "v1-readme", "--format", "json"];
    let ran = machine.rqs(&repository, &[&sides[..], &["--measure-identical"], &SHORT].concat());
    let ran = ran.said(&["tuned for this run: ", "put back "]);
    let notes = ran.report().0["notes"].to_string();
    assert!(notes.contains("the host was tuned for this run"), "{notes}");
    machine.assert_as_before();

    let background = machine.start_tuned(&repository);
    background.signal("INT");
    background.end().exited(101).said(&["interrupted", "put back "]);
    machine.assert_as_before();
    machine.rqs(&repository, &["env", "restore"]).exited(0).said(&["nothing to restore"]);
}

#[test]
fn a_tuned_run_killed_at_any_moment_can_be_undone_byte_for_byte() {
    let repository = Repository::get();
    let Some(machine) = RealMachine::get(&repository, "real-kill") else { return };
    repository.bench(&["--baseline", "v1", "--candidate", "slower", "--list"]).exited(0);
    let kills: u64 = std::env::var(KILLS).map_or(4, |kills| kills.parse().unwrap());
    for kill_number in 0..kills {
        let mut background = machine.start_tuned(&repository);
        // The same moments each time: some as soon as the journal is there, in the middle of the changes.
        let moment_ms =
            if kill_number % 5 == 0 { 0 } else { kill_number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 53 };
        if moment_ms > 0 {
            background.wait_until("a setting is changed", || settings() != machine.before);
        }
        std::thread::sleep(Duration::from_millis(moment_ms));
        let alone = kill_number % 2 == 0;
        if alone {
            guardians(&machine.journal()).iter().for_each(|pid| kill(pid));
        }
        background.signal("KILL");
        assert_eq!(background.end().code, None);
        repository.assert_no_process_is_left();
        if alone && moment_ms > 0 {
            assert_ne!(settings(), machine.before, "nothing was tuned");
        }
        if alone && kill_number == 0 {
            let list = ["bench", "--baseline", "v1", "--candidate", "v1-readme"];
            let next = machine.rqs(&repository, &[&list[..], &SHORT].concat());
            next.said(&["warning: a run that was killed left ", "`cargo rqs env restore`"]);
        }
        if !alone {
            let done = within(Duration::from_secs(20), || !machine.journal().exists());
            assert!(done, "the guardian did nothing for 20 s after the kill at {moment_ms} ms");
        }
        machine.rqs(&repository, &["env", "restore"]).exited(0);
        machine.assert_as_before();
        eprintln!(
            "kill {kill_number}: {moment_ms} ms after the journal, guardian killed too: {alone}; as before"
        );
    }
}
