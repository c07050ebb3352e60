//! Content addresses: the SHA-256 of canonical JSON, in lowercase hex.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// SHA-256 of some bytes in lowercase hex, 64 characters.
pub fn of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a value's JSON. Struct fields keep their declared order and maps are sorted, so equal values hash alike.
pub fn of_json<T: Serialize>(value: &T) -> String {
    // A value of our own types always serialises: string keys only, no failing `Serialize`.
    of_bytes(&serde_json::to_vec(value).unwrap_or_default())
}

/// Lowercase hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
