//! Dependency graphs: how each package stands in one, and how two differ.

mod changes;
mod outline;
mod standing;

pub use changes::{
    Change, FeatureChange, GraphDifference, Replaced, Several, Step, TextChange, What, compare,
};
pub use outline::{Outline, kind_of_source, licence, outline};
pub use standing::{Need, Standing, standings};

#[cfg(test)]
mod tests;
