//! What can be typed behind `backfill`.

use clap::Args;

use crate::commands::bench::backfill::BackfillOptions;
use crate::model::failure::{Failure, Outcome};
use crate::model::revision::RevisionSpec;

/// Arguments of `backfill`.
#[derive(Debug, Args)]
#[command(after_help = "\
The newest pair comes first. A revision that does not build is left out, and its neighbours are measured against each other. \
What was measured in this environment with the same options before is not measured again, so the same command line goes on \
where it was interrupted.\n\
`cargo rqs backfill v1.0.0..v1.3.0 --tags -- parse --bench json` hands what is behind `--` to `bench`.\n\
Exit codes: 0 all pairs are measured, 4 nothing to measure, 5 some revisions were left out; 101 could not complete, 2 usage.")]
pub struct Backfill {
    /// The oldest and the newest revision, as `v1.0.0..v1.3.0`.
    #[arg(value_name = "FROM..TO")]
    range: String,
    /// Only revisions that have a tag; else all commits along first parents.
    #[arg(long)]
    tags: bool,
    /// Show which pairs there are, and which of them are measured already.
    #[arg(long)]
    dry_run: bool,
    /// Options and the filter of `bench`.
    #[arg(last = true, value_name = "BENCH OPTIONS")]
    bench: Vec<String>,
}

impl Backfill {
    /// What was meant.
    ///
    /// # Errors
    /// A usage error when the range is none, or its ends are no revisions.
    pub fn into_options(self) -> Outcome<BackfillOptions> {
        let ends = self.range.split_once("..").filter(|(from, to)| !from.is_empty() && !to.starts_with('.'));
        let Some((from, to)) = ends else {
            return Err(Failure::usage(format!("`{}` is no range of revisions", self.range.escape_debug()))
                .hint("write the oldest and the newest one, as `v1.0.0..v1.3.0`; `v1.0.0..` ends at HEAD"));
        };
        let spec = |text: &str| text.parse::<RevisionSpec>().map_err(Failure::usage);
        Ok(BackfillOptions {
            from: spec(from)?,
            to: spec(if to.is_empty() { "HEAD" } else { to })?,
            tags: self.tags,
            dry_run: self.dry_run,
            bench: self.bench,
        })
    }
}
