//! The words of the product as plain data with units and invariants.

pub mod dependencies;
pub mod environment;
pub mod failure;
pub mod fingerprint;
pub mod ledger;
pub mod policy;
pub mod record;
pub mod revision;
pub mod run_id;

pub use rqs_harness::contract::{
    BenchmarkFailure, BenchmarkKey, Block, ByRole, Counter, Counters, Disturbance, Engine, EpochSample,
    Missing, Resources, Role, Turn,
};
#[cfg(test)]
pub use rqs_harness::contract::{BlockOrder, CounterSums};
