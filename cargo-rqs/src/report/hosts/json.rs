//! Hosts for programs: stable formats with the raw numbers and what was derived from them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::difference::Side;
use super::probe::{BENCHMARKS, EPOCHS};
use crate::analysis::environments::{Difference, EnvironmentComparison};
use crate::analysis::{noise, readings};
use crate::model::environment::{Comparability, Environment};
use crate::model::policy::Policy;
use crate::model::probe::ProbeRecord;
use crate::model::record::Placement;
use crate::model::{Reading, Work};
use crate::report::json::pretty;

/// Version of these formats.
const FORMAT: u32 = 1;

/// What `env capture --format json` prints.
#[derive(Serialize, JsonSchema)]
struct EnvironmentReport<'a> {
    /// Version of this format.
    format: u32,
    /// Hash of all that decides comparability.
    fingerprint: String,
    /// Where the environment is stored; null when it is not.
    path: Option<&'a str>,
    /// What decides.
    comparability: &'a Comparability,
    /// What is good to know.
    metadata: &'a BTreeMap<String, String>,
}

/// What `env compare --format json` prints.
#[derive(Serialize, JsonSchema)]
struct EnvironmentsReport<'a> {
    /// Version of this format.
    format: u32,
    /// Whether results of both may be compared.
    comparable: bool,
    /// The first environment.
    first: SideReport<'a>,
    /// The second environment.
    second: SideReport<'a>,
    /// Differences that make results incomparable.
    decisive: Vec<DifferenceReport<'a>>,
    /// Differences that do not.
    metadata: Vec<DifferenceReport<'a>>,
    /// How many of the facts that decide are the same.
    same_decisive: usize,
    /// How much of the metadata is the same.
    same_metadata: usize,
}

#[derive(Serialize, JsonSchema)]
struct SideReport<'a> {
    /// What the user called it.
    name: &'a str,
    /// Its fingerprint.
    fingerprint: String,
    /// Its newest probe; null when there is none.
    probe: Option<ProbeSummary<'a>>,
}

#[derive(Serialize, JsonSchema)]
struct DifferenceReport<'a> {
    /// The field's name.
    field: &'a str,
    /// Its value in the first environment; null where it has none.
    first: Option<&'a str>,
    /// Its value in the second environment.
    second: Option<&'a str>,
    /// What such a difference does to results.
    effect: &'a str,
}

/// What `env bench --format json` prints.
#[derive(Serialize, JsonSchema)]
struct ProbeReport<'a> {
    /// Version of this format.
    format: u32,
    /// Version of the tool.
    tool: &'a str,
    /// Where the record is stored.
    record: &'a str,
    /// When the probe ended, in seconds since 1970.
    finished_unix_s: u64,
    /// Fingerprint of the environment.
    environment: &'a str,
    /// How threads and processes were placed.
    placement: &'a Placement,
    /// What could not be measured.
    notes: &'a [String],
    /// The numbers.
    #[serde(flatten)]
    summary: ProbeSummary<'a>,
    /// What runs would find with the default policy.
    outlook: Vec<OutlookReport>,
}

#[derive(Serialize, JsonSchema)]
struct ProbeSummary<'a> {
    /// The probe's id.
    id: &'a str,
    /// When it started, in seconds since 1970.
    started_unix_s: u64,
    /// What the machine can do.
    readings: Vec<ReadingReport<'a>>,
    /// How much each reference benchmark scatters.
    noise: Vec<NoiseReport>,
}

#[derive(Serialize, JsonSchema)]
struct ReadingReport<'a> {
    /// Which property.
    name: &'a str,
    /// What the work consists of.
    work: Work,
    /// Bytes of memory that the work goes over.
    #[serde(skip_serializing_if = "Option::is_none")]
    working_set_bytes: Option<u64>,
    /// Nanoseconds for one unit of the work, the median over the repetitions.
    median_ns: Option<f64>,
    /// The same of the fastest repetition.
    least_ns: Option<f64>,
    /// The same of the slowest repetition.
    most_ns: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
struct NoiseReport {
    /// The reference benchmark.
    benchmark: String,
    /// Epochs that were measured.
    epochs: usize,
    /// Epochs that could be used.
    used_epochs: usize,
    /// Mean log-ratio of the same code against itself.
    mean_log_ratio: f64,
    /// Standard deviation of the epochs' log-ratios.
    sd_log_ratio: f64,
    /// Milliseconds that one epoch took.
    epoch_ms: f64,
}

#[derive(Serialize, JsonSchema)]
struct OutlookReport {
    /// Benchmarks in the run.
    benchmarks: usize,
    /// Epochs for each.
    epochs: usize,
    /// The smallest change that nine of ten runs find, for the calmest reference benchmark; null when nothing could be
    /// decided.
    least_change: Option<f64>,
    /// The same for the noisiest one.
    most_change: Option<f64>,
}

/// Names and JSON Schemas of what is printed here.
pub fn schemas() -> [(&'static str, String); 3] {
    fn text<T: JsonSchema>() -> String {
        format!("{:#}\n", schemars::schema_for!(T).as_value())
    }
    [
        ("environment-report", text::<EnvironmentReport>()),
        ("environments-report", text::<EnvironmentsReport>()),
        ("probe-report", text::<ProbeReport>()),
    ]
}

/// One environment, with a line break at its end.
pub fn environment(environment: &Environment, stored: Option<&str>) -> String {
    pretty(&EnvironmentReport {
        format: FORMAT,
        fingerprint: environment.fingerprint(),
        path: stored,
        comparability: &environment.comparability,
        metadata: &environment.metadata,
    })
}

/// Two environments against each other, with a line break at its end.
pub fn difference(sides: [Side<'_>; 2], comparison: &EnvironmentComparison) -> String {
    fn side(side: Side<'_>) -> SideReport<'_> {
        SideReport {
            name: side.name,
            fingerprint: side.environment.fingerprint(),
            probe: side.probe.map(summary),
        }
    }
    fn differences(differences: &[Difference]) -> Vec<DifferenceReport<'_>> {
        fn report(it: &Difference) -> DifferenceReport<'_> {
            let Difference { field, first, second, effect } = it;
            DifferenceReport { field, first: first.as_deref(), second: second.as_deref(), effect }
        }
        differences.iter().map(report).collect()
    }
    pretty(&EnvironmentsReport {
        format: FORMAT,
        comparable: comparison.is_comparable(),
        first: side(sides[0]),
        second: side(sides[1]),
        decisive: differences(&comparison.decisive),
        metadata: differences(&comparison.metadata),
        same_decisive: comparison.same_decisive,
        same_metadata: comparison.same_metadata,
    })
}

/// One probe, with a line break at its end.
pub fn probe(probe: &ProbeRecord, path: &str) -> String {
    pretty(&ProbeReport {
        format: FORMAT,
        tool: &probe.tool,
        record: path,
        finished_unix_s: probe.finished_unix_s,
        environment: &probe.environment,
        placement: &probe.placement,
        notes: &probe.notes,
        summary: summary(probe),
        outlook: outlook(probe),
    })
}

fn summary(probe: &ProbeRecord) -> ProbeSummary<'_> {
    ProbeSummary {
        id: &probe.id,
        started_unix_s: probe.started_unix_s,
        readings: probe.readings.iter().map(reading).collect(),
        noise: noise::of_probe(probe)
            .into_iter()
            .map(|one| NoiseReport {
                benchmark: one.benchmark,
                epochs: one.epochs,
                used_epochs: one.used,
                mean_log_ratio: one.mean,
                sd_log_ratio: one.sd,
                epoch_ms: one.epoch_ms,
            })
            .collect(),
    }
}

fn reading(reading: &Reading) -> ReadingReport<'_> {
    let each = readings::per_unit(reading);
    ReadingReport {
        name: &reading.name,
        work: reading.work,
        working_set_bytes: reading.working_set_bytes,
        median_ns: each.map(|each| each.median_ns),
        least_ns: each.map(|each| each.least_ns),
        most_ns: each.map(|each| each.most_ns),
    }
}

fn outlook(probe: &ProbeRecord) -> Vec<OutlookReport> {
    let noise = noise::of_probe(probe);
    let policy = Policy::default();
    let one = |benchmarks: usize, epochs: usize| {
        let alpha = policy.alpha / benchmarks as f64;
        let changes: Vec<f64> =
            noise.iter().filter_map(|one| noise::smallest_change(one.sd, epochs, &policy, alpha)).collect();
        OutlookReport {
            benchmarks,
            epochs,
            least_change: changes.iter().copied().reduce(f64::min),
            most_change: changes.iter().copied().reduce(f64::max),
        }
    };
    BENCHMARKS.into_iter().flat_map(|n| EPOCHS.map(|(epochs, _)| one(n, epochs))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::samples;
    use super::*;
    use crate::analysis::environments::compare;

    fn value(text: &str) -> Value {
        assert!(text.ends_with("}\n"));
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn an_environment_keeps_what_decides_apart_and_escapes_controls() {
        let environment = samples::environment();
        let text = super::environment(&environment, Some("x.json"));
        assert!(!text.contains('\x1b'));
        let report = value(&text);
        assert_eq!(report["fingerprint"], environment.fingerprint());
        assert_eq!(report["comparability"]["usable_cores"], 2);
        assert_eq!(report["metadata"]["env.CARGO_REGISTRY_TOKEN"], "(masked)");
        assert_eq!(value(&super::environment(&environment, None))["path"], Value::Null);
    }

    #[test]
    fn a_comparison_names_each_difference_and_both_probes() {
        let (first, second) = (samples::environment(), samples::other_environment());
        let probe = samples::probe(0);
        let sides = [
            Side { name: "a", environment: &first, probe: Some(&probe) },
            Side { name: "here", environment: &second, probe: None },
        ];
        let report = value(&difference(sides, &compare(&first, &second)));
        assert_eq!((&report["comparable"], &report["same_decisive"]), (&false.into(), &10.into()));
        let fields: Vec<_> = report["decisive"].as_array().unwrap().iter().map(|it| &it["field"]).collect();
        assert_eq!(fields, ["kernel", "toolchain.LLVM version", "rustflags"]);
        assert_eq!(report["decisive"][1]["second"], Value::Null);
        assert_eq!(report["first"]["probe"]["readings"][0]["median_ns"], 1.5);
        assert_eq!(report["second"]["probe"], Value::Null);
    }

    #[test]
    fn a_probe_tells_its_numbers_and_the_outlook_for_every_size_of_run() {
        let report = value(&super::probe(&samples::probe(0), "x.json"));
        assert_eq!(report["outlook"].as_array().unwrap().len(), BENCHMARKS.len() * EPOCHS.len());
        assert_eq!(report["noise"][0]["used_epochs"], 8);
        assert_eq!(
            (&report["id"], &report["record"]),
            (&"20261122T175456Z-000000ab".into(), &"x.json".into())
        );
    }

    #[test]
    fn every_field_that_is_printed_is_in_the_schema() {
        let (first, second) = (samples::environment(), samples::other_environment());
        let probe = samples::probe(0);
        let sides = [first.clone(), second.clone()];
        let sides = [0, 1].map(|k| Side { name: "x", environment: &sides[k], probe: Some(&probe) });
        let printed = [
            super::environment(&first, None),
            difference(sides, &compare(&first, &second)),
            super::probe(&probe, "x"),
        ];
        for ((kind, schema), text) in schemas().into_iter().zip(printed) {
            let schema: Value = serde_json::from_str(&schema).unwrap();
            let Value::Object(fields) = value(&text) else { panic!("{kind} is no object") };
            for name in fields.keys() {
                assert!(schema["properties"].get(name).is_some(), "`{name}` is missing in {kind}");
            }
        }
    }
}
