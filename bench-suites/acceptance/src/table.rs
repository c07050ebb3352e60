//! The table of what `results/acceptance/` holds, for the README.

use std::path::Path;

use acceptance::{Outcome, readme, root};
use serde_json::Value;

/// Rewrites the table in the README from `results/acceptance/`.
pub fn run() -> Outcome<()> {
    let table = table(&root().join("results/acceptance"))?;
    print!("{table}");
    readme::splice("acceptance", &table)
}

fn table(folder: &Path) -> Outcome<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .map_err(|error| format!("there are no results yet: {error}"))?
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().strip_suffix(".json")?.to_owned()))
        .collect();
    names.sort();
    let mut rows =
        String::from("| what | measured | when, where | command behind `--` |\n|---|---|---|---|\n");
    for name in names {
        let text = std::fs::read(folder.join(format!("{name}.json"))).map_err(|error| error.to_string())?;
        let file: Value = serde_json::from_slice(&text).map_err(|error| format!("`{name}.json`: {error}"))?;
        let Some((what, measured)) = sentence(&name, &file) else { continue };
        let command =
            file["command"].as_str().and_then(|command| command.split_once(" -- ")).unwrap_or_default().1;
        rows += &format!("| {what} | {measured} | {} | `{command}` |\n", circumstances(&file));
    }
    Ok(format!(
        "{rows}\nThe command before `--`: `cargo run --release --manifest-path bench-suites/acceptance/Cargo.toml`\n"
    ))
}

/// What was asked and what came out.
fn sentence(name: &str, file: &Value) -> Option<(String, String)> {
    let (summary, question) = (file.get("summary")?, &file["question"]);
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    Some(match name {
        "bisect" => (
            format!(
                "{} git histories of {} commits (median), one of which does {} % more work, others change other code or do not build",
                summary["histories"],
                number(&summary["commits"]),
                number(&question["more_work_per_mille"]) / 10.0
            ),
            format!(
                "the right commit named in {} of {}, a wrong one in {}; {} commits measured (median), {:.0} s with all builds",
                summary["right"],
                summary["histories"],
                summary["wrong"],
                number(&summary["measured"]),
                number(&summary["wall_s"])
            ),
        ),
        "many" => (
            format!(
                "{} benchmarks, 25 of which do {} % more work; other layouts included",
                summary["benchmarks"],
                number(&question["more_work_per_mille"]) / 10.0
            ),
            format!(
                "{:.0} s at most (runs: {}), builds not counted; {} of {} changes found, {} of the others falsely",
                number(&summary["longest_s"]),
                summary["runs"],
                summary["found"],
                summary["changed"],
                summary["false"]
            ),
        ),
        "cost" => (
            "what the probe costs".into(),
            format!(
                "{:.1} ns a clock read, {:.1} ns with it; handing a turn over takes {:.1} µs, {:.1} % of a turn (medians)",
                number(&summary["clock_read_ns"]["without_probe"]),
                number(&summary["clock_read_ns"]["with_probe"]),
                number(&summary["handover_ns"]["median"]) / 1e3,
                number(&summary["handover_share_of_turn"]["median"]) * 100.0
            ),
        ),
        _ => (
            format!(
                "wall time for `{}`, {} to {}, builds not counted",
                question["crate"].as_str()?,
                question["baseline"].as_str()?,
                question["candidate"].as_str()?
            ),
            format!(
                "{:.0} s by `cargo bench` twice, {:.1} s by `cargo rqs bench`: 1/{:.1}, {} benchmarks",
                number(&file["tries"][0]["wall_ms"]) / 1e3,
                number(&file["tries"][1]["wall_ms"]) / 1e3,
                1.0 / number(&summary["ratio"]),
                summary["benchmarks"]["cargo rqs bench"]
            ),
        ),
    })
}

fn circumstances(file: &Value) -> String {
    let machine = &file["machine"];
    format!(
        "{}, {} cores{}",
        file["date"].as_str().unwrap_or_default(),
        machine["cores"],
        if machine["virtual_machine"] == true { " of a shared virtual machine" } else { "" }
    )
}
