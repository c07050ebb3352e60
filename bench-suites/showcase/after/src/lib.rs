//! Five routines that services call all day: reading decimal numbers, writing hex, splitting CSV lines, a checksum, and
//! a cache of what was used last.

mod checksum;
mod csv;
mod decimal;
mod hex;
mod recent;

pub use checksum::crc32;
pub use csv::fields;
pub use decimal::parse_decimal;
pub use hex::to_hex;
pub use recent::Recent;
