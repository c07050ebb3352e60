//! `cargo rqs`: is this revision worse than that one, in what, by how much, how sure are we, and why?
//!
//! The rooms, lowest first; a module imports only from rooms below it, and `tests/architecture.rs` enforces it:
//!
//! | layer | room | what lives there | touches the machine? |
//! |---|---|---|---|
//! | 1 | `model` | the words as plain data with units and invariants | no |
//! | 2 | `plan`, `analysis` | what will be run; samples to estimate to verdict; both pure | no |
//! | 3 | `report` | comparisons to text, Markdown, JSON, as strings | no |
//! | 3 | `host` | git, cargo, environment, store, terminal; its files do not import one another | yes |
//! | 4 | `commands` | one recipe per subcommand; commands do not import one another | through `host` |
//! | 5 | `cli`, `main` | what was typed; dispatch and exit code | - |
//!
//! Invariants: the harness never judges; the tool never measures; only `host` and `rqs-harness` touch the machine;
//! a committed result is never edited; a verdict is a pure function of records and policy; nothing is drawn while
//! a sample is being taken; no function mixes measuring, storing, judging and printing.

mod analysis;
mod commands;
mod host;
mod model;
mod plan;
mod report;

fn main() {}
