//! `query`: metrics of stored runs; `export`: the same for other tools.

pub mod export;

use super::{paint, store_of};
use crate::analysis::metrics;
use crate::analysis::policies::Pattern;
use crate::host::terminal::Terminal;
use crate::model::Role;
use crate::model::date::Days;
use crate::model::failure::{Exit, Outcome};
use crate::model::metric::Metric;
use crate::model::record::RunRecord;
use crate::report::escape::visible;
use crate::report::query::{self, Row};
use crate::trial::Surroundings;

/// A format of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFormat {
    /// For people.
    Text,
    /// For tools.
    Json,
    /// For spreadsheets.
    Csv,
}

/// Which metrics are wanted; what is absent or empty does not restrict.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Patterns of benchmarks.
    pub benchmarks: Vec<String>,
    /// The metrics.
    pub metrics: Vec<Metric>,
    /// The revision as it was typed then, or the beginning of what it was.
    pub revision: Option<String>,
    /// The side.
    pub side: Option<Role>,
    /// The beginning of the environment's fingerprint.
    pub environment: Option<String>,
    /// The days on which runs have to have started.
    pub days: Days,
    /// So many of the newest runs that are left.
    pub last: Option<usize>,
}

/// What was asked for.
#[derive(Clone, Debug)]
pub struct QueryOptions {
    /// Which metrics.
    pub filter: Filter,
    /// How rows are printed.
    pub format: RowFormat,
}

/// What was found.
struct Found {
    /// The newest run first.
    rows: Vec<Row>,
    /// Runs that cannot be read, with the causes.
    unusable: Vec<(String, String)>,
}

/// Prints the metrics that were asked for, newest run first.
///
/// # Errors
/// When a pattern is none, or the directory of results cannot be listed; a record that cannot be read is named.
pub fn run(options: &QueryOptions, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let found = options.filter.find(around)?;
    if options.format == RowFormat::Csv {
        // There is no place for them among the rows.
        found.say_unusable(terminal);
    }
    terminal.result(&match options.format {
        RowFormat::Text => query::text(&found.rows, &found.unusable, paint(terminal)),
        RowFormat::Json => query::json(&found.rows, &found.unusable),
        RowFormat::Csv => query::csv(&found.rows),
    })?;
    Ok(Exit::Clean)
}

impl Found {
    fn say_unusable(&self, terminal: &mut Terminal) {
        for (id, cause) in &self.unusable {
            terminal.say(&format!("note: {} cannot be read: {}", visible(id), visible(cause)));
        }
    }
}

impl Filter {
    /// The rows that are meant.
    fn find(&self, around: &Surroundings<'_>) -> Outcome<Found> {
        let patterns =
            self.benchmarks.iter().map(|text| Pattern::new(text, None)).collect::<Outcome<Vec<_>>>()?;
        let (mut rows, mut unusable, mut runs) = (Vec::new(), Vec::new(), 0);
        for entry in store_of(around).list_runs(|run| self.rows(&run, &patterns))? {
            match entry.outline {
                Err(cause) => unusable.push((entry.id, cause)),
                Ok(of_run) if of_run.is_empty() || self.last.is_some_and(|last| runs >= last) => {}
                Ok(of_run) => {
                    runs += 1;
                    rows.extend(of_run);
                }
            }
        }
        Ok(Found { rows, unusable })
    }

    /// The rows of a run.
    fn rows(&self, run: &RunRecord, patterns: &[Pattern]) -> Vec<Row> {
        let started = run.started_unix_s;
        let in_time = self.days.contains(started);
        let here = self.environment.as_ref().is_none_or(|start| run.environment.starts_with(start));
        let mut rows = Vec::new();
        if !in_time || !here {
            return rows;
        }
        for suite in &run.suites {
            let meant = |pattern: &Pattern, key| pattern.matches(&suite.name, key);
            for benchmark in &suite.benchmarks {
                if !patterns.is_empty() && !patterns.iter().any(|pattern| meant(pattern, &benchmark.key)) {
                    continue;
                }
                for role in Role::BOTH.into_iter().filter(|role| self.wants(run, *role)) {
                    let revision = run.revisions.get(role);
                    let row = |(metric, value)| Row {
                        run: run.id.clone(),
                        started_unix_s: started,
                        environment: run.environment.clone(),
                        side: role,
                        revision: revision.spec.clone(),
                        revision_id: revision.id.clone(),
                        suite: suite.name.clone(),
                        benchmark: benchmark.key.to_string(),
                        metric,
                        value,
                    };
                    let metrics = metrics::of_side(benchmark, role).into_iter();
                    rows.extend(metrics.filter(|(metric, _)| self.metrics.contains(metric)).map(row));
                }
            }
        }
        rows
    }

    fn wants(&self, run: &RunRecord, role: Role) -> bool {
        let revision = run.revisions.get(role);
        self.side.is_none_or(|side| side == role)
            && self.revision.as_ref().is_none_or(|wanted| revision.is_named(wanted))
    }
}
