//! Every condition in its good state and in each bad one.

use proptest::prelude::*;

use super::machines::{Spoilt, calm, put, spoilt};
use super::*;
use crate::model::facts::Reading;

/// Conditions that are only told: no state of theirs is bad by itself.
const TOLD: [Item; 2] = [Item::PstateMode, Item::Mitigations];

fn of(facts: &Facts, item: Item) -> Check {
    check(facts).into_iter().find(|check| check.item == item).unwrap()
}

#[test]
fn on_the_calm_machine_everything_is_there_and_well() {
    for check in check(&calm()) {
        assert_eq!(check.status, Status::Ok, "{check:?}");
        assert!(!check.value.starts_with("not there"), "{check:?}");
        assert_eq!((check.mend, check.tunable), (None, false));
    }
}

#[test]
fn each_way_of_spoiling_the_machine_is_found_and_told_with_what_mends_it() {
    for Spoilt { item, status, value, spoil } in spoilt() {
        let mut facts = calm();
        spoil(&mut facts);
        let found = of(&facts, item);
        assert_eq!(found.status, status, "{found:?}");
        assert!(found.value.contains(value), "`{value}` is not in {found:?}");
        assert!(found.mend.is_some() || status == Status::Unknown, "{found:?}");
    }
}

#[test]
fn what_is_spoilt_does_not_spoil_the_judgement_of_anything_else() {
    // What cannot be spoilt alone: one cause behind both.
    let together = [
        (Item::Governor, Item::Isolation),
        (Item::Isolation, Item::Governor),
        (Item::FrequencyRange, Item::Governor),
        (Item::FrequencyRange, Item::Isolation),
        (Item::Scheduling, Item::Autogroup),
        (Item::Autogroup, Item::Scheduling),
        (Item::Governor, Item::FrequencyRange),
        (Item::Isolation, Item::FrequencyRange),
    ];
    for Spoilt { item, spoil, .. } in spoilt() {
        let mut facts = calm();
        spoil(&mut facts);
        for check in check(&facts).iter().filter(|check| check.item != item) {
            let expected = check.status == Status::Ok || together.contains(&(item, check.item));
            assert!(expected, "{item} spoilt {check:?}");
        }
    }
}

#[test]
fn every_condition_has_a_bad_state() {
    for item in Item::ALL {
        assert_eq!(spoilt().iter().any(|spoilt| spoilt.item == item), !TOLD.contains(&item), "{item}");
    }
}

#[test]
fn the_worst_comes_first() {
    let mut facts = calm();
    spoilt().iter().for_each(|spoilt| (spoilt.spoil)(&mut facts));
    let checks = check(&facts);
    assert!(checks.is_sorted_by(|a, b| a.status >= b.status));
    assert_eq!(checks[0].status, Status::Blocker);
}

#[test]
fn a_machine_without_any_of_it_has_nothing_wrong_and_says_why() {
    let mut facts = calm();
    facts.files.clear();
    facts.earlier.clear();
    for check in check(&facts) {
        // Time that does not move cannot tell who else is there.
        let expected = if check.item == Item::ForeignTasks { Status::Unknown } else { Status::Ok };
        assert_eq!(check.status, expected, "{check:?}");
    }
}

#[test]
fn files_that_are_refused_are_unknown_and_never_taken_for_well() {
    let mut facts = calm();
    for reading in facts.files.values_mut().chain(facts.earlier.values_mut()) {
        *reading = Reading::Refused("denied".into());
    }
    for item in [Item::Tracer, Item::Load, Item::Thp, Item::Ksm, Item::NmiWatchdog, Item::Clocksource] {
        let found = of(&facts, item);
        assert_eq!(found.status, Status::Unknown, "{found:?}");
        assert!(found.value.contains("denied"), "{found:?}");
    }
}

#[test]
fn without_a_core_of_their_own_benchmarks_are_judged_by_all_cores() {
    let mut facts = calm();
    facts.bench_cores = Default::default();
    assert_eq!(of(&facts, Item::Affinity).status, Status::Note);
    assert_eq!(of(&facts, Item::Governor).status, Status::Ok);
    put(&mut facts, "sys/devices/system/cpu/cpufreq/policy0/affected_cpus", "0");
    put(&mut facts, "sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "schedutil");
    assert_eq!(of(&facts, Item::Governor).value, "performance, schedutil");
}

#[test]
fn users_without_rights_are_told_to_use_sudo() {
    let mut facts = calm();
    put(&mut facts, "sys/kernel/mm/ksm/run", "1");
    let mend = |root: bool| {
        let facts = Facts {
            process: crate::model::facts::ProcessFacts { root, ..facts.process.clone() },
            ..facts.clone()
        };
        of(&facts, Item::Ksm).mend.unwrap()
    };
    assert_eq!(
        (mend(false).as_str(), mend(true).as_str()),
        ("sudo /opt/cargo-rqs env tune", "cargo rqs env tune")
    );
}

proptest! {
    #[test]
    fn no_text_of_any_file_makes_a_check_panic(
        texts in proptest::collection::vec("(\\PC|\n|\t|-|[0-9]|\\(|\\)|\\[|\\]|some avg10=|max |nr_throttled |cpu3 ){0,20}", 80),
        refused in proptest::collection::vec(any::<bool>(), 80),
    ) {
        let mut facts = calm();
        let readings = facts.files.values_mut().chain(facts.earlier.values_mut());
        for (reading, (text, refused)) in readings.zip(texts.into_iter().zip(refused)) {
            *reading = if refused { Reading::Refused(text) } else { Reading::Bytes(text.into_bytes()) };
        }
        prop_assert_eq!(check(&facts).len(), Item::ALL.len());
    }
}
