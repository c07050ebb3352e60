//! Pairs the executables of both sides and asks them for their benchmarks.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use regex::Regex;
use rqs_harness::conductor::listing::{self, Listing};
use rqs_harness::process::Conditions;

use super::prepare::{Prepared, executable};
use super::{Places, Selection};
use crate::host::cargo::BuiltSuite;
use crate::host::terminal::Terminal;
use crate::model::failure::{Failure, Outcome};
use crate::model::policy::Policy;
use crate::model::record::{BenchmarkRecord, Presence, SuiteRecord};
use crate::model::{BenchmarkFailure, BenchmarkKey, ByRole, Role};

/// The suites of a run before anything is measured.
pub struct Listed {
    /// One record per suite that speaks Criterion's protocol on a side.
    pub records: Vec<SuiteRecord>,
    /// What was left out and why.
    pub notes: Vec<String>,
}

/// Everything that listing needs.
struct Lister<'a> {
    measure_identical: bool,
    conditions: &'a Conditions,
    scratch: PathBuf,
    interrupted: &'a AtomicBool,
    wanted: Wanted,
    notes: Vec<String>,
}

/// Lists the suites of both sides.
///
/// # Errors
/// When a listing hangs or is interrupted.
pub fn list(
    selection: &Selection,
    wanted: Wanted,
    prepared: &Prepared,
    conditions: &Conditions,
    places: &Places,
    interrupted: &AtomicBool,
    terminal: &mut Terminal,
) -> Outcome<Listed> {
    let scratch = places.work.join("scratch");
    let mut lister = Lister {
        measure_identical: selection.measure_identical,
        conditions,
        scratch,
        interrupted,
        wanted,
        notes: Vec::new(),
    };
    let builds = prepared.sides.as_ref().map(|side| &side.build.suites);
    let mut names: Vec<&str> = builds.candidate.iter().map(|suite| suite.name.as_str()).collect();
    let removed = builds.baseline.iter().map(|suite| suite.name.as_str());
    let removed: Vec<&str> = removed.filter(|name| !names.contains(name)).collect();
    names.extend(removed);
    let mut records = Vec::new();
    for name in names {
        terminal.status(&format!("listing the benchmarks of {name}"));
        let pair = builds.map(|suites| suites.iter().find(|suite| suite.name == name));
        records.extend(lister.suite(name, &pair)?);
    }
    terminal.clear_status();
    Ok(Listed { records, notes: lister.notes })
}

impl Lister<'_> {
    fn suite(&mut self, name: &str, pair: &ByRole<Option<&BuiltSuite>>) -> Outcome<Option<SuiteRecord>> {
        let identical = matches!((pair.baseline, pair.candidate), (Some(a), Some(b)) if a.code_hash == b.code_hash)
            && !self.measure_identical;
        let mut keys = ByRole::<Option<Vec<BenchmarkKey>>>::default();
        let mut harness = pair.map(|suite| suite.map(|suite| suite.harness.clone()).unwrap_or_default());
        let mut failure = None;
        for role in Role::BOTH {
            let Some(suite) = pair.get(role) else { continue };
            if identical && role == Role::Candidate {
                // The same code lists the same benchmarks.
                (keys.candidate, harness.candidate) = (keys.baseline.clone(), harness.baseline.clone());
                continue;
            }
            match self.ask(role, suite)? {
                Listing::Criterion { version: [major, minor, patch], keys: listed } => {
                    *harness.get_mut(role) = format!("criterion {major}.{minor}.{patch}");
                    *keys.get_mut(role) =
                        Some(listed.into_iter().filter(|key| self.wanted.takes(name, key)).collect());
                }
                Listing::NotCriterion => {
                    let harness = &suite.harness;
                    self.notes.push(if harness.starts_with("criterion") {
                        format!("`{name}` is not measured: it is built with {harness}, but lists nothing through it")
                    } else {
                        format!("`{name}` is not measured: its harness ({harness}) is not Criterion")
                    });
                    return Ok(None);
                }
                Listing::Failed(cause) => failure = Some(cause),
            }
        }
        let benchmarks = match failure {
            Some(cause) => failed_listing(name, keys, cause),
            None => merge(keys),
        };
        let executables = pair.map(|suite| suite.map(|suite| suite.sha256.clone()).unwrap_or_default());
        Ok(Some(SuiteRecord { name: name.to_owned(), harness, executables, identical, benchmarks }))
    }

    fn ask(&self, role: Role, suite: &BuiltSuite) -> Outcome<Listing> {
        listing::list(role, &executable(suite), self.conditions, self.interrupted, &self.scratch).map_err(|error| {
            Failure::incomplete(format!("cannot list the benchmarks of `{}`", suite.name))
                .because(error)
                .hint("`--bench NAME` leaves other bench targets out; `--hang-timeout` gives slow set-up code more time")
        })
    }
}

/// Benchmarks of both sides in the order of the candidate, removed ones last.
fn merge(keys: ByRole<Option<Vec<BenchmarkKey>>>) -> Vec<BenchmarkRecord> {
    let sides = keys.map(Option::unwrap_or_default);
    let record = |key: &BenchmarkKey, presence| BenchmarkRecord::new(key.clone(), presence);
    let in_baseline =
        |key: &BenchmarkKey| if sides.baseline.contains(key) { Presence::Both } else { Presence::Added };
    let mut benchmarks: Vec<BenchmarkRecord> =
        sides.candidate.iter().map(|key| record(key, in_baseline(key))).collect();
    let removed = sides.baseline.iter().filter(|key| !sides.candidate.contains(key));
    benchmarks.extend(removed.map(|key| record(key, Presence::Removed)));
    benchmarks
}

/// When one side cannot even list, whatever the other side lists has failed.
fn failed_listing(
    name: &str,
    keys: ByRole<Option<Vec<BenchmarkKey>>>,
    cause: BenchmarkFailure,
) -> Vec<BenchmarkRecord> {
    let mut listed = keys.candidate.or(keys.baseline).unwrap_or_default();
    if listed.is_empty() {
        listed.push(BenchmarkKey { id: format!("{name} (all)"), occurrence: 0 });
    }
    let failed =
        |key| BenchmarkRecord { failure: Some(cause.clone()), ..BenchmarkRecord::new(key, Presence::Both) };
    listed.into_iter().map(failed).collect()
}

/// Which benchmarks the user wants.
pub enum Wanted {
    All,
    Matching(Regex),
    Exactly(String),
}

impl Wanted {
    /// Reads the filter.
    ///
    /// # Errors
    /// When it is no regular expression.
    pub fn new(selection: &Selection) -> Outcome<Wanted> {
        Ok(match &selection.filter {
            None => Wanted::All,
            Some(name) if selection.exact => Wanted::Exactly(name.clone()),
            Some(pattern) => Wanted::Matching(Regex::new(pattern).map_err(|error| {
                Failure::usage(format!("`{pattern}` is no regular expression"))
                    .because(error)
                    .hint("with `--exact` the filter is taken as a plain name")
            })?),
        })
    }

    /// A filter is held against the benchmark's own name and against `suite::name`.
    fn takes(&self, suite: &str, key: &BenchmarkKey) -> bool {
        let (own, full) = (key.to_string(), format!("{suite}::{key}"));
        match self {
            Wanted::All => true,
            Wanted::Matching(pattern) => pattern.is_match(&own) || pattern.is_match(&full),
            Wanted::Exactly(name) => *name == own || *name == full || *name == key.id,
        }
    }
}

/// The names of all benchmarks, for `--list`, with what distinguishes them.
pub fn names(suites: &[SuiteRecord], policy: &Policy) -> String {
    let mut text = String::new();
    for suite in suites {
        for benchmark in &suite.benchmarks {
            let side = match benchmark.presence {
                Presence::Both => None,
                Presence::Added => Some("candidate only".to_owned()),
                Presence::Removed => Some("baseline only".to_owned()),
            };
            let class = Some(policy.with(&benchmark.policy).class).filter(|class| !class.is_normal());
            let class = class.map(|class| class.to_string());
            let owner = benchmark.policy.owner.as_ref().map(|owner| format!("owner {owner}"));
            let about: Vec<String> = [side, class, owner].into_iter().flatten().collect();
            let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join("; ")) };
            let name = format!("{}::{}{about}", suite.name, benchmark.key);
            text += &format!("{}\n", crate::report::escape::visible(&name));
        }
    }
    text
}
