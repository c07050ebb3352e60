//! The table of functions: shares add up, own parts sum to the whole, swapping the sides negates.

use proptest::prelude::*;

use super::*;

fn stack(frames: &[&str], weight: u64) -> Stack {
    Stack { frames: frames.iter().map(|&frame| frame.to_owned()).collect(), weight }
}

fn nanoseconds(baseline: f64, candidate: f64) -> Scale {
    Scale { unit: Unit::Nanoseconds, whole: ByRole::new(baseline, candidate) }
}

#[test]
fn the_function_that_changed_comes_first_with_its_own_part_of_the_difference() {
    let stacks = ByRole::new(
        vec![stack(&["run", "crc32"], 500), stack(&["run"], 500)],
        vec![stack(&["run", "crc32"], 750), stack(&["run"], 250)],
    );
    let table = FunctionTable::of(&stacks, nanoseconds(20.0, 40.0), true);
    let names: Vec<&str> = table.rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names, ["crc32", "run"]);
    let crc32 = &table.rows[0];
    assert_eq!((table.change(&crc32.own), table.whole_change()), (20.0, 20.0));
    assert!(table.stands_out(&crc32.own));
    let run = &table.rows[1];
    assert_eq!((table.value(&run.total, Role::Candidate), table.change(&run.own)), (40.0, 0.0));
    assert!(!table.stands_out(&run.own), "the part that stayed the same is within the noise");
}

#[test]
fn what_serves_a_function_is_charged_to_it() {
    let stacks = ByRole::new(
        vec![stack(
            &["hex::encode", "alloc::raw_vec::RawVec<T>::grow", "realloc [libc.so.6]", "[kernel]"],
            60,
        )],
        vec![stack(&["hex::encode", "<T as core::convert::Into<U>>::into"], 30)],
    );
    let table = FunctionTable::of(&stacks, nanoseconds(60.0, 30.0), true);
    let encode = &table.rows[0];
    assert_eq!(
        (encode.name.as_str(), encode.charged, encode.own),
        ("hex::encode", ByRole::new(60, 30), ByRole::new(0, 0))
    );
    for name in [
        "core::num::<impl u64>::checked_mul",
        "<core::iter::adapters::map::Map<I, F> as core::iter::traits::iterator::Iterator>::fold::<u64, mine::f>",
        "<&mut alloc::string::String as core::fmt::Write>::write_str",
        "<u8 as core::cmp::PartialEq>::eq",
        "<[u8] as core::cmp::PartialEq>::eq",
        "<u64>::checked_mul",
        "<str>::len",
        "__rustc::__rdl_realloc",
        "__rust_realloc",
        "[libc.so.6]",
        "malloc [libc.so.6]",
        "[kernel]",
    ] {
        assert!(serves(name), "{name}");
    }
    for name in [
        "mine::parse",
        "<mine::Table as core::ops::Index<usize>>::index",
        "<[mine::Item] as mine::Sorted>::sorted",
        "<u64 as mine::Digits>::digits",
        "<mine::Table>::insert::<core::option::Option<u8>>",
        "ZSTD_compress",
        "[measuring loop]",
        "mine::sum::<[u8; 4]>",
    ] {
        assert!(!serves(name), "{name}");
    }
}

#[test]
fn a_function_that_calls_itself_counts_once() {
    let stacks = ByRole::new(vec![stack(&["f", "g", "f"], 4)], vec![stack(&["f"], 4)]);
    let table = FunctionTable::of(&stacks, nanoseconds(1.0, 1.0), true);
    let f = table.rows.iter().find(|row| row.name == "f").unwrap();
    assert_eq!((f.total, f.own), (ByRole::new(4, 4), ByRole::new(4, 4)));
}

#[test]
fn weights_stand_for_time_where_it_was_measured_and_for_instructions_under_callgrind() {
    let side = |weight, iterations| ProfiledSide { weight, iterations, ..ProfiledSide::default() };
    let sides = ByRole::new(side(1000, Some(10)), side(3000, Some(20)));
    let typical = Some(ByRole::new(5.0, 6.0));
    assert_eq!(scale(ProfileEngine::Perf, &sides, typical), nanoseconds(5.0, 6.0));
    let counted = scale(ProfileEngine::Callgrind, &sides, typical);
    assert_eq!(counted, Scale { unit: Unit::Instructions, whole: ByRole::new(100.0, 150.0) });
    assert_eq!(scale(ProfileEngine::Pprof, &sides, None).unit, Unit::Share);
    let unknown = sides.map(|side| ProfiledSide { iterations: None, ..side });
    assert_eq!(scale(ProfileEngine::Callgrind, &unknown, typical).unit, Unit::Share);
}

#[test]
fn only_what_goes_along_with_the_change_is_told_as_its_cause() {
    let function = |name: &str, baseline, candidate| FunctionWeight {
        name: name.into(),
        charged: ByRole::new(baseline, candidate),
    };
    let side = ProfiledSide { weight: 1000, ..ProfiledSide::default() };
    let profile = ProfileRecord {
        engine: ProfileEngine::Perf,
        sides: ByRole::new(side, side),
        wall_ms: 1,
        functions: vec![
            function("slower", 100, 550),
            function("faster", 800, 300),
            function("noise", 100, 98),
        ],
    };
    let told = contributions(&profile, Some(ByRole::new(100.0, 120.0)));
    assert_eq!(told.iter().map(|it| it.function).collect::<Vec<_>>(), ["slower"]);
    assert!((told[0].change - 56.0).abs() < 1e-9 && (told[0].whole - 20.0).abs() < 1e-9, "{told:?}");
}

prop_compose! {
    fn any_stacks()(stacks in proptest::collection::vec((proptest::collection::vec(0usize..6, 1..5), 1u64..100), 1..20)) -> Vec<Stack> {
        let name = |n: usize| ["a", "b", "c", "d", "e", "f"][n].to_owned();
        stacks.into_iter().map(|(frames, weight)| Stack { frames: frames.into_iter().map(name).collect(), weight }).collect()
    }
}

proptest! {
    #[test]
    fn own_parts_sum_to_the_whole_and_their_changes_to_the_difference(
        baseline in any_stacks(), candidate in any_stacks(), whole in (0.1f64..1e6, 0.1f64..1e6),
    ) {
        let table = FunctionTable::of(&ByRole::new(baseline, candidate), nanoseconds(whole.0, whole.1), true);
        for role in Role::BOTH {
            for part in [|row: &FunctionRow| row.own, |row: &FunctionRow| row.charged] {
                let sum: f64 = table.rows.iter().map(|row| table.share(&part(row), role)).sum();
                prop_assert!((sum - 1.0).abs() < 1e-9);
            }
            prop_assert!(table.rows.iter().all(|row| row.own.get(role) <= row.total.get(role)));
            prop_assert!(table.rows.iter().all(|row| row.total.get(role) <= table.weight.get(role)));
        }
        let changes: f64 = table.rows.iter().map(|row| table.change(&row.own)).sum();
        prop_assert!((changes - table.whole_change()).abs() < 1e-6 * (whole.0 + whole.1));
    }

    #[test]
    fn swapping_the_sides_negates_every_change(
        baseline in any_stacks(), candidate in any_stacks(), whole in (0.1f64..1e6, 0.1f64..1e6),
    ) {
        let there = FunctionTable::of(&ByRole::new(baseline.clone(), candidate.clone()), nanoseconds(whole.0, whole.1), true);
        let back = FunctionTable::of(&ByRole::new(candidate, baseline), nanoseconds(whole.1, whole.0), true);
        prop_assert_eq!(there.rows.len(), back.rows.len());
        for row in &there.rows {
            let other = back.rows.iter().find(|other| other.name == row.name).unwrap();
            prop_assert!((there.change(&row.own) + back.change(&other.own)).abs() < 1e-9 * (whole.0 + whole.1));
            prop_assert!((there.noise(&row.own) - back.noise(&other.own)).abs() < 1e-9 * (whole.0 + whole.1));
        }
    }
}
