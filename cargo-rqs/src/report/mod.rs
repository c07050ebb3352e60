//! Comparisons and histories to text, Markdown and JSON, as strings.

pub mod acceptances;
pub mod bisection;
pub mod calibration;
pub mod causes;
pub mod checks;
pub mod code;
mod counters;
pub mod dependencies;
pub mod escape;
pub mod export;
pub mod flame;
pub mod history;
pub mod hosts;
pub mod json;
mod layouts;
pub mod ledger;
pub mod markdown;
pub mod numbers;
pub mod paint;
pub mod policies;
pub mod query;
pub mod runs;
pub mod soundness;
pub mod table;
pub mod text;
pub mod trend;
pub mod tuning;
pub mod words;
mod work;

#[cfg(test)]
mod samples;

/// What is shown beside the verdicts when it is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// What every benchmark used of the machine.
    pub resources: bool,
    /// What happened on the machine during each epoch.
    pub ledger: bool,
}
