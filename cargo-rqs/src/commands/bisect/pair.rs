//! Two commits, built.

use std::sync::atomic::Ordering;

use rqs_harness::process::Executable;

use super::Bisecting;
use crate::host::cargo::{BuiltSuite, Relinker, relink_all};
use crate::host::terminal::Terminal;
use crate::model::failure::{Failure, Outcome};
use crate::model::revision::RevisionSpec;
use crate::model::{ByRole, Role};
use crate::trial::Sides;
use crate::trial::prepare::{Build, Prepared, executable};

/// Words of a reason at most.
const LONGEST_REASON: usize = 200;

/// Two commits, built.
pub(super) struct PairBuilt {
    /// The builds.
    pub(super) prepared: Prepared,
}

impl PairBuilt {
    /// A suite of one side.
    pub(super) fn suite(&self, role: Role, name: &str) -> Option<&BuiltSuite> {
        self.prepared.sides.get(role).build.suites.iter().find(|suite| suite.name == name)
    }

    /// A suite, where both sides have it.
    pub(super) fn both(&self, name: &str) -> Option<ByRole<&BuiltSuite>> {
        ByRole::try_from_fn(|role| self.suite(role, name).ok_or(())).ok()
    }

    /// The executables of a suite, where both sides have it.
    pub(super) fn executables(&self, name: &str) -> Option<ByRole<Executable>> {
        self.both(name).map(|both| both.map(executable))
    }
}

impl Bisecting<'_> {
    /// The executables of a suite, linked in orders that a seed draws if one is given; why that cannot be done.
    ///
    /// # Errors
    /// When the store of executables cannot be tidied, or the user asks to stop.
    pub(super) fn linked(
        &self,
        pair: &PairBuilt,
        suite: &str,
        layout: Option<u32>,
        terminal: &mut Terminal,
    ) -> Outcome<Result<Option<ByRole<Executable>>, String>> {
        let executables = pair.executables(suite);
        let (Some(seed), Some(built)) = (layout, pair.both(suite)) else { return Ok(Ok(executables)) };
        terminal.status("linking both executables in another order");
        let interrupted = self.around.interrupted;
        // Both: sections in an order by lot are slower on the whole than in that of the linker.
        let relinkers = match ByRole::try_from_fn(|role| Relinker::prove(built.get(role), interrupted)) {
            Ok(relinkers) => relinkers,
            Err(why) => return Ok(Err(why)),
        };
        let jobs = [(&relinkers.baseline, seed), (&relinkers.candidate, (seed ^ (1 << 30)).max(1))];
        let mut linked = relink_all(&jobs, interrupted)?.into_iter();
        terminal.clear_status();
        if interrupted.load(Ordering::Relaxed) {
            return Err(Failure::incomplete("interrupted"));
        }
        Ok(match (linked.next(), linked.next()) {
            (Some(Ok(baseline)), Some(Ok(candidate))) => Ok(executables.map(|both| {
                let at = |path, side: Executable| Executable { path, ..side };
                ByRole::new(at(baseline, both.baseline), at(candidate, both.candidate))
            })),
            (Some(Err(failure)), _) | (_, Some(Err(failure))) => Err(reason(&failure)),
            _ => Err("nothing was linked".to_owned()),
        })
    }

    /// Builds two commits, or finds them built. `bad` lends its benchmarks, if that was asked for.
    ///
    /// # Errors
    /// When a commit cannot be laid out or built, or the user asks to stop.
    pub(super) fn build_pair(
        &self,
        baseline: &str,
        candidate: &str,
        bad: &str,
        terminal: &mut Terminal,
    ) -> Outcome<PairBuilt> {
        let git = |id: &str| RevisionSpec::Git(id.to_owned());
        let sides = Sides {
            baseline: git(baseline),
            candidate: Some(git(candidate)),
            benches_from_candidate: false,
            ..self.options.sides.clone()
        };
        let lender = self.options.sides.benches_from_candidate.then(|| git(bad));
        let laid_out = sides.lay_out_with(lender.as_ref(), self.target, self.places, terminal)?;
        let prepared = laid_out.build(Build::Timed, self.around.interrupted, terminal)?;
        Ok(PairBuilt { prepared })
    }

    /// The same for a commit between the ends: the reason when it cannot be built.
    ///
    /// # Errors
    /// When the user asks to stop.
    pub(super) fn try_pair(
        &self,
        baseline: &str,
        candidate: &str,
        bad: &str,
        terminal: &mut Terminal,
    ) -> Outcome<Result<PairBuilt, String>> {
        match self.build_pair(baseline, candidate, bad, terminal) {
            Ok(pair) => Ok(Ok(pair)),
            Err(failure) if self.around.interrupted.load(Ordering::Relaxed) => Err(failure),
            Err(failure) => Ok(Err(reason(&failure))),
        }
    }
}

/// What went wrong, on one line.
fn reason(failure: &Failure) -> String {
    let first_lines =
        failure.causes.iter().filter_map(|cause| cause.lines().find(|line| !line.trim().is_empty()));
    let words: Vec<&str> = first_lines.map(str::trim).collect();
    let text = if words.is_empty() { failure.message.clone() } else { words.join(": ") };
    text.chars().take(LONGEST_REASON).collect()
}
