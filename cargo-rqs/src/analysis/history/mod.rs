//! Many runs looked at together: what a benchmark did from one revision to another that was never measured against it in
//! one run.
//!
//! **Chains.** Two sides of one run were measured in alternation, so their ratio holds whatever the machine did. Where
//! one run has A and X, and another X and B, in the same environment, the ratio of A to B is the product of both. Errors of
//! runs are independent, so the half-widths of their log-ratios add up as squares; `simulations` counts how often the truth
//! lies outside.
//!
//! **Separate runs.** Where no chain leads from A to B, the times of both are set side by side. What the machine did between
//! the runs is in them then, so they are shown, and nothing is judged.

mod causes;
mod compared;
mod outline;
mod way;

pub use causes::{Cause, Files, Likely, Weight, likely};
pub use compared::{Compared, Said, compare};
pub use outline::outline;
pub use way::{Meant, NoWay, Point, Way, find};

#[cfg(test)]
pub mod samples;
#[cfg(test)]
mod simulations;
#[cfg(test)]
mod tests;
