//! Runs with policies, acceptances and causes in them.

use super::*;
use crate::model::acceptance::{AcceptedSize, AppliedAcceptance};
use crate::model::policy::{BenchmarkPolicy, Class, Direction, Mode};
use crate::model::profile::{FunctionWeight, ProfileEngine, ProfileRecord, ProfiledSide};

/// A run in report mode with every ruling, every effect of an acceptance, two causes, and names that try to break out.
pub fn governed() -> (RunRecord, Comparison) {
    let own = |policy: BenchmarkPolicy, benchmark: BenchmarkRecord| BenchmarkRecord { policy, ..benchmark };
    let class = |class: Class| BenchmarkPolicy { class: Some(class), ..BenchmarkPolicy::default() };
    let owned = |owner: &str| BenchmarkPolicy { owner: Some(owner.into()), ..BenchmarkPolicy::default() };
    let either = BenchmarkPolicy { direction: Some(Direction::Either), ..BenchmarkPolicy::default() };
    let wide = BenchmarkPolicy { margin: Some(0.04), floor: Some(0.02), ..owned("@encoders") };
    let signed = |acceptance, benchmark: BenchmarkRecord| BenchmarkRecord {
        acceptances: vec![acceptance],
        ..benchmark
    };
    let slow = |id: &str, change: f64| profiled(measured(id, 9, 1_000.0, change), "json::escape<T>", 0.9);
    let mut record = record(vec![
        suite(
            "json::parse",
            vec![
                own(owned("@all \x1b[31m`|"), slow("plain", 0.05)),
                signed(acceptance(0.051, Some(1_800_000_000)), slow("accepted", 0.052)),
                signed(acceptance(0.02, None), slow("grown", 0.055)),
                signed(acceptance(0.05, Some(1_700_000_000)), slow("late", 0.048)),
            ],
        ),
        suite(
            "json::encode",
            vec![
                own(class(Class::Informational), measured("told only", 9, 50.0, 0.2)),
                own(class(Class::Critical), noisy("undecided", 14)),
                own(
                    BenchmarkPolicy { owner: Some("@encoders".into()), ..either },
                    measured("too fast", 9, 50.0, -0.4),
                ),
                own(wide.clone(), measured("its own", 9, 50.0, 0.07)),
                own(wide, measured("within its own", 9, 50.0, 0.01)),
                own(
                    class(Class::Critical),
                    BenchmarkRecord { presence: Presence::Removed, ..benchmark("old", vec![]) },
                ),
            ],
        ),
    ]);
    record.policy.mode = Mode::Report;
    record.policy.alpha = 0.05;
    let comparison = compare(&record);
    (record, comparison)
}

fn acceptance(log_mean: f64, expires_unix_s: Option<u64>) -> AppliedAcceptance {
    AppliedAcceptance {
        id: "20261101T101500Z-1a2b3c4d".into(),
        author: "Zoë <zoe@example.org>".into(),
        reason: "checks `UTF-8`\n# now @team \u{202e}".into(),
        expires_unix_s,
        size: AcceptedSize { log_mean, log_half_width: 0.004, alpha: 0.01, epochs: 12 },
    }
}

/// With a profile in which one function holds a part of the change.
fn profiled(benchmark: BenchmarkRecord, function: &str, part: f64) -> BenchmarkRecord {
    let side = |weight| ProfiledSide { weight, iterations: Some(1_000), ..ProfiledSide::default() };
    let (baseline, more) = (1_000_000, 50_000);
    let charged = ByRole::new(400_000, 400_000 + (part * more as f64) as u64);
    let profile = ProfileRecord {
        engine: ProfileEngine::Callgrind,
        sides: ByRole::new(side(baseline), side(baseline + more)),
        wall_ms: 900,
        functions: vec![FunctionWeight { name: function.into(), charged }],
    };
    BenchmarkRecord { profile: Some(profile), ..benchmark }
}
