//! Measures unmodified benchmark executables, two builds in alternation; it never judges what it measured.
//!
//! [`Pair`] holds two executables of one suite. [`conductor::listing::list`] asks one for its benchmarks,
//! [`Pair::take_turns`] measures one epoch sample by sample under the clock probe, and [`Pair::alternate`] is the
//! fallback for executables that the probe cannot steer. [`counts::Counter`] counts what a benchmark executes. What comes
//! out are the raw integers of [`contract`]. [`hardware`] measures the machine itself, and how evenly it runs. With the
//! cargo feature `profile`, `profile` samples one executable at a time and gives folded stacks, and `stacks` says from where each benchmark is
//! measured; with `criterion` there is
//! `suite`, a Criterion set-up for suites of one's own.
#![expect(clippy::disallowed_methods, reason = "this crate owns processes and clocks")]

pub mod coin;
pub mod columns;
pub mod conductor;
pub mod contract;
pub mod counters;
pub mod counts;
pub mod criterion;
pub mod hardware;
mod kernel;
pub mod load;
pub mod process;
#[cfg(feature = "profile")]
pub mod profile;
mod shared;
#[cfg(feature = "profile")]
pub mod stacks;
#[cfg(feature = "criterion")]
pub mod suite;
mod usage;

pub use conductor::stage::MeasureError;
pub use conductor::{EpochReport, EpochRequest, Pair, Task};

/// The probe as a shared object, built with this crate; empty where the platform has none.
pub const PROBE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/librqs_probe.so"));

/// The reference benchmarks as a program, built with this crate; empty where the platform is not supported.
const REFERENCE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/rqs-reference"));

/// Whether this platform has a probe: return addresses are read from the stack, which only x86-64 keeps there.
pub fn can_probe() -> bool {
    cfg!(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64")) && !PROBE.is_empty()
}
