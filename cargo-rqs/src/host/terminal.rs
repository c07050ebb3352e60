//! The only place that prints: results to standard output, everything else to standard error.

#![expect(clippy::disallowed_methods, reason = "this room reads the variables that are about terminals")]

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::model::failure::{Exit, Failure, Outcome};

/// Between two status lines where they cannot be overwritten.
const PLAIN_INTERVAL: Duration = Duration::from_secs(10);

/// Whether colour is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Standard output and standard error of this process.
pub struct Terminal {
    colour: Colour,
    stderr_overwrites: bool,
    status_shown: bool,
    last_plain: Option<Instant>,
    drops_results: bool,
}

impl Terminal {
    /// The terminal of this process.
    pub fn new(colour: Colour) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let stderr_overwrites = std::io::stderr().is_terminal() && !dumb;
        Terminal { colour, stderr_overwrites, status_shown: false, last_plain: None, drops_results: false }
    }

    /// The same terminal for a part of a larger job, whose results are not the job's.
    pub fn without_results(&self) -> Terminal {
        Terminal { status_shown: false, last_plain: None, drops_results: true, ..*self }
    }

    /// Whether results may be printed in colour.
    pub fn paints_results(&self) -> bool {
        match self.colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => {
                let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                std::io::stdout().is_terminal() && !refused
            }
        }
    }

    /// Columns of the terminal that results go to; `None` for files and pipes.
    pub fn result_width(&self) -> Option<usize> {
        if !std::io::stdout().is_terminal() {
            return None;
        }
        // SAFETY: zero bytes are a valid `winsize`.
        let mut size: libc::winsize = unsafe { std::mem::zeroed() };
        // SAFETY: a writable struct of the kind that the request fills.
        let status = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &mut size) };
        (status == 0 && size.ws_col > 0).then_some(usize::from(size.ws_col))
    }

    /// Prints a result to standard output.
    ///
    /// # Errors
    /// When standard output cannot be written; a reader that has gone away is no error.
    pub fn result(&mut self, text: &str) -> Outcome<()> {
        self.clear_status();
        if self.drops_results {
            return Ok(());
        }
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Failure::new(Exit::Incomplete, "cannot write to standard output").because(error))
            }
            _ => Ok(()),
        }
    }

    /// Says something that stays, on standard error.
    pub fn say(&mut self, text: &str) {
        self.clear_status();
        write_stderr(&format!("{}\n", safe(text)));
    }

    /// Shows where the work stands: overwrites the last status on a terminal, and is a rare plain line elsewhere.
    pub fn status(&mut self, text: &str) {
        let line = safe(text).replace('\n', " ");
        if self.stderr_overwrites {
            let line: String = line.chars().take(stderr_width().saturating_sub(1)).collect();
            write_stderr(&format!("\r\x1b[K{line}"));
            self.status_shown = true;
        } else if self.last_plain.is_none_or(|last| last.elapsed() >= PLAIN_INTERVAL) {
            self.last_plain = Some(Instant::now());
            write_stderr(&format!("{line}\n"));
        }
    }

    /// Takes the status line away.
    pub fn clear_status(&mut self) {
        if std::mem::take(&mut self.status_shown) {
            write_stderr("\r\x1b[K");
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.clear_status();
    }
}

/// There is nowhere to report that standard error cannot be written.
fn write_stderr(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

fn stderr_width() -> usize {
    // SAFETY: zero bytes are a valid `winsize`.
    let mut size: libc::winsize = unsafe { std::mem::zeroed() };
    // SAFETY: a writable struct of the kind that the request fills.
    let status = unsafe { libc::ioctl(libc::STDERR_FILENO, libc::TIOCGWINSZ, &mut size) };
    if status == 0 && size.ws_col > 0 { usize::from(size.ws_col) } else { 80 }
}

/// Text from elsewhere must not steer the terminal: control characters become visible, line ends stay.
fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_of_others_are_made_harmless() {
        assert_eq!(safe("a\x1b[31mb\nc\r"), "a\u{fffd}[31mb\nc\u{fffd}");
    }
}
