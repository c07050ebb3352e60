//! The artifacts of profiles, with plain and with nasty names.

use super::*;
use crate::analysis::flame::{Scale, scale};
use crate::model::BenchmarkKey;
use crate::model::profile::ProfiledSide;
use crate::model::revision::RevisionKind;
use crate::report::Details;
use crate::report::paint::Paint;

const NASTY: &str = "</text><script>alert('1')</script>&\x1b[2J\u{202e}\" onload=\"x";

fn stack(frames: &[&str], weight: u64) -> Stack {
    Stack { frames: frames.iter().map(|&frame| frame.to_owned()).collect(), weight }
}

fn profiled(key: &str, engine: ProfileEngine, typical_ns: Option<ByRole<f64>>) -> Profiled {
    let stacks = ByRole::new(
        vec![
            stack(&["bench::{{closure}}", "crc32::update"], 2400),
            stack(&["bench::{{closure}}", "<[u8; 4] as sums::Sum>::sum"], 1500),
            stack(&["bench::{{closure}}", "gone"], 100),
        ],
        vec![
            stack(&["bench::{{closure}}", "crc32::update"], 3200),
            stack(&["bench::{{closure}}", "<[u8; 4] as sums::Sum>::sum"], 780),
            stack(&["bench::{{closure}}", NASTY], 20),
        ],
    );
    let side = |outside| ProfiledSide { weight: 4000, outside, lost: 0, iterations: Some(8) };
    let sides = ByRole::new(side(40), ProfiledSide { lost: 3, ..side(0) });
    let scale: Scale = scale(engine, &sides, typical_ns);
    Profiled {
        suite: "checksums::crc".into(),
        key: BenchmarkKey { id: key.into(), occurrence: 0 },
        engine,
        refused: Vec::new(),
        sides,
        with_set_up: false,
        rough: false,
        wall_ms: 4_200,
        table: FunctionTable::of(&stacks, scale, engine.samples()),
        stacks,
    }
}

fn timed(key: &str) -> Profiled {
    profiled(key, ProfileEngine::Perf, Some(ByRole::new(20.0, 30.0)))
}

fn revisions() -> ByRole<Revision> {
    let revision = |spec: &str| Revision {
        spec: spec.into(),
        kind: RevisionKind::Commit,
        id: "0123456789abcdef0123456789abcdef01234567".into(),
        summary: String::new(),
        committed_unix_s: None,
    };
    ByRole::new(revision("v1.2.0"), revision("<b>v2"))
}

fn folder(profiles: &[Profiled]) -> Vec<Artifact> {
    let notes = [format!("left out: {NASTY}")];
    artifacts(&Heading { run: "20261122T101500Z-1a2b3c4d", revisions: &revisions(), notes: &notes }, profiles)
        .unwrap()
}

fn content(files: &[Artifact], path: &str) -> String {
    let file = files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no `{path}`"));
    String::from_utf8(file.bytes.clone()).unwrap()
}

#[test]
fn a_folder_holds_pictures_stacks_and_tables_of_each_benchmark_and_a_page_that_links_them() {
    let files = folder(&[timed("crc32/1 KiB"), timed(NASTY)]);
    let page = content(&files, PAGE);
    for file in files.iter().filter(|file| file.path.contains('/')) {
        assert!(page.contains(&format!("href=\"{}\"", file.path)), "{} is linked from nowhere", file.path);
    }
    let distinct: std::collections::BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!((distinct.len(), files.len()), (18, 18));
    let list: serde_json::Value = serde_json::from_str(&content(&files, LIST)).unwrap();
    assert_eq!(list["profiles"].as_array().unwrap().len(), 2);
}

#[test]
fn names_that_others_wrote_cannot_act_in_a_page_or_a_picture() {
    let files = folder(&[timed(NASTY)]);
    for file in &files {
        let text = String::from_utf8(file.bytes.clone()).unwrap();
        assert!(!text.contains(['\x1b', '\u{202e}']), "{}", file.path);
        if file.path.ends_with(".svg") || file.path == PAGE {
            assert!(!text.contains("<script>alert") && !text.contains("\" onload=\"x"), "{}", file.path);
            assert!(!text.contains("<b>v2"), "{}", file.path);
        }
    }
    let page = content(&files, PAGE);
    assert!(!page.contains("<script") && !page.contains("http"), "the page needs nothing from outside");
}

#[test]
fn folded_stacks_can_be_read_again_although_types_hold_semicolons() {
    let profile = timed("a");
    let text = folded(&profile.stacks.baseline);
    assert!(text.contains("bench::{{closure}};<[u8, 4] as sums::Sum>::sum 1500\n"), "{text}");
    assert!(text.lines().all(|line| line.split(';').count() == 2));
}

#[test]
fn a_difference_shows_what_is_gone_and_what_is_new() {
    let profile = timed("a");
    let wide = |role| String::from_utf8(svg::difference(&profile, role).unwrap()).unwrap();
    let (by_candidate, by_baseline) = (wide(Role::Candidate), wide(Role::Baseline));
    assert!(by_baseline.contains("gone"));
    assert!(by_candidate.contains("crc32::update") && by_candidate.contains("+10.00 ns for one iteration"));
    // 24 ns of 30 against 12 of 20, in picoseconds.
    assert!(by_candidate.contains("crc32::update (24,000 ps"), "{by_candidate}");
    assert_eq!(by_candidate, wide(Role::Candidate), "the same picture for the same stacks");
}

#[test]
fn speedscope_gets_both_sides_with_frames_that_exist() {
    for (profile, end) in [(timed("a"), 30.0), (profiled("a", ProfileEngine::Pprof, None), 4000.0)] {
        let file: serde_json::Value = serde_json::from_str(&speedscope::render(&profile)).unwrap();
        let frames = file["shared"]["frames"].as_array().unwrap().len() as u64;
        let profiles = file["profiles"].as_array().unwrap();
        assert_eq!(profiles.len(), 2);
        for side in profiles {
            let samples = side["samples"].as_array().unwrap();
            assert_eq!(samples.len(), side["weights"].as_array().unwrap().len());
            let indices = samples.iter().flat_map(|sample| sample.as_array().unwrap());
            assert!(indices.map(|index| index.as_u64().unwrap()).all(|index| index < frames));
        }
        assert!((profiles[1]["endValue"].as_f64().unwrap() - end).abs() < 1e-9);
    }
}

#[test]
fn a_terminal_shows_the_functions_by_their_part_of_the_difference() {
    let mut profile = timed("crc32");
    profile.table.rows.retain(|row| row.name != NASTY);
    let expected = "\
checksums::crc::crc32
  time for one iteration: 20.00 ns to 30.00 ns, +10.00 ns
  perf: 4,000 samples on the baseline (0.99% outside of the routine), 4,000 samples on the candidate (0% outside of the routine, 3 lost)
";
    let shown = text(&profile, None, Paint::Plain);
    assert!(shown.starts_with(expected), "{shown}");
    let rows: Vec<Vec<&str>> = shown
        .lines()
        .skip(4)
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    assert_eq!(rows[0][..4], ["crc32::update", "12.00 ns", "24.00 ns", "+12.00 ± 0.49 ns"]);
    assert_eq!(rows[1][0], "<[u8; 4] as sums::Sum>::sum");
    assert!(rows[1][3].starts_with("-1.650 ± 0."), "{shown}");
}

#[test]
fn instructions_are_counted_for_an_iteration_and_without_noise() {
    let profile = profiled("crc32", ProfileEngine::Callgrind, Some(ByRole::new(20.0, 30.0)));
    let shown = text(&profile, None, Paint::Plain);
    assert!(shown.contains("instructions for one iteration: 500 to 500, 0\n"), "{shown}");
    assert!(!shown.contains('±') && shown.contains("+100"), "{shown}");
}

#[test]
fn without_a_size_of_the_whole_only_parts_are_told() {
    let shown = text(&profiled("a", ProfileEngine::Pprof, None), None, Paint::Plain);
    assert!(
        !shown.contains("for one iteration") && shown.contains("60.0%") && shown.contains("+20.0 pp"),
        "{shown}"
    );
}

/// A run whose first benchmark, slower by 66.9 ns, was profiled.
fn explained() -> (crate::model::record::RunRecord, crate::analysis::comparison::Comparison) {
    use crate::model::profile::{FunctionWeight, ProfileRecord, ProfilingPass};
    let (mut record, _) = crate::report::samples::calm();
    let function = |name: &str, baseline, candidate| FunctionWeight {
        name: name.into(),
        charged: ByRole::new(baseline, candidate),
    };
    let side = ProfiledSide { weight: 4000, ..ProfiledSide::default() };
    record.suites[0].benchmarks[0].profile = Some(ProfileRecord {
        engine: ProfileEngine::Perf,
        sides: ByRole::new(side, side),
        wall_ms: 4_200,
        functions: vec![
            function(NASTY, 1000, 1200),
            function("faster", 3000, 2500),
            function("little", 0, 20),
        ],
    });
    let artifacts = "target/rqs/artifacts/20261122T101500Z-1a2b3c4d/index.html".into();
    record.profiling = Some(ProfilingPass { artifacts, wall_ms: 21_000 });
    let comparison = crate::analysis::comparison::compare(&record);
    (record, comparison)
}

#[test]
fn a_report_names_the_functions_that_the_change_is_in_and_where_the_pictures_are() {
    use crate::report::{json, markdown, text};
    let (record, comparison) = explained();
    let place = "target/rqs/artifacts/20261122T101500Z-1a2b3c4d/index.html";
    let shown = text::render(&record, &comparison, "r.json", Details::default(), None, Paint::Plain);
    assert!(shown.contains("onload=\"x: +81.77 ns of +66.90 ns\n"), "{shown}");
    assert!(!shown.contains("faster: ") && !shown.contains("little: "), "{shown}");
    assert!(
        shown.contains(&format!("  profiles        {place}, taken in 21 s after the measuring\n")),
        "{shown}"
    );
    let comment = markdown::render(&record, &comparison, "r.json");
    assert!(comment.contains("</code> +81.77 ns of +66.90 ns\n") && comment.contains(place), "{comment}");
    assert!(!comment.contains("<script"), "{comment}");
    for report in [&shown, &comment] {
        assert!(!report.contains(['\x1b', '\u{202e}']));
    }
    let report: serde_json::Value =
        serde_json::from_str(&json::render(&record, &comparison, "r.json", Details::default())).unwrap();
    assert_eq!(report["profiling"]["artifacts"], place);
    let functions = &report["suites"][0]["benchmarks"][0]["profile"]["functions"];
    assert_eq!(
        functions[1],
        serde_json::json!({"name": "faster", "charged": {"baseline": 3000, "candidate": 2500}})
    );
}

#[test]
fn a_profile_in_a_record_comes_back_as_it_was_written() {
    let (record, _) = explained();
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<crate::model::record::RunRecord>(&text).unwrap(), record);
    let (calm, _) = crate::report::samples::calm();
    let plain = serde_json::to_string(&calm).unwrap();
    assert!(!plain.contains("profil"), "a run without profiles has no word of them");
}
