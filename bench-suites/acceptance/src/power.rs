//! A candidate that truly does more work: how often it is found, and how fast.

use serde_json::{Value, json};

use crate::outcomes::Outcomes;
use crate::statistics::{median, quantile};
use crate::{Arguments, Outcome, repository, tool};

/// Runs the tries and prints what share of the changes was found.
pub fn run(arguments: &Arguments) -> Outcome<()> {
    let tries = arguments.number("--tries", 20)?;
    let per_mille = arguments.number("--change", 50)?;
    let question = json!({ "more_work_per_mille": per_mille, "kernels": "bench-suites/acceptance/kernels" });
    let mut outcomes = Outcomes::open("power", question, arguments.has("--resume"))?;
    let dir = repository::make(0, per_mille)?;
    let sides = ["--baseline", repository::BASELINE, "--candidate", repository::MORE];
    println!("building both sides");
    tool::build(&dir, &sides)?;
    for seed in outcomes.tries().len() as u64 + 1..=tries {
        let text = seed.to_string();
        let run = tool::bench(&dir, &[&sides[..], &["--seed", &text]].concat())?;
        let verdicts = run.verdicts();
        let found = count(&verdicts, "regressed");
        println!(
            "try {seed} of {tries}: {found} of {} found in {:.1} s",
            len(&verdicts),
            run.wall_ms as f64 / 1e3
        );
        outcomes.push(json!({ "seed": seed, "wall_ms": run.wall_ms, "benchmarks": verdicts }))?;
    }
    let summary = summarise(outcomes.tries());
    print(&summary);
    outcomes.conclude(summary)
}

fn len(verdicts: &Value) -> usize {
    verdicts.as_array().map_or(0, Vec::len)
}

fn count(verdicts: &Value, verdict: &str) -> usize {
    verdicts.as_array().into_iter().flatten().filter(|row| row["verdict"] == verdict).count()
}

fn summarise(tries: &[Value]) -> Value {
    let rows = || tries.iter().flat_map(|outcome| outcome["benchmarks"].as_array().into_iter().flatten());
    let mut ids: Vec<&str> = rows().filter_map(|row| row["id"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let kernel = |id: &&str| {
        let of_id: Vec<&Value> = rows().filter(|row| row["id"] == *id).collect();
        let means: Vec<f64> = of_id.iter().filter_map(|row| row["log_mean"].as_f64()).collect();
        let epochs: Vec<f64> = of_id.iter().filter_map(|row| row["epochs"].as_f64()).collect();
        json!({
            "id": id,
            "tries": of_id.len(),
            "found": of_id.iter().filter(|row| row["verdict"] == "regressed").count(),
            "median_change": median(&means).exp_m1(),
            "median_epochs": median(&epochs),
        })
    };
    // The whole command, listing and all, shared out among its benchmarks.
    let seconds: Vec<f64> = tries
        .iter()
        .filter_map(|outcome| Some(outcome["wall_ms"].as_f64()? / 1e3 / len(&outcome["benchmarks"]) as f64))
        .collect();
    json!({
        "kernels": ids.iter().map(kernel).collect::<Vec<_>>(),
        "changes": rows().count(),
        "found": rows().filter(|row| row["verdict"] == "regressed").count(),
        "wall_s_per_benchmark": { "median": median(&seconds), "percentile_95": quantile(&seconds, 0.95) },
    })
}

fn print(summary: &Value) {
    println!("\n{:<16} {:>9} {:>14} {:>13}", "kernel", "found", "median change", "median epochs");
    for kernel in summary["kernels"].as_array().into_iter().flatten() {
        println!(
            "{:<16} {:>9} {:>+13.2}% {:>13}",
            kernel["id"].as_str().unwrap_or_default(),
            format!("{} of {}", kernel["found"], kernel["tries"]),
            kernel["median_change"].as_f64().unwrap_or_default() * 100.0,
            kernel["median_epochs"],
        );
    }
    let seconds = &summary["wall_s_per_benchmark"];
    println!(
        "\n{} of {} found; {:.2} s a benchmark (95th percentile {:.2} s)",
        summary["found"],
        summary["changes"],
        seconds["median"].as_f64().unwrap_or_default(),
        seconds["percentile_95"].as_f64().unwrap_or_default()
    );
}
