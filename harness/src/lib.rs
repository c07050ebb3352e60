//! Measures unmodified benchmark executables, two builds in alternation; it never judges what it measured.

pub mod contract;
