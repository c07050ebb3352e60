//! Histories with one change in them: whether `cargo rqs bisect` names the commit, and after how many measurements.

use serde_json::{Value, json};

use crate::history;
use acceptance::outcomes::Outcomes;
use acceptance::statistics::median;
use acceptance::{Arguments, Outcome, tool};

/// Makes the histories one after the other, and bisects each.
pub fn run(arguments: &Arguments) -> Outcome<()> {
    let histories = arguments.number("--histories", 20)?;
    let per_mille = arguments.number("--change", 30)?;
    let question = json!({ "more_work_per_mille": per_mille, "kernels": "bench-suites/acceptance/kernels" });
    let mut outcomes = Outcomes::open("acceptance", "bisect", question, arguments.has("--resume"))?;
    for seed in outcomes.tries().len() as u64 + 1..=histories {
        let made = history::make(seed, per_mille)?;
        let ends = ["--good", history::GOOD, "--bad", history::BAD];
        let text = seed.to_string();
        let run =
            tool::bisect(&made.dir, &[&ends[..], &[made.benchmark, "--exact", "--seed", &text]].concat())?;
        let outcome = outcome(seed, &made, &run);
        println!(
            "history {seed} of {histories}: {} of {} commits, {} measured: {}",
            made.culprit + 1,
            made.commits.len(),
            outcome["measured"],
            if outcome["right"] == true { "right" } else { "NOT FOUND" }
        );
        outcomes.push(outcome)?;
    }
    let summary = summarise(outcomes.tries());
    println!("\nright      {} of {}", summary["right"], summary["histories"]);
    println!("wrong      {}\nundecided  {}", summary["wrong"], summary["undecided"]);
    println!(
        "measured   {} commits (median), log2 of all is {:.1}",
        summary["measured"],
        summary["log2"].as_f64().unwrap_or(0.0)
    );
    outcomes.conclude(summary)
}

fn outcome(seed: u64, made: &history::History, run: &tool::Run) -> Value {
    let report = &run.report;
    let culprit = made.commits[made.culprit].as_str();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let named = list(&report["found"]["commits"]);
    let is_named = named.iter().any(|id| id == culprit);
    let is_found = report["outcome"] == "found";
    let known = |word: &str| list(&report["commits"]).iter().filter(|commit| commit["known"] == word).count();
    json!({
        "seed": seed,
        "benchmark": made.benchmark,
        "commits": made.commits.len(),
        "culprit": made.culprit,
        "outcome": report["outcome"],
        "right": is_found && is_named,
        "wrong": is_found && !is_named,
        "named": named.len(),
        "chance": report["found"]["chance"],
        "change": report["change"]["change"],
        "by_itself": report["by_itself"]["change"]["change"],
        "measured": known("measured"),
        "same_code": known("same_code"),
        "skipped": known("skipped"),
        "wall_ms": run.wall_ms,
    })
}

fn summarise(tries: &[Value]) -> Value {
    let count = |name: &str| tries.iter().filter(|outcome| outcome[name] == true).count();
    let numbers =
        |name: &str| -> Vec<f64> { tries.iter().filter_map(|outcome| outcome[name].as_f64()).collect() };
    let (right, wrong) = (count("right"), count("wrong"));
    json!({
        "histories": tries.len(),
        "right": right,
        "wrong": wrong,
        "undecided": tries.len() - right - wrong,
        "commits": median(&numbers("commits")),
        "measured": median(&numbers("measured")),
        "log2": median(&numbers("commits")).log2(),
        "wall_s": median(&numbers("wall_ms")) / 1e3,
    })
}
