//! Configurations as they are written, and what they mean for benchmarks.

use super::*;
use crate::model::ByRole;
use crate::model::failure::Exit;
use crate::model::record::{BenchmarkRecord, Presence};

fn config(text: &str) -> Config {
    let source = Source { file: "rqs.toml".into(), text: text.into(), several_packages: false };
    Config { source, ..toml::from_str(text).unwrap() }
}

fn suites(ids: &[&str]) -> Vec<SuiteRecord> {
    let record =
        |id: &&str| BenchmarkRecord::new(BenchmarkKey { id: (*id).into(), occurrence: 0 }, Presence::Both);
    let benchmarks = ids.iter().map(record).collect();
    vec![SuiteRecord {
        name: "text::bench".into(),
        harness: ByRole::default(),
        executables: ByRole::default(),
        identical: false,
        benchmarks,
    }]
}

/// The run's policy and those of the benchmarks.
fn applied(text: &str, typed: TypedPolicy, ids: &[&str]) -> Outcome<(Policy, Vec<BenchmarkPolicy>)> {
    let policies = Policies::resolve(&config(text), &typed)?;
    let mut suites = suites(ids);
    policies.apply(&mut suites, true)?;
    Ok((policies.run(), suites.remove(0).benchmarks.into_iter().map(|it| it.policy).collect()))
}

#[track_caller]
fn refused(text: &str, typed: TypedPolicy) -> String {
    let failure = applied(text, typed, &["parse/small", "parse/large", "encode"]).unwrap_err();
    assert_eq!(failure.exit, Exit::Usage);
    assert!(failure.hint.is_some(), "{failure}");
    failure.message
}

const NOTHING: TypedPolicy = TypedPolicy {
    margin: None,
    floor: None,
    alpha: None,
    mode: None,
    instructions_margin: None,
    gate_on_instructions: false,
};

#[test]
fn without_configuration_everything_is_as_usual() {
    let (run, benchmarks) = applied("", NOTHING, &["a"]).unwrap();
    assert_eq!((run, benchmarks), (Policy::USUAL, vec![BenchmarkPolicy::default()]));
}

#[test]
fn of_the_rules_that_match_the_last_one_counts_key_by_key() {
    let text = r#"
        [policy]
        mode = "report"
        false-alarms = "5%"
        margin = "2%"
        owner = "@all"
        [[policy.rules]]
        benchmarks = "parse/**"
        class = "critical"
        owner = "@parsers"
        margin = "3%"
        [[policy.rules]]
        benchmarks = ["**/large", "encode"]
        class = "informational"
        direction = "either"
    "#;
    let (run, benchmarks) =
        applied(text, NOTHING, &["parse/small", "parse/large", "encode", "other"]).unwrap();
    assert_eq!((run.mode, run.alpha, run.margin, run.floor), (Mode::Report, 0.05, 0.02, 0.005));
    let [small, large, encode, other] = &benchmarks[..] else { panic!() };
    let owner = |name: &str| Some(name.to_owned());
    assert_eq!(
        *small,
        BenchmarkPolicy {
            margin: Some(0.03),
            class: Some(Class::Critical),
            owner: owner("@parsers"),
            ..BenchmarkPolicy::default()
        }
    );
    assert_eq!((large.class, large.margin), (Some(Class::Informational), Some(0.03)));
    assert_eq!((large.direction, large.owner.clone()), (Some(Direction::Either), owner("@parsers")));
    assert_eq!((encode.margin, encode.owner.clone()), (None, owner("@all")));
    assert_eq!(*other, BenchmarkPolicy { owner: owner("@all"), ..BenchmarkPolicy::default() });
    let of_small = run.with(small);
    assert_eq!((of_small.margin, of_small.floor, of_small.class), (0.03, 0.005, Class::Critical));
}

#[test]
fn what_was_typed_beats_the_file_and_its_rules() {
    let text =
        "policy.margin = \"2%\"\n[[policy.rules]]\nbenchmarks = \"*\"\nmargin = \"3%\"\nfloor = \"2%\"\n";
    let typed = TypedPolicy { margin: Some(0.06), floor: Some(0.03), alpha: Some(0.2), ..NOTHING };
    let (run, benchmarks) = applied(text, typed, &["a"]).unwrap();
    assert_eq!((run.margin, run.floor, run.alpha), (0.06, 0.03, 0.2));
    assert_eq!(benchmarks, [BenchmarkPolicy::default()]);
}

#[test]
fn a_floor_above_the_margin_is_told_with_both_their_places() {
    assert_eq!(
        refused("[policy]\nmargin = \"1%\"\nfloor = \"2%\"\n", NOTHING),
        "rqs.toml:3:9: the floor of 2% (rqs.toml:3:9) is larger than the margin of 1% (rqs.toml:2:10)"
    );
    assert_eq!(
        refused("policy.margin = \"0.3%\"\n", NOTHING),
        "rqs.toml:1:17: the usual floor of 0.5% is larger than the margin of 0.3% (rqs.toml:1:17)"
    );
    assert_eq!(
        refused("", TypedPolicy { floor: Some(0.02), ..NOTHING }),
        "`--floor 2` is larger than the usual margin of 1%"
    );
    // Neither rule is wrong by itself.
    let text = "[[policy.rules]]\nbenchmarks = \"parse/*\"\nfloor = \"2%\"\n\
                [[policy.rules]]\nbenchmarks = \"encode\"\nmargin = \"3%\"\n";
    assert_eq!(
        refused(text, NOTHING),
        "rqs.toml:3:9: the floor of 2% (rqs.toml:3:9) is larger than the usual margin of 1% for \
         `text::bench::parse/small`"
    );
    let typed = TypedPolicy { margin: Some(0.02), ..NOTHING };
    applied(text, typed, &["parse/small", "encode"]).unwrap();
}

#[test]
fn a_pattern_that_matches_nothing_is_an_error_of_whole_runs_only() {
    let text = "[[policy.rules]]\nbenchmarks = [\"parse/*\", \"prase/*\"]\nclass = \"critical\"\n";
    let failure = applied(text, NOTHING, &["parse/small"]).unwrap_err();
    assert_eq!(failure.message, "rqs.toml:2:26: no benchmark matches `prase/*`");
    assert!(failure.hint.unwrap().starts_with("a name looks like `text::bench::parse/small`; "));
    let policies = Policies::resolve(&config(text), &NOTHING).unwrap();
    policies.apply(&mut suites(&["parse/small"]), false).unwrap();
    policies.apply(&mut suites(&[]), true).unwrap();
}

#[test]
fn a_rule_that_later_ones_override_wholly_is_refused_and_one_that_keeps_something_is_not() {
    let rule =
        |benchmarks: &str, keys: &str| format!("[[policy.rules]]\nbenchmarks = {benchmarks}\n{keys}\n");
    let first = rule("\"parse/small\"", "class = \"critical\"\nmargin = \"2%\"");
    let (class, margin) = (rule("\"parse/**\"", "class = \"normal\""), rule("\"**\"", "margin = \"3%\""));
    let told = refused(&format!("{first}{class}{margin}"), NOTHING);
    assert_eq!(told, "rqs.toml:1:1: the rule never applies, because later ones override all of it");
    for text in [format!("{class}{margin}{first}"), format!("{first}{class}"), format!("{first}{margin}")] {
        applied(&text, NOTHING, &["parse/small", "parse/large"]).unwrap();
    }
    let two = rule("[\"parse/small\", \"encode\"]", "class = \"critical\"");
    applied(&format!("{two}{class}"), NOTHING, &["parse/small", "encode"]).unwrap();
}

#[test]
fn empty_rules_owners_and_senseless_sizes_are_refused() {
    let rule = |text: &str| format!("[[policy.rules]]\n{text}\n");
    assert_eq!(refused(&rule("benchmarks = \"*\""), NOTHING), "rqs.toml:1:1: the rule sets nothing");
    assert_eq!(
        refused(&rule("benchmarks = []\nclass = \"critical\""), NOTHING),
        "rqs.toml:1:1: the rule names no benchmarks"
    );
    assert_eq!(
        refused(&rule("benchmarks = \"*\"\nowner = \" \""), NOTHING),
        "rqs.toml:3:9: `owner` is empty"
    );
    assert_eq!(
        refused("policy.margin = \"0%\"", NOTHING),
        "rqs.toml:1:17: `margin` has to be above 0% and below 100%"
    );
    assert_eq!(refused("policy.floor = \"100%\"", NOTHING), "rqs.toml:1:16: `floor` has to be below 100%");
    assert_eq!(
        refused("policy.false-alarms = \"0%\"", NOTHING),
        "rqs.toml:1:23: `false-alarms` has to be above 0% and below 100%"
    );
}

#[test]
fn the_outline_names_every_rule() {
    let text = "[[policy.rules]]\nbenchmarks = [\"a\", \"b/*\"]\nclass = \"critical\"\nmargin = \"2%\"\nowner = \"@x\"\n";
    let policies = Policies::resolve(&config(text), &NOTHING).unwrap();
    assert_eq!(policies.outline(), ["`a`, `b/*`: critical, margin 2%, owner `@x` (rqs.toml:1:1)"]);
}
