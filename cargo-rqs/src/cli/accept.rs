//! What can be typed behind `accept`.

use clap::Args;

use crate::commands::accept::AcceptOptions;
use crate::model::date;
use crate::model::failure::{Failure, Outcome};

/// Arguments of `accept`.
#[derive(Debug, Args)]
#[command(after_help = "\
An acceptance is a file in `results/accepted`; commit it with the change. A later run honours it where its candidate contains the \
accepted candidate and its baseline does not, and while the change is not surely larger than what was accepted. It ends by \
itself once the baseline contains the change.\n\n\
Patterns: `parse/**` or `text::bench::parse/*`, as in `rqs.toml`; they mean what there is to accept among what they match.")]
pub struct Accept {
    /// A run's id, the beginning of one, the path of a record, or `latest`.
    #[arg(required_unless_present = "list")]
    run: Option<String>,
    /// Benchmarks: names, with or without `suite::` before them, or glob patterns.
    #[arg(value_name = "BENCHMARK", required_unless_present_any = ["all", "list"])]
    benchmarks: Vec<String>,
    /// Accept every regression of the run.
    #[arg(long, conflicts_with = "benchmarks")]
    all: bool,
    /// Why the change is acceptable.
    #[arg(long, value_name = "TEXT", required_unless_present = "list")]
    reason: Option<String>,
    /// Who accepts it [default: `user.name` and `user.email` of git].
    #[arg(long, value_name = "NAME")]
    author: Option<String>,
    /// The last day on which it holds, as 2027-01-31 (UTC), or `never`.
    #[arg(long, value_name = "DATE", default_value = "never", value_parser = parse_expiry)]
    expires: Expiry,
    /// List all acceptances and what has become of them.
    #[arg(long, conflicts_with_all = ["run", "benchmarks", "all", "reason", "author", "expires"])]
    pub list: bool,
}

/// The last second in which an acceptance holds, since 1970; none without end.
#[derive(Clone, Copy, Debug)]
struct Expiry(Option<u64>);

fn parse_expiry(text: &str) -> Result<Expiry, String> {
    if text == "never" {
        return Ok(Expiry(None));
    }
    let end = date::end_of_day(text).ok_or("it is no day; write it as 2027-01-31, or `never`")?;
    Ok(Expiry(Some(end)))
}

impl Accept {
    /// What was meant.
    ///
    /// # Errors
    /// A usage error for an empty reason or author.
    pub fn into_options(self) -> Outcome<AcceptOptions> {
        let said = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let reason = said(&self.reason.unwrap_or_default()).ok_or_else(|| {
            Failure::usage("`--reason` is empty")
                .hint("say why the change is acceptable; every report shows it")
        })?;
        let author = self.author.as_deref().map(|author| {
            said(author).ok_or_else(|| Failure::usage("`--author` is empty").hint("name a person or a team"))
        });
        Ok(AcceptOptions {
            run: self.run.unwrap_or_default(),
            benchmarks: self.benchmarks,
            all: self.all,
            reason,
            author: author.transpose()?,
            expires_unix_s: self.expires.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_lasts_to_its_end_and_other_texts_are_refused() {
        assert_eq!(parse_expiry("never").unwrap().0, None);
        assert_eq!(parse_expiry("2026-11-24").unwrap().0, Some(1_795_564_799));
        assert!(parse_expiry("24.11.2026").is_err() && parse_expiry("soon").is_err());
    }
}
