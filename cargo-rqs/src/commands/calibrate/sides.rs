//! The sides that a calibration sets against each other: executables whose difference is known.

use std::sync::atomic::AtomicBool;

use rqs_harness::process::{Conditions, Executable};

use super::CalibrateOptions;
use crate::host::cargo::{BuiltSuite, Relinker, relink_all};
use crate::host::duplicates::Duplicate;
use crate::host::known_changes;
use crate::host::revisions::Target;
use crate::host::terminal::Terminal;
use crate::model::ByRole;
use crate::model::calibration::SidesDiffer;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::record::{Presence, SuiteRecord};
use crate::model::revision::RevisionSpec;
use crate::trial::prepare::{Build, Prepared, executable};
use crate::trial::suites::{self, Wanted};
use crate::trial::{Places, Selection, Sides, Surroundings};

/// What is calibrated on, built.
pub struct Stock {
    /// The build that every baseline is.
    pub prepared: Prepared,
    rebuilt: Option<Prepared>,
    known: bool,
}

/// One pair for each suite; `None` where a suite has none.
type Pairs = Vec<Option<ByRole<BuiltSuite>>>;

/// One pair for each suite, to be started; `None` where a suite has none.
type Executables = Vec<Option<ByRole<Executable>>>;

/// The sides of each condition.
pub struct Lineup {
    /// The suites, with nothing measured yet.
    pub suites: Vec<SuiteRecord>,
    /// What was left out and why.
    pub notes: Vec<String>,
    pairs: Vec<(SidesDiffer, Pairs)>,
    /// Links each suite anew, where that can be done.
    relinkers: Vec<Option<Relinker>>,
    /// They go when the lineup does.
    _copies: Vec<Duplicate>,
}

/// The revision that is calibrated on; of the benchmarks that the tool brings along, the files.
fn sides(options: &CalibrateOptions, target: &Target, places: &Places) -> Outcome<Sides> {
    let revision = match (options.known_changes, &options.revision) {
        (true, _) => RevisionSpec::Path(known_changes::lay_out(&places.work)?),
        (false, Some(spec)) => spec.clone(),
        (false, None) => target.default_candidate()?,
    };
    Ok(options.building.clone().of(revision))
}

impl Stock {
    /// Builds what the wanted conditions need.
    ///
    /// # Errors
    /// When something does not build.
    pub fn build(
        options: &CalibrateOptions,
        target: &Target,
        places: &Places,
        around: &Surroundings<'_>,
        terminal: &mut Terminal,
    ) -> Outcome<Stock> {
        let sides = sides(options, target, places)?;
        let laid_out = sides.lay_out(target, places, terminal)?;
        let prepared = laid_out.build(Build::Timed, around.interrupted, terminal)?;
        let rebuilt = match options.sides.contains(&SidesDiffer::Rebuilt) {
            true => {
                let elsewhere = sides.lay_out_elsewhere(target, places, terminal)?;
                Some(elsewhere.build(Build::Timed, around.interrupted, terminal)?)
            }
            false => None,
        };
        Ok(Stock { prepared, rebuilt, known: options.known_changes })
    }

    /// Lists the benchmarks and sets the sides of every wanted condition against each other.
    ///
    /// # Errors
    /// When there is nothing to run, or a copy cannot be written.
    pub fn line_up(
        &self,
        options: &CalibrateOptions,
        conditions: &Conditions,
        places: &Places,
        around: &Surroundings<'_>,
        terminal: &mut Terminal,
    ) -> Outcome<Lineup> {
        let selection = Selection { measure_identical: true, ..options.selection.clone() };
        let wanted = Wanted::new(&selection)?;
        let listed = suites::list(
            &selection,
            wanted,
            &self.prepared,
            conditions,
            places,
            around.interrupted,
            terminal,
        )?;
        let (mut suites, mut notes) = (listed.records, listed.notes);
        leave_out_failures(&mut suites, &mut notes);
        if suites.iter().all(|suite| suite.benchmarks.is_empty()) {
            return Err(nothing_to_run(options, &notes));
        }
        let mut lineup =
            Lineup { suites, notes, pairs: Vec::new(), relinkers: Vec::new(), _copies: Vec::new() };
        for &sides in &options.sides {
            let pairs = self.pairs(sides, &mut lineup, around, terminal)?;
            if pairs.iter().any(Option::is_some) {
                lineup.pairs.push((sides, pairs));
            }
        }
        match lineup.pairs.is_empty() {
            true => Err(Failure::usage("none of the wanted conditions can be made here").hint(
                "`--known-changes` has changes of known sizes; `--sides same-file,copy` can always be made",
            )),
            false => Ok(lineup),
        }
    }

    fn pairs(
        &self,
        sides: SidesDiffer,
        lineup: &mut Lineup,
        around: &Surroundings<'_>,
        terminal: &mut Terminal,
    ) -> Outcome<Pairs> {
        let original = |prepared: &Prepared| -> Vec<Option<BuiltSuite>> {
            let built = prepared.built(&lineup.suites).into_iter();
            built.map(|pair| pair.map(|pair| pair.candidate.clone())).collect()
        };
        let baselines = original(&self.prepared);
        let mut candidates = baselines.clone();
        match sides {
            SidesDiffer::SameFile | SidesDiffer::MoreWork(_) => {}
            SidesDiffer::Copy => {
                for candidate in candidates.iter_mut().flatten() {
                    let copy = Duplicate::beside(&candidate.executable)?;
                    candidate.executable = copy.path().to_owned();
                    lineup._copies.push(copy);
                }
            }
            SidesDiffer::Rebuilt => candidates = self.rebuilt.as_ref().map(original).unwrap_or_default(),
            SidesDiffer::Relinked => {
                lineup.prove(&baselines, around, terminal);
                for (candidate, relinker) in candidates.iter_mut().zip(&lineup.relinkers) {
                    if relinker.is_none() {
                        *candidate = None;
                    }
                }
            }
        }
        candidates.resize(baselines.len(), None);
        let more = sides.more_per_mille().unwrap_or(0);
        let pair = |(baseline, candidate): (Option<BuiltSuite>, Option<BuiltSuite>)| {
            Some(ByRole::new(self.told(baseline?, 0), self.told(candidate?, more)))
        };
        Ok(baselines.into_iter().zip(candidates).map(pair).collect())
    }

    /// An executable that is told how much more work to do, where it understands that.
    fn told(&self, mut suite: BuiltSuite, per_mille: u32) -> BuiltSuite {
        suite.env.extend(self.known.then(|| known_changes::setting(per_mille)));
        suite
    }
}

impl Lineup {
    /// The conditions that there are.
    pub fn sides(&self) -> Vec<SidesDiffer> {
        self.pairs.iter().map(|(sides, _)| *sides).collect()
    }

    /// What was built for a condition, one pair for each suite.
    pub fn built(&self, sides: SidesDiffer) -> Vec<Option<ByRole<&BuiltSuite>>> {
        let of = self.pairs.iter().find(|(it, _)| *it == sides);
        of.map(|(_, pairs)| pairs.iter().map(|pair| pair.as_ref().map(ByRole::as_ref)).collect())
            .unwrap_or_default()
    }

    /// The executables of a condition, one pair for each suite. Relinked ones are in an order of this seed, and are gone
    /// when what comes with them is dropped.
    ///
    /// # Errors
    /// When a link fails.
    pub fn executables(
        &self,
        sides: SidesDiffer,
        seed: u32,
        interrupted: &AtomicBool,
    ) -> Outcome<(Executables, Vec<Duplicate>)> {
        let built = self.built(sides).into_iter();
        let mut relinked = Vec::new();
        let mut pairs: Executables = built.map(|pair| pair.map(|pair| pair.map(executable))).collect();
        if sides == SidesDiffer::Relinked {
            for (pair, relinker) in pairs.iter_mut().zip(&self.relinkers) {
                let (Some(pair), Some(relinker)) = (pair, relinker) else { continue };
                for linked in relink_all(&[(relinker, seed)], interrupted)? {
                    // Under a name as long as the baseline's, and out of the way of those that confirm a change.
                    let instead = Duplicate::instead(&linked?, &pair.baseline.path)?;
                    pair.candidate.path = instead.path().to_owned();
                    relinked.push(instead);
                }
            }
        }
        Ok((pairs, relinked))
    }

    /// Finds out which suites can be linked anew; notes why others cannot.
    fn prove(&mut self, built: &[Option<BuiltSuite>], around: &Surroundings<'_>, terminal: &mut Terminal) {
        for (suite, built) in self.suites.iter().zip(built) {
            terminal.status(&format!("linking {} again, as it was", suite.name));
            let why = |why: String| format!("`{}` cannot be linked in another order: {why}", suite.name);
            let proved = built.as_ref().map(|built| Relinker::prove(built, around.interrupted).map_err(why));
            let (relinker, note) = match proved {
                Some(Ok(relinker)) => (Some(relinker), None),
                Some(Err(why)) => (None, Some(why)),
                None => (None, None),
            };
            self.relinkers.push(relinker);
            self.notes.extend(note);
        }
        terminal.clear_status();
    }
}

/// What cannot even be listed has no verdict in any round.
fn leave_out_failures(suites: &mut [SuiteRecord], notes: &mut Vec<String>) {
    for suite in suites {
        suite.benchmarks.retain(|benchmark| {
            if let Some(failure) = &benchmark.failure {
                notes.push(format!("`{}` is left out: {}", benchmark.key, failure.what));
            }
            benchmark.failure.is_none() && benchmark.presence == Presence::Both
        });
    }
}

fn nothing_to_run(options: &CalibrateOptions, notes: &[String]) -> Failure {
    let mut failure = Failure::new(Exit::NothingToRun, "there is no Criterion benchmark to calibrate on");
    failure.causes.extend(notes.iter().cloned());
    failure.hint(match &options.selection.filter {
        Some(_) => "leave the filter out, or widen it",
        None => "`--known-changes` brings benchmarks along; `--workspace` or `-p` picks other packages",
    })
}
