//! The only room of the tool that touches the machine; its files do not import one another.
pub mod cargo;
