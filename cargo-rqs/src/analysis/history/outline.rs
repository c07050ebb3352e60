//! A run record to its outline.

use crate::analysis::comparison;
use crate::analysis::confidence;
use crate::analysis::epoch;
use crate::analysis::row::{Finding, Row};
use crate::model::ByRole;
use crate::model::history::{BenchmarkOutline, Level, RunOutline, Step};
use crate::model::record::{BenchmarkRecord, Presence, RunRecord};

/// What is kept of a run; where a change was measured over layouts, the step is that over layouts.
pub fn outline(run: &RunRecord) -> RunOutline {
    let comparison = comparison::compare(run);
    let alpha = comparison::alpha_per_benchmark(&run.suites, &run.policy);
    let mut benchmarks = Vec::new();
    for (suite, compared) in run.suites.iter().zip(&comparison.suites) {
        for (benchmark, row) in suite.benchmarks.iter().zip(&compared.rows) {
            benchmarks.push(BenchmarkOutline {
                suite: suite.name.clone(),
                key: benchmark.key.clone(),
                step: step(row),
                levels: levels(benchmark, alpha),
                exists: ByRole::new(
                    benchmark.presence != Presence::Added,
                    benchmark.presence != Presence::Removed,
                ),
                policy: run.policy.with(&benchmark.policy),
            });
        }
    }
    RunOutline {
        id: run.id.clone(),
        started_unix_s: run.started_unix_s,
        environment: run.environment.clone(),
        revisions: run.revisions.clone(),
        dependencies: run.dependencies.clone(),
        benchmarks,
    }
}

fn step(row: &Row) -> Option<Step> {
    match &row.finding {
        Finding::Identical => Some(Step::NONE),
        Finding::Measured(judgement, _) => Some(Step {
            mean: judgement.interval.mean,
            half_width: judgement.interval.half_width,
            epochs: judgement.interval.n as u32,
        }),
        _ => None,
    }
}

fn levels(benchmark: &BenchmarkRecord, alpha: f64) -> Option<ByRole<Level>> {
    let used: Vec<_> = epoch::log_ratios(&benchmark.epochs)
        .into_iter()
        .filter_map(|value| value.estimate.ok())
        .map(|estimate| estimate.typical_ns)
        .collect();
    let level = |role| {
        let xs: Vec<f64> = used.iter().map(|ns| ns.get(role).ln()).collect();
        let interval = confidence::interval(&xs, alpha);
        Level { ln_ns: interval.mean, half_width: interval.half_width, epochs: xs.len() as u32 }
    };
    (!used.is_empty()).then(|| ByRole::from_fn(level))
}
