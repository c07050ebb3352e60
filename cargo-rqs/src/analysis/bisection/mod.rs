//! Which commit brought a change: Bayesian bisection over commits whose measurements are noisy, because the same code
//! built and linked again is faster or slower by itself.
//!
//! In which order: `lineage` says which commit contains which; `belief` turns readings into the chance of each commit;
//! `search` says what to measure next and when to stop; [`State`] is a record as seen by these, and [`conclude`] what is
//! said in the end.

mod belief;
mod conclusion;
mod lineage;
#[cfg(test)]
pub mod record_tests;
mod search;
#[cfg(test)]
mod simulations;
mod state;
#[cfg(test)]
mod tests;

pub use conclusion::{Change, Conclusion, Ending, Known, Standing, conclude};
pub use search::{Block, Step};
pub use state::{
    State, as_benchmark, contain_the_good_end, policy_of_search, reading_of, strongest, undecided,
    work_tells_more,
};
