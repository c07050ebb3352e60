//! How a value moves over releases and runs: where its level changed, whether it drifts, and which points stand out.
//!
//! Values are logarithms (of a time, a ratio, a size), so that differences are relative changes. Series are in the order
//! of history, without gaps.

mod anomalies;
mod autocorrelation;
mod change_points;
mod drift;
mod energy;
mod events;
mod series;
mod whole;

use super::centre;

pub use anomalies::{Anomaly, anomalies};
pub use change_points::{ChangePoint, Rules, change_points};
pub use drift::{Drift, drift};
pub use events::{Event, events};
pub use series::{Point, by_revision, chained, revisions};
pub use whole::{Change, Known, Trend, look};

#[cfg(test)]
mod simulations;
#[cfg(test)]
mod tests;

/// The median of one value or more.
fn median(values: &[f64]) -> f64 {
    centre::median(values).unwrap_or(f64::NAN)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
