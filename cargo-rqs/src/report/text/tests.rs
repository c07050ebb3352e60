//! What people see, to the letter.

use super::super::samples;
use super::*;

const PATH: &str = "results/runs/2026/11/20261122T101500Z-1a2b3c4d.json";

fn shown((record, comparison): (RunRecord, Comparison), width: Option<usize>, paint: Paint) -> String {
    render(&record, &comparison, PATH, Details::default(), width, paint)
}

#[test]
fn a_calm_run() {
    samples::assert_expected("calm.txt", &shown(samples::calm(), None, Paint::Plain));
}

#[test]
fn a_stormy_run_in_full() {
    samples::assert_expected("stormy.txt", &shown(samples::stormy(), None, Paint::Plain));
}

#[test]
fn a_stormy_run_on_a_terminal_of_100_columns() {
    let text = shown(samples::stormy(), Some(100), Paint::Plain);
    samples::assert_expected("stormy_100.txt", &text);
}

#[test]
fn a_run_whose_changes_were_confirmed_over_other_layouts() {
    samples::assert_expected("relinked.txt", &shown(samples::relinked(), None, Paint::Plain));
}

#[test]
fn a_run_that_cannot_be_trusted_says_so() {
    samples::assert_expected("drowned.txt", &shown(samples::drowned(), None, Paint::Plain));
}

#[test]
fn a_run_with_counters_resources_and_a_ledger() {
    let (record, comparison) = samples::with_counters();
    let details = Details { resources: true, ledger: true };
    let text = render(&record, &comparison, PATH, details, None, Paint::Plain);
    assert_eq!(text, include_str!("../expected/counted.txt"));
}

#[test]
fn a_run_with_policies_acceptances_and_causes() {
    samples::assert_expected("governed.txt", &shown(samples::governed(), None, Paint::Plain));
}

#[test]
fn a_run_without_benchmarks() {
    samples::assert_expected("empty.txt", &shown(samples::empty(), None, Paint::Plain));
}

#[test]
fn colour_only_adds_to_what_the_plain_text_says() {
    for sample in [samples::calm(), samples::stormy(), samples::governed(), samples::empty()] {
        let coloured = shown(sample.clone(), None, Paint::Ansi);
        assert!(coloured.contains("\x1b[1m"));
        let mut stripped = coloured;
        for code in ["\x1b[1m", "\x1b[1;31m", "\x1b[32m", "\x1b[33m", "\x1b[2m", "\x1b[0m"] {
            stripped = stripped.replace(code, "");
        }
        assert_eq!(stripped, shown(sample, None, Paint::Plain));
    }
}

#[test]
fn no_control_character_of_others_reaches_the_terminal() {
    let text = shown(samples::governed(), Some(100), Paint::Plain);
    assert!(!text.chars().any(|c| c != '\n' && crate::report::escape::acts(c)));
    let text = shown(samples::stormy(), Some(100), Paint::Plain);
    assert!(!text.chars().any(|c| c != '\n' && crate::report::escape::acts(c)));
    assert!(text.contains("\\x1b[2J"));
}

#[test]
fn no_line_ends_in_spaces() {
    for sample in [samples::calm(), samples::stormy(), samples::empty()] {
        let text = shown(sample, None, Paint::Plain);
        assert_eq!(text.lines().find(|line| line.ends_with(' ')), None);
    }
}
