//! Four routines that services call all day: reading decimal numbers, writing hex, splitting CSV lines, and a checksum.

mod checksum;
mod csv;
mod decimal;
mod hex;

pub use checksum::crc32;
pub use csv::fields;
pub use decimal::parse_decimal;
pub use hex::to_hex;
