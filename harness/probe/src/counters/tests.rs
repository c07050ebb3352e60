//! A kernel that tells prepared readings through a file, and the real one with its own counters.
#![allow(clippy::disallowed_methods, reason = "tests make files and read clocks")]

use std::io::{Seek, Write};
use std::os::fd::IntoRawFd;
use std::time::{Duration, Instant};

use super::*;

fn shared() -> &'static Shared {
    // SAFETY: every field is atomic, and zeroes are valid.
    Box::leak(unsafe { Box::<Shared>::new_zeroed().assume_init() })
}

fn clock(clock: c_int) -> Timespec {
    crate::real_clock(clock)
}

/// A descriptor that gives these words, reading after reading.
fn file_of(words: &[u64]) -> c_int {
    let path =
        std::env::temp_dir().join(format!("rqs-probe-{}-{}", std::process::id(), words.as_ptr() as usize));
    let mut file =
        std::fs::OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    file.write_all(&bytes).unwrap();
    file.rewind().unwrap();
    file.into_raw_fd()
}

/// Takes turns over a group of two events, at places 0 and 1, whose readings are these.
fn after_turns(turns: u32, readings: &[u64]) -> &'static Side {
    let side = &shared().sides[0];
    let mut counters = Counters::open(shared(), side);
    let mut group = Group { len: 2, ..NO_GROUP };
    (group.events[1], group.fds[0]) = (1, file_of(readings));
    (counters.groups[0], counters.len) = (group, 1);
    for _ in 0..turns {
        let usage = Usage::default();
        counters.begin_turn(&usage, &clock);
        counters.end_turn(&usage, &clock);
    }
    side
}

fn told(side: &Side) -> [(u64, u32); 2] {
    [0, 1].map(|k| (side.counted[k].sum.load(Relaxed), side.counted[k].unscheduled_turns.load(Relaxed)))
}

#[test]
fn differences_of_whole_turns_are_summed_up() {
    let readings = [2, 100, 100, 5, 7, 2, 200, 200, 15, 7, 2, 300, 300, 20, 10, 2, 400, 400, 21, 11];
    assert_eq!(told(after_turns(2, &readings)), [(11, 0), (1, 0)]);
}

#[test]
fn a_turn_in_which_a_group_was_off_the_processor_for_a_while_is_told_and_not_scaled() {
    let readings = [2, 100, 100, 5, 7, 2, 200, 180, 15, 7, 2, 300, 280, 20, 10, 2, 400, 380, 21, 11];
    assert_eq!(told(after_turns(2, &readings)), [(1, 1), (1, 1)]);
}

#[test]
fn a_group_in_an_error_reads_as_nothing_and_counts_nothing() {
    assert_eq!(told(after_turns(3, &[])), [(0, 3), (0, 3)]);
    let only_one_event = [1, 100, 100, 5, 7];
    assert_eq!(told(after_turns(1, &only_one_event)), [(0, 1), (0, 1)]);
}

/// The attribute of a software event in its shortest form: group, time enabled, time running; switched off, inherited.
fn software(config: u64) -> [u64; 6] {
    const SIZE: u64 = 64;
    let exclude_kernel = 1 << 5;
    [SOFTWARE | (SIZE << 32), config, 0, 0, 0b1011, 1 | (1 << 1) | exclude_kernel]
}

fn plan(shared: &Shared, place: usize, leader: u32, attribute: &[u64]) {
    for (slot, word) in shared.events[place].attribute.iter().zip(attribute) {
        slot.store(*word, Relaxed);
    }
    shared.events[place].leader.store(leader, Relaxed);
    shared.event_count.store(place as u32 + 1, Relaxed);
}

fn spin(time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {}
}

#[test]
fn processor_time_is_that_of_the_turns_and_of_threads_begun_in_them() {
    const PAGE_FAULTS: u64 = 2;
    let shared = shared();
    plan(shared, 0, 0, &software(PAGE_FAULTS));
    let mut member = software(TASK_CLOCK);
    member[5] &= !1;
    plan(shared, 1, 0, &member);
    let side = &shared.sides[1];
    let mut counters = Counters::open(shared, side);
    let errors = [0, 1].map(|k| side.counted[k].error.load(Relaxed));
    if counters.len == 0 {
        println!("not tried, because the kernel does not let this process count: {errors:?}");
        return;
    }
    let usage = Usage::default();
    counters.begin_measurement();
    let mut within = Duration::ZERO;
    for _ in 0..3 {
        counters.begin_turn(&usage, &clock);
        let begin = Instant::now();
        let threaded = || {
            std::hint::black_box(vec![1u8; 4 << 20]);
            spin(Duration::from_millis(5));
        };
        std::thread::spawn(threaded).join().unwrap();
        spin(Duration::from_millis(1));
        within += begin.elapsed();
        counters.end_turn(&usage, &clock);
        spin(Duration::from_millis(30));
    }
    counters.end_measurement();
    let [(faults, _), (cpu_ns, unscheduled)] = told(side);
    let wall_ns = side.used.wall_ns.load(Relaxed);
    assert_eq!(unscheduled, 0);
    assert!(faults > 0, "a thread touches fresh memory");
    assert!(cpu_ns > 0 && side.used.cpu_ns.load(Relaxed) == cpu_ns);
    // What lies between the turns is not in them: it would more than double both.
    assert!(wall_ns >= within.as_nanos() as u64 && cpu_ns <= wall_ns * 2, "{cpu_ns} ns in {wall_ns} ns");
}

#[test]
fn turns_that_follow_each_other_are_read_as_one() {
    let readings = [2, 100, 100, 5, 7, 2, 200, 200, 15, 7, 2, 300, 300, 20, 10];
    let side = &shared().sides[0];
    let mut counters = Counters::open(shared(), side);
    let mut group = Group { len: 2, ..NO_GROUP };
    (group.events[1], group.fds[0]) = (1, file_of(&readings));
    (counters.groups[0], counters.len) = (group, 1);
    let usage = Usage::default();
    counters.begin_turn(&usage, &clock);
    counters.begin_turn(&usage, &clock);
    counters.end_turn(&usage, &clock);
    assert_eq!(told(side), [(10, 0), (0, 0)]);
}

#[test]
fn events_are_closed_where_they_are_not_wanted_and_opened_again_where_they_are() {
    let shared = shared();
    plan(shared, 0, 0, &software(TASK_CLOCK));
    let side = &shared.sides[0];
    let mut counters = Counters::open(shared, side);
    let opened = counters.len;
    side.uncounted.store(1, Relaxed);
    counters.obey();
    counters.obey();
    assert_eq!((counters.len, counters.task_clock), (0, None));
    side.uncounted.store(0, Relaxed);
    counters.obey();
    counters.obey();
    assert_eq!((counters.len, counters.task_clock.is_some()), (opened, opened == 1));
}

#[test]
fn what_cannot_be_opened_is_told_by_its_error_and_so_is_its_group() {
    let shared = shared();
    let no_such_event = [7 | (64 << 32), 0, 0, 0, 0b1011, 1];
    plan(shared, 0, 0, &[SOFTWARE | (64 << 32), 0xffff, 0, 0, 0b1011, 1]);
    plan(shared, 1, 0, &software(TASK_CLOCK));
    plan(shared, 2, 2, &no_such_event);
    let side = &shared.sides[0];
    let counters = Counters::open(shared, side);
    assert_eq!(counters.len, 0);
    let errors = [0, 1, 2].map(|k| side.counted[k].error.load(Relaxed));
    assert!(errors[0] > 0 && errors[1] == errors[0] && errors[2] > 0, "{errors:?}");
}

#[test]
fn without_a_counter_of_processor_time_its_clock_tells() {
    let shared = shared();
    let side = &shared.sides[0];
    let mut counters = Counters::open(shared, side);
    let usage = Usage::default();
    counters.begin_measurement();
    counters.begin_turn(&usage, &clock);
    spin(Duration::from_millis(3));
    counters.end_turn(&usage, &clock);
    assert!(side.used.cpu_ns.load(Relaxed) > 0 && side.used.wall_ns.load(Relaxed) >= 3_000_000);
}
