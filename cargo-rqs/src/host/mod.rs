//! The only room of the tool that touches the machine; its files do not import one another.

pub mod artifacts;
pub mod cargo;
pub mod clock;
pub mod code;
pub mod config;
pub mod counts;
pub mod duplicates;
pub mod environment;
pub mod facts;
pub mod habits;
pub mod journal;
pub mod known_changes;
pub mod ledger;
pub mod lock;
pub mod revisions;
pub mod rounds;
pub mod signals;
pub mod store;
pub mod terminal;
pub mod trail;
pub mod tuning;
