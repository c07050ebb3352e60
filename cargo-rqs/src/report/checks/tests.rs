//! The report of a host against expected texts, and against its schema.

use serde_json::Value;

use super::*;

fn checks() -> Vec<Check> {
    vec![
        Check { tunable: true, ..Check::new(Item::Governor, Status::Blocker, "powersave") }
            .mended_by("sudo cargo rqs env tune"),
        Check::new(Item::Steal, Status::Unknown, "cannot read /proc/stat: denied"),
        Check::new(Item::Preload, Status::Note, "LD_PRELOAD=/a\x1b[2J.so").mended_by("unset LD_PRELOAD"),
        Check::ok(Item::Affinity, "core 3 is granted"),
        Check::not_there(Item::Boost, "no switch"),
    ]
}

fn cores() -> Cores {
    Cores::from_iter([3])
}

#[test]
fn the_worst_comes_first_and_says_what_mends_it() {
    let shown = render(&checks(), &cores(), &[Item::Governor], Paint::Plain);
    assert_eq!(shown, include_str!("../expected/checks.txt"));
}

#[test]
fn colour_adds_nothing_but_colour() {
    let shown = render(&checks(), &cores(), &[Item::Governor], Paint::Ansi);
    let mut plain = String::new();
    let mut rest = shown.as_str();
    while let Some((before, escape)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        rest = escape.split_once('m').unwrap().1;
    }
    assert_eq!(plain + rest, include_str!("../expected/checks.txt"));
}

#[test]
fn programs_get_the_same_with_a_schema_that_names_every_field() {
    let shown = json(&checks(), &cores(), &[Item::Governor]);
    assert!(!shown.contains('\x1b'));
    let report: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(report["status"], "blocker");
    assert_eq!(report["failed"], serde_json::json!(["governor"]));
    assert_eq!(report["checks"][2]["value"], "LD_PRELOAD=/a\x1b[2J.so");
    assert_eq!(report["checks"][3]["mend"], Value::Null);
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&schema["properties"]), keys(&report));
    assert_eq!(keys(&schema["$defs"]["CheckReport"]["properties"]), keys(&report["checks"][0]));
}

#[test]
fn a_run_is_warned_of_few_blockers_and_told_where_to_read_more() {
    let blocker = |item| Check::new(item, Status::Blocker, "bad");
    assert!(warnings(&checks()[1..]).is_empty());
    let five = [Item::Affinity, Item::Tracer, Item::Steal, Item::Governor, Item::Load].map(blocker);
    let lines = warnings(&five);
    assert_eq!(lines.len(), MOST_WARNINGS + 1);
    assert!(lines[0].starts_with("warning: affinity: bad; "), "{}", lines[0]);
    assert!(lines[3].starts_with("note: 2 more; `cargo rqs env check`"), "{}", lines[3]);
}

#[test]
fn a_failed_demand_names_what_was_wanted_and_what_mends_it() {
    let expected = "governor: powersave; wanted: performance; to mend: sudo cargo rqs env tune";
    assert_eq!(cause(&checks()[0]), expected);
}
