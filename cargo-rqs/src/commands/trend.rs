//! `trend`: how benchmarks moved over the revisions that runs have measured.

use std::collections::BTreeMap;

use super::{paint, store_of};
use crate::analysis::policies::Pattern;
use crate::analysis::trend::{self, Point};
use crate::analysis::{history, metrics};
use crate::host::terminal::Terminal;
use crate::model::date::Days;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::history::RunOutline;
use crate::model::metric::Metric;
use crate::model::record::{BenchmarkRecord, RunRecord};
use crate::model::revision::Revision;
use crate::model::{BenchmarkKey, ByRole};
use crate::report::escape::visible;
use crate::report::trend::{self as report, Answer, Of, Series};
use crate::trial::Surroundings;

/// A format of trends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrendFormat {
    /// For people.
    Text,
    /// For tools.
    Json,
    /// For spreadsheets.
    Csv,
    /// Pictures.
    Svg,
    /// A page.
    Html,
}

/// What was asked for; what is absent or empty does not restrict.
#[derive(Clone, Debug)]
pub struct TrendOptions {
    /// Patterns of benchmarks.
    pub benchmarks: Vec<String>,
    /// A metric in place of time.
    pub metric: Option<Metric>,
    /// The beginning of the environment's fingerprint.
    pub environment: Option<String>,
    /// The days on which runs have to have started.
    pub days: Days,
    /// The natural logarithm of what is not to be exceeded.
    pub limit: Option<f64>,
    /// How the answer is printed.
    pub format: TrendFormat,
}

/// A benchmark: its suite, and which one of it.
type Name = (String, BenchmarkKey);

/// A run, and of each benchmark that is meant the metric of both sides.
struct Run {
    outline: RunOutline,
    values: Vec<(Name, ByRole<Option<f64>>)>,
}

/// Prints the trends.
///
/// # Errors
/// Exit code 4 when nothing is stored of such benchmarks; when a pattern is none, or the results cannot be listed.
pub fn run(options: &TrendOptions, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let runs = options.runs(around, terminal)?;
    let environments = by_environment(&runs);
    let Some(environment) = choose(&environments, &runs, options.environment.as_deref())? else {
        return Err(Failure::new(Exit::NothingToRun, "nothing is stored of such benchmarks")
            .hint("`cargo rqs list` lists the runs, and `cargo rqs show RUN` names their benchmarks"));
    };
    let others = environments.iter().filter(|(other, _)| *other != environment).cloned().collect();
    let runs: Vec<Run> = runs.into_iter().filter(|run| run.outline.environment == environment).collect();
    let series = options.series(&runs, &environment);
    let of = options.metric.map_or(Of::Time, Of::Metric);
    let answer = Answer { of, environment, others, series };
    terminal.result(&match options.format {
        TrendFormat::Text => report::text(&answer, terminal.result_width(), paint(terminal)),
        TrendFormat::Json => report::json(&answer),
        TrendFormat::Csv => report::csv(&answer),
        TrendFormat::Svg => report::svg(&answer),
        TrendFormat::Html => report::page(&answer),
    })?;
    Ok(Exit::Clean)
}

/// Environments with the number of their runs, most runs first.
fn by_environment(runs: &[Run]) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    runs.iter().for_each(|run| *counts.entry(&run.outline.environment).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().map(|(name, runs)| (name.to_owned(), runs)).collect();
    counts.sort_by_key(|(_, runs)| std::cmp::Reverse(*runs));
    counts
}

/// The environment that is meant, or the one with the most revisions; `None` without any run.
fn choose(environments: &[(String, usize)], runs: &[Run], wanted: Option<&str>) -> Outcome<Option<String>> {
    let outlines: Vec<RunOutline> = runs.iter().map(|run| run.outline.clone()).collect();
    let names = environments.iter().map(|(name, _)| name.as_str());
    match wanted {
        None => {
            let most = names.rev().max_by_key(|name| trend::revisions(&outlines, name).len());
            Ok(most.map(str::to_owned))
        }
        Some(wanted) => {
            match &names.clone().filter(|name| name.starts_with(wanted)).collect::<Vec<_>>()[..] {
                [one] => Ok(Some((*one).to_owned())),
                [] => Err(Failure::usage(format!(
                    "there is no environment `{}` in these runs",
                    visible(wanted)
                ))
                .hint(format!(
                    "there are {}",
                    names.map(|name| &name[..name.len().min(16)]).collect::<Vec<_>>().join(", ")
                ))),
                _ => Err(Failure::usage(format!("`{}` begins several environments", visible(wanted)))
                    .hint("give more digits")),
            }
        }
    }
}

impl TrendOptions {
    /// The runs that have benchmarks that are meant, newest first, only those; runs that cannot be read are named.
    fn runs(&self, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Vec<Run>> {
        let patterns =
            self.benchmarks.iter().map(|text| Pattern::new(text, None)).collect::<Outcome<Vec<_>>>()?;
        let mut runs = Vec::new();
        for entry in store_of(around).list_runs(|run| self.run(&run, &patterns))? {
            match entry.outline {
                Ok(run) => runs.extend(run),
                Err(cause) => terminal.say(&format!(
                    "note: run {} cannot be read: {}",
                    visible(&entry.id),
                    visible(&cause)
                )),
            }
        }
        Ok(runs)
    }

    fn run(&self, run: &RunRecord, patterns: &[Pattern]) -> Option<Run> {
        let started = run.started_unix_s;
        let is_in_time = self.days.contains(started);
        let is_meant = |suite: &str, key: &BenchmarkKey| {
            patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(suite, key))
        };
        let mut outline = history::outline(run);
        outline.benchmarks.retain(|benchmark| is_meant(&benchmark.suite, &benchmark.key));
        if !is_in_time || outline.benchmarks.is_empty() {
            return None;
        }
        let mut values = Vec::new();
        if let Some(metric) = self.metric {
            for suite in &run.suites {
                for benchmark in suite.benchmarks.iter().filter(|it| is_meant(&suite.name, &it.key)) {
                    values.push(((suite.name.clone(), benchmark.key.clone()), of_sides(benchmark, metric)));
                }
            }
        }
        Some(Run { outline, values })
    }

    /// One series for each benchmark, in the order of the newest run; those of a single revision say nothing.
    fn series(&self, runs: &[Run], environment: &str) -> Vec<Series> {
        let outlines: Vec<RunOutline> = runs.iter().map(|run| run.outline.clone()).collect();
        let revisions = trend::revisions(&outlines, environment);
        let mut names: Vec<Name> = Vec::new();
        for benchmark in outlines.iter().flat_map(|run| &run.benchmarks) {
            let name = (benchmark.suite.clone(), benchmark.key.clone());
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let series = names.into_iter().map(|name| {
            let points = match self.metric {
                None => trend::chained(&outlines, &revisions, &name.0, &name.1),
                Some(_) => of_metric(runs, &revisions, &name),
            };
            let trend = trend::look(&points, self.limit);
            Series { name: format!("{}::{}", name.0, name.1), points, trend }
        });
        series.filter(|series| series.points.len() > 1).collect()
    }
}

fn of_sides(benchmark: &BenchmarkRecord, metric: Metric) -> ByRole<Option<f64>> {
    ByRole::from_fn(|role| {
        let found = metrics::of_side(benchmark, role).into_iter().find(|(name, _)| *name == metric);
        found.map(|(_, value)| value)
    })
}

/// The logarithms of a metric by revision. Zeros have none: a benchmark that does no input has no trend of it.
fn of_metric(runs: &[Run], revisions: &[Revision], name: &Name) -> Vec<Point> {
    let ln = |value: Option<f64>| value.filter(|value| *value > 0.0).map(f64::ln);
    let values: Vec<_> = runs
        .iter()
        .flat_map(|run| run.values.iter().filter(|(of, _)| of == name).map(move |(_, values)| (run, values)))
        .map(|(run, values)| (run.outline.revisions.clone(), values.map(ln)))
        .collect();
    trend::by_revision(revisions, &values)
}
