//! What `rqs.toml` says about benchmarks, from the file to the exit code.

use std::fs;

use serde_json::Value;

use crate::repository::Repository;

const SIDES: [&str; 4] = ["--baseline", "v1", "--candidate", "slower"];

#[test]
fn a_class_decides_what_fails_the_run_and_owners_are_told() {
    let repository = Repository::get();
    let rule = |class: &str| {
        format!(
            "[[policy.rules]]\nbenchmarks = \"mix/changed\"\nclass = \"{class}\"\nowner = \"@zoo-keepers\"\n"
        )
    };
    let judged = |text: &str, options: &[&str]| {
        repository.write("rqs.toml", text);
        repository.judged("v1", "slower", &[&["mix/(steady|changed)"], options].concat())
    };
    let (ran, report) = judged(&rule("informational"), &[]);
    assert_eq!(report.verdict("mix/changed"), "regressed");
    let changed = report.benchmark("mix/changed");
    assert_eq!(
        (&changed["fails_run"], &changed["policy"]["class"]),
        (&false.into(), &"informational".into())
    );
    assert!(report.benchmark("mix/steady").get("policy").is_none());
    ran.exited(0);
    let shown = repository.rqs(&["show", report.id()]).exited(0).stdout;
    assert!(shown.contains("    informational: it does not fail the run\n"), "{shown}");
    assert!(shown.contains("    owner: @zoo-keepers\n"), "{shown}");
    let markdown = repository.rqs(&["show", report.id(), "--format", "markdown"]).exited(0).stdout;
    assert!(markdown.contains("- `mix/changed`: owner: `@zoo-keepers`\n"), "{markdown}");

    // Two epochs decide nothing.
    let undecided = ["--max-epochs", "2"];
    judged(&rule("normal"), &undecided).0.exited(0);
    judged(&rule("critical"), &undecided).0.exited(5);
    // A speed-up passes, unless nobody may be faster.
    let faster = || repository.judged("slower", "v1", &["mix/changed"]);
    repository.write("rqs.toml", "");
    faster().0.exited(0);
    repository.write("rqs.toml", "policy.direction = \"either\"\n");
    let (ran, report) = faster();
    assert_eq!(
        (&report.0["policy"]["direction"], report.verdict("mix/changed")),
        (&"either".into(), "improved")
    );
    ran.exited(100);
}

#[test]
fn the_command_line_beats_the_file() {
    let repository = Repository::get();
    let text = "[policy]\nmargin = \"50%\"\nfloor = \"40%\"\nfalse-alarms = \"20%\"\nmode = \"report\"\n";
    repository.write("rqs.toml", text);
    let dry = |options: &[&str]| {
        let ran = repository.rqs(&[&["bench", "--dry-run"], &SIDES[..], options].concat()).exited(0);
        ran.stdout.lines().find(|line| line.starts_with("judging: ")).unwrap().to_owned()
    };
    assert_eq!(dry(&[]), "judging: margin 50%, floor 40%, at most 20% of the changes shown false");
    let typed = ["--margin", "6", "--floor", "3%", "--alpha", "0.01", "--mode", "gate"];
    assert_eq!(dry(&typed), "judging: margin 6%, floor 3%, 1% chance of any false alarm");
    repository.rqs(&[&["bench"], &SIDES[..], &["--margin", "6"]].concat()).exited(2).said(&[
        "error: rqs.toml:3:9: the floor of 40% (rqs.toml:3:9) is larger than `--margin 6`",
        "hint: ",
    ]);
}

#[test]
fn a_pattern_that_matches_nothing_stops_a_whole_run_before_it_measures() {
    let repository = Repository::get();
    let results = repository.results();
    let text = "[[policy.rules]]\nbenchmarks = [\"zoo::speed::**\", \"mxi/**\"]\nclass = \"critical\"\nowner = \"@a\"\n";
    repository.write("rqs.toml", text);
    let ran = repository.bench(&SIDES).exited(2);
    ran.said(&[
        "error: rqs.toml:2:33: no benchmark matches `mxi/**`",
        "hint: a name looks like `zoo::speed::mix/",
    ]);
    assert_eq!(repository.results(), results);
    let listed = repository.bench(&[&SIDES[..], &["--list"]].concat()).exited(0).stdout;
    assert!(listed.starts_with("zoo::speed::mix/steady (critical; owner @a)\n"), "{listed}");
    assert!(listed.contains("zoo::speed::mix/old (baseline only; critical; owner @a)\n"), "{listed}");
    // A part of the benchmarks cannot tell.
    let (ran, report) = repository.judged("v1", "v1-readme", &["mix/steady"]);
    assert_eq!(report.benchmark("mix/steady")["policy"]["class"], "critical");
    ran.exited(0);
    let dry = repository.bench(&[&SIDES[..], &["--dry-run"]].concat()).exited(0).stdout;
    let rule = "policy: `zoo::speed::**`, `mxi/**`: critical, owner `@a` (rqs.toml:1:1)\n";
    assert!(dry.contains(rule), "{dry}");
}

#[test]
fn what_is_wrong_in_the_file_is_told_with_its_place() {
    let repository = Repository::get();
    for (text, told) in [
        ("[policy]\nmargn = \"1%\"\n", "error: rqs.toml:2:1: unknown field `margn`"),
        ("[policy]\nmargin = 0.01\n", "error: rqs.toml:2:10: invalid type: floating point `0.01`"),
        (
            "[[policy.rules]]\nbenchmarks = \"a\"\nclass = \"critical\"\n\n[[policy.rules]]\nbenchmarks = \"**\"\nclass = \"normal\"\n",
            "error: rqs.toml:1:1: the rule never applies",
        ),
    ] {
        repository.write("rqs.toml", text);
        repository.bench(&SIDES).exited(2).said(&[told, "hint: "]);
    }
}

#[test]
fn report_mode_is_recorded_and_told() {
    let repository = Repository::get();
    let (ran, report) = repository.judged("v1", "slower", &["--mode", "report", "mix/(steady|changed)"]);
    assert_eq!((&report.0["policy"]["mode"], report.verdict("mix/changed")), (&"report".into(), "regressed"));
    assert_eq!(report.record()["policy"]["mode"], "report");
    ran.exited(100);
    let shown = repository.rqs(&["show", report.id()]).exited(0).stdout;
    assert!(shown.contains("of the changes shown at most 1% are expected to be false; floor 3%"), "{shown}");
}

#[test]
fn the_schema_of_the_configuration_is_printed_and_published() {
    let repository = Repository::get();
    let printed = repository.rqs(&["schema", "config"]).exited(0).stdout;
    let schema: Value = serde_json::from_str(&printed).unwrap();
    let keys: Vec<&String> =
        schema["$defs"]["PolicyConfig"]["properties"].as_object().unwrap().keys().collect();
    assert!(keys.iter().any(|key| *key == "false-alarms"), "{keys:?}");
    repository.judged("v1", "v1-readme", &[]).0.exited(0);
    let published = repository.root.join("results/schemas/config.schema.json");
    assert_eq!(fs::read_to_string(published).unwrap(), printed);
}
