//! Tuning and restoring under a kernel that can die at any moment, with the journal on a real disk.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use tempfile::TempDir;

use super::fake_kernel::FakeKernel;
use super::*;
use crate::analysis::conditions::machines;
use crate::analysis::tuning::{Permission, plan};
use crate::model::facts::Facts;

const THP: &str = "sys/kernel/mm/transparent_hugepage/enabled";
const IRQ: &str = "proc/irq/24/smp_affinity_list";

/// The calm machine, spoilt in the chosen ways.
fn spoilt(chosen: impl Fn(usize) -> bool) -> Facts {
    let mut facts = machines::calm();
    let ways = machines::spoilt().into_iter().enumerate().filter(|(index, _)| chosen(*index));
    ways.for_each(|(_, spoilt)| (spoilt.spoil)(&mut facts));
    facts
}

fn workbench(folder: &TempDir) -> Workbench {
    Workbench::in_folder(Path::new("/"), folder.path())
}

fn apply(workbench: &Workbench, kernel: &FakeKernel, tuning: &Tuning, id: &str) -> Outcome<Applied> {
    workbench.apply_under(kernel, tuning, Purpose::Run, id, 0)
}

fn undone(restored: Restored) -> Undone {
    match restored {
        Restored::Undone(undone) => undone,
        other => panic!("{other:?}"),
    }
}

/// Does something during which the writer is killed after so many writes; whether it was.
fn killed_after(writes: usize, kernel: &FakeKernel, work: impl FnOnce()) -> bool {
    kernel.lives_for.set(writes);
    let ended = catch_unwind(AssertUnwindSafe(work));
    kernel.lives_for.set(usize::MAX);
    ended.is_err()
}

#[test]
fn every_tunable_setting_is_set_and_put_back_byte_for_byte_after_a_kill_at_any_write() {
    // Ways that exclude each other: another place for boost, another governor.
    let all = || {
        spoilt(|index| machines::spoilt()[index].item != crate::model::item::Item::Boost || index % 2 == 0)
    };
    let facts = all();
    let tuning = plan(&facts, Permission { siblings: true });
    assert!(tuning.changes.len() >= 9, "{tuning:#?}");
    for writes in 0..=tuning.changes.len() {
        let folder = tempfile::tempdir().unwrap();
        let kernel = FakeKernel::new(&facts.files);
        let before = kernel.all();
        let killed = killed_after(writes, &kernel, || {
            apply(&workbench(&folder), &kernel, &tuning, "a").unwrap();
        });
        assert_eq!(killed, writes < tuning.changes.len());
        let restored = undone(workbench(&folder).restore_under(&kernel, None).unwrap());
        assert_eq!(restored.failed, []);
        assert!(
            kernel.differences(&before).is_empty(),
            "{:?} after {writes} writes",
            kernel.differences(&before)
        );
        assert_eq!(workbench(&folder).standing_under(&kernel).unwrap(), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn tuning_and_restoring_gives_the_same_machine_whatever_is_wrong_and_whenever_both_are_killed(
        chosen in proptest::collection::vec(any::<bool>(), machines::spoilt().len()),
        first in 0usize..14,
        second in 0usize..14,
    ) {
        let facts = spoilt(|index| chosen[index]);
        let tuning = plan(&facts, Permission { siblings: true });
        let folder = tempfile::tempdir().unwrap();
        let kernel = FakeKernel::new(&facts.files);
        let before = kernel.all();
        killed_after(first, &kernel, || drop(apply(&workbench(&folder), &kernel, &tuning, "a").unwrap()));
        killed_after(second, &kernel, || drop(workbench(&folder).restore_under(&kernel, None).unwrap()));
        workbench(&folder).restore_under(&kernel, None).unwrap();
        prop_assert_eq!(kernel.differences(&before), Vec::<String>::new());
        prop_assert_eq!(workbench(&folder).standing_under(&kernel).unwrap(), None);
    }
}

/// A machine with huge pages always on and an interrupt at the benchmark core.
fn simple() -> (FakeKernel, Tuning, TempDir) {
    let mut facts = machines::calm();
    machines::put(&mut facts, THP, "[always] madvise never\n");
    machines::put(&mut facts, IRQ, "0-3\n");
    (FakeKernel::new(&facts.files), plan(&facts, Permission::default()), tempfile::tempdir().unwrap())
}

#[test]
fn the_journal_is_on_the_disk_before_the_first_change_and_says_what_was() {
    let (kernel, tuning, folder) = simple();
    assert!(killed_after(0, &kernel, || drop(apply(&workbench(&folder), &kernel, &tuning, "a"))));
    let standing = workbench(&folder).standing_under(&kernel).unwrap().unwrap();
    let journal = &standing.journal;
    assert_eq!((journal.id.as_str(), journal.purpose, journal.pid), ("a", Purpose::Run, std::process::id()));
    assert!(standing.owner_lives && !standing.of_another_boot && standing.changed.is_empty());
    let thp = journal.entries.iter().find(|entry| entry.path == THP).unwrap();
    assert_eq!((&thp.before[..], &thp.write_back[..]), (&b"[always] madvise never\n"[..], &b"always"[..]));
}

#[test]
fn a_second_tuning_is_refused_and_changes_nothing() {
    let (kernel, tuning, folder) = simple();
    apply(&workbench(&folder), &kernel, &tuning, "a").unwrap();
    let tuned = kernel.all();
    let failure = apply(&workbench(&folder), &kernel, &tuning, "b").unwrap_err();
    assert_eq!(failure.message, "the host is tuned already");
    assert_eq!(kernel.differences(&tuned), Vec::<String>::new());
    assert_eq!(workbench(&folder).standing_under(&kernel).unwrap().unwrap().journal.id, "a");
}

#[test]
fn a_journal_of_another_name_is_left_alone() {
    let (kernel, tuning, folder) = simple();
    apply(&workbench(&folder), &kernel, &tuning, "a").unwrap();
    assert_eq!(workbench(&folder).restore_under(&kernel, Some("b")).unwrap(), Restored::Nothing);
    undone(workbench(&folder).restore_under(&kernel, Some("a")).unwrap());
    assert_eq!(workbench(&folder).restore_under(&kernel, Some("a")).unwrap(), Restored::Nothing);
}

#[test]
fn settings_of_another_boot_are_gone_with_it() {
    let (kernel, tuning, folder) = simple();
    apply(&workbench(&folder), &kernel, &tuning, "a").unwrap();
    kernel.set("proc/sys/kernel/random/boot_id", "another\n");
    let booted = kernel.all();
    assert!(workbench(&folder).standing_under(&kernel).unwrap().unwrap().of_another_boot);
    assert_eq!(workbench(&folder).restore_under(&kernel, None).unwrap(), Restored::GoneWithTheBoot);
    assert_eq!(kernel.differences(&booted), Vec::<String>::new());
    // A tuning after the boot takes the place of the old journal, too.
    apply(&workbench(&folder), &kernel, &tuning, "b").unwrap();
}

#[test]
fn what_the_kernel_refuses_is_told_and_the_rest_is_set_and_put_back() {
    let (mut kernel, tuning, folder) = simple();
    kernel.managed.push(IRQ.into());
    let before = kernel.all();
    let applied = apply(&workbench(&folder), &kernel, &tuning, "a").unwrap();
    assert_eq!(applied.set.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), [THP]);
    assert_eq!(applied.refused.len(), 1);
    assert!(applied.refused[0].why.contains("Input/output error"), "{:?}", applied.refused);
    let restored = undone(workbench(&folder).restore_under(&kernel, None).unwrap());
    assert_eq!((restored.back.len(), restored.untouched, restored.failed.len()), (1, 1, 0));
    assert_eq!(kernel.differences(&before), Vec::<String>::new());
}

#[test]
fn what_cannot_be_put_back_is_told_and_keeps_its_journal() {
    let (mut kernel, tuning, folder) = simple();
    let before = kernel.all();
    apply(&workbench(&folder), &kernel, &tuning, "a").unwrap();
    kernel.managed.push(IRQ.into());
    let restored = undone(workbench(&folder).restore_under(&kernel, None).unwrap());
    assert_eq!((restored.back.len(), restored.failed.len()), (1, 1));
    kernel.managed.clear();
    let restored = undone(workbench(&folder).restore_under(&kernel, None).unwrap());
    assert_eq!((restored.back.len(), restored.failed.len()), (1, 0));
    assert_eq!(kernel.differences(&before), Vec::<String>::new());
}

#[test]
fn settings_that_others_changed_or_whose_device_is_gone_are_told() {
    let (kernel, tuning, folder) = simple();
    apply(&workbench(&folder), &kernel, &tuning, "a").unwrap();
    kernel.set(THP, "always madvise [never]\n");
    kernel.settings.borrow_mut().remove(IRQ);
    let restored = undone(workbench(&folder).restore_under(&kernel, None).unwrap());
    assert_eq!(
        restored.foreign.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(),
        ["`always madvise [never]`"]
    );
    assert_eq!(restored.gone.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), [IRQ]);
    assert_eq!(kernel.all()[THP], b"[always] madvise never\n");
    assert_eq!(workbench(&folder).standing_under(&kernel).unwrap(), None);
}

#[test]
fn a_journal_that_names_anything_but_settings_is_refused() {
    let (kernel, tuning, folder) = simple();
    apply(&workbench(&folder), &kernel, &tuning, "a").unwrap();
    let path = folder.path().join("tuning.json");
    let text = fs::read_to_string(&path).unwrap();
    for other in ["etc/passwd", "proc/../etc/passwd", "/etc/passwd", ""] {
        fs::write(&path, text.replace(IRQ, other)).unwrap();
        let failure = workbench(&folder).restore_under(&kernel, None).unwrap_err();
        assert!(failure.to_string().contains("is no setting of the kernel"), "{failure}");
    }
    for damaged in ["", "{", &text.replace("\"format\": 1", "\"format\": 2")] {
        fs::write(&path, damaged).unwrap();
        let failure = workbench(&folder).restore_under(&kernel, None).unwrap_err();
        assert!(failure.message.starts_with("cannot use the undo journal"), "{failure}");
    }
}

#[test]
fn without_a_place_for_the_journal_nothing_is_changed() {
    let (kernel, tuning, folder) = simple();
    fs::write(folder.path().join("file"), "").unwrap();
    let before = kernel.all();
    let workbench = Workbench::in_folder(Path::new("/"), &folder.path().join("file"));
    assert!(apply(&workbench, &kernel, &tuning, "a").unwrap_err().message.starts_with("cannot create"));
    assert_eq!(kernel.differences(&before), Vec::<String>::new());
}

#[test]
fn of_two_tunings_at_once_exactly_one_is_carried_out() {
    let folder = tempfile::tempdir().unwrap();
    let root = tempfile::tempdir().unwrap();
    for (path, text) in [("proc/sys/kernel/random/boot_id", "a\n"), (IRQ, "0-3\n")] {
        fs::create_dir_all(root.path().join(path).parent().unwrap()).unwrap();
        fs::write(root.path().join(path), text).unwrap();
    }
    let (_, tuning, _) = simple();
    let tune = &|n: usize| {
        let workbench = Workbench::in_folder(root.path(), folder.path());
        workbench.apply(&tuning, Purpose::Kept, &n.to_string(), 0).is_ok()
    };
    let outcomes: Vec<bool> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || tune(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|tuned| **tuned).count(), 1);
    assert_eq!(fs::read(root.path().join(IRQ)).unwrap(), b"0-2");
    Workbench::in_folder(root.path(), folder.path()).restore(None).unwrap();
    assert_eq!(fs::read(root.path().join(IRQ)).unwrap(), b"0-3\n");
}
