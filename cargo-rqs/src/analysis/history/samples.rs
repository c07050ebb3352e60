//! Outlines to try ways and reports on.

use crate::model::history::{BenchmarkOutline, Level, RunOutline, Step};
use crate::model::policy::Policy;
use crate::model::revision::{Revision, RevisionKind};
use crate::model::{BenchmarkKey, ByRole};

/// A commit whose id begins with these digits.
pub fn revision(spec: &str, digits: &str) -> Revision {
    Revision {
        spec: spec.into(),
        kind: RevisionKind::Commit,
        id: format!("{digits:0<40}"),
        summary: format!("Make {spec}"),
        committed_unix_s: Some(1_795_000_000),
    }
}

/// A benchmark with this log-ratio, of about a microsecond at the baseline.
pub fn benchmark(id: &str, mean: f64) -> BenchmarkOutline {
    let level = |ln: f64| Level { ln_ns: 1000f64.ln() + ln, half_width: 0.01, epochs: 8 };
    BenchmarkOutline {
        suite: "json::parse".into(),
        key: BenchmarkKey { id: id.into(), occurrence: 0 },
        step: Some(Step { mean, half_width: 0.004, epochs: 8 }),
        levels: Some(ByRole::new(level(0.0), level(mean))),
        exists: ByRole::new(true, true),
        policy: Policy::USUAL,
    }
}

/// A run of these two revisions, the `number`th from the newest, in an environment.
pub fn run(number: u64, environment: &str, [baseline, candidate]: [&Revision; 2]) -> RunOutline {
    RunOutline {
        id: format!("202611{:02}T101500Z-{number:08x}", 25 - number),
        started_unix_s: 1_795_600_000 - number * 86_400,
        environment: environment.repeat(64),
        revisions: ByRole::new(baseline.clone(), candidate.clone()),
        dependencies: ByRole::new("d".repeat(64), "d".repeat(64)),
        benchmarks: vec![benchmark("small", 0.05), benchmark("large", 0.0)],
    }
}
