//! The Criterion set-up as a suite uses it, in a process of its own, because profiling is by signals.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests touch files and may end early")]

use std::hint::black_box;
use std::time::Duration;

use criterion::Criterion;
use rqs_harness::contract::profile_name;
use rqs_harness::suite::{Measure, Profiles};

#[inline(never)]
fn work_to_be_found(rounds: u64) -> u64 {
    (0..rounds).fold(1, |x: u64, round| black_box(x ^ round).rotate_left(5))
}

#[test]
fn a_profile_names_the_function_that_the_time_went_to() {
    let folder = tempfile::tempdir().unwrap();
    Criterion::default()
        .with_measurement(Measure::time())
        .with_profiler(Profiles::into_folder(folder.path()))
        .profile_time(Some(Duration::from_secs(1)))
        .bench_function("sums/of <rounds>", |bencher| bencher.iter(|| work_to_be_found(black_box(1000))));
    let stem = folder.path().join(profile_name("sums/of <rounds>"));
    let folded = std::fs::read_to_string(stem.with_added_extension("folded")).unwrap();
    let mut found = 0;
    for line in folded.lines() {
        let (stack, count) = line.rsplit_once(' ').unwrap();
        let count: u64 = count.parse().unwrap();
        assert!(count > 0 && !stack.contains(";;") && !stack.contains("perf_signal_handler"), "{line}");
        let frames: Vec<&str> = stack.split(';').collect();
        // Root first: the harness is further out than what it calls.
        let place = |name: &str| frames.iter().position(|frame| frame.contains(name));
        if let (Some(work), Some(harness)) = (place("work_to_be_found"), place("criterion::")) {
            assert!(harness < work, "{line}");
            found += count;
        }
    }
    assert!(found > 0, "nothing of the work was found in:\n{folded}");
    let svg = std::fs::read_to_string(stem.with_added_extension("svg")).unwrap();
    assert!(svg.contains("work_to_be_found") && svg.contains("sums/of &lt;rounds&gt;"), "{svg}");
}
