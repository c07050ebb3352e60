//! The store when things go wrong: kills, full disks, folders that cannot be written, damaged files, races.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;
use crate::model::acceptance::Acceptance;
use crate::model::run_id::run_id;

/// A small generator with a fixed seed (SplitMix64), so that every run of the tests sees the same faults.
struct Coins(u64);

impl Coins {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// The child process that runs one of the ignored tests below in a folder.
fn child(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", &format!("host::store::fault_tests::{test}"), "--ignored", "--nocapture"])
        .env("RQS_TEST_STORE", folder)
        .stdout(Stdio::piped());
    command
}

fn folder_from_parent() -> Option<std::path::PathBuf> {
    std::env::var_os("RQS_TEST_STORE").map(Into::into)
}

fn all_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { all_files(&path) } else { vec![path] }).collect()
}

fn leftovers(folder: &Path) -> usize {
    all_files(folder).iter().filter(|path| path.extension().is_some_and(|end| end == "tmp")).count()
}

/// Writes records and says each id once it is safe, until it is killed.
#[test]
#[ignore = "a helper process of the kill test"]
fn child_that_writes_until_it_is_killed() {
    let Some(folder) = folder_from_parent() else { return };
    let store = Store::open(&folder);
    for n in 0.. {
        let run = RunRecord {
            id: run_id(1_795_370_096_000 + u64::from(std::process::id()), n),
            ..samples::run(2, 4, 20)
        };
        store.write_run(&run).unwrap();
        println!("\nsafe {}", run.id);
    }
}

#[test]
fn two_hundred_kills_in_the_middle_of_writing_never_leave_half_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path());
    let mut coins = Coins(1);
    let (mut safe, mut abandoned) = (BTreeSet::new(), 0);
    for _ in 0..200 {
        let mut child = child("child_that_writes_until_it_is_killed", folder.path()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(3_000 + coins.below(17_000) as u64));
        child.kill().unwrap();
        let mut said = String::new();
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        child.wait().unwrap();
        safe.extend(
            said.lines()
                .filter_map(|line| line.strip_prefix("safe "))
                .filter(|id| is_run_id(id))
                .map(str::to_owned),
        );
        abandoned += leftovers(folder.path());
    }
    let list = store.list_runs(drop).unwrap();
    let seen: BTreeSet<String> = list.iter().map(|entry| entry.id.clone()).collect();
    let broken: Vec<_> = list.iter().filter(|entry| entry.outline.is_err()).collect();
    assert!(broken.is_empty(), "{broken:?}");
    assert!(safe.is_subset(&seen), "reported safe but not there: {:?}", safe.difference(&seen));
    assert!(
        abandoned > 0 && !safe.is_empty(),
        "the kills came too early or too late: {abandoned}, {}",
        safe.len()
    );
    store.write_run(&samples::run(1, 1, 1)).unwrap();
    assert_eq!(leftovers(folder.path()), 0);
}

/// Runs into the largest file size that the process may write, as into a full disk.
#[test]
#[ignore = "a helper process of the test below"]
fn child_that_fills_the_disk() {
    let Some(folder) = folder_from_parent() else { return };
    let store = Store::open(&folder);
    store.write_environment(&samples::environment()).unwrap();
    let limit = libc::rlimit { rlim_cur: 20_000, rlim_max: 20_000 };
    // SAFETY: both calls get plain values; this process runs nothing but this test.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
    }
    let failure = store.write_run(&samples::run(10, 10, 20)).unwrap_err();
    assert!(failure.causes[0].contains("File too large"), "{failure}");
    assert!(failure.hint.unwrap().contains("free some space or choose another folder with `--results DIR`"));
    store.write_run(&samples::run(1, 1, 1)).unwrap();
}

#[test]
fn a_record_that_does_not_fit_leaves_nothing_and_a_smaller_one_can_be_written_after_it() {
    let folder = tempfile::tempdir().unwrap();
    assert!(child("child_that_fills_the_disk", folder.path()).status().unwrap().success());
    assert_eq!(leftovers(folder.path()), 0);
    let list = Store::open(folder.path()).list_runs(drop).unwrap();
    assert!(list.len() == 1 && list[0].outline.is_ok(), "{list:?}");
}

#[test]
fn a_folder_that_cannot_be_written_gives_the_cause_and_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let results = folder.path().join("results");
    fs::write(&results, "a file").unwrap();
    let failure = Store::open(&results).write_run(&samples::run(1, 1, 1)).unwrap_err();
    assert!(failure.message.starts_with("cannot write `") && !failure.causes.is_empty(), "{failure}");
    let hint = failure.hint.unwrap();
    assert!(hint.contains("`--results DIR`") && hint.contains("`cargo rqs bench --resume`"), "{hint}");
    assert!(hint.contains("move the file away"), "{hint}");
    assert_eq!(fs::read_to_string(&results).unwrap(), "a file");
    assert!(Store::open(&results).list_runs(drop).is_err());
}

#[test]
fn every_cause_of_a_failed_write_has_its_own_advice() {
    let advice = |error: io::Error| unwritable(Path::new("results/x"), error).hint.unwrap();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let no_space = io::Write::write_all(&mut &full, b"x").unwrap_err();
    assert!(advice(no_space).contains("free some space"));
    assert!(advice(io::Error::from_raw_os_error(libc::EROFS)).contains("make the folder writable"));
    assert!(advice(io::Error::from_raw_os_error(libc::EACCES)).contains("make the folder writable"));
    assert!(advice(io::Error::from_raw_os_error(libc::EIO)).contains("mend the cause"));
}

/// One random fault: a changed, lost, added, repeated or swapped piece, or an early end.
fn damage(bytes: &[u8], coins: &mut Coins) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    let from = coins.below(bytes.len());
    let to = (from + 1 + coins.below(40)).min(bytes.len());
    match coins.below(7) {
        0 => damaged[from] ^= 1 << coins.below(8),
        1 => damaged[from] = b"0123456789\"{}[],: \n"[coins.below(19)],
        2 => damaged.truncate(from),
        3 => drop(damaged.drain(from..to)),
        4 => damaged.insert(from, b"0123456789\"{}[],: \n"[coins.below(19)]),
        5 => drop(damaged.splice(from..from, bytes[from..to].to_vec())),
        _ => damaged.swap(from, to - 1),
    }
    damaged
}

#[test]
fn two_thousand_damaged_records_are_refused_or_read_as_they_were_written() {
    let record = samples::run(3, 3, 3);
    let bytes = envelope::seal(&record).unwrap();
    let mut coins = Coins(2);
    let mut refused = 0;
    for n in 0..2_000 {
        let damaged = damage(&bytes, &mut coins);
        match envelope::open::<RunRecord>(&damaged) {
            Ok(read) => assert_eq!(read, record, "fault {n} was taken for another record"),
            Err(_) => refused += 1,
        }
    }
    // The rest changed nothing or only white space.
    assert!(refused > 1_500, "{refused}");
}

#[test]
fn a_damaged_acceptance_never_accepts_anything_else_than_was_signed() {
    let acceptance = samples::acceptance();
    let bytes = envelope::seal(&acceptance).unwrap();
    let mut coins = Coins(3);
    let mut refused = 0;
    for n in 0..2_000 {
        match envelope::open::<Acceptance>(&damage(&bytes, &mut coins)) {
            Ok(read) => assert_eq!(read, acceptance, "fault {n} was taken for another acceptance"),
            Err(_) => refused += 1,
        }
    }
    // The rest changed nothing or only white space.
    assert!(refused > 1_500, "{refused}");
}

#[test]
fn of_two_writers_of_one_run_exactly_one_succeeds_and_different_runs_all_do() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path());
    let write = |writer: u32, n: u32| {
        let mine = RunRecord { id: run_id(1_795_370_096_000, writer * 1000 + n), ..samples::run(1, 1, 1) };
        store.write_run(&mine).unwrap();
        store.write_environment(&samples::environment()).unwrap();
        let shared =
            RunRecord { id: run_id(1_700_000_000_000, n), finished_unix_s: u64::from(writer), ..mine };
        store.write_run(&shared).is_ok()
    };
    let wins: usize = std::thread::scope(|scope| {
        let write = &write;
        let writers: Vec<_> =
            (0..2).map(|writer| scope.spawn(move || (0..30).filter(|n| write(writer, *n)).count())).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    assert_eq!(wins, 30);
    let list = store.list_runs(drop).unwrap();
    assert_eq!((list.len(), list.iter().filter(|entry| entry.outline.is_ok()).count()), (90, 90));
    assert_eq!(leftovers(folder.path()), 0);
}
