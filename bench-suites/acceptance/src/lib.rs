//! What measuring the product from outside takes: it is started as a user starts it, and every raw outcome is kept.
#![allow(clippy::disallowed_methods, reason = "this program starts processes, reads clocks and writes files")]

pub mod machine;
pub mod outcomes;
pub mod processes;
pub mod readme;
pub mod repository;
pub mod statistics;
pub mod tool;

use std::path::{Path, PathBuf};

/// What went wrong, for people.
pub type Outcome<T> = Result<T, String>;

/// What was typed.
pub struct Arguments {
    typed: Vec<String>,
    usage: &'static str,
}

impl Arguments {
    /// Those of this process; `usage` is shown with what is wrong about them.
    pub fn of_process(usage: &'static str) -> Arguments {
        Arguments { typed: std::env::args().skip(1).collect(), usage }
    }

    /// The first one, which says what to do.
    pub fn command(&self) -> &str {
        self.typed.first().map_or("", String::as_str)
    }

    /// The text behind an option.
    pub fn text(&self, option: &str) -> Option<&str> {
        let place = self.typed.iter().position(|argument| argument == option)?;
        self.typed.get(place + 1).map(String::as_str)
    }

    /// The text behind an option.
    ///
    /// # Errors
    /// When it is missing.
    pub fn required(&self, option: &str) -> Outcome<&str> {
        self.text(option).ok_or_else(|| format!("`{option}` is missing\n{}", self.usage))
    }

    /// The number behind an option.
    ///
    /// # Errors
    /// When it is none.
    pub fn number(&self, option: &str, default: u64) -> Outcome<u64> {
        match self.text(option) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| format!("`{option} {text}` is no number")),
        }
    }

    /// Whether an option was typed.
    pub fn has(&self, option: &str) -> bool {
        self.typed.iter().any(|argument| argument == option)
    }
}

/// The root of this repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}
