//! What can be typed behind `calibrate`.

use clap::{Args, ValueEnum};

use super::FormatChoice;
use super::building::Building;
use super::values::{CpuChoice, parse_cpus, parse_duration_ms};
use crate::commands::calibrate::{BuildingOf, CalibrateOptions};
use crate::host::known_changes;
use crate::model::calibration::{Load, SidesDiffer};
use crate::model::failure::{Failure, Outcome};
use crate::model::revision::RevisionSpec;
use crate::trial::{Seat, Selection, USUAL_HANG_TIMEOUT_S};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SidesChoice {
    /// The same file on both sides.
    SameFile,
    /// A file and a copy of it.
    Copy,
    /// The same objects, linked in another order.
    Relinked,
    /// The same source, built at another path.
    Rebuilt,
    /// More work on one side; with `--known-changes` only.
    Changes,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LoadChoice {
    /// No load.
    None,
    /// A process that is busy now and then, on the benchmarks' core.
    Bursts,
    /// Processes that copy memory, on other cores.
    Memory,
}

/// Arguments of `calibrate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each benchmark is judged again and again with sides whose difference is known, with the usual settings of `bench`. What was\n\
said is recorded in `results/calibrations`, verdict by verdict; `bench` tells the rate before it measures. Exits with 100\n\
when the rate of false alarms is provably above what is promised.")]
pub struct Calibrate {
    /// Calibrate on benchmarks whose name matches this regular expression only.
    filter: Option<String>,
    /// Take the filter as a whole name, not as a regular expression.
    #[arg(long, requires = "filter")]
    exact: bool,
    /// Calibrate on benchmarks that the tool brings along, with changes of known sizes in them.
    #[arg(long, conflicts_with_all = ["revision", "package", "workspace", "bench", "features", "all_features", "no_default_features", "cargo_profile", "locked"])]
    known_changes: bool,
    /// Whose benchmarks to measure [default: the work tree when it has uncommitted changes, else HEAD].
    #[arg(long, value_name = "REV")]
    revision: Option<String>,
    /// Wall time for all measuring, builds not counted, as `90s`, `10m` or `2h`.
    #[arg(long, value_name = "TIME", value_parser = parse_duration_ms, default_value = "10m")]
    budget: u64,
    /// How the sides may differ [default: in all of these ways].
    #[arg(long, value_enum, value_name = "LIST", value_delimiter = ',')]
    sides: Vec<SidesChoice>,
    /// What may keep the machine busy meanwhile.
    #[arg(
        long,
        value_enum,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "none,bursts,memory"
    )]
    loads: Vec<LoadChoice>,
    /// Format of the result on standard output.
    #[arg(long, value_enum, default_value = "text")]
    format: FormatChoice,
    /// Seed of all coins [default: a random one, kept in the record].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Cores for the benchmarks, as `3` or `2,3` or `2-5`; `none` leaves them unpinned [default: the last one].
    #[arg(long, value_name = "CORES", value_parser = parse_cpus)]
    cpu: Option<CpuChoice>,
    /// Tune the host meanwhile, and put every setting back afterwards, as `bench --tune` does.
    #[arg(long)]
    tune: bool,
    /// Measure nothing where a condition of the host is a blocker.
    #[arg(long)]
    strict: bool,
    /// Seconds without a sign of life after which a benchmark counts as hung.
    #[arg(long, value_name = "SECONDS", default_value_t = USUAL_HANG_TIMEOUT_S)]
    hang_timeout: u64,
    #[command(flatten)]
    building: Building,
}

impl Calibrate {
    /// What was meant.
    ///
    /// # Errors
    /// A usage error for a revision that makes no sense, or changes without benchmarks that can make them.
    pub fn into_options(self) -> Outcome<CalibrateOptions> {
        let revision =
            self.revision.map(|text| text.parse::<RevisionSpec>().map_err(Failure::usage)).transpose()?;
        if !self.known_changes && self.sides.contains(&SidesChoice::Changes) {
            return Err(Failure::usage("`--sides changes` needs benchmarks whose change is known")
                .hint("`--known-changes` brings them along"));
        }
        let mut loads: Vec<Load> = self.loads.iter().map(|load| load.meant()).collect();
        loads.sort_unstable();
        loads.dedup();
        Ok(CalibrateOptions {
            known_changes: self.known_changes,
            revision,
            // The revision is put in where it is known.
            building: BuildingOf { sides: self.building.into_sides(RevisionSpec::Workdir, None) },
            selection: Selection { filter: self.filter, exact: self.exact, measure_identical: true },
            sides: sides(&self.sides, self.known_changes),
            loads,
            budget_ms: self.budget,
            seat: Seat {
                cpus: self.cpu.map(|choice| choice.0),
                hang_timeout_s: self.hang_timeout.max(1),
                counters: Vec::new(),
                count_threads: false,
                tune: self.tune,
                strict: self.strict,
            },
            seed: self.seed,
            format: self.format.into(),
        })
    }
}

/// All ways that were named, once each; every possible one where none was.
fn sides(choices: &[SidesChoice], known_changes: bool) -> Vec<SidesDiffer> {
    let all = [
        SidesChoice::SameFile,
        SidesChoice::Copy,
        SidesChoice::Relinked,
        SidesChoice::Rebuilt,
        SidesChoice::Changes,
    ];
    let wanted = |choice: &SidesChoice| choices.is_empty() || choices.contains(choice);
    let mut meant = Vec::new();
    for choice in all.into_iter().filter(wanted) {
        match choice {
            SidesChoice::SameFile => meant.push(SidesDiffer::SameFile),
            SidesChoice::Copy => meant.push(SidesDiffer::Copy),
            SidesChoice::Relinked => meant.push(SidesDiffer::Relinked),
            SidesChoice::Rebuilt => meant.push(SidesDiffer::Rebuilt),
            SidesChoice::Changes if known_changes => {
                meant.extend(known_changes::SIZES.map(SidesDiffer::MoreWork));
            }
            SidesChoice::Changes => {}
        }
    }
    meant
}

impl LoadChoice {
    fn meant(self) -> Load {
        match self {
            LoadChoice::None => Load::None,
            LoadChoice::Bursts => Load::Bursts,
            LoadChoice::Memory => Load::Memory,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_made_only_where_they_are_known() {
        assert_eq!(sides(&[], false).len(), 4);
        assert_eq!(sides(&[], true).len(), 9);
        let two = [SidesChoice::Copy, SidesChoice::SameFile, SidesChoice::Copy];
        assert_eq!(sides(&two, true), [SidesDiffer::SameFile, SidesDiffer::Copy]);
    }
}
