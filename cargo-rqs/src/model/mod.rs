//! The words of the product as plain data with units and invariants.

pub mod dependencies;
pub mod environment;
pub mod failure;
pub mod fingerprint;
pub mod policy;
pub mod profile;
pub mod record;
pub mod revision;
pub mod run_id;

#[cfg(test)]
pub use rqs_harness::contract::BlockOrder;
pub use rqs_harness::contract::{
    BenchmarkFailure, BenchmarkKey, Block, ByRole, Disturbance, Engine, EpochSample, Role, Turn,
};
