//! The tables of what `results/calibrations/` holds, for the README: all calibrations of this repository together.

use std::path::Path;

use acceptance::statistics::{quantile, upper_bound};
use acceptance::{Outcome, readme, root};
use serde_json::Value;

const CONFIDENCE: f64 = 0.95;

/// Rewrites the tables in the README.
pub fn run() -> Outcome<()> {
    let rounds = rounds(records(&root().join("results/calibrations"))?);
    let tables = [same_code(&rounds), other_layout(&rounds), power(&rounds)];
    // A table of what was not measured has its head only.
    let tables: Vec<String> = tables.into_iter().filter(|table| table.lines().count() > 2).collect();
    let tables = tables.join("\n");
    print!("{tables}");
    readme::splice("calibration", &tables)
}

/// Every record beneath a folder.
fn records(folder: &Path) -> Outcome<Vec<Value>> {
    let mut records = Vec::new();
    let entries =
        std::fs::read_dir(folder).map_err(|error| format!("there is no calibration yet: {error}"))?;
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.is_dir() {
            records.extend(self::records(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read(&path).map_err(|error| error.to_string())?;
            let mut record: Value =
                serde_json::from_slice(&text).map_err(|error| format!("{path:?}: {error}"))?;
            records.push(record["content"].take());
        }
    }
    Ok(records)
}

/// The rounds of the newest version of the tool that was calibrated: others measured and judged in other ways.
fn rounds(records: Vec<Value>) -> Vec<Value> {
    let version = |record: &Value| -> Vec<u64> {
        let numbers = record["tool"].as_str().unwrap_or_default().split('.').take(2);
        numbers.filter_map(|number| number.parse().ok()).collect()
    };
    let newest = records.iter().map(version).max();
    let of_newest = records.iter().filter(|record| Some(version(record)) == newest);
    of_newest.flat_map(|record| list(&record["rounds"])).collect()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn verdicts(rounds: &[Value], wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    let judged = rounds.iter().filter(|round| wanted(round)).flat_map(|round| list(&round["verdicts"]));
    judged.filter(|one| one["said"] != "not_measured").collect()
}

fn is_change(said: &Value) -> bool {
    said == "regressed" || said == "improved"
}

/// Whether a change was reported in the end.
fn is_alarm(one: &Value) -> bool {
    is_change(&one["said"]) && one.get("over_layouts").is_none_or(is_change)
}

fn count(verdicts: &[Value], wanted: impl Fn(&Value) -> bool) -> u64 {
    verdicts.iter().filter(|one| wanted(one)).count() as u64
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

fn share(events: u64, of: &[Value]) -> f64 {
    events as f64 / of.len().max(1) as f64
}

/// Half of the verdicts, and nineteen of twenty, took no longer.
fn seconds(verdicts: &[Value]) -> String {
    let seconds: Vec<f64> =
        verdicts.iter().filter_map(|one| one["elapsed_ms"].as_f64()).map(|ms| ms / 1e3).collect();
    format!("{:.2} s, 95 % {:.2} s", quantile(&seconds, 0.5), quantile(&seconds, 0.95))
}

fn same_code(rounds: &[Value]) -> String {
    let mut table = String::from(
        "| the same code against itself | verdicts | false alarms | rate at most (95 % confidence) | proved unchanged | time to verdict |\n\
         |---|---|---|---|---|---|\n",
    );
    let same = |round: &Value| round["sides"] == "same_file" || round["sides"] == "copy";
    let mut row = |name: &str, verdicts: Vec<Value>| {
        if verdicts.is_empty() {
            return;
        }
        let alarms = count(&verdicts, is_alarm);
        let unchanged = count(&verdicts, |one| one["said"] == "unchanged");
        table += &format!(
            "| {name} | {} | {alarms} | {} | {} | {} |\n",
            verdicts.len(),
            percent(upper_bound(alarms, verdicts.len() as u64, CONFIDENCE)),
            percent(share(unchanged, &verdicts)),
            seconds(&verdicts)
        );
    };
    row("all", verdicts(rounds, same));
    for (load, name) in [
        ("none", "without load of our own"),
        ("bursts", "a process that is busy now and then on the same core"),
        ("memory", "memory traffic from the other core"),
    ] {
        row(name, verdicts(rounds, |round| same(round) && round["load"] == load));
    }
    table
}

fn other_layout(rounds: &[Value]) -> String {
    let mut table = String::from(
        "| the same code in another layout | verdicts | a change as built | regressed or improved over layouts | rate at most (95 % confidence) |\n\
         |---|---|---|---|---|\n",
    );
    for (sides, name) in
        [("relinked", "linked in another order"), ("rebuilt", "the same source, built at another path")]
    {
        let verdicts = verdicts(rounds, |round| round["sides"] == sides);
        if verdicts.is_empty() {
            continue;
        }
        let robust = count(&verdicts, |one| is_change(&one["said"]) && is_change(&one["over_layouts"]));
        table += &format!(
            "| {name} | {} | {} | {robust} | {} |\n",
            verdicts.len(),
            count(&verdicts, |one| is_change(&one["said"])),
            percent(upper_bound(robust, verdicts.len() as u64, CONFIDENCE)),
        );
    }
    table
}

fn power(rounds: &[Value]) -> String {
    let mut table = String::from(
        "| more work | verdicts | found | called unchanged | inconclusive | time to verdict |\n|---|---|---|---|---|---|\n",
    );
    let size = |round: &Value| round["sides"]["more_work"].as_u64();
    let mut sizes: Vec<u64> = rounds.iter().filter_map(size).collect();
    sizes.sort_unstable();
    sizes.dedup();
    for per_mille in sizes {
        let verdicts = verdicts(rounds, |round| size(round) == Some(per_mille));
        let said = |word: &str| count(&verdicts, |one| one["said"] == word);
        table += &format!(
            "| {} % | {} | {} ({}) | {} | {} | {} |\n",
            per_mille as f64 / 10.0,
            verdicts.len(),
            said("regressed"),
            percent(share(said("regressed"), &verdicts)),
            said("unchanged"),
            said("inconclusive"),
            seconds(&verdicts)
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_newest_version_counts_and_a_change_that_was_taken_back_is_no_alarm() {
        let record = |tool, said: &[&str], over: Option<&str>| {
            let verdict = |said: &&str| match over {
                Some(over) => json!({ "said": said, "over_layouts": over, "elapsed_ms": 500 }),
                None => json!({ "said": said, "elapsed_ms": 500 }),
            };
            let verdicts: Vec<Value> = said.iter().map(verdict).collect();
            json!({ "tool": tool, "rounds": [{ "sides": "copy", "load": "none", "verdicts": verdicts }] })
        };
        let rounds = rounds(vec![
            record("0.9.3", &["regressed"], None),
            record("0.10.0", &["unchanged", "improved", "not_measured"], None),
            record("0.10.1", &["improved"], Some("unchanged")),
        ]);
        let table = same_code(&rounds);
        let row = "| all | 3 | 1 | 86.46 % | 33.33 % | 0.50 s, 95 % 0.50 s |";
        assert!(table.lines().any(|line| line == row), "{table}");
    }
}
