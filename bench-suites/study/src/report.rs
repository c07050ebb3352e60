//! What the outcomes say of each tool: a table for the README, and a plot of what is found by the size of the change.

use acceptance::statistics::upper_bound;
use acceptance::{Outcome, readme, root};
use serde_json::Value;

use crate::curves::{Curve, curves};
use crate::peers::OURS;
use crate::plot;

const CONFIDENCE: f64 = 0.95;

/// Writes plot and table, and puts them into the README.
///
/// # Errors
/// When there are no outcomes, or something cannot be written.
pub fn run() -> Outcome<()> {
    let folder = root().join("results/study");
    let path = folder.join("outcomes.json");
    let text = std::fs::read(&path)
        .map_err(|error| format!("cannot read `{}`, which `study run` writes: {error}", path.display()))?;
    let file: Value = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    let tries = file["tries"].as_array().cloned().unwrap_or_default();
    let [quiet, busy] = [true, false].map(|quiet| curves(&tries, quiet));
    plot::draw(&folder.join("power.svg"), [("quiet", &quiet), ("under load", &busy)])?;
    let head = format!(
        "{} verdicts on {}, {} cores{}, {} s for each comparison; versions: {}.\n\n",
        tries.len(),
        file["date"].as_str().unwrap_or_default(),
        file["machine"]["cores"],
        if file["machine"]["virtual_machine"] == true { " of a shared virtual machine" } else { "" },
        file["question"]["seconds_for_a_comparison"],
        versions(&file["question"]["versions"]),
    );
    let block = format!(
        "{head}{}\n{}\n![What each tool finds, by the size of the change](results/study/power.svg)\n",
        table("quiet", &quiet),
        table("under load", &busy)
    );
    print!("{block}");
    readme::splice("study", &block)
}

fn versions(versions: &Value) -> String {
    let versions = versions.as_object().into_iter().flatten();
    let versions: Vec<String> =
        versions.map(|(name, version)| format!("{name} {}", version.as_str().unwrap_or_default())).collect();
    versions.join(", ")
}

fn table(load: &str, curves: &[Curve]) -> String {
    let sizes: Vec<u64> = curves.first().map_or(Vec::new(), |curve| {
        curve.found.iter().map(|(size, _)| *size).filter(|size| *size > 0).collect()
    });
    let columns: Vec<String> = sizes.iter().map(|size| format!("finds {} %", *size as f64 / 10.0)).collect();
    let mut table = format!(
        "| {load} | false alarms | rate at most (95 %) | {} |\n|---|---|---|{}\n",
        columns.join(" | "),
        "---|".repeat(columns.len())
    );
    for curve in curves {
        let of = |wanted: u64| curve.found.iter().find(|(size, _)| *size == wanted).map(|(_, share)| *share);
        let alarms = of(0).unwrap_or_default();
        let cells: Vec<String> = sizes
            .iter()
            .map(|size| of(*size).map_or("".to_owned(), |share| format!("{:.0} %", share.value() * 100.0)))
            .collect();
        table += &format!(
            "| {} | {} of {}, {:.1} % | {:.1} % | {} |\n",
            if curve.name == OURS { "**cargo rqs**" } else { curve.name },
            alarms.events,
            alarms.tries,
            alarms.value() * 100.0,
            upper_bound(alarms.events, alarms.tries, CONFIDENCE) * 100.0,
            cells.join(" | ")
        );
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curves::Share;
    use serde_json::json;

    #[test]
    fn whatever_is_reported_of_no_change_is_false_and_only_slower_is_found() {
        let outcome = |per_mille, load, said| json!({ "tool": OURS, "per_mille": per_mille, "load": load, "said": said });
        let tries = [
            outcome(0, "none", "improved"),
            outcome(0, "none", "regressed"),
            outcome(0, "none", "no change"),
            outcome(10, "none", "regressed"),
            outcome(10, "none", "improved"),
            outcome(5, "none", "no change"),
            outcome(5, "memory", "regressed"),
        ];
        let curves = curves(&tries, true);
        let share = |events, tries| Share { events, tries };
        assert_eq!(curves[0].found, [(0, share(2, 3)), (5, share(0, 1)), (10, share(1, 2))]);
        let expected = "| quiet | false alarms | rate at most (95 %) | finds 0.5 % | finds 1 % |\n\
                        |---|---|---|---|---|\n\
                        | **cargo rqs** | 2 of 3, 66.7 % | 98.3 % | 0 % | 50 % |\n";
        assert_eq!(table("quiet", &curves), expected);
    }
}
