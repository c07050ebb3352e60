//! Two commits of the same code, built apart: how often a change is reported all the same.

use std::path::Path;

use serde_json::{Value, json};

use crate::outcomes::Outcomes;
use crate::statistics::upper_bound;
use crate::tool::Run;
use crate::{Arguments, Outcome, repository, tool};

const CONFIDENCE: f64 = 0.95;

/// Runs the tries, in repositories at paths of different lengths, and counts the alarms.
pub fn run(arguments: &Arguments) -> Outcome<()> {
    let tries = arguments.number("--tries", 100)?;
    let places = arguments.number("--places", 2)?.max(1);
    let kept = arguments.text("--keep-alarms").unwrap_or("target/acceptance/alarms");
    let question = json!({ "places": places, "kernels": "bench-suites/acceptance/kernels" });
    let mut outcomes = Outcomes::open("false-alarms", question, arguments.has("--resume"))?;
    let sides = ["--baseline", repository::BASELINE, "--candidate", repository::SAME, "--measure-identical"];
    let mut dirs = Vec::new();
    for place in 0..places {
        let dir = repository::make(place, 50)?;
        println!("building both sides, place {} of {places}", place + 1);
        tool::build(&dir, &sides)?;
        dirs.push(dir);
    }
    for seed in outcomes.tries().len() as u64 + 1..=tries {
        let place = (seed % places) as usize;
        let text = seed.to_string();
        let run = tool::bench(&dirs[place], &[&sides[..], &["--seed", &text]].concat())?;
        let alarms = alarms(&run.verdicts());
        if !alarms.is_empty() {
            keep(&run, &dirs[place], &crate::root().join(kept))?;
        }
        println!(
            "try {seed} of {tries}: {} in {:.1} s {alarms:?}",
            words(alarms.len()),
            run.wall_ms as f64 / 1e3
        );
        let verdicts = run.verdicts();
        outcomes
            .push(json!({ "seed": seed, "place": place, "wall_ms": run.wall_ms, "benchmarks": verdicts }))?;
    }
    let summary = summarise(outcomes.tries());
    print(&summary);
    outcomes.conclude(summary)
}

fn words(alarms: usize) -> String {
    if alarms == 0 { "no alarm".into() } else { format!("{alarms} FALSE ALARM(S)") }
}

fn alarms(verdicts: &Value) -> Vec<String> {
    let rows = verdicts.as_array().into_iter().flatten();
    rows.filter(|row| is_alarm(row)).map(|row| format!("{} {}", row["id"], row["verdict"])).collect()
}

fn is_alarm(row: &Value) -> bool {
    row["verdict"] == "regressed" || row["verdict"] == "improved"
}

/// Keeps the record of a run with an alarm, for analysis.
fn keep(run: &Run, dir: &Path, folder: &Path) -> Outcome<()> {
    let record = run.record_path(dir);
    let name = record.file_name().unwrap_or_default();
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::copy(&record, folder.join(name)))
        .map(drop)
        .map_err(|error| format!("cannot keep `{}`: {error}", record.display()))
}

fn summarise(tries: &[Value]) -> Value {
    let rows = || tries.iter().flat_map(|outcome| outcome["benchmarks"].as_array().into_iter().flatten());
    let count = |verdict: &str| rows().filter(|row| row["verdict"] == verdict).count();
    let alarmed = tries.iter().filter(|outcome| !alarms(&outcome["benchmarks"]).is_empty()).count() as u64;
    let verdicts = rows().count() as u64;
    let alarms = rows().filter(|row| is_alarm(row)).count() as u64;
    json!({
        "runs": tries.len(),
        "runs_with_an_alarm": alarmed,
        "rate_per_run_at_most": upper_bound(alarmed, tries.len() as u64, CONFIDENCE),
        "verdicts": verdicts,
        "false_alarms": alarms,
        "rate_per_verdict_at_most": upper_bound(alarms, verdicts, CONFIDENCE),
        "confidence": CONFIDENCE,
        "unchanged": count("unchanged"),
        "inconclusive": count("inconclusive"),
    })
}

fn print(summary: &Value) {
    let percent = |name: &str| summary[name].as_f64().unwrap_or(1.0) * 100.0;
    println!("\nruns           {} with an alarm of {}", summary["runs_with_an_alarm"], summary["runs"]);
    println!(
        "               at most {:.2}% of runs, with {:.0}% confidence",
        percent("rate_per_run_at_most"),
        CONFIDENCE * 100.0
    );
    println!("verdicts       {} false of {}", summary["false_alarms"], summary["verdicts"]);
    println!("               at most {:.3}% of verdicts", percent("rate_per_verdict_at_most"));
    println!("unchanged      {}\ninconclusive   {}", summary["unchanged"], summary["inconclusive"]);
}
