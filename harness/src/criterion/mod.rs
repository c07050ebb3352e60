//! The Criterion adapter: its socket protocol, its sampling rules and its command line (0.3.3 to 0.8).

pub mod command_line;
pub mod connection;
pub mod message;
pub mod sampling;
