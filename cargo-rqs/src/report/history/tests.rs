//! What is printed, against expected output.

use super::*;
use crate::analysis::dependencies::{Change, GraphDifference, Need, Standing, Step};
use crate::analysis::history::samples::{benchmark, revision, run};
use crate::analysis::history::{self as past, Meant};
use crate::model::ByRole;
use crate::model::history::Step as TimeStep;
use crate::report::paint::Paint;
use crate::report::samples::assert_expected;

struct Told {
    revisions: [Revision; 2],
    runs: Vec<RunOutline>,
    way: Way,
    compared: Vec<Compared>,
    dependencies: Option<GraphDifference>,
    files: Option<Files>,
    causes: Vec<Likely>,
}

impl Told {
    fn new(runs: Vec<RunOutline>, revisions: [Revision; 2], dependencies: Option<GraphDifference>) -> Told {
        let files = Some(Files { sources: 3, lockfiles: 1, others: 0 });
        let meant = revisions.each_ref().map(|it| Meant { revision: it.id.clone(), run: None });
        let way = past::find(&runs, meant.each_ref()).unwrap();
        let compared = past::compare(&runs, &way);
        let causes = past::likely(files, dependencies.as_ref(), matches!(way, Way::Chain(_)));
        Told { revisions, way, compared, dependencies, files, causes, runs }
    }

    fn answer(&self) -> Answer<'_> {
        Answer {
            names: self.revisions.each_ref().map(|it| it.spec.as_str()),
            revisions: self.revisions.each_ref(),
            runs: &self.runs,
            way: &self.way,
            environment: &self.runs[0].environment,
            compared: &self.compared,
            dependencies: self.dependencies.as_ref(),
            files: self.files,
            causes: &self.causes,
        }
    }
}

fn newer_memchr() -> GraphDifference {
    let standing = Standing { member: false, direct: true, need: Some(Need::Run) };
    let change = Change {
        name: "memchr".into(),
        before: "2.5.0".into(),
        after: "2.7.4".into(),
        step: Step::Minor,
        source_before: None,
        source_after: None,
        standing,
    };
    GraphDifference { changed: vec![change], same: 11, ..GraphDifference::default() }
}

/// One run of both, with names that would like to steer a terminal, and every word that can be said.
fn in_alternation() -> Told {
    let ends = [revision("v1.2.0", "a1"), revision("v1.3.0", "b2")];
    let mut both = run(1, "1", [&ends[0], &ends[1]]);
    both.benchmarks[1].step = Some(TimeStep { half_width: 0.02, ..TimeStep::NONE });
    let mut more = |id: &str, mean: f64, change: fn(&mut crate::model::history::BenchmarkOutline)| {
        let mut one = benchmark(id, mean);
        change(&mut one);
        both.benchmarks.push(one);
    };
    more("faster", -0.1, |_| ());
    more("same", 0.0, |it| it.step = Some(TimeStep::NONE));
    more("new \u{1b}[31m| <b>", 0.0, |it| it.exists = ByRole::new(false, true));
    more("old", 0.0, |it| it.exists = ByRole::new(true, false));
    more("broken", 0.0, |it| (it.step, it.levels) = (None, None));
    Told::new(vec![both], ends, Some(newer_memchr()))
}

fn chained() -> Told {
    let [a, b, c] =
        [("v1.2.0", "a1"), ("v1.2.1", "b2"), ("v1.3.0", "c3")].map(|(spec, id)| revision(spec, id));
    Told::new(vec![run(1, "1", [&b, &c]), run(2, "1", [&a, &b])], [a, c], None)
}

fn separate() -> Told {
    let [a, b, c, d] =
        [("v1", "a1"), ("v2", "b2"), ("v3", "c3"), ("v4", "d4")].map(|(spec, id)| revision(spec, id));
    let same = GraphDifference { same: 12, ..GraphDifference::default() };
    Told::new(vec![run(1, "1", [&c, &d]), run(2, "1", [&a, &b])], [a, d], Some(same))
}

#[test]
fn every_way_is_told_for_a_terminal() {
    assert_expected("comparison.txt", &text(&in_alternation().answer(), None, Paint::Plain));
    assert_expected("comparison-chained.txt", &text(&chained().answer(), None, Paint::Plain));
    assert_expected("comparison-separate.txt", &text(&separate().answer(), None, Paint::Plain));
}

#[test]
fn every_way_is_told_in_markdown() {
    assert_expected("comparison.md", &markdown(&in_alternation().answer()));
    assert_expected("comparison-separate.md", &markdown(&separate().answer()));
}

#[test]
fn programs_get_the_same_and_every_field_is_in_the_schema() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    for (told, measured) in
        [(in_alternation(), "in_alternation"), (chained(), "chained"), (separate(), "separately")]
    {
        let text = json(&told.answer());
        assert!(!text.contains('\u{1b}'));
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(report["measured"], measured);
        assert_eq!(report["benchmarks"].as_array().unwrap().len(), told.compared.len());
        for field in report.as_object().unwrap().keys() {
            assert!(schema["properties"].get(field).is_some(), "{field} has no schema");
        }
    }
}
