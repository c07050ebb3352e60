//! Writes a text to a file that the user named.
#![allow(clippy::disallowed_methods, reason = "this room writes the file that the user named")]

use std::path::Path;

use crate::model::failure::{Failure, Outcome};

/// Writes the file, in place of what was there.
///
/// # Errors
/// When it cannot be written.
pub fn write(path: &Path, text: &str) -> Outcome<()> {
    std::fs::write(path, text).map_err(|error| {
        Failure::incomplete(format!("cannot write `{}`", path.display()))
            .because(error)
            .hint("name a file in a folder that exists and may be written")
    })
}
