//! What `bench` was asked to do, and what it may spend.

use std::path::PathBuf;

use super::CountWhich;
use crate::analysis::comparison::FailOn;
use crate::analysis::policies::{Policies, TypedPolicy};
use crate::commands::Output;
use crate::model::ByRole;
use crate::model::policy::{Budget, Mode, Policy};
use crate::model::profile::ProfileEngine;
use crate::model::revision::{Revision, RevisionKind, RevisionSpec};
use crate::report::numbers::percent;
use crate::trial::{Seat, Selection, Sides};

/// How hard to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Large changes, soon.
    Quick,
    /// Half a percent in seconds.
    Usual,
    /// Small changes, whatever it takes.
    Thorough,
}

/// Which benchmarks are profiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profiles {
    /// Those that regressed or improved.
    Changed,
    /// All that were measured.
    All,
    /// None.
    None,
}

/// How benchmarks are profiled.
#[derive(Clone, Debug)]
pub struct ProfileOptions {
    /// Which of them.
    pub which: Profiles,
    /// How; the best engine that can be had when absent.
    pub engine: Option<ProfileEngine>,
    /// Seconds for each side of a benchmark.
    pub seconds: f64,
    /// Benchmarks at most.
    pub most: usize,
    /// The folder of the artifacts; one for each run when absent.
    pub artifacts: Option<PathBuf>,
}

/// What `bench` was asked to do.
#[derive(Clone, Debug)]
pub struct BenchOptions {
    /// The command line as typed.
    pub arguments: Vec<String>,
    /// What is compared.
    pub sides: Sides,
    /// Which benchmarks.
    pub selection: Selection,
    /// Where they run.
    pub seat: Seat,
    /// Only list the benchmarks.
    pub list: bool,
    /// Only say what would be done.
    pub dry_run: bool,
    /// What fails the run beside regressions.
    pub fail_on: FailOn,
    /// How the result is printed.
    pub output: Output,
    /// What was typed of the policy; it beats what is configured.
    pub policy: TypedPolicy,
    /// How hard to try.
    pub effort: Effort,
    /// Wall time for all measuring.
    pub time_budget_ms: Option<u64>,
    /// Epochs for a benchmark.
    pub max_epochs: Option<u32>,
    /// Pairs of other layouts, at most, that confirm what changed.
    pub layouts: u32,
    /// Seed of all coins.
    pub seed: Option<u64>,
    /// Which benchmarks are profiled afterwards, and how.
    pub profile: ProfileOptions,
    /// Which benchmarks' instructions to count.
    pub counts: CountWhich,
}

impl BenchOptions {
    /// What a run over some benchmarks may spend.
    pub fn budget(&self, benchmarks: usize, seed: u64) -> Budget {
        let usual = Budget::usual(benchmarks, seed);
        // Epochs, milliseconds in all, microseconds of samples per epoch and side.
        let (max_epochs, time_budget_ms, epoch_us) = match self.effort {
            Effort::Quick => (24, (2_000 * benchmarks as u64).max(20_000), 5_000),
            Effort::Usual => (usual.max_epochs, usual.time_budget_ms, usual.epoch_us),
            Effort::Thorough => (400, (60_000 * benchmarks as u64).max(600_000), 20_000),
        };
        Budget {
            max_epochs: self.max_epochs.unwrap_or(max_epochs),
            time_budget_ms: self.time_budget_ms.unwrap_or(time_budget_ms),
            epoch_us,
            seed,
        }
    }

    /// How it would be judged and what would be spent, for `--dry-run`.
    pub fn outline(&self, policies: &Policies) -> String {
        let Budget { max_epochs, time_budget_ms, .. } = self.budget(1, 0);
        let Policy { margin, floor, alpha, mode, .. } = policies.run();
        let [margin, floor, alpha] = [margin, floor, alpha].map(percent);
        let false_alarms = match mode {
            Mode::Gate => format!("{alpha} chance of any false alarm"),
            Mode::Report => format!("at most {alpha} of the changes shown false"),
        };
        let mut text = format!("judging: margin {margin}, floor {floor}, {false_alarms}\n");
        text.extend(policies.outline().into_iter().map(|rule| format!("policy: {rule}\n")));
        text + &format!(
            "budget: at most {max_epochs} epochs a benchmark and {} s in all\nlayout: {}\n",
            time_budget_ms / 1000,
            match self.layouts {
                0 => "as built".to_owned(),
                most =>
                    format!("what changes is confirmed over at most {most} pairs of relinked executables"),
            },
        )
    }

    /// The same options for exactly the revisions of an earlier start: branches may have moved since.
    pub fn pinned_to(&self, revisions: &ByRole<Revision>) -> BenchOptions {
        let pin = |spec: RevisionSpec, revision: &Revision| match revision.kind {
            RevisionKind::Commit => RevisionSpec::Git(revision.id.clone()),
            RevisionKind::Files | RevisionKind::Published => spec,
        };
        let candidate = self.sides.candidate.clone().unwrap_or(RevisionSpec::Workdir);
        let sides = Sides {
            baseline: pin(self.sides.baseline.clone(), &revisions.baseline),
            candidate: Some(pin(candidate, &revisions.candidate)),
            ..self.sides.clone()
        };
        BenchOptions { sides, ..self.clone() }
    }
}
