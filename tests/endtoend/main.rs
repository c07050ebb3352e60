//! Runs the built tool on generated git repositories with real Criterion benchmarks, as a user would.
//!
//! One repository holds everything as tags, so that dependencies are compiled once; it is kept between test runs.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests start processes, touch files, may end early, and say what they skip"
)]

mod acceptances;
mod bisects;
mod builds;
mod calibrations;
mod compares;
mod counting;
mod dependencies;
mod environments;
mod faults;
mod host;
mod identity;
mod interruption;
mod layouts;
mod measuring;
mod policies;
mod profiles;
mod program;
mod repository;
mod revisions;
mod selection;
mod store;
mod trends;
mod uses;
mod verdicts;
