//! Counts the instructions of every kernel at every size of change, with the product's own counting, and holds them
//! against the change that was asked for.
//!
//! What is tolerated, and why. A kernel of 200 units does `200 k` more of them, and everything around the units (the loop
//! of the harness, the summing up of what is owed, a few instructions of set-up in a call) stays as it is and dilutes the
//! change: by at most half a percent of its size, so that 10 % may be 9.95 %. A kernel of a few units has more of its instructions
//! around them and does only one call in so many longer; of it, the number of units that were done more has to be that
//! number exactly, give or take the one that is owed when counting stops.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test starts cargo, and prints its table"
)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::AtomicBool;

use rqs_harness::contract::{BenchmarkKey, Counted, Counts};
use rqs_harness::counts::{Effort, Job, Valgrind, count_all};
use rqs_harness::process::Executable;
use serde_json::Value;

/// Thousandths, as the package knows them.
const SIZES: [u64; 6] = [0, 5, 10, 20, 50, 100];
/// By how much of itself a change may be diluted by what surrounds the units.
const DILUTED: f64 = 0.005;

/// A kernel: its suite, its name, and the units of a call where these are fewer than 200.
const KERNELS: [(&str, &str, Option<u64>); 12] = [
    ("kernels", "hash/10ns", Some(6)),
    ("kernels", "float/100ns", Some(25)),
    ("kernels", "parse/2us", None),
    ("kernels", "search/20us", None),
    ("kernels", "copy/10us", None),
    ("kernels", "allocate/40us", None),
    ("kernels", "hash_map/20us", None),
    ("kernels", "sort/100us", None),
    ("kernels", "chase_small/200us", None),
    ("kernels", "chase_large/1ms", None),
    ("kernels", "branches/4ms", None),
    ("tasks", "tasks/50us", None),
];

/// Builds the suites and gives the executable of each.
fn build() -> Vec<(String, PathBuf)> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("known-changes");
    let output = Command::new("cargo")
        .args(["bench", "--no-run", "--locked", "--message-format", "json"])
        .current_dir(package)
        .env("CARGO_TARGET_DIR", target)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let executable = |message: Value| {
        let of_a_bench = message["target"]["kind"][0] == "bench";
        let path = message["executable"].as_str().filter(|_| of_a_bench)?;
        Some((message["target"]["name"].as_str()?.to_owned(), PathBuf::from(path)))
    };
    messages.filter_map(executable).collect()
}

/// Counts every kernel at every size, kernel by kernel.
fn count(valgrind: &Valgrind) -> Vec<[Counts; 6]> {
    let built = build();
    let executable = |suite: &str, per_mille: u64| Executable {
        path: built.iter().find(|(name, _)| name == suite).unwrap().1.clone(),
        cwd: Path::new(env!("CARGO_MANIFEST_DIR")).join(".."),
        env: vec![("KNOWN_CHANGE".to_owned(), format!("{per_mille:04}"))],
    };
    let job = |(suite, id, _): &(&str, &str, Option<u64>), per_mille| Job {
        executable: executable(suite, per_mille),
        key: BenchmarkKey { id: (*id).to_owned(), occurrence: 0 },
    };
    let jobs: Vec<Job> =
        KERNELS.iter().flat_map(|kernel| SIZES.map(|per_mille| job(kernel, per_mille))).collect();
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scratch");
    let effort = Effort { workers: 2, budget: None, hang_timeout_s: 300 };
    let mut counted = vec![Counts::default(); jobs.len()];
    count_all(valgrind, &jobs, effort, &AtomicBool::new(false), &scratch, |k, result| match result {
        Counted::Counts(counts) => counted[k] = counts,
        Counted::NotCounted(why) => panic!("`{}` was not counted: {why:?}", jobs[k].key),
    })
    .unwrap();
    counted.chunks_exact(6).map(|sizes| sizes.to_vec().try_into().unwrap()).collect()
}

/// Instructions of one iteration: the slope over samples of different lengths, which leaves the harness out; of samples of
/// one length, the quotient.
fn per_iteration(counts: &Counts) -> f64 {
    let pairs = || counts.iterations.iter().zip(&counts.instructions);
    let (shortest, longest) = (pairs().min().unwrap(), pairs().max().unwrap());
    match longest.0 - shortest.0 {
        0 => *longest.1 as f64 / *longest.0 as f64,
        more => (longest.1 - shortest.1) as f64 / more as f64,
    }
}

#[test]
fn every_change_is_as_large_as_it_says() {
    let valgrind = match Valgrind::find() {
        Ok(valgrind) => valgrind,
        Err(why) => {
            assert!(std::env::var_os("CI").is_none(), "CI has to install valgrind: {why}");
            return println!("skipped: {why}");
        }
    };
    let counted = count(&valgrind);
    println!(
        "{:<20} {:>14} {}",
        "kernel",
        "instructions",
        SIZES[1..].iter().map(|k| format!("{:>10}%", *k as f64 / 10.0)).collect::<String>()
    );
    let mut wrong = Vec::new();
    for ((_, id, units), sizes) in KERNELS.iter().zip(&counted) {
        let base = per_iteration(&sizes[0]);
        let changes: Vec<f64> = sizes[1..].iter().map(|counts| per_iteration(counts) / base - 1.0).collect();
        println!(
            "{id:<20} {base:>14.1} {}",
            changes.iter().map(|change| format!("{:>10.3}%", change * 100.0)).collect::<String>()
        );
        match units {
            None => {
                let asked = SIZES[1..].iter().map(|per_mille| *per_mille as f64 / 1000.0);
                for (change, asked) in changes.iter().zip(asked) {
                    if !(asked * (1.0 - DILUTED)..=asked * 1.0001).contains(change) {
                        wrong.push(format!("`{id}`: {change} instead of {asked}"));
                    }
                }
            }
            Some(units) => wrong.extend(whole_units(id, *units, sizes)),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether so many units were done more, in all counted calls together, as are due.
fn whole_units(id: &str, units: u64, sizes: &[Counts; 6]) -> Vec<String> {
    let total = |counts: &Counts| counts.instructions.iter().sum::<u64>();
    let calls: u64 = sizes[0].iterations.iter().sum();
    let more = |k: usize| total(&sizes[k]) - total(&sizes[0]);
    // The largest change tells the instructions of one unit, to the last digit.
    let each = (more(5) as f64 / (calls * units * SIZES[5]) as f64 * 1000.0).round();
    let mut wrong = Vec::new();
    for (k, per_mille) in SIZES.iter().enumerate().skip(1) {
        assert_eq!(sizes[k].iterations, sizes[0].iterations, "`{id}`");
        let (done, due) = (more(k) as f64 / each, (calls * units * per_mille) as f64 / 1000.0);
        println!(
            "    {:>4}%: {done:.2} units more in {calls} calls, {due:.2} are due",
            *per_mille as f64 / 10.0
        );
        if (done - done.round()).abs() > 0.02 || (done - due).abs() > 1.0 {
            wrong.push(format!("`{id}` at {per_mille} thousandths: {done} units more instead of {due}"));
        }
    }
    wrong
}
