//! The tools, each used as its documentation says, with the same time for a comparison.

use std::path::Path;
use std::process::Command;

use acceptance::{Outcome, processes, root, tool};
use serde_json::Value;

use crate::builds::{Builds, Pair};
use crate::judgement::{self, Said, What};

/// What is compared, and how.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// The kernel.
    pub kernel: &'a str,
    /// The two sides.
    pub pair: Pair,
    /// Time for measuring both sides.
    pub seconds: f64,
    /// The core for tools that measure on one.
    pub cpu: Option<u32>,
    /// Of coins.
    pub seed: u64,
}

/// What is said by each rule that is applied to what a tool measured, with the name of the rule.
pub type Sayings = Vec<(&'static str, Said)>;

/// A tool.
#[derive(Clone, Copy)]
pub struct Peer {
    /// Its name.
    pub name: &'static str,
    /// Compares two sides.
    pub compare: fn(&Comparison<'_>, &Builds) -> Outcome<Sayings>,
}

/// The name of this tool.
pub const OURS: &str = "cargo rqs";
/// asv's rule with the factor that it takes by itself.
pub const ASV: &str = "asv's rule, factor 1.1";
/// asv's rule with a factor as fine as the others' thresholds.
pub const ASV_FINE: &str = "asv's rule, factor 1.01";
const CRITERION: &str = "Criterion";
const TANGO: &str = "Tango";
const HYPERFINE: &str = "hyperfine, Welch's test";
const DIVAN: &str = "Divan, medians 1 % apart";

/// All that measure. asv's rule is applied to what this tool measured.
pub const PEERS: [Peer; 5] = [
    Peer { name: OURS, compare: ours },
    Peer { name: CRITERION, compare: criterion },
    Peer { name: TANGO, compare: tango },
    Peer { name: HYPERFINE, compare: hyperfine },
    Peer { name: DIVAN, compare: divan },
];

impl Comparison<'_> {
    /// A program, on the core that is measured on.
    fn on_the_core(&self, program: &Path) -> Command {
        match self.cpu {
            Some(cpu) => {
                let mut command = Command::new("taskset");
                command.args(["--cpu-list", &cpu.to_string()]).arg(program);
                command
            }
            None => Command::new(program),
        }
    }
}

/// Verdicts of the executables as they are: peers do not look at other layouts either.
fn ours(comparison: &Comparison<'_>, builds: &Builds) -> Outcome<Sayings> {
    let [baseline, candidate] = &comparison.pair.revisions;
    let (budget, seed) = (format!("{}s", comparison.seconds), comparison.seed.to_string());
    let sides = ["--baseline", baseline, "--candidate", candidate, "--bench", "with_criterion"];
    let only = ["--exact", comparison.kernel, "--measure-identical", "--layouts", "0"];
    let how = ["--time-budget", &budget, "--seed", &seed];
    let run = tool::bench(&builds.package, &[&sides[..], &only, &how].concat())?;
    let benchmark = run.benchmarks().next().ok_or("the report names no benchmark")?;
    let what = match benchmark["verdict"].as_str() {
        Some("regressed") => What::Regressed,
        Some("improved") => What::Improved,
        Some("unchanged" | "inconclusive") => What::NoChange,
        other => return Err(format!("`{other:?}` is no verdict")),
    };
    let change = benchmark["change"]["log_mean"].as_f64().map(f64::exp_m1);
    let record = run.record(&builds.package)?;
    let [baseline, candidate] = samples(&record);
    let mut sayings = vec![(OURS, Said { what, change })];
    for (name, factor) in [(ASV, 1.1), (ASV_FINE, 1.01)] {
        sayings.extend(judgement::asv(&baseline, &candidate, factor).map(|said| (name, said)));
    }
    let path = run.record_path(&builds.package);
    std::fs::remove_file(&path).map_err(|error| format!("cannot remove `{}`: {error}", path.display()))?;
    Ok(sayings)
}

/// Nanoseconds of a call in each turn of each side, over all epochs.
fn samples(record: &Value) -> [Vec<f64>; 2] {
    let numbers = |column: &Value| -> Vec<f64> {
        column.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    let (mut baseline, mut candidate) = (Vec::new(), Vec::new());
    let epochs = record["suites"][0]["benchmarks"][0]["epochs"].as_array().into_iter().flatten();
    for blocks in epochs.map(|epoch| &epoch["blocks"]) {
        let calls = numbers(&blocks["iterations"]);
        let candidate_calls = blocks.get("candidate_iterations").map_or_else(|| calls.clone(), numbers);
        let per_call = |ns: &Value, calls: &[f64]| -> Vec<f64> {
            numbers(ns).iter().zip(calls).map(|(ns, calls)| ns / calls).collect()
        };
        baseline.extend(per_call(&blocks["baseline_ns"], &calls));
        candidate.extend(per_call(&blocks["candidate_ns"], &candidate_calls));
    }
    [baseline, candidate]
}

/// `--save-baseline` and `--baseline`, with warm-up and measurement in the proportion of the defaults.
fn criterion(comparison: &Comparison<'_>, _: &Builds) -> Outcome<Sayings> {
    const WARM_UP: f64 = 3.0 / 8.0;
    let home = root().join("target/study/criterion");
    if home.exists() {
        std::fs::remove_dir_all(&home).map_err(|error| error.to_string())?;
    }
    let side_s = comparison.seconds / 2.0;
    let (warm_up, measurement) = ((side_s * WARM_UP).to_string(), (side_s * (1.0 - WARM_UP)).to_string());
    let mut text = String::new();
    for (folder, mode) in comparison.pair.folders.iter().zip(["--save-baseline", "--baseline"]) {
        let mut command = comparison.on_the_core(&folder.join("with_criterion"));
        command.env("CRITERION_HOME", &home).args(["--bench", "--noplot", "--exact", comparison.kernel]);
        command.args(["--warm-up-time", &warm_up, "--measurement-time", &measurement, mode, "before"]);
        text = processes::text(&mut command)?;
    }
    let what = match text {
        _ if text.contains("Performance has regressed") => What::Regressed,
        _ if text.contains("Performance has improved") => What::Improved,
        _ if text.contains("No change in performance") || text.contains("within noise threshold") => {
            What::NoChange
        }
        _ => return Err(format!("Criterion said nothing of a change:\n{text}")),
    };
    let path = home.join(comparison.kernel).join("change/estimates.json");
    let estimates = std::fs::read(&path).map_err(|error| format!("`{}`: {error}", path.display()))?;
    let estimates: Value = serde_json::from_slice(&estimates).map_err(|error| error.to_string())?;
    Ok(vec![(CRITERION, Said { what, change: estimates["mean"]["point_estimate"].as_f64() })])
}

/// `compare`, on whatever cores it likes: its two processes wait for one another in a loop.
fn tango(comparison: &Comparison<'_>, _: &Builds) -> Outcome<Sayings> {
    let [baseline, candidate] = comparison.pair.folders.clone().map(|folder| folder.join("with_tango"));
    let mut command = Command::new(candidate);
    command.arg("compare").arg(baseline).args([
        "-f",
        comparison.kernel,
        "-t",
        &comparison.seconds.to_string(),
    ]);
    let text = String::from_utf8_lossy(&processes::capture(&mut command, &[0, 1])?.stdout).into_owned();
    let said = text.lines().find_map(tango_line).ok_or_else(|| format!("Tango said nothing:\n{text}"))?;
    Ok(vec![(TANGO, said)])
}

/// `name [ 1.9 us ... 1.8 us ] -4.00%*`; a star where it counts.
fn tango_line(line: &str) -> Option<Said> {
    let (_, tail) = line.split_once(']')?;
    let (percent, star) = tail.trim().split_once('%')?;
    let change = percent.parse::<f64>().ok()? / 100.0;
    Some(Said { what: What::of(star.contains('*'), change), change: Some(change) })
}

/// As many runs of each program as there is time for, the baseline first, and the test that hyperfine brings along.
fn hyperfine(comparison: &Comparison<'_>, builds: &Builds) -> Outcome<Sayings> {
    const RUN_S: f64 = 0.021;
    const WARM_UP: u32 = 3;
    let runs = ((comparison.seconds / 2.0 / RUN_S) as u32).saturating_sub(WARM_UP).max(2);
    let export = root().join("target/study/hyperfine.json");
    let mut command = comparison.on_the_core(&builds.hyperfine);
    command.args(["--shell", "none", "--style", "none", "--warmup", &WARM_UP.to_string()]);
    command.args(["--runs", &runs.to_string(), "--export-json"]).arg(&export);
    for folder in &comparison.pair.folders {
        command.arg(format!("{} {}", folder.join("fixed_work").display(), comparison.kernel));
    }
    processes::capture(&mut command, &[0])?;
    let exported = std::fs::read(&export).map_err(|error| format!("`{}`: {error}", export.display()))?;
    let exported: Value = serde_json::from_slice(&exported).map_err(|error| error.to_string())?;
    let [baseline, candidate] = [0, 1].map(|side| -> Vec<f64> {
        let times = exported["results"][side]["times"].as_array().into_iter().flatten();
        times.filter_map(Value::as_f64).collect()
    });
    let said = judgement::welch(&baseline, &candidate).ok_or("hyperfine measured nothing")?;
    Ok(vec![(HYPERFINE, said)])
}

/// One table of each side.
fn divan(comparison: &Comparison<'_>, _: &Builds) -> Outcome<Sayings> {
    let time = (comparison.seconds / 2.0).to_string();
    let mut medians = Vec::new();
    for folder in &comparison.pair.folders {
        let mut command = comparison.on_the_core(&folder.join("with_divan"));
        command.args(["--bench", "--exact", &format!("with_divan::call::{}", comparison.kernel)]);
        let text = processes::text(command.args(["--min-time", &time, "--max-time", &time]))?;
        let median = text.lines().find_map(|line| divan_median(line, comparison.kernel));
        medians.push(median.ok_or_else(|| format!("Divan said nothing:\n{text}"))?);
    }
    Ok(vec![(DIVAN, judgement::by_eye(medians[0], medians[1]))])
}

/// The third column of the row of a benchmark, in nanoseconds.
fn divan_median(line: &str, kernel: &str) -> Option<f64> {
    let mut columns = line.split('│').filter(|column| !column.trim().is_empty());
    columns.next().filter(|first| first.contains(kernel))?;
    let (number, unit) = columns.nth(1)?.trim().split_once(' ')?;
    let ns = match unit {
        "ns" => 1.0,
        "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    number.parse::<f64>().ok().map(|value| value * ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_divan_and_lines_of_tango_are_read() {
        let row = "   ╰─ parse      848.4 ns      │ 1.027 ms      │ 1.25 µs      │ 993.4 ns      │ 120101  │ 480404";
        assert_eq!(divan_median(row, "parse"), Some(1250.0));
        assert_eq!(divan_median(row, "sort"), None);
        assert_eq!(divan_median("╰─ call   │    │    │", "call"), None);
        let line = "parse_2us        [   1.9 us ...   1.8 us ]      -4.00%*";
        let said = tango_line(line).unwrap();
        assert_eq!((said.what, said.change), (What::Improved, Some(-0.04)));
        assert_eq!(tango_line("a [ 1 ns ... 1 ns ]  +0.51%").unwrap().what, What::NoChange);
        assert_eq!(tango_line("warning: whatever"), None);
    }

    #[test]
    fn turns_are_divided_by_their_own_sides_calls() {
        let blocks = serde_json::json!({
            "iterations": [10, 20], "candidate_iterations": [5, 10], "baseline_ns": [100, 240], "candidate_ns": [60, 110],
        });
        let record =
            serde_json::json!({ "suites": [{ "benchmarks": [{ "epochs": [{ "blocks": blocks }] }] }] });
        assert_eq!(samples(&record), [vec![10.0, 12.0], vec![12.0, 11.0]]);
    }
}
