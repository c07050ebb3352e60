//! The words of the product as plain data with units and invariants.

pub mod acceptance;
pub mod bisection;
pub mod calibration;
pub mod check;
pub mod code;
pub mod config;
pub mod cores;
pub mod date;
pub mod dependencies;
pub mod environment;
pub mod facts;
pub mod failure;
pub mod fingerprint;
pub mod habit;
pub mod history;
pub mod integrity;
pub mod item;
pub mod ledger;
pub mod metric;
pub mod policy;
pub mod probe;
pub mod profile;
pub mod record;
pub mod revision;
pub mod run_id;
pub mod run_part;
pub mod soundness;
pub mod tuning;

pub use rqs_harness::contract::{
    BenchmarkFailure, BenchmarkKey, Block, ByRole, Counted, CountedEvent, Counter, Counters, Counts,
    Disturbance, Engine, EpochSample, Missing, NotCounted, Reading, Resources, Role, Turn, Work,
};
#[cfg(test)]
pub use rqs_harness::contract::{BlockOrder, CounterSums};
