//! Shows that each rule can fail, and that comments, literals and spellings do not fool it.

use super::rules;
use super::source::{self, SourceFile};

fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.to_owned(), text: text.to_owned() }
}

/// A small house in good order; each test spoils it.
fn house(spoiled: &[(&str, &str)]) -> Vec<SourceFile> {
    let sound = [
        (
            "cargo-rqs/Cargo.toml",
            "[dependencies]\nserde = \"1\"\nrqs-harness.workspace = true\ngit2 = { version = \"0.21\" }\n",
        ),
        ("cargo-rqs/src/main.rs", "//! m\nmod cli;\nuse host::lock;\n"),
        ("cargo-rqs/src/cli.rs", "//! c\nuse crate::commands::bench;\n"),
        ("cargo-rqs/src/model/mod.rs", "//! m\npub mod failure;\n"),
        ("cargo-rqs/src/model/failure.rs", "//! f\nuse serde::Serialize;\n"),
        ("cargo-rqs/src/analysis/mod.rs", "//! a\nuse std::time::Duration;\n"),
        ("cargo-rqs/src/analysis/row.rs", "//! r\n"),
        ("cargo-rqs/src/plan.rs", "//! p\nuse rqs_harness::coin::Coins;\n"),
        ("cargo-rqs/src/report/mod.rs", "//! r\nuse crate::analysis::row::Row;\n"),
        ("cargo-rqs/src/host/lock.rs", "//! l\nuse std::fs;\nuse crate::model::failure::Failure;\n"),
        ("cargo-rqs/src/host/store/mod.rs", "//! s\nmod runs;\nuse super::store::runs::Run;\n"),
        ("cargo-rqs/src/host/store/runs.rs", "//! r\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n"),
        ("cargo-rqs/src/commands/mod.rs", "//! c\npub mod bench;\npub struct Places;\n"),
        ("cargo-rqs/src/commands/bench/mod.rs", "//! b\nuse super::Places;\nuse crate::host::lock;\n"),
        ("cargo-rqs/src/commands/list.rs", "//! l\nuse super::Places;\n"),
        ("harness/Cargo.toml", "[dependencies]\nlibc = \"0.2\"\n"),
        ("harness/probe/Cargo.toml", "[package]\nname = \"rqs-probe\"\n"),
        ("harness/src/lib.rs", "//! It never judges: no verdict, nothing regressed.\n"),
    ];
    let kept = sound.into_iter().filter(|(path, _)| spoiled.iter().all(|(other, _)| other != path));
    kept.chain(spoiled.iter().copied()).map(|(path, text)| file(path, text)).collect()
}

type Rule = fn(&[SourceFile]) -> rules::Breaches;

const RULES: [Rule; 8] = [
    rules::layers,
    rules::separate_rooms,
    rules::no_circles,
    rules::purity,
    rules::modules_are_where_they_are_named,
    rules::purpose_lines,
    rules::file_lengths,
    rules::harness_does_not_judge,
];

#[test]
fn a_house_in_good_order_breaks_no_rule() {
    for rule in RULES {
        assert_eq!(rule(&house(&[])), [""; 0]);
    }
}

#[test]
fn each_rule_fails_at_the_line_that_breaks_it() {
    let spoilings: [(Rule, &str, &str, &str); 29] = [
        (rules::layers, "cargo-rqs/src/model/failure.rs", "//! f\n\nuse crate::analysis::row::Row;", ":3:"),
        (rules::layers, "cargo-rqs/src/plan.rs", "//! p\nuse crate::{model::A, analysis::row};", ":2:"),
        (rules::layers, "cargo-rqs/src/plan.rs", "//! p\nuse super::host;", ":2:"),
        (rules::layers, "cargo-rqs/src/plan.rs", "//! p\nuse crate::*;", ":2:"),
        (rules::layers, "cargo-rqs/src/host/lock.rs", "//! l\nfn f() { crate::report::text(); }", ":2:"),
        (rules::layers, "cargo-rqs/src/report/mod.rs", "//! r\nuse super::host::lock;", ":2:"),
        (rules::layers, "cargo-rqs/src/commands/list.rs", "//! l\nuse crate::cli;", ":2:"),
        (rules::layers, "cargo-rqs/src/sideboard.rs", "//! s\n", "the room `sideboard` has no layer"),
        (rules::separate_rooms, "cargo-rqs/src/host/lock.rs", "//! l\nuse super::store::Store;", ":2:"),
        (rules::separate_rooms, "cargo-rqs/src/host/lock.rs", "//! l\nuse super::{\n store};", ":3:"),
        (rules::separate_rooms, "cargo-rqs/src/host/store/runs.rs", "//! r\nuse super::super::lock;", ":2:"),
        (rules::separate_rooms, "cargo-rqs/src/commands/list.rs", "//! l\nuse crate::commands::*;", ":2:"),
        (
            rules::separate_rooms,
            "cargo-rqs/src/commands/list.rs",
            "//! l\nfn f() { crate::commands::bench::run() }",
            ":2:",
        ),
        (rules::no_circles, "cargo-rqs/src/model/failure.rs", "//! f\nuse super::b::B;", "import each other"),
        (rules::purity, "cargo-rqs/src/analysis/row.rs", "//! r\nuse std::{fmt, fs};", ":2:"),
        (rules::purity, "cargo-rqs/src/analysis/row.rs", "//! r\nfn f() { std::env::var(\"A\"); }", ":2:"),
        (rules::purity, "cargo-rqs/src/report/mod.rs", "//! r\nuse std::time::{Duration, Instant};", ":2:"),
        (rules::purity, "cargo-rqs/src/report/mod.rs", "//! r\nuse std as s;", ":2:"),
        (rules::purity, "cargo-rqs/src/plan.rs", "//! p\nuse git2::Repository;", ":2:"),
        (rules::purity, "cargo-rqs/src/plan.rs", "//! p\nuse git2 as g;", ":2:"),
        (rules::purity, "cargo-rqs/src/plan.rs", "//! p\nuse rqs_harness::process::Executable;", ":2:"),
        (rules::purity, "cargo-rqs/src/commands/list.rs", "//! l\nuse std::process::Command;", ":2:"),
        (
            rules::modules_are_where_they_are_named,
            "cargo-rqs/src/plan.rs",
            "//! p\n#[path = \"host/lock.rs\"] mod x;",
            ":2:",
        ),
        (rules::purpose_lines, "harness/src/lib.rs", "use std::fs;", ":1:"),
        (rules::file_lengths, "harness/src/lib.rs", "//! Long.\n", ":451:"),
        (rules::harness_does_not_judge, "harness/src/lib.rs", "//! h\nstruct Verdict;", ":2:"),
        (
            rules::harness_does_not_judge,
            "harness/Cargo.toml",
            "[dependencies]\ncargo-rqs = { path = \"x\" }",
            ":2:",
        ),
        (rules::harness_does_not_judge, "harness/probe/Cargo.toml", "[dependencies]\nlibc = \"0.2\"", ":2:"),
        (
            rules::harness_does_not_judge,
            "harness/reference/Cargo.toml",
            "[dependencies]\nlibc = \"0.2\"",
            ":2:",
        ),
    ];
    for (rule, path, text, expected) in spoilings {
        let text = if text == "//! Long.\n" { text.repeat(451) } else { text.to_owned() };
        let circle = ("cargo-rqs/src/model/b.rs", "//! b\nuse super::failure::Failure;");
        let breaches = rule(&house(&[(path, &text), circle]));
        assert!(!breaches.is_empty(), "{path} with {text:?} breaks no rule");
        assert!(
            breaches.iter().all(|breach| breach.starts_with("cargo-rqs/") || breach.starts_with("harness/"))
        );
        assert!(breaches.iter().any(|breach| breach.contains(expected)), "{breaches:?} for {text:?}");
    }
}

#[test]
fn comments_and_literals_are_no_code() {
    let text = r####"//! use crate::host;
/* use crate::host; /* nested */ use crate::host; */
const A: &str = "use crate::host; \" use crate::host;"; const Q: char = '"'; const B: char = '\'';
const R: &str = r##"use crate::host; "# crate::host"##; const C: &[u8] = b"crate::host";
fn f<'a>(x: &'a str) -> &'a str { x } // use crate::host;
"####;
    assert_eq!(rules::layers(&house(&[("cargo-rqs/src/plan.rs", text)])), [""; 0]);
    let hidden = format!("{text}use crate::host;\n");
    let breaches = rules::layers(&house(&[("cargo-rqs/src/plan.rs", &hidden)]));
    assert_eq!(breaches, ["cargo-rqs/src/plan.rs:6: `plan` (layer 2) imports `host`"]);
}

#[test]
fn code_for_tests_may_use_files_but_what_follows_it_may_not() {
    let in_tests = "//! p\n#[cfg(test)]\nmod tests {\n    use std::fs;\n    fn f() { {} }\n}\n";
    assert_eq!(rules::purity(&house(&[("cargo-rqs/src/plan.rs", in_tests)])), [""; 0]);
    let behind = format!("{in_tests}use std::fs;\n");
    let breaches = rules::purity(&house(&[("cargo-rqs/src/plan.rs", &behind)]));
    assert_eq!(breaches, ["cargo-rqs/src/plan.rs:7: `plan` uses `std::fs`"]);
}

#[test]
fn a_group_is_written_out_and_super_and_self_are_followed() {
    let here = ["host", "store"].map(str::to_owned);
    let text = "use super::{lock::{self, RunLock as L}, super::model::*};\nuse self::runs::Run;";
    let found = source::paths(text, &here, false);
    let found: Vec<_> = found.iter().filter(|used| used.local).map(|used| used.parts.join("::")).collect();
    assert_eq!(found, ["host::lock", "host::lock::RunLock", "model::*", "host::store::runs::Run"]);
}
