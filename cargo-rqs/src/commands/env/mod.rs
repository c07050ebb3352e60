//! `env`: the host that benchmarks are measured on. Checks its conditions, changes settings for a run, and puts them
//! back.

pub mod check;
pub mod guard;
pub mod restore;
pub mod status;
pub mod tune;
