//! Samples to estimate to comparison to verdict; pure.

pub mod accepting;
pub mod allocation;
pub mod causes;
pub mod centre;
pub mod code;
pub mod comparison;
pub mod conditions;
pub mod confidence;
pub mod environments;
pub mod epoch;
pub mod flame;
pub mod gate;
pub mod layout;
pub mod ledger;
pub mod levels;
pub mod noise;
pub mod policies;
pub mod readings;
pub mod row;
pub mod standing;
pub mod steadiness;
pub mod summary;
pub mod tuning;
pub mod used;
pub mod verdict;
pub mod work;
