//! The conditions of the host for programs.
//!
//! History of the format: 1 is the first.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::check::{Check, Status};
use crate::model::cores::Cores;
use crate::model::item::Item;
use crate::report::json::inert;

/// Version of the format that this code writes.
const FORMAT: u32 = 1;

/// The conditions of a host.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "cargo rqs: the conditions of a host")]
struct HostReport<'a> {
    /// Version of this format.
    format: u32,
    /// Version of the tool that looked.
    tool: &'a str,
    /// Cores that benchmarks are pinned to; empty when they are not pinned.
    bench_cpus: Vec<u32>,
    /// How the worst condition stands.
    status: Status,
    /// Conditions that were demanded and are not as wanted.
    failed: &'a [Item],
    /// All conditions, the worst first.
    checks: Vec<CheckReport<'a>>,
}

/// One condition.
#[derive(Serialize, JsonSchema)]
struct CheckReport<'a> {
    /// Which one.
    item: Item,
    /// How it stands.
    status: Status,
    /// What was read, in words.
    value: &'a str,
    /// What is wanted, in words.
    wanted: &'a str,
    /// What it does to results where it is otherwise.
    effect: &'a str,
    /// The command, or what else has to be done, that mends it; null when there is nothing to mend.
    mend: Option<&'a str>,
    /// Whether `cargo rqs env tune` mends it.
    tunable: bool,
}

/// All checks in the order given, with a line break at the end.
pub fn render(checks: &[Check], cores: &Cores, failed: &[Item]) -> String {
    let report = HostReport {
        format: FORMAT,
        tool: env!("CARGO_PKG_VERSION"),
        bench_cpus: cores.iter().collect(),
        status: checks.iter().map(|check| check.status).max().unwrap_or(Status::Ok),
        failed,
        checks: checks.iter().map(check_report).collect(),
    };
    // Types with string keys only always serialise.
    inert(&serde_json::to_string_pretty(&report).unwrap_or_default()) + "\n"
}

fn check_report(check: &Check) -> CheckReport<'_> {
    CheckReport {
        item: check.item,
        status: check.status,
        value: &check.value,
        wanted: check.item.wanted(),
        effect: check.item.effect(),
        mend: check.mend.as_deref(),
        tunable: check.tunable,
    }
}

/// The JSON Schema of the report, with a line break at its end.
pub fn schema() -> String {
    format!("{:#}\n", schemars::schema_for!(HostReport).as_value())
}
