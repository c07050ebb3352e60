//! What can be typed behind `list`.

use clap::Args;

use super::env::PlainFormat;
use super::values::DaysTyped;
use crate::commands::list::ListOptions;

/// Arguments of `list`.
#[derive(Debug, Args)]
#[command(after_help = "`cargo rqs schema list` prints the schema of its JSON.")]
pub struct List {
    /// Only runs of this revision, on either side: as it was typed then, or the first seven digits or more of its commit.
    #[arg(long, value_name = "REV")]
    revision: Option<String>,
    /// Only runs of this environment: its fingerprint, or the beginning of it.
    #[arg(long, value_name = "FINGERPRINT")]
    environment: Option<String>,
    #[command(flatten)]
    days: DaysTyped,
    /// Only so many of the newest runs that are left.
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    /// Format on standard output: text or json.
    #[arg(long, value_enum, default_value = "text")]
    format: PlainFormat,
}

impl List {
    /// What was meant.
    pub fn into_options(self) -> ListOptions {
        ListOptions {
            revision: self.revision,
            environment: self.environment,
            days: self.days.into_days(),
            last: self.last,
            json: self.format.is_json(),
        }
    }
}
