//! Samples to estimate to comparison to verdict; pure.

pub mod centre;
pub mod comparison;
pub mod confidence;
pub mod epoch;
pub mod ledger;
pub mod row;
pub mod steadiness;
pub mod summary;
pub mod used;
pub mod verdict;
