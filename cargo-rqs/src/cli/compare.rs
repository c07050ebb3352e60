//! What can be typed behind `compare`.

use clap::Args;

use super::FormatChoice;
use crate::commands::compare::CompareOptions;

/// Arguments of `compare`.
#[derive(Debug, Args)]
#[command(after_help = "\
A run that measured both in alternation is taken, else a chain of such runs through other revisions; else two runs of one \
environment are set side by side, and nothing is judged. Nothing is measured: `bench` does that.\n\
Exit codes: 0 nothing regressed, 100 something did, 4 one of them was never measured, 6 both were measured, but in different \
environments; 101 could not complete, 2 usage.\n\
`cargo rqs schema comparison` prints the schema of its JSON.")]
pub struct Compare {
    /// The older one: a revision such as `v1.2.0`, a run's id or the beginning of it (its candidate), `latest`, or the path of a
    /// record.
    #[arg(value_name = "A")]
    first: String,
    /// The newer one.
    #[arg(value_name = "B")]
    second: String,
    /// Format of the result on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: FormatChoice,
}

impl Compare {
    /// What was meant.
    pub fn into_options(self) -> CompareOptions {
        CompareOptions { names: [self.first, self.second], format: self.format.into() }
    }
}
