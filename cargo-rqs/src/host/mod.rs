//! The only room of the tool that touches the machine; its files do not import one another.

pub mod cargo;
pub mod clock;
pub mod environment;
pub mod journal;
pub mod ledger;
pub mod lock;
pub mod revisions;
pub mod signals;
pub mod store;
pub mod terminal;
