//! `backfill`: older revisions, each measured against its neighbour, newest first.

use std::sync::atomic::Ordering;

use super::BenchOptions;
use crate::analysis::comparison;
use crate::analysis::summary::Counts;
use crate::commands::{here, store_of};
use crate::host::store::Store;
use crate::host::terminal::Terminal;
use crate::model::ByRole;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::record::RunRecord;
use crate::model::revision::{Revision, RevisionSpec};
use crate::report::escape::visible;
use crate::report::numbers;
use crate::report::words;
use crate::trial::{Surroundings, find_target};

/// Words by which a run names its sides, before what else was typed.
const SIDES: usize = 4;

/// What `backfill` was asked to do.
#[derive(Clone, Debug)]
pub struct BackfillOptions {
    /// The oldest revision.
    pub from: RevisionSpec,
    /// The newest one.
    pub to: RevisionSpec,
    /// Whether only revisions with tags are measured.
    pub tags: bool,
    /// Whether pairs are only shown.
    pub dry_run: bool,
    /// What else was typed for `bench`.
    pub bench: Vec<String>,
}

/// Makes the options of a run from baseline, candidate and what else was typed.
pub type BenchOf = dyn Fn(&str, &str, &[String]) -> Outcome<BenchOptions>;

/// Measures all pairs of neighbours.
///
/// # Errors
/// When the range is none, when a pair fails for another reason than one of its revisions, or the user asks to stop.
pub fn run(
    options: &BackfillOptions,
    bench_of: &BenchOf,
    around: &Surroundings<'_>,
    terminal: &mut Terminal,
) -> Outcome<Exit> {
    let (target, _) = find_target(around)?;
    let (revisions, aside) = target.revisions_between(&options.from, &options.to, options.tags)?;
    if aside {
        terminal.say(&format!(
            "`{}` is not contained in `{}`: beginning at {}, the newest commit that both have",
            options.from,
            options.to,
            revisions[0].short_id()
        ));
    }
    if revisions.len() < 2 {
        return Err(Failure::new(Exit::NothingToRun, "there is one revision only")
            .hint("without `--tags` all commits are taken"));
    }
    // What is behind `--` is checked before anything is built.
    let toolchain = bench_of("HEAD", "HEAD", &options.bench)?.sides.toolchain;
    let environment = here(toolchain.as_deref(), around)?.environment.fingerprint();
    let backfill = Backfill { options, bench_of, around, environment, store: store_of(around) };
    backfill.run(&revisions, terminal)
}

struct Backfill<'a> {
    options: &'a BackfillOptions,
    bench_of: &'a BenchOf,
    around: &'a Surroundings<'a>,
    environment: String,
    store: Store,
}

/// What became of a pair.
enum Became {
    /// It is measured: what was found, if it was now.
    Measured(Option<Counts>),
    /// One of both cannot be measured, the older one (`true`) or the newer: why.
    LeftOut(bool, String),
}

impl Backfill<'_> {
    fn run(&self, revisions: &[Revision], terminal: &mut Terminal) -> Outcome<Exit> {
        let pairs = revisions.len() - 1;
        terminal.say(&format!(
            "{} from {} to {}, newest first",
            numbers::count(pairs as u64, "pair"),
            visible(&revisions[0].spec),
            visible(&revisions[pairs].spec)
        ));
        let known = self.known()?;
        let (mut measured, mut before, mut left_out) = (0, 0, Vec::new());
        let mut newer = pairs;
        let mut older = pairs;
        while older > 0 {
            older -= 1;
            let pair = [&revisions[older], &revisions[newer]];
            let name = format!("{} to {}", visible(&pair[0].spec), visible(&pair[1].spec));
            if is_known(&known, pair) {
                (before, newer) = (before + 1, older);
                terminal.result(&format!("{name}: measured before\n"))?;
                continue;
            }
            if self.options.dry_run {
                newer = older;
                terminal.result(&format!("{name}: not measured yet\n"))?;
                continue;
            }
            match self.measure(pair, terminal)? {
                Became::Measured(counts) => {
                    (measured, newer) = (measured + 1, older);
                    let told = counts.map(|counts| words::counts(&counts)).unwrap_or_default();
                    let told: Vec<String> = told.into_iter().map(|(text, _)| text).collect();
                    terminal.result(&format!("{name}: {}\n", told.join(", ")))?;
                }
                Became::LeftOut(is_older, why) => {
                    let culprit = if is_older { pair[0] } else { pair[1] };
                    terminal.result(&format!("{}: left out, {}\n", visible(&culprit.spec), visible(&why)))?;
                    left_out.push(culprit.spec.clone());
                    if !is_older {
                        // Nothing was measured with the newer one, so the older one takes its place.
                        newer = older;
                    }
                }
            }
        }
        terminal.result(&format!(
            "{measured} measured, {before} measured before, {} left out\n",
            left_out.len()
        ))?;
        Ok(match (left_out.is_empty(), measured + before) {
            (false, 0) => Exit::NothingToRun,
            (false, _) => Exit::Inconclusive,
            _ => Exit::Clean,
        })
    }

    /// The pairs that runs of this environment have measured with the same options of `bench`: another filter means other
    /// benchmarks.
    fn known(&self) -> Outcome<Vec<ByRole<Revision>>> {
        let entries = self.store.list_runs(|run| {
            let is_it = run.environment == self.environment && self.was_asked(&run);
            is_it.then_some(run.revisions)
        })?;
        Ok(entries.into_iter().filter_map(|entry| entry.outline.ok().flatten()).collect())
    }

    fn was_asked(&self, run: &RunRecord) -> bool {
        // Before them stand both sides.
        run.arguments.get(SIDES..).is_some_and(|more| *more == self.options.bench[..])
    }

    fn measure(&self, [older, newer]: [&Revision; 2], terminal: &mut Terminal) -> Outcome<Became> {
        let options = (self.bench_of)(&older.spec, &newer.spec, &self.options.bench)?;
        match super::run(&options, self.around, &mut terminal.without_results()) {
            Ok(_) => {
                let newest = self.store.find_run("latest")?;
                let is_it =
                    newest.revisions.candidate.id == newer.id && newest.revisions.baseline.id == older.id;
                Ok(Became::Measured(is_it.then(|| comparison::compare(&newest).summary.counts)))
            }
            Err(failure) if self.around.interrupted.load(Ordering::Relaxed) => {
                Err(failure.hint("the same command line goes on from there"))
            }
            Err(failure) => match culprit(&failure, [older, newer]) {
                Some(is_older) => Ok(Became::LeftOut(is_older, reason(&failure))),
                None => Err(failure.within(format!("cannot measure {} against {}", newer.spec, older.spec))),
            },
        }
    }
}

/// Which of both a failure is about, the older one (`true`) or the newer; `None` where that is not told.
fn culprit(failure: &Failure, [older, newer]: [&Revision; 2]) -> Option<bool> {
    let texts = || [&failure.message].into_iter().chain(&failure.causes);
    let names = |revision: &Revision| texts().any(|text| text.contains(&format!("`{}`", revision.spec)));
    match (names(older), names(newer)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        // Neither has benchmarks, or both lack them in common: the older one more probably.
        (false, false) if failure.exit == Exit::NothingToRun => Some(true),
        _ => None,
    }
}

fn reason(failure: &Failure) -> String {
    let first = failure.causes.iter().find_map(|cause| cause.lines().find(|line| line.starts_with("error")));
    first.map_or_else(|| failure.message.clone(), |error| format!("{}: {error}", failure.message))
}

fn is_known(known: &[ByRole<Revision>], [older, newer]: [&Revision; 2]) -> bool {
    known.iter().any(|pair| pair.baseline.id == older.id && pair.candidate.id == newer.id)
}
