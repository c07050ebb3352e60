//! Samples to estimate to comparison to verdict; pure.

pub mod allocation;
pub mod calibration;
pub mod centre;
pub mod comparison;
pub mod conditions;
pub mod confidence;
pub mod environments;
pub mod epoch;
pub mod flame;
pub mod ledger;
pub mod noise;
pub mod readings;
pub mod row;
pub mod steadiness;
pub mod summary;
pub mod tuning;
pub mod used;
pub mod verdict;
pub mod work;
