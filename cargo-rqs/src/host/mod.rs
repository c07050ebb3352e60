//! The only room of the tool that touches the machine; its files do not import one another.

pub mod clock;
pub mod environment;
pub mod journal;
pub mod lock;
pub mod revisions;
pub mod store;
