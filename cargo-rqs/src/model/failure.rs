//! What a command ends with: the documented exit codes, and errors that name the way out.

use std::fmt;

/// The documented exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to complain about.
    Clean = 0,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// There was nothing to run.
    NothingToRun = 4,
    /// Inconclusive, and the caller asked to fail on that.
    Inconclusive = 5,
    /// The two sides cannot be compared.
    NotComparable = 6,
    /// The host failed a required check.
    HostCheck = 7,
    /// A regression or a failed gate.
    Regression = 100,
    /// The command could not be completed: a build, tool or I/O error.
    Incomplete = 101,
}

/// An error for a person: what failed, why, and one way out.
#[derive(Debug)]
pub struct Failure {
    /// What the process exits with.
    pub exit: Exit,
    /// What failed, without `error:` and without a full stop.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What the user can do about it.
    pub hint: Option<String>,
}

/// The result of everything that can fail.
pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// A failure with the given exit code.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Failure { exit, message: message.into(), causes: Vec::new(), hint: None }
    }

    /// A failure of the build, a tool or the operating system.
    pub fn incomplete(message: impl Into<String>) -> Self {
        Failure::new(Exit::Incomplete, message)
    }

    /// A mistake in what was typed or configured.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure::new(Exit::Usage, message)
    }

    /// Adds an error and everything beneath it to the causes.
    pub fn because(mut self, error: impl std::error::Error) -> Self {
        self.causes.push(error.to_string());
        let mut source = error.source();
        while let Some(inner) = source {
            self.causes.push(inner.to_string());
            source = inner.source();
        }
        self
    }

    /// Adds a cause in words.
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Names the way out.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Puts a wider message in front; the present one becomes the first cause.
    pub fn within(mut self, message: impl Into<String>) -> Self {
        let inner = std::mem::replace(&mut self.message, message.into());
        self.causes.insert(0, inner);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        for cause in &self.causes {
            write!(f, "\n  caused by: {}", cause.trim_end().replace('\n', "\n    "))?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

/// Turns any error into a [`Failure`] with exit code 101 and a message.
pub trait OrFail<T> {
    /// `what` says what failed, as in ``cannot read `Cargo.toml` ``.
    fn or_fail(self, what: impl FnOnce() -> String) -> Outcome<T>;
}

impl<T, E: std::error::Error> OrFail<T> for Result<T, E> {
    fn or_fail(self, what: impl FnOnce() -> String) -> Outcome<T> {
        self.map_err(|error| Failure::incomplete(what()).because(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_prints_message_then_causes_then_hint() {
        let failure = Failure::incomplete("failed to read `a`")
            .because(std::io::Error::other("disk gone"))
            .within("cannot list runs")
            .hint("plug it in");
        assert_eq!(
            failure.to_string(),
            "error: cannot list runs\n  caused by: failed to read `a`\n  caused by: disk gone\nhint: plug it in"
        );
    }
}
