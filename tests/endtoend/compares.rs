//! `compare`: two revisions by what is stored of them.

use serde_json::Value;

use crate::program::Ran;
use crate::repository::Repository;

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:#?}"))
}

fn said<'a>(report: &'a Value, benchmark: &str) -> &'a Value {
    let benchmarks = report["benchmarks"].as_array().unwrap();
    &benchmarks.iter().find(|it| it["id"] == benchmark).unwrap()["said"]
}

#[test]
fn what_was_measured_against_each_other_is_found_whichever_way_round_and_over_others() {
    let repository = Repository::get();
    let results = repository.scratch("compares");
    let results = results.to_str().unwrap();
    let (_, first) = repository.judged("v1", "slower", &["mix/(changed|old)", "--results", results]);
    let (_, second) = repository.judged("v1", "v1-readme", &["mix/(changed|old)", "--results", results]);
    let compare = |ends: &[&str]| {
        repository.rqs(&[&["compare"], ends, &["--format", "json", "--results", results]].concat())
    };
    let user = repository.snapshot();

    let report = json(&compare(&["v1", "slower"]).exited(100));
    assert_eq!((&report["measured"], &report["runs"][0]), (&"in_alternation".into(), &first.id().into()));
    assert_eq!(said(&report, "mix/changed"), "regressed");
    let cause = &report["causes"][0];
    assert_eq!((&cause["cause"], &cause["weight"]), (&"code".into(), &"only".into()));

    let report = json(&compare(&["slower", "v1"]).exited(0));
    assert_eq!(said(&report, "mix/changed"), "improved");

    // A run's id means its candidate; nothing has both, but each was measured against `v1`.
    let report = json(&compare(&[second.id(), first.id()]).exited(100));
    assert_eq!(report["measured"], "chained");
    assert_eq!(said(&report, "mix/changed"), "regressed");
    assert_eq!(report["b_revision"]["spec"], "slower");

    assert_eq!(repository.snapshot(), user);
    let text = repository.rqs(&["compare", "v1", "slower", "--results", results]).exited(100).stdout;
    assert!(text.contains("in alternation") && text.contains("\nlikely causes\n"), "{text}");
}

#[test]
fn what_was_never_measured_is_told_with_the_command_that_measures_it() {
    let repository = Repository::get();
    let results = repository.scratch("compares-nothing");
    let results = results.to_str().unwrap();
    let compare = |ends: [&str; 2]| repository.rqs(&["compare", ends[0], ends[1], "--results", results]);
    compare(["v1", "slower"]).exited(4).said(&[
        "error: no stored run has measured `v1` (",
        "hint: `cargo rqs bench --baseline v1 --candidate slower` measures both in alternation",
    ]);
    compare(["v1", "v1"]).exited(2).said(&["`v1` and `v1` are the same"]);
    compare(["v1", "workdir"]).exited(2).said(&["whatever lies there now", "hint: "]);
    compare(["v1", "no-such-name"]).exited(2).said(&["there is no revision `no-such-name`"]);
    compare(["latest", "v1"]).exited(2).said(&["there is no run in `"]);
}
