//! Takes the profile of one benchmark with the best engine that can be had.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use rqs_harness::counts::Valgrind;
use rqs_harness::process::Conditions;
use rqs_harness::profile::{Assignment, ProfileError, Stacks, callgrind, perf, pprof};

use super::ProfileOptions;
use crate::analysis::flame::{FunctionTable, Profiled, scale};
use crate::host::clock::Stopwatch;
use crate::model::failure::{Failure, Outcome};
use crate::model::profile::{ProfileEngine, ProfiledSide, Stack};
use crate::model::record::SuiteRecord;
use crate::model::{BenchmarkKey, ByRole};
use crate::trial::measure::version_of;
use crate::trial::prepare::Prepared;
use crate::trial::prepare::executable;

/// Everything that profiling needs beside the name of a benchmark.
pub(super) struct Subject<'a> {
    /// The user's choices.
    pub(super) options: &'a ProfileOptions,
    /// Both sides, built to be looked into.
    pub(super) prepared: &'a Prepared,
    /// Where processes run.
    pub(super) conditions: &'a Conditions,
    /// True once the user asks to stop.
    pub(super) interrupted: &'a AtomicBool,
    /// A folder for what is written on the way.
    pub(super) scratch: PathBuf,
}

/// Fails when the engine that was asked for cannot be used here, before anything is built for it.
///
/// # Errors
/// Why, and what would help.
pub(super) fn check(options: &ProfileOptions) -> Outcome<()> {
    let refused = match options.engine {
        Some(ProfileEngine::Perf) => perf::available().err(),
        Some(ProfileEngine::Callgrind) => Valgrind::find().err(),
        // Whether a suite samples itself shows when it is asked to.
        Some(ProfileEngine::Pprof) | None => None,
    };
    match refused {
        None => Ok(()),
        Some(why) => Err(Failure::incomplete("the engine that was asked for cannot be used")
            .cause(why)
            .hint("`--profile-engine auto` takes the best one that can be had")),
    }
}

/// Profiles one benchmark on both sides. `typical_ns` is the time of an iteration, where it was measured before.
///
/// # Errors
/// In words, when no engine gave anything.
pub(super) fn profile(
    subject: &Subject<'_>,
    suite: &SuiteRecord,
    key: &BenchmarkKey,
    typical_ns: Option<ByRole<f64>>,
) -> Result<Profiled, String> {
    let watch = Stopwatch::start();
    let executables = ByRole::try_from_fn(|role| {
        let built = subject.prepared.sides.get(role).build.suites.iter().find(|it| it.name == suite.name);
        built.map(executable).ok_or_else(|| format!("the {role} did not build to be looked into"))
    })?;
    let versions = suite.harness.as_ref().map(|harness| version_of(harness));
    let scratch = ByRole::new(subject.scratch.join("a"), subject.scratch.join("b"));
    let sides = ByRole::from_fn(|role| Assignment {
        executable: executables.get(role),
        key,
        version: *versions.get(role),
        seconds: subject.options.seconds,
        conditions: subject.conditions,
        interrupted: subject.interrupted,
        scratch: scratch.get(role),
    });
    let (engine, stacks, refused) = with_best_engine(subject.options, &sides)?;
    // Measured while it was sampled, and not in turns: good enough to give parts of the whole a size.
    let sampled_ns = |stacks: &Stacks| {
        let work = stacks.work.filter(|work| work.iterations > 0 && engine.samples())?;
        Some(work.amount as f64 / work.iterations as f64)
    };
    let while_sampling = match (sampled_ns(&stacks.baseline), sampled_ns(&stacks.candidate)) {
        (Some(baseline), Some(candidate)) => Some(ByRole::new(baseline, candidate)),
        _ => None,
    };
    let numbers = stacks.as_ref().map(|stacks| ProfiledSide {
        weight: stacks.weight(),
        outside: stacks.outside,
        lost: stacks.lost,
        iterations: stacks.work.map(|work| work.iterations),
    });
    let with_set_up = stacks.baseline.with_set_up || stacks.candidate.with_set_up;
    let stacks = stacks.map(|side| {
        let own = side.stacks.into_iter().map(|it| Stack { frames: it.frames, weight: it.weight });
        own.collect::<Vec<Stack>>()
    });
    let rough = typical_ns.is_none() && while_sampling.is_some();
    let scale = scale(engine, &numbers, typical_ns.or(while_sampling));
    Ok(Profiled {
        suite: suite.name.clone(),
        key: key.clone(),
        engine,
        refused,
        sides: numbers,
        with_set_up,
        rough,
        wall_ms: (watch.elapsed_s() * 1e3) as u64,
        table: FunctionTable::of(&stacks, scale, engine.samples()),
        stacks,
    })
}

/// Tries one engine after the other; what was refused is told with what was taken instead.
fn with_best_engine(
    options: &ProfileOptions,
    sides: &ByRole<Assignment<'_>>,
) -> Result<(ProfileEngine, ByRole<Stacks>, Vec<String>), String> {
    let engines = options.engine.map_or_else(|| ProfileEngine::ALL.to_vec(), |engine| vec![engine]);
    let mut refused = Vec::new();
    for engine in engines {
        match with_engine(engine, *sides) {
            Ok(stacks) if stacks.iter().all(|(_, side)| side.weight() > 0) => {
                return Ok((engine, stacks, refused));
            }
            Ok(_) => refused.push(format!("{engine}: nothing was seen within the benchmark's routine")),
            Err(ProfileError::Unavailable(why)) => refused.push(format!("{engine}: {why}")),
            Err(error) => return Err(format!("{engine}: {error}")),
        }
    }
    Err(refused.join("; "))
}

fn with_engine(engine: ProfileEngine, sides: ByRole<Assignment<'_>>) -> Result<ByRole<Stacks>, ProfileError> {
    match engine {
        ProfileEngine::Perf => perf::profile_pair(sides),
        ProfileEngine::Pprof => ByRole::try_from_fn(|role| pprof::profile(sides.get(role))),
        ProfileEngine::Callgrind => ByRole::try_from_fn(|role| callgrind::profile(sides.get(role))),
    }
}
