//! The sides that a calibration sets against each other: executables whose difference is known.

use rqs_harness::process::{Conditions, Executable};

use super::CalibrateOptions;
use crate::host::duplicates::Duplicate;
use crate::host::known_changes;
use crate::host::revisions::Target;
use crate::host::terminal::Terminal;
use crate::model::ByRole;
use crate::model::calibration::SidesDiffer;
use crate::model::failure::{Exit, Failure, Outcome};
use crate::model::record::{Presence, SuiteRecord};
use crate::model::revision::RevisionSpec;
use crate::trial::prepare::{Build, Prepared};
use crate::trial::suites::{self, Wanted};
use crate::trial::{Places, Selection, Sides, Surroundings};

/// What is calibrated on, built.
pub struct Stock {
    /// The build that every baseline is.
    pub prepared: Prepared,
    rebuilt: Option<Prepared>,
    known: bool,
}

/// The sides of each condition, one pair for each suite.
pub struct Lineup {
    /// The suites, with nothing measured yet.
    pub suites: Vec<SuiteRecord>,
    /// What was left out and why.
    pub notes: Vec<String>,
    pairs: Vec<(SidesDiffer, Vec<Option<ByRole<Executable>>>)>,
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
        let originals = self.prepared.executables(&suites);
        let mut lineup = Lineup { suites, notes, pairs: Vec::new(), _copies: Vec::new() };
        for &sides in &options.sides {
            let pairs = self.pairs(sides, &originals, &mut lineup)?;
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
        originals: &[Option<ByRole<Executable>>],
        lineup: &mut Lineup,
    ) -> Outcome<Vec<Option<ByRole<Executable>>>> {
        let baselines = originals.iter().map(|pair| pair.as_ref().map(|pair| pair.baseline.clone()));
        let mut candidates: Vec<Option<Executable>> = baselines.clone().collect();
        match sides {
            SidesDiffer::SameFile | SidesDiffer::MoreWork(_) => {}
            SidesDiffer::Copy => {
                for candidate in candidates.iter_mut().flatten() {
                    let copy = Duplicate::beside(&candidate.path)?;
                    candidate.path = copy.path().to_owned();
                    lineup._copies.push(copy);
                }
            }
            SidesDiffer::Rebuilt => {
                let rebuilt = self.rebuilt.as_ref().map(|rebuilt| rebuilt.executables(&lineup.suites));
                candidates =
                    rebuilt.unwrap_or_default().into_iter().map(|pair| Some(pair?.candidate)).collect();
                candidates.resize(originals.len(), None);
            }
            SidesDiffer::Relinked => candidates.fill(None),
        }
        let pair = |(baseline, candidate): (Option<Executable>, Option<Executable>)| {
            let more = sides.more_per_mille().unwrap_or(0);
            Some(ByRole::new(self.told(baseline?, 0), self.told(candidate?, more)))
        };
        Ok(baselines.zip(candidates).map(pair).collect())
    }

    /// An executable that is told how much more work to do, where it understands that.
    fn told(&self, mut executable: Executable, per_mille: u32) -> Executable {
        executable.env.extend(self.known.then(|| known_changes::setting(per_mille)));
        executable
    }
}

impl Lineup {
    /// The conditions that there are.
    pub fn sides(&self) -> Vec<SidesDiffer> {
        self.pairs.iter().map(|(sides, _)| *sides).collect()
    }

    /// The executables of a condition, one pair for each suite.
    pub fn executables(&self, sides: SidesDiffer) -> Vec<Option<ByRole<Executable>>> {
        let of = self.pairs.iter().find(|(it, _)| *it == sides);
        of.map(|(_, pairs)| pairs.clone()).unwrap_or_default()
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
