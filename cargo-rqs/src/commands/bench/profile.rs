//! Profiles of both sides, taken in a pass of its own: after the measuring of `bench`, or by themselves as `profile`.

mod engines;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use rqs_harness::process::CoordinatorSeat;

use self::engines::Subject;
use super::{BenchOptions, ProfileOptions, Profiles, Run};
use crate::analysis::comparison::{self, Comparison};
use crate::analysis::flame::Profiled;
use crate::analysis::row::{Finding, Row};
use crate::analysis::verdict::Verdict;
use crate::commands::{Format, paint};
use crate::host::artifacts;
use crate::host::clock::{self, Stopwatch};
use crate::host::lock::RunLock;
use crate::host::terminal::Terminal;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::profile::ProfilingPass;
use crate::model::record::{Presence, SuiteRecord};
use crate::model::revision::Revision;
use crate::model::run_id::run_id;
use crate::model::{BenchmarkKey, ByRole};
use crate::report::escape::visible;
use crate::report::flame::{self, Heading};
use crate::report::numbers;
use crate::trial::prepare::Build;
use crate::trial::suites::{self, Wanted};
use crate::trial::{Surroundings, find_target, host_turn};

/// One benchmark that is to be profiled.
struct Chosen {
    suite: usize,
    key: BenchmarkKey,
    typical_ns: Option<ByRole<f64>>,
}

/// Profiles, without measuring: builds both sides to be looked into, writes the artifacts, and prints the functions.
///
/// # Errors
/// When a side cannot be resolved or built, nothing matches, or no benchmark could be profiled.
pub fn run(options: &BenchOptions, around: &Surroundings<'_>, terminal: &mut Terminal) -> Outcome<Exit> {
    let (conditions, _) = options.seat.conditions()?;
    let wanted = Wanted::new(&options.selection)?;
    let (target, places) = find_target(around)?;
    let _lock = RunLock::acquire(&places.work)?;
    let started_ms = clock::now_unix_ms();
    let id = run_id(started_ms, (clock::random_seed() >> 32) as u32);
    let place = place(&options.profile, &places.work, around.current_dir, &id);
    artifacts::check(&place, flame::LIST)?;
    engines::check(&options.profile)?;
    let laid_out = options.sides.lay_out(&target, &places, terminal)?;
    let prepared = laid_out.build(Build::Profiled, around.interrupted, terminal)?;
    let _turn = host_turn(around, terminal)?;
    let listed = suites::list(
        &options.selection,
        wanted,
        &prepared,
        &conditions,
        &places,
        around.interrupted,
        terminal,
    )?;
    let everything: Vec<Chosen> = on_both_sides(&listed.records).collect();
    if everything.is_empty() {
        return Err(super::nothing_to_run(options, &listed.notes));
    }
    let mut notes = Vec::new();
    let chosen = at_most(everything, options.profile.most, &mut notes);
    let subject = Subject {
        options: &options.profile,
        prepared: &prepared,
        conditions: &conditions,
        interrupted: around.interrupted,
        scratch: places.work.join("scratch").join("profile"),
    };
    let profiles = take(&subject, &listed.records, &chosen, &mut notes, terminal);
    if around.interrupted.load(Ordering::Relaxed) {
        return Err(Failure::incomplete("interrupted while profiling")
            .hint("what was built is kept; the same command line starts again"));
    }
    if profiles.is_empty() {
        let failure = Failure::incomplete("no benchmark could be profiled")
            .hint("`--profile-engine` names another engine; `auto` takes the best one that can be had");
        return Err(notes.into_iter().fold(failure, Failure::cause));
    }
    let revisions = prepared.sides.as_ref().map(|side| side.revision.clone());
    publish(&place, &Heading { run: &id, revisions: &revisions, notes: &notes }, &profiles)?;
    print(&profiles, options, terminal)?;
    notes.iter().for_each(|note| terminal.say(&format!("note: {}", visible(note))));
    terminal.say(&format!("artifacts: {}", visible(&place.join(flame::PAGE).to_string_lossy())));
    Ok(Exit::Clean)
}

fn print(profiles: &[Profiled], options: &BenchOptions, terminal: &mut Terminal) -> Outcome<()> {
    let (width, paint) = (terminal.result_width(), paint(terminal));
    let render = |profile| match options.output.format {
        Format::Json => flame::functions_json(profile),
        Format::Text | Format::Markdown => flame::text(profile, width, paint),
    };
    let parts: Vec<String> = profiles.iter().map(render).collect();
    terminal.result(&match options.output.format {
        Format::Json => format!("[\n{}]\n", parts.join(",\n")),
        Format::Text | Format::Markdown => parts.join("\n"),
    })
}

/// Profiles what a run found changed. Whatever goes wrong is a note in its record: the measuring is done and stands.
pub(super) fn explain(run: &mut Run<'_>, terminal: &mut Terminal) {
    let comparison = comparison::compare(&run.record);
    let candidates = worth_profiling(&comparison, run.options.profile.which);
    if candidates.is_empty() {
        return;
    }
    let watch = Stopwatch::start();
    let mut notes = Vec::new();
    let chosen = at_most(candidates, run.options.profile.most, &mut notes);
    match explain_chosen(run, &chosen, &mut notes, terminal) {
        Ok(0) => {}
        Ok(count) => {
            let wall_ms = (watch.elapsed_s() * 1e3) as u64;
            if let Some(pass) = &mut run.record.profiling {
                pass.wall_ms = wall_ms;
            }
            terminal.say(&format!(
                "profiled {} in {}, after the measuring",
                numbers::count(count as u64, "benchmark"),
                numbers::duration(wall_ms / 1000)
            ));
        }
        Err(failure) => {
            let causes: Vec<String> = [failure.message].into_iter().chain(failure.causes).collect();
            notes.push(format!("nothing was profiled: {}", causes.join(": ")));
        }
    }
    terminal.clear_status();
    run.record.notes.extend(notes);
}

/// Takes and writes the profiles of a run; how many there are.
fn explain_chosen(
    run: &mut Run<'_>,
    chosen: &[Chosen],
    notes: &mut Vec<String>,
    terminal: &mut Terminal,
) -> Outcome<usize> {
    let options = &run.options.profile;
    let place = place(options, &run.places.work, run.around.current_dir, &run.record.id);
    artifacts::check(&place, flame::LIST)?;
    engines::check(options)?;
    let prepared = run.laid_out.build(Build::Profiled, run.around.interrupted, terminal)?;
    let _turn = host_turn(run.around, terminal)?;
    let subject = Subject {
        options,
        prepared: &prepared,
        conditions: run.conditions,
        interrupted: run.around.interrupted,
        scratch: run.places.work.join("scratch").join("profile"),
    };
    let profiles = take(&subject, &run.record.suites, chosen, notes, terminal);
    if profiles.is_empty() {
        return Ok(0);
    }
    let revisions: &ByRole<Revision> = &run.record.revisions;
    publish(&place, &Heading { run: &run.record.id, revisions, notes }, &profiles)?;
    for profile in &profiles {
        let suite = run.record.suites.iter_mut().filter(|suite| suite.name == profile.suite);
        let benchmark = suite.flat_map(|suite| &mut suite.benchmarks).find(|it| it.key == profile.key);
        benchmark.into_iter().for_each(|benchmark| benchmark.profile = Some(profile.record()));
    }
    // What lies in the repository is named from its root, so that no record tells where the repository lies.
    let root = run.places.work.parent().and_then(Path::parent);
    let shown = root.and_then(|root| place.strip_prefix(root).ok()).unwrap_or(&place);
    let artifacts = shown.join(flame::PAGE).to_string_lossy().into_owned();
    run.record.profiling = Some(ProfilingPass { artifacts, wall_ms: 0 });
    Ok(profiles.len())
}

fn publish(place: &Path, heading: &Heading<'_>, profiles: &[Profiled]) -> Outcome<()> {
    let files = flame::artifacts(heading, profiles)
        .map_err(|why| Failure::incomplete("cannot draw a flamegraph").cause(why))?;
    let files: Vec<(&str, &[u8])> = files.iter().map(|file| (file.path.as_str(), &file.bytes[..])).collect();
    artifacts::write(place, flame::LIST, &files)
}

fn place(options: &ProfileOptions, work: &Path, current_dir: &Path, id: &str) -> PathBuf {
    match &options.artifacts {
        Some(typed) => current_dir.join(typed),
        None => work.join("artifacts").join(id),
    }
}

/// The benchmarks of a run that are to be profiled, the worst first.
fn worth_profiling(comparison: &Comparison, which: Profiles) -> Vec<Chosen> {
    let mut found: Vec<(u8, f64, Chosen)> = Vec::new();
    for (suite, rows) in comparison.suites.iter().map(|suite| &suite.rows).enumerate() {
        let wanted = rows.iter().filter_map(|row| Some((rank(row, which)?, row)));
        found.extend(wanted.map(|(rank, row)| {
            let size = row.judgement().map_or(0.0, |judgement| judgement.interval.mean.abs());
            (rank, size, Chosen { suite, key: row.key.clone(), typical_ns: row.typical_ns })
        }));
    }
    found.sort_by(|(one, size, _), (other, other_size, _)| one.cmp(other).then(other_size.total_cmp(size)));
    found.into_iter().map(|(.., chosen)| chosen).collect()
}

/// How soon a benchmark's turn comes; `None` when it is not profiled.
fn rank(row: &Row, which: Profiles) -> Option<u8> {
    let Finding::Measured(judgement, _) = &row.finding else { return None };
    match (which, judgement.verdict) {
        (Profiles::None, _) => None,
        (_, Verdict::Regressed) => Some(0),
        (_, Verdict::Improved) => Some(1),
        // It changed as built, and why is worth a look.
        (Profiles::Changed, Verdict::Inconclusive) if row.over_layouts.is_some() => Some(2),
        (Profiles::Changed, _) => None,
        (Profiles::All, Verdict::Inconclusive) => Some(2),
        (Profiles::All, Verdict::Unchanged) => Some(3),
    }
}

fn on_both_sides(suites: &[SuiteRecord]) -> impl Iterator<Item = Chosen> {
    suites.iter().enumerate().flat_map(|(suite, record)| {
        let both =
            record.benchmarks.iter().filter(|it| it.presence == Presence::Both && it.failure.is_none());
        both.map(move |benchmark| Chosen { suite, key: benchmark.key.clone(), typical_ns: None })
    })
}

/// The first so many, with a note of what is left out.
fn at_most(mut chosen: Vec<Chosen>, most: usize, notes: &mut Vec<String>) -> Vec<Chosen> {
    let left_out = chosen.split_off(most.min(chosen.len()));
    if !left_out.is_empty() {
        notes.push(format!(
            "{} not profiled, beyond the {most} of `--profile-max`: {}",
            numbers::count(left_out.len() as u64, "benchmark"),
            left_out.iter().map(|it| it.key.to_string()).collect::<Vec<_>>().join(", ")
        ));
    }
    chosen
}

/// Profiles one benchmark after the other; one that cannot be profiled is a note.
fn take(
    subject: &Subject<'_>,
    suites: &[SuiteRecord],
    chosen: &[Chosen],
    notes: &mut Vec<String>,
    terminal: &mut Terminal,
) -> Vec<Profiled> {
    let _seat = CoordinatorSeat::take(subject.conditions);
    let (mut profiles, count) = (Vec::new(), chosen.len());
    for (number, chosen) in chosen.iter().enumerate() {
        if subject.interrupted.load(Ordering::Relaxed) {
            notes.push(format!(
                "profiling was interrupted after {}",
                numbers::count(number as u64, "benchmark")
            ));
            break;
        }
        let suite = &suites[chosen.suite];
        let name = format!("{}::{}", suite.name, chosen.key);
        terminal.status(&format!("profiling {} ({} of {count})", visible(&name), number + 1));
        match engines::profile(subject, suite, &chosen.key, chosen.typical_ns) {
            Ok(profile) => profiles.push(profile),
            Err(why) => notes.push(format!("`{name}` was not profiled: {why}")),
        }
    }
    terminal.clear_status();
    profiles
}
