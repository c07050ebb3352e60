//! A comparison for programs.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Answer, name};
use crate::analysis::confidence::Interval;
use crate::analysis::dependencies::GraphDifference;
use crate::analysis::history::{Compared, Said, Way, Weight};
use crate::analysis::verdict::Verdict;
use crate::model::BenchmarkKey;
use crate::model::revision::Revision;
use crate::report::json::pretty;

/// What `compare --format json` prints.
#[derive(Serialize, JsonSchema)]
struct ComparisonReport<'a> {
    /// Version of this format.
    format: u32,
    /// The first revision, as it was typed.
    a: &'a str,
    /// What it is.
    a_revision: &'a Revision,
    /// The second revision, as it was typed.
    b: &'a str,
    /// What it is.
    b_revision: &'a Revision,
    /// How both were measured.
    measured: Measured,
    /// The runs, in the order of the way from A to B.
    runs: Vec<&'a str>,
    /// Fingerprint of the environment of all runs.
    environment: &'a str,
    /// The benchmarks.
    benchmarks: Vec<BenchmarkReport<'a>>,
    /// How the dependencies differ; null where a graph is not stored.
    dependencies: Option<&'a GraphDifference>,
    /// Files that differ; null where that is not known.
    files: Option<FilesReport>,
    /// What may have brought the changes, the likeliest first.
    causes: Vec<CauseReport>,
}

/// How two revisions were measured.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Measured {
    /// In alternation, in one run.
    InAlternation,
    /// Through other revisions, in runs that have each measured two of them in alternation.
    Chained,
    /// At different times: what the machine did between them is in the numbers, and nothing is judged.
    Separately,
}

#[derive(Serialize, JsonSchema)]
struct BenchmarkReport<'a> {
    /// The suite, `package::target`.
    suite: &'a str,
    /// Which one of the suite.
    #[serde(flatten)]
    key: &'a BenchmarkKey,
    /// What is said: `regressed`, `improved`, `unchanged`, `inconclusive`, `not_judged`, `identical`, `only_a`, `only_b` or
    /// `not_measured`.
    said: &'static str,
    /// Nanoseconds of an iteration at A; null where no run of the way tells.
    a_ns: Option<f64>,
    /// Nanoseconds of an iteration at B.
    b_ns: Option<f64>,
    /// B against A: 0.02 is two percent slower.
    change: Option<f64>,
    /// The smallest change that is possible; null where nothing can be said.
    lowest_change: Option<f64>,
    /// The largest change that is possible.
    highest_change: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
struct FilesReport {
    /// Files that can change what is compiled.
    sources: usize,
    /// Lockfiles.
    lockfiles: usize,
    /// Documents and the like.
    others: usize,
}

#[derive(Serialize, JsonSchema)]
struct CauseReport {
    /// `code`, `dependencies`, `toolchain` or `environment`.
    cause: &'static str,
    /// `only` when it is all that differs, `possible`, `unknown` or `ruled_out`.
    weight: &'static str,
}

/// The whole answer, with a line break at its end.
pub fn render(answer: &Answer<'_>) -> String {
    let (measured, runs) = match answer.way {
        Way::Chain(links) => {
            let measured = if links.len() == 1 { Measured::InAlternation } else { Measured::Chained };
            (measured, links.iter().map(|link| link.run).collect::<Vec<_>>())
        }
        Way::Separate(points) => (Measured::Separately, points.iter().map(|point| point.run).collect()),
    };
    let causes = answer.causes.iter().map(|likely| CauseReport {
        cause: name(likely.cause),
        weight: match likely.weight {
            Weight::Only => "only",
            Weight::Possible => "possible",
            Weight::Unknown => "unknown",
            Weight::RuledOut => "ruled_out",
        },
    });
    pretty(&ComparisonReport {
        format: 1,
        a: answer.names[0],
        a_revision: answer.revisions[0],
        b: answer.names[1],
        b_revision: answer.revisions[1],
        measured,
        runs: runs.iter().map(|run| answer.runs[*run].id.as_str()).collect(),
        environment: answer.environment,
        benchmarks: answer.compared.iter().map(benchmark).collect(),
        dependencies: answer.dependencies,
        files: answer.files.map(|files| FilesReport {
            sources: files.sources,
            lockfiles: files.lockfiles,
            others: files.others,
        }),
        causes: causes.collect(),
    })
}

fn benchmark(compared: &Compared) -> BenchmarkReport<'_> {
    let interval = match &compared.said {
        Said::Judged(interval, _) | Said::Shown(interval) => Some(*interval),
        Said::Identical => Some(Interval { mean: 0.0, sd: 0.0, half_width: 0.0, n: 0 }),
        Said::Only(_) | Said::NotMeasured => None,
    };
    let known = |change: f64| change.is_finite().then_some(change);
    let bounded = interval.filter(|interval| interval.half_width.is_finite());
    BenchmarkReport {
        suite: &compared.suite,
        key: &compared.key,
        said: match compared.said {
            Said::Judged(_, Verdict::Regressed) => "regressed",
            Said::Judged(_, Verdict::Improved) => "improved",
            Said::Judged(_, Verdict::Unchanged) => "unchanged",
            Said::Judged(_, Verdict::Inconclusive) => "inconclusive",
            Said::Shown(_) => "not_judged",
            Said::Identical => "identical",
            Said::Only(0) => "only_a",
            Said::Only(_) => "only_b",
            Said::NotMeasured => "not_measured",
        },
        a_ns: compared.ns[0].and_then(known),
        b_ns: compared.ns[1].and_then(known),
        change: interval.map(|interval| interval.change()).and_then(known),
        lowest_change: bounded.map(|interval| interval.lowest_change()).and_then(known),
        highest_change: bounded.map(|interval| interval.highest_change()).and_then(known),
    }
}

/// The JSON Schema of what [`render`] prints.
pub fn schema() -> String {
    format!("{:#}\n", schemars::schema_for!(ComparisonReport<'_>).as_value())
}
