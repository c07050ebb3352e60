//! A Criterion set-up for benchmark suites, in one line: hardware counters instead of time where they exist, and
//! flamegraphs on `--profile-time`. Needs the cargo feature `criterion`; it goes with Criterion 0.8.
//!
//! # A complete suite
//!
//! ```toml
//! [dev-dependencies]
//! criterion = { version = "0.8", default-features = false }
//! rqs-harness = { version = "0.1", features = ["criterion"] }
//!
//! [[bench]]
//! name = "sums"
//! harness = false
//!
//! [profile.bench]
//! debug = 1
//! ```
//!
//! ```no_run
//! // benches/sums.rs
//! use std::hint::black_box;
//!
//! use criterion::{Criterion, criterion_group, criterion_main};
//! use rqs_harness::suite::{self, Measure};
//!
//! fn sums(criterion: &mut Criterion<Measure>) {
//!     let numbers: Vec<u64> = (0..1000).collect();
//!     criterion.bench_function("sum", |bencher| {
//!         bencher.iter(|| black_box(&numbers).iter().sum::<u64>());
//!     });
//! }
//!
//! criterion_group! { name = benches; config = suite::counting(); targets = sums }
//! criterion_main!(benches);
//! ```
//!
//! [`counting`] measures instructions; functions that take a plain `&mut Criterion` go with [`criterion()`], which
//! measures time. Both write profiles.
//!
//! | typed | what it does |
//! |---|---|
//! | `cargo bench` | counts instructions of user code; measures time, and says why, where they cannot be counted |
//! | `RQS_MEASURE=time cargo bench` | measures time; also `instructions`, `cycles`, `branches` and `task-clock` |
//! | `cargo bench -- --profile-time 5` | writes a profile of each benchmark into `target/criterion/<benchmark>/profile` |
//! | `RQS_PROFILE_DIR=/tmp/p cargo bench -- --profile-time 5` | writes the profiles into that folder |
//! | `cargo rqs bench --baseline v1.2.0` | compares two revisions; under it the suite always measures time |
//!
//! Criterion compares with its last run whatever that measured: after switching between time and counts, its first
//! comparison says nothing.
//!
//! Frames are unwound by the tables that every Rust program carries. How well they are named depends on the profile
//! `bench` in `Cargo.toml`: with `debug = 1` every function has its whole path, inlined ones too; with
//! `debug = "line-tables-only"` functions are told apart by their bare names; with less, inlined ones disappear. None of
//! this changes the code that is measured.
//!
//! # The files of a profile
//!
//! What other programs may rely on, for each benchmark:
//!
//! - `<name>.folded`: one line for each distinct stack, `frame;frame;frame count`. The root frame comes first, names are
//!   demangled and without hashes, a `;` within a name is written as `:`, the count is a number of samples. Lines are
//!   sorted. Without any sample the file is empty.
//! - `<name>.svg`: the same as a flamegraph; missing where there was no sample.
//! - `<name>` is [`profile_name`](crate::contract::profile_name) of Criterion's id. The folder is the one in
//!   `RQS_PROFILE_DIR`, made when it is missing, else that of Criterion for the benchmark. Files are written whole or not
//!   at all, and replace older ones.

mod measure;
mod profiler;

pub use measure::{Amount, Measure, Start};
pub use profiler::Profiles;

use ::criterion::Criterion;

/// Criterion that measures time and writes profiles, for functions that take a plain `&mut Criterion`.
pub fn criterion() -> Criterion {
    Criterion::default().with_profiler(Profiles::new())
}

/// Criterion that counts what `RQS_MEASURE` names, by default instructions, and writes profiles. Where it cannot be
/// counted, time is measured, and standard error says why, once.
pub fn counting() -> Criterion<Measure> {
    criterion().with_measurement(Measure::chosen())
}
