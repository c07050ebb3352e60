//! The comment, to the letter.

use super::super::samples;
use super::*;

const PATH: &str = "results/runs/2026/11/20261122T101500Z-1a2b3c4d.json";

fn shown((record, comparison): (RunRecord, Comparison)) -> String {
    render(&record, &comparison, PATH)
}

#[test]
fn a_calm_run() {
    samples::assert_expected("calm.md", &shown(samples::calm()));
}

#[test]
fn a_stormy_run() {
    samples::assert_expected("stormy.md", &shown(samples::stormy()));
}

#[test]
fn a_run_whose_changes_were_confirmed_over_other_layouts() {
    samples::assert_expected("relinked.md", &shown(samples::relinked()));
}

#[test]
fn a_run_with_policies_acceptances_and_causes() {
    samples::assert_expected("governed.md", &shown(samples::governed()));
}

#[test]
fn a_run_without_benchmarks() {
    samples::assert_expected("empty.md", &shown(samples::empty()));
}

#[test]
fn every_row_of_a_table_has_as_many_cells_as_its_head() {
    let text = shown(samples::stormy());
    let rows: Vec<usize> =
        text.lines().filter(|line| line.starts_with('|')).map(|line| line.matches('|').count()).collect();
    assert!(rows.len() > 10);
    assert!(rows.iter().all(|bars| *bars == 8), "{rows:?}");
}

#[test]
fn the_regressions_come_first() {
    let text = shown(samples::stormy());
    let at = |word: &str| text.find(&format!("{word} |")).unwrap();
    assert!(at("**regressed**") < at("**failed**"));
    assert!(at("**failed**") < at("inconclusive"));
    assert!(at("inconclusive") < at("improved"));
}

#[test]
fn nobody_is_mentioned_and_no_markup_gets_in() {
    let text = shown(samples::stormy()) + &shown(samples::governed());
    for trouble in ["</code>`", "</pre>@", "\x1b", "\n# heading", "\n# now"] {
        assert!(!text.contains(trouble), "{trouble:?}");
    }
    for line in text.lines() {
        let mut inside_code = false;
        for c in line.chars() {
            inside_code ^= c == '`';
            assert!(c != '@' || inside_code, "a mention in {line:?}");
        }
    }
}
