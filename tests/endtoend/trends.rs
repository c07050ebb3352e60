//! Looking back: older revisions are measured, and what moved is told at the revision that moved it.

use serde_json::Value;

use crate::bisects::{LIB, broken, rewritten, slower};
use crate::program::Ran;
use crate::repository::Repository;

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:#?}"))
}

#[test]
fn a_history_is_measured_once_and_its_change_is_told_where_it_came() {
    let repository = Repository::get();
    let steps =
        vec![("Rewrite", rewritten(LIB, 3)), ("Begin", broken(LIB)), ("Do more", slower(&rewritten(LIB, 5)))];
    let history = repository.history(&steps);
    let results = repository.scratch("trends");
    let results = results.to_str().unwrap();
    let user = repository.snapshot();
    let range = format!("v1..{}", history[2]);
    let more = ["--", "mix/changed", "--counts", "never", "--profile", "none"];
    let backfill = |options: &[&str]| {
        repository.rqs(&[&["backfill", &range, "--results", results], options, &more[..]].concat())
    };
    let shown = backfill(&["--dry-run"]).exited(0).stdout;
    assert_eq!(shown.matches(": not measured yet\n").count(), 3, "{shown}");

    let told = backfill(&[]).exited(5).stdout;
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].starts_with(&history[1][..12]) && lines[0].contains("left out, "), "{told}");
    assert!(lines[1].starts_with(&history[0][..12]) && lines[1].ends_with(": 1 regressed"), "{told}");
    assert_eq!(lines[3], "2 measured, 0 measured before, 1 left out");
    let again = backfill(&[]).exited(5).stdout;
    assert!(again.ends_with("0 measured, 2 measured before, 1 left out\n"), "{again}");
    // Another filter means other benchmarks.
    let other = ["backfill", &range, "--dry-run", "--results", results, "--", "mix/steady"];
    let shown = repository.rqs(&other).exited(0).stdout;
    assert_eq!(shown.matches(": not measured yet\n").count(), 3, "{shown}");
    assert_eq!(repository.snapshot(), user);
    repository.assert_no_process_is_left();

    let trend = |options: &[&str]| repository.rqs(&[&["trend", "--results", results], options].concat());
    let report = json(&trend(&["mix/changed", "--format", "json"]).exited(0));
    let series = &report["series"][0];
    assert_eq!(series["points"].as_array().unwrap().len(), 3);
    let changes = series["changes"].as_array().unwrap();
    assert_eq!((changes.len(), changes[0]["at"].as_u64()), (1, Some(2)), "{changes:?}");
    let change = changes[0]["change"].as_f64().unwrap();
    assert!((0.15..0.45).contains(&change), "{change}");
    let text = trend(&[]).exited(0).stdout;
    assert!(
        text.contains(&format!("  {}", &history[2][..12])) && text.contains("measured in alternation"),
        "{text}"
    );
    assert!(trend(&["--format", "html"]).exited(0).stdout.contains("<svg data-zoom"));
    let memory = json(&trend(&["--metric", "memory_mb", "--format", "json"]).exited(0));
    assert!(memory["series"][0]["points"][0]["value"].as_f64().unwrap() > 0.1, "{memory}");

    let folder = repository.scratch("exported");
    let folder = folder.to_str().unwrap();
    let export =
        |format: &[&str]| repository.rqs(&[&["export", "--results", results, "--format"], format].concat());
    let lines = export(&["jsonl", "--metric", "latency_ms_p50"]).exited(0).stdout;
    assert_eq!(lines.lines().count(), 4, "two runs of two sides: {lines}");
    assert!(export(&["openmetrics"]).exited(0).stdout.ends_with("# EOF\n"));
    export(&["github-action-benchmark"]).exited(2).said(&["a folder is needed", "hint: "]);
    export(&["github-action-benchmark", "--to", folder]).exited(0);
    let smaller = std::fs::read_to_string(format!("{folder}/smaller.json")).unwrap();
    assert!(smaller.contains("mix/changed latency_ms_p50"), "{smaller}");
    export(&["bencher", "no/such"]).exited(4).said(&["no run has what was asked for"]);

    trend(&["no/such"]).exited(4).said(&["nothing is stored of such benchmarks", "hint: "]);
    trend(&["--metric", "latency_ms"]).exited(2).said(&["a trend is of one metric"]);
}

#[test]
fn ranges_that_make_no_sense_are_refused_with_the_way_out() {
    let repository = Repository::get();
    repository.rqs(&["backfill", "v1"]).exited(2).said(&["`v1` is no range of revisions", "hint: "]);
    repository.rqs(&["backfill", "v1-readme..v1"]).exited(2).said(&["hint: "]);
    let typed = ["backfill", "v1..v1-readme", "--", "--no-such-option"];
    repository.rqs(&typed).exited(2).said(&["is not understood by `cargo rqs bench`"]);
}
