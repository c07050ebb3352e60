//! A calibration for programs: what follows from it, in a stable format; the outcome of every verdict is in the record.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use crate::analysis::calibration::rate::{CONFIDENCE, Rate};
use crate::analysis::calibration::{self, BenchmarkCalibration, Power, Tally, suites};
use crate::model::BenchmarkKey;
use crate::model::calibration::{CalibrationRecord, Load, SidesDiffer, Subject};
use crate::model::policy::Policy;
use crate::report::json::inert;

/// Version of this format.
const FORMAT: u32 = 1;

/// What `calibrate --format json` prints.
#[derive(Serialize, JsonSchema)]
struct Report<'a> {
    /// Version of this format.
    format: u32,
    /// Version of the tool that measured and judged.
    tool: &'a str,
    /// The calibration's id.
    calibration: &'a str,
    /// Where the record is stored.
    record: &'a str,
    /// Where the rest of it is stored, when it is too large for one file.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    more_records: &'a [Cow<'a, str>],
    /// When it started, in seconds since 1970.
    started_unix_s: u64,
    /// When it ended, in seconds since 1970.
    finished_unix_s: u64,
    /// Whether it was stopped before its time was over.
    interrupted: bool,
    /// Fingerprint of the environment.
    environment: &'a str,
    /// What was measured.
    subject: &'a Subject,
    /// What counted as a change.
    policy: &'a Policy,
    /// Rounds that were taken.
    rounds: usize,
    /// How sure each bound is.
    confidence: f64,
    /// The chance of a false alarm that each verdict was granted.
    promised: f64,
    /// Whether the rate of false alarms is provably above that.
    breaks_the_promise: bool,
    /// The same bytes against themselves: `events` are false alarms.
    same: TallyReport,
    /// Of these, by what differed between the sides.
    same_by_sides: Vec<BySides>,
    /// Of these, by what else kept the machine busy.
    same_by_load: Vec<ByLoad>,
    /// The same code in another layout.
    layouts: Vec<BySides>,
    /// What was said of changes that were there, smallest first.
    power: Vec<PowerReport>,
    /// Runs of many benchmarks, put together from the epochs of the same code; null while too little is known.
    large_runs: Option<LargeRuns>,
    /// The benchmarks in program order.
    benchmarks: Vec<BenchmarkReport<'a>>,
    /// What the reader should know.
    notes: &'a [String],
}

#[derive(Serialize, JsonSchema)]
struct RateReport {
    /// Verdicts with the event.
    events: u64,
    /// All verdicts.
    tries: u64,
    /// The rate is at least this.
    lower: f64,
    /// The rate is at most this.
    upper: f64,
}

#[derive(Serialize, JsonSchema)]
struct TallyReport {
    /// Verdicts of a change in either direction that was not taken back.
    changes: RateReport,
    /// Verdicts that called the candidate slower.
    regressed: u64,
    /// Verdicts that called it faster.
    improved: u64,
    /// Verdicts that proved it unchanged.
    unchanged: u64,
    /// The share of these; null without verdicts.
    proved_unchanged: Option<f64>,
    /// Verdicts that the budget did not suffice for.
    inconclusive: u64,
    /// Benchmarks without usable numbers, which are no verdicts.
    not_measured: u64,
    /// Verdicts of a change that stood over other layouts.
    robust: RateReport,
    /// Verdicts of a change that did not stand over other layouts.
    taken_back: u64,
    /// Seconds until half of the verdicts; null without any.
    median_s: Option<f64>,
    /// Seconds until nineteen of twenty verdicts.
    percentile_95_s: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
struct LargeRuns {
    /// Benchmarks in each run.
    benchmarks: usize,
    /// `events` are runs with any false alarm, `tries` all runs.
    with_an_alarm: RateReport,
}

#[derive(Serialize, JsonSchema)]
struct BySides {
    /// How the sides differed.
    sides: SidesDiffer,
    /// What was said.
    #[serde(flatten)]
    tally: TallyReport,
}

#[derive(Serialize, JsonSchema)]
struct ByLoad {
    /// What else kept the machine busy.
    load: Load,
    /// What was said.
    #[serde(flatten)]
    tally: TallyReport,
}

#[derive(Serialize, JsonSchema)]
struct PowerReport {
    /// How much more work there was, as a fraction.
    more_work: f64,
    /// How often that was found.
    found: RateReport,
    /// The middle of the changes that were measured, as a fraction; null without any.
    measured: Option<f64>,
    /// What was said.
    #[serde(flatten)]
    tally: TallyReport,
}

#[derive(Serialize, JsonSchema)]
struct BenchmarkReport<'a> {
    /// Package and bench target.
    suite: &'a str,
    /// The benchmark within the suite.
    #[serde(flatten)]
    key: &'a BenchmarkKey,
    /// The same bytes against themselves.
    same: TallyReport,
    /// The same code in another layout.
    layouts: TallyReport,
    /// Standard deviation of the epochs' log-ratios within a round; null when too few are known.
    spread: Option<f64>,
    /// Wall time of one epoch in seconds; null without any.
    epoch_s: Option<f64>,
    /// Epochs that the budget of a run has room for.
    epochs: usize,
    /// The smallest slow-down that nine of ten runs would find, as a fraction; null when there is none.
    smallest_change: Option<f64>,
    /// Changes that were there, smallest first.
    power: Vec<PowerReport>,
}

impl From<Rate> for RateReport {
    fn from(rate: Rate) -> RateReport {
        RateReport { events: rate.events, tries: rate.tries, lower: rate.lower, upper: rate.upper }
    }
}

impl From<&Tally> for TallyReport {
    fn from(tally: &Tally) -> TallyReport {
        TallyReport {
            changes: tally.alarms().into(),
            regressed: tally.regressed,
            improved: tally.improved,
            unchanged: tally.unchanged,
            proved_unchanged: tally.proved_unchanged(),
            inconclusive: tally.inconclusive,
            not_measured: tally.not_measured,
            robust: tally.robust().into(),
            taken_back: tally.taken_back,
            median_s: tally.time.map(|time| time.median_s),
            percentile_95_s: tally.time.map(|time| time.most_s),
        }
    }
}

impl From<&Power> for PowerReport {
    fn from(power: &Power) -> PowerReport {
        PowerReport {
            more_work: f64::from(power.per_mille) / 1000.0,
            found: power.tally.found().into(),
            measured: power.measured,
            tally: (&power.tally).into(),
        }
    }
}

/// The whole report, with a line break at its end.
pub fn render(record: &CalibrationRecord, paths: &[Cow<'_, str>]) -> String {
    let calibration = calibration::calibrate(record);
    let by_sides = |rows: &[(SidesDiffer, Tally)]| {
        rows.iter().map(|(sides, tally)| BySides { sides: *sides, tally: tally.into() }).collect()
    };
    let report = Report {
        format: FORMAT,
        tool: &record.tool,
        calibration: &record.id,
        record: paths.first().map_or("", |path| path),
        more_records: paths.get(1..).unwrap_or_default(),
        started_unix_s: record.started_unix_s,
        finished_unix_s: record.finished_unix_s,
        interrupted: record.interrupted,
        environment: &record.environment,
        subject: &record.subject,
        policy: &record.policy,
        rounds: record.rounds.len(),
        confidence: CONFIDENCE,
        promised: calibration.promised,
        breaks_the_promise: calibration::breaks_the_promise(&calibration),
        same: (&calibration.same).into(),
        same_by_sides: by_sides(&calibration.same_by_sides),
        same_by_load: calibration
            .same_by_load
            .iter()
            .map(|(load, tally)| ByLoad { load: *load, tally: tally.into() })
            .collect(),
        layouts: by_sides(&calibration.layouts),
        power: calibration.power.iter().map(PowerReport::from).collect(),
        large_runs: suites::runs_with_an_alarm(record)
            .map(|rate| LargeRuns { benchmarks: suites::BENCHMARKS, with_an_alarm: rate.into() }),
        benchmarks: calibration.benchmarks.iter().map(benchmark).collect(),
        notes: &record.notes,
    };
    inert(&serde_json::to_string_pretty(&report).unwrap_or_default()) + "\n"
}

fn benchmark(benchmark: &BenchmarkCalibration) -> BenchmarkReport<'_> {
    BenchmarkReport {
        suite: &benchmark.suite,
        key: &benchmark.key,
        same: (&benchmark.same).into(),
        layouts: (&benchmark.layouts).into(),
        spread: benchmark.spread,
        epoch_s: benchmark.epoch_s,
        epochs: benchmark.epochs,
        smallest_change: benchmark.smallest_change,
        power: benchmark.power.iter().map(PowerReport::from).collect(),
    }
}

/// The JSON Schema of the report.
pub fn schema() -> String {
    format!("{:#}\n", schemars::schema_for!(Report).as_value())
}
