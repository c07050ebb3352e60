//! A suite of two hundred benchmarks, an eighth of which does more work: how long judging all of them takes, and what is
//! said of those that do and of those that do not.

use acceptance::outcomes::Outcomes;
use acceptance::{Arguments, Outcome, repository, tool};
use serde_json::{Value, json};

const MANY: repository::Extra =
    repository::Extra { target: "many", source: include_str!("../kernels/benches/many.rs") };

/// Measures the suite a few times, each time with other coins.
pub fn run(arguments: &Arguments) -> Outcome<()> {
    let (tries, per_mille) = (arguments.number("--tries", 3)?, arguments.number("--change", 50)?);
    let question = json!({ "more_work_per_mille": per_mille, "in": "hash/*" });
    let mut outcomes = Outcomes::open("acceptance", "many", question, arguments.has("--resume"))?;
    let dir = repository::make("many", per_mille, Some(MANY))?;
    let sides = ["--baseline", repository::BASELINE, "--candidate", repository::MORE, "--bench", MANY.target];
    println!("building both sides");
    tool::build(&dir, &sides)?;
    for seed in outcomes.tries().len() as u64 + 1..=tries {
        // Without the comparison of code all but the changed ones would be known to be the same at once.
        let how = ["--measure-identical", "--seed", &seed.to_string()];
        let run = tool::bench(&dir, &[&sides[..], &how].concat())?;
        let outcome = outcome(seed, &run);
        println!("run {seed} of {tries}: {} ms, {} found", outcome["wall_ms"], outcome["found"]);
        outcomes.push(outcome)?;
    }
    let summary = summarise(outcomes.tries());
    println!("\n{summary:#}");
    outcomes.conclude(summary)
}

fn outcome(seed: u64, run: &tool::Run) -> Value {
    let is_changed = |benchmark: &&Value| benchmark["id"].as_str().is_some_and(|id| id.starts_with("hash/"));
    // The verdict is the final one: a change that other layouts do not confirm is none of the code.
    let count = |changed: bool, word: &str| {
        run.benchmarks().filter(|one| is_changed(one) == changed && one["verdict"] == word).count()
    };
    json!({
        "seed": seed,
        "wall_ms": run.wall_ms,
        "benchmarks": run.benchmarks().count(),
        "changed": run.benchmarks().filter(is_changed).count(),
        "found": count(true, "regressed"),
        "false": count(false, "regressed") + count(false, "improved"),
        "inconclusive": count(true, "inconclusive") + count(false, "inconclusive"),
        "over_layouts": run.benchmarks().filter(|one| one["layouts"].is_object()).count(),
        "verdicts": run.verdicts(),
    })
}

fn summarise(tries: &[Value]) -> Value {
    let sum = |name: &str| tries.iter().filter_map(|one| one[name].as_u64()).sum::<u64>();
    let most = tries.iter().filter_map(|one| one["wall_ms"].as_u64()).max().unwrap_or_default();
    json!({
        "runs": tries.len(),
        "benchmarks": tries.first().map(|one| one["benchmarks"].clone()),
        "longest_s": most as f64 / 1e3,
        "changed": sum("changed"),
        "found": sum("found"),
        "false": sum("false"),
        "verdicts": sum("benchmarks"),
        "inconclusive": sum("inconclusive"),
    })
}
