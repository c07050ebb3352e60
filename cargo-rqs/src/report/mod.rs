//! Comparisons and histories to text, Markdown and JSON, as strings.

pub mod checks;
pub mod escape;
pub mod flame;
pub mod hosts;
pub mod json;
pub mod markdown;
pub mod numbers;
pub mod paint;
pub mod runs;
pub mod table;
pub mod text;
pub mod tuning;
pub mod words;
mod work;

#[cfg(test)]
mod samples;
