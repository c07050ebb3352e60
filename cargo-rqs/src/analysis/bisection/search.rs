//! What to measure next, and when to stop.

use statrs::function::erf::erfc;

use super::belief::{Belief, Evidence, Noise, believe};
use super::lineage::Lineage;

/// Below this many bits nothing is worth a build.
const LEAST_INFORMATION: f64 = 0.000_3;

/// A bisection as far as it has come.
#[derive(Clone, Debug)]
pub struct Search<'a> {
    /// The candidates.
    pub lineage: &'a Lineage,
    /// What is known.
    pub evidence: &'a Evidence,
    /// What moves readings.
    pub noise: &'a Noise,
    /// For each candidate, whether it may be measured at all: it builds and has the benchmark, as far as is known.
    pub usable: &'a [bool],
    /// For each candidate, how many independent builds of it may still be measured.
    pub builds_left: &'a [u32],
    /// The standard error that the next reading will about have.
    pub standard_error: f64,
    /// How sure one wants to be, as a chance.
    pub confidence: f64,
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Measure this candidate against the good commit.
    Measure(usize),
    /// It is known well enough.
    Found(Block),
    /// Nothing that could still be measured would tell more.
    Exhausted,
    /// No single candidate explains what is known for certain.
    Contradiction,
}

/// Candidates that no measuring can tell apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// Their numbers, ascending.
    pub commits: Vec<usize>,
    /// The chance that one of them brought the change.
    pub chance: f64,
}

impl Search<'_> {
    /// The next step.
    pub fn next(&self) -> Step {
        let Some(belief) = self.belief() else { return Step::Contradiction };
        match self.blocks(&belief).into_iter().next() {
            Some(best) if best.chance >= self.confidence => Step::Found(best),
            _ => self.most_informative(&belief).map_or(Step::Exhausted, Step::Measure),
        }
    }

    /// What is believed now; `None` when no single candidate explains it.
    pub fn belief(&self) -> Option<Belief> {
        believe(self.lineage, self.evidence, self.noise)
    }

    /// The blocks of candidates that may have brought the change, the likeliest first.
    pub fn blocks(&self, belief: &Belief) -> Vec<Block> {
        let usable: Vec<usize> = (0..self.lineage.len()).filter(|commit| self.usable[*commit]).collect();
        let mut blocks: Vec<Block> = Vec::new();
        for commits in self.lineage.blocks(&usable) {
            let commits: Vec<usize> =
                commits.into_iter().filter(|commit| belief.chances[*commit] > 0.0).collect();
            let chance = commits.iter().map(|commit| belief.chances[*commit]).sum();
            if chance > 0.0 {
                blocks.push(Block { commits, chance });
            }
        }
        blocks.sort_by(|a, b| b.chance.total_cmp(&a.chance).then(a.commits.cmp(&b.commits)));
        blocks
    }

    /// The candidate whose reading is expected to tell most, if it would tell anything.
    fn most_informative(&self, belief: &Belief) -> Option<usize> {
        let wrong = self.chance_of_a_wrong_side(belief);
        let can_be_measured = |commit: &usize| self.usable[*commit] && self.builds_left[*commit] > 0;
        let informative = (0..self.lineage.len())
            .filter(can_be_measured)
            .map(|commit| (information(belief.chance_after(self.lineage, commit), wrong), commit))
            .filter(|(bits, _)| *bits >= LEAST_INFORMATION);
        // Of equals the oldest: which one does not matter, but that it is always the same one does.
        informative
            .max_by(|(a, one), (b, other)| a.total_cmp(b).then(other.cmp(one)))
            .map(|(_, commit)| commit)
    }

    /// The chance that the next reading lies nearer to the level of the other side.
    fn chance_of_a_wrong_side(&self, belief: &Belief) -> f64 {
        let distance = self.evidence.whole.mean.abs() / 2.0;
        let sd = belief.build_sd.hypot(self.standard_error).max(f64::MIN_POSITIVE);
        let beyond = upper_tail(distance / sd);
        self.noise.misleading + (1.0 - 2.0 * self.noise.misleading) * beyond
    }
}

/// Bits that a yes or no is expected to tell, when yes has the chance `yes` and the answer is wrong with the chance
/// `wrong`.
fn information(yes: f64, wrong: f64) -> f64 {
    let said = yes * (1.0 - wrong) + (1.0 - yes) * wrong;
    (entropy(said) - entropy(wrong)).max(0.0)
}

fn entropy(chance: f64) -> f64 {
    let term = |chance: f64| if chance > 0.0 { -chance * chance.log2() } else { 0.0 };
    term(chance) + term(1.0 - chance)
}

/// The chance that a standard normal variable exceeds `z`.
fn upper_tail(z: f64) -> f64 {
    erfc(z / std::f64::consts::SQRT_2) / 2.0
}
