//! Time of two revisions' benchmarks, measured the usual way and by `cargo rqs`; builds are not counted.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use acceptance::outcomes::Outcomes;
use acceptance::{Arguments, Outcome, processes, tool};

/// Measures both ways on clones of a repository.
pub fn run(arguments: &Arguments) -> Outcome<()> {
    let name = arguments.required("--name")?;
    let original = Path::new(arguments.required("--repository")?);
    let (baseline, candidate) = (arguments.required("--baseline")?, arguments.required("--candidate")?);
    let bench = arguments.required("--bench")?;
    let question = json!({ "crate": name, "baseline": baseline, "candidate": candidate, "bench": bench });
    let mut outcomes = Outcomes::open("acceptance", &format!("wall-{name}"), question, false)?;
    // Not below this repository: cargo would take the clones for members of its workspace.
    let work = std::env::temp_dir().join("cargo-rqs-acceptance").join(format!("wall-{name}"));
    std::fs::create_dir_all(&work).map_err(|error| format!("cannot make `{}`: {error}", work.display()))?;
    let usual = usual_way(original, &work, &[baseline, candidate], bench)?;
    let dir = clone(original, &work.join("rqs"), candidate)?;
    println!("cargo rqs bench: building");
    let sides = ["--baseline", baseline, "--candidate", candidate, "--bench", bench];
    tool::build(&dir, &sides)?;
    println!("cargo rqs bench: measuring");
    let ours = tool::bench(&dir, &sides)?;
    outcomes
        .push(json!({ "way": "cargo bench", "wall_ms": usual.wall_ms, "benchmarks": usual.benchmarks }))?;
    outcomes
        .push(json!({ "way": "cargo rqs bench", "wall_ms": ours.wall_ms, "benchmarks": ours.verdicts() }))?;
    let ratio = ours.wall_ms as f64 / usual.wall_ms.max(1) as f64;
    let counts = &ours.report["summary"];
    println!(
        "\ncargo bench, twice  {:>8.1} s for {} benchmarks",
        usual.wall_ms as f64 / 1e3,
        usual.benchmarks.len()
    );
    println!(
        "cargo rqs bench     {:>8.1} s for {} benchmarks",
        ours.wall_ms as f64 / 1e3,
        ours.benchmarks().count()
    );
    println!("ratio               {ratio:>8.3}, 1/{:.1}", 1.0 / ratio);
    outcomes.conclude(json!({
        "ratio": ratio,
        "benchmarks": { "cargo bench": usual.benchmarks.len(), "cargo rqs bench": ours.benchmarks().count() },
        "verdicts": counts,
    }))
}

struct Usual {
    wall_ms: u64,
    benchmarks: Vec<Value>,
}

/// `cargo bench -- --save-baseline before` and `cargo bench -- --baseline before`, each in a clone of its own.
fn usual_way(original: &Path, work: &Path, revisions: &[&str; 2], bench: &str) -> Outcome<Usual> {
    let criterion_home = work.join("criterion");
    if criterion_home.exists() {
        std::fs::remove_dir_all(&criterion_home).map_err(|error| error.to_string())?;
    }
    let mut dirs = Vec::new();
    for (revision, place) in revisions.iter().zip(["before", "after"]) {
        let dir = clone(original, &work.join(place), revision)?;
        println!("cargo bench: building {revision}");
        processes::text(&mut cargo_bench(&dir, bench, &criterion_home, &["--no-run"]))?;
        dirs.push(dir);
    }
    let mut wall_ms = 0;
    let mut benchmarks = Vec::new();
    for (dir, mode) in dirs.iter().zip(["--save-baseline", "--baseline"]) {
        println!("cargo bench: measuring with {mode}");
        let start = Instant::now();
        let text = processes::text(&mut cargo_bench(dir, bench, &criterion_home, &["--", mode, "before"]))?;
        wall_ms += start.elapsed().as_millis() as u64;
        benchmarks = text.lines().filter_map(what_it_said).collect();
    }
    Ok(Usual { wall_ms, benchmarks })
}

fn cargo_bench(dir: &Path, bench: &str, criterion_home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(dir).args(["bench", "--quiet", "--bench", bench]).args(arguments);
    command.env("CRITERION_HOME", criterion_home).env_remove("CARGO_TARGET_DIR");
    command
}

/// A line with Criterion's estimate stands for one benchmark.
fn what_it_said(line: &str) -> Option<Value> {
    let (_, estimate) = line.split_once("time:   [")?;
    Some(Value::from(estimate.trim_end_matches(']')))
}

/// A clone at a revision; one that is there already is used again.
fn clone(original: &Path, dir: &Path, revision: &str) -> Outcome<PathBuf> {
    if !dir.is_dir() {
        processes::text(Command::new("git").args(["clone", "--quiet"]).arg(original).arg(dir))?;
    }
    let checkout = ["-c", "advice.detachedHead=false", "checkout", "--quiet", revision];
    processes::text(Command::new("git").args(checkout).current_dir(dir))?;
    Ok(dir.to_path_buf())
}
