//! What is measured, and how it is printed.

use serde_json::Value;

use crate::repository::Repository;

const SIDES: [&str; 4] = ["--baseline", "v1", "--candidate", "slower"];

#[test]
fn list_names_the_benchmarks_of_both_sides_and_records_nothing() {
    let repository = Repository::get();
    let before = repository.results();
    let ran = repository.bench(&[&SIDES[..], &["--list"]].concat()).exited(0);
    let expected = "zoo::speed::mix/steady\nzoo::speed::mix/changed\nzoo::speed::mix/new (candidate only)\n\
                    zoo::speed::mix/old (baseline only)\n";
    assert_eq!(ran.stdout, expected);
    assert_eq!(repository.results(), before);
}

#[test]
fn a_dry_run_says_what_would_be_measured_and_records_nothing() {
    let repository = Repository::get();
    let before = repository.results();
    let ran = repository.bench(&[&SIDES[..], &["--dry-run"]].concat()).exited(0);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let of = |role: &str| lines.iter().position(|line| line.starts_with(role)).unwrap();
    let (baseline, candidate) = (of("baseline: `v1` ("), of("candidate: `slower` ("));
    assert!(
        lines[baseline].ends_with(") Make v1") && lines[candidate].ends_with(") Make slower"),
        "{lines:#?}"
    );
    for of_side in [&lines[baseline + 1..candidate], &lines[candidate + 1..]] {
        let built = of_side[0] == "  already built" && of_side[1].starts_with("    zoo::speed (");
        assert!(built || of_side[0] == "  to be built", "{lines:#?}");
    }
    let judging = "judging: margin 6%, floor 3%, 1% chance of any false alarm";
    assert!(lines.contains(&judging), "{lines:#?}");
    assert_eq!(repository.results(), before);
}

#[test]
fn a_filter_is_a_regular_expression_and_with_exact_a_name() {
    let repository = Repository::get();
    let listed = |options: &[&str]| repository.bench(&[&SIDES[..], &["--list"], options].concat());
    assert_eq!(listed(&["mix/(st|ch)"]).exited(0).stdout.lines().count(), 2);
    assert_eq!(listed(&["^zoo::speed::mix/s"]).exited(0).stdout, "zoo::speed::mix/steady\n");
    assert_eq!(listed(&["--exact", "mix/steady"]).exited(0).stdout, "zoo::speed::mix/steady\n");
    assert_eq!(listed(&["^mix/s"]).exited(0).stdout, "zoo::speed::mix/steady\n");
    listed(&["--exact", "mix/stead"]).exited(4).said(&["there is no Criterion benchmark to measure"]);
    listed(&["mix/("]).exited(2).said(&["error: `mix/(` is no regular expression", "hint: with `--exact`"]);
    let nothing = repository.bench(&[&SIDES[..], &["no such benchmark"]].concat()).exited(4);
    nothing.said(&[
        "there is no Criterion benchmark to measure",
        "hint: `cargo rqs bench --list` without the filter `no such benchmark` shows all names",
    ]);
}

#[test]
fn json_and_markdown_tell_the_same_as_text() {
    let repository = Repository::get();
    let (_, report) = repository.judged("v1", "slower", &["mix/changed"]);
    assert_eq!(report.0["revisions"]["candidate"]["spec"], "slower");
    let schema = std::fs::read_to_string(repository.root.join("results/schemas/report.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let described = schema["properties"].as_object().unwrap();
    assert!(report.0.as_object().unwrap().keys().all(|name| described.contains_key(name)), "{schema:#}");
    let markdown = repository.rqs(&["show", report.id(), "--format", "markdown"]).exited(0).stdout;
    assert!(markdown.starts_with("### Benchmarks: 1 regressed\n"), "{markdown}");
    assert!(
        markdown.contains("| `mix/changed` | ") && markdown.contains("| **regressed (robust to layout)** |"),
        "{markdown}"
    );
    let text = repository.rqs(&["show", report.id()]).exited(0).stdout;
    let row = text.lines().find(|line| line.starts_with("mix/changed")).unwrap();
    assert!(row.contains("  regressed (robust to layout)  "), "{text}");
}

#[test]
fn a_mistyped_option_or_revision_is_a_usage_error_with_a_hint() {
    let repository = Repository::get();
    repository.bench(&["--baseline", "v2"]).exited(2).said(&["error: ", "`v2`", "hint: "]);
    repository.bench(&["--baseline", "v1", "--max-epochs", "0"]).exited(2).said(&["--max-epochs"]);
    repository.bench(&["--baseline", "v1", "--candidate", "slowr"]).exited(2).said(&["`slowr`", "slower"]);
    repository.rqs(&["bench"]).exited(2).said(&["--baseline"]);
    repository
        .rqs(&["bench", "--baseline", "v1", "--margin", "1", "--floor", "2"])
        .exited(2)
        .said(&["`--floor 2`"]);
    repository.rqs(&["bench", "--baseline", "v1", "--cpu", "4000"]).exited(2).said(&["core 4000"]);
}
