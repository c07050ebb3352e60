//! What is believed after some measuring: the chance of every candidate to be the one that brought the change.
//!
//! One candidate brought the change, and every commit that contains it has it. Before the change the logarithm of a
//! commit's time lies at one level, after it at another:
//!
//! ```text
//! reading = level + build + noise      build ~ N(0, tau²), once for each build;  noise ~ N(0, standard error²)
//! ```
//!
//! - The *build* term is there because the same code, built and linked again, runs up to some percents faster or slower
//!   and keeps that for as long as the executable lives: more epochs of one build do not average it out. How large
//!   it is, is not known beforehand; `tau` is learnt along with everything else.
//! - Neither level is known exactly: all readings are against the build of the good commit, which is off by a build term
//!   of its own, and so is that of the bad one.
//! - A build may mislead altogether: with the chance `misleading` a reading belongs to the other side. So
//!   no single build can make anything certain; the odds change by at most `1 / misleading`.
//!
//! Levels and `tau` are integrated out on a grid, everything in logarithms.

use super::lineage::Lineage;

/// The levels are tried at so many standard deviations around where the good and the bad commit put them.
const LEVELS: [f64; 17] =
    [-2.4, -2.1, -1.8, -1.5, -1.2, -0.9, -0.6, -0.3, 0.0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.1, 2.4];

/// What moves a reading besides the change that is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// Standard deviations that builds of the same code may have among each other, with their weights beforehand.
    pub builds: Vec<(f64, f64)>,
    /// The chance that a build misleads altogether.
    pub misleading: f64,
}

impl Noise {
    /// Of wall time: builds of the same code differ by half a percent or a percent, and sometimes by more.
    pub fn of_times() -> Noise {
        let builds = vec![
            (0.0005, 0.16),
            (0.001, 0.18),
            (0.002, 0.18),
            (0.004, 0.18),
            (0.008, 0.14),
            (0.016, 0.1),
            (0.032, 0.06),
        ];
        Noise { builds, misleading: 0.003 }
    }

    /// Of counted instructions, when both ends differ by `change`: the same code counts the same, but commits on the way
    /// may change a little of it too.
    pub fn of_counts(change: f64) -> Noise {
        Noise { builds: vec![(change.abs() / 12.0, 1.0)], misleading: 1e-4 }
    }
}

/// What one build of a commit gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// Which candidate.
    pub commit: usize,
    /// Mean log-ratio against the good commit.
    pub mean: f64,
    /// How uncertain that mean is, the build not counted.
    pub standard_error: f64,
}

/// A commit or an end of the history, to say that code is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The good end, which contains no candidate.
    Good,
    /// A candidate; the bad end is the last one.
    Commit(usize),
}

/// Everything that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The bad end against the good one; its commit is the last candidate.
    pub whole: Reading,
    /// The other readings.
    pub readings: Vec<Reading>,
    /// Commits whose benchmark is the same code: they lie on the same side, certainly.
    pub same_code: Vec<(usize, Place)>,
}

/// What is believed.
#[derive(Clone, Debug, PartialEq)]
pub struct Belief {
    /// For each candidate, the chance that it brought the change; they sum to 1.
    pub chances: Vec<f64>,
    /// What builds of the same code are expected to differ by: the mean over what is believed.
    pub build_sd: f64,
}

impl Belief {
    /// The chance that a commit has the change.
    pub fn chance_after(&self, lineage: &Lineage, commit: usize) -> f64 {
        let brought =
            self.chances.iter().enumerate().filter(|(candidate, _)| lineage.contains(commit, *candidate));
        brought.map(|(_, chance)| chance).sum()
    }
}

/// The belief after the evidence, when every candidate was as likely as any other; `None` when certain evidence
/// contradicts itself: no single candidate can have brought the change.
pub fn believe(lineage: &Lineage, evidence: &Evidence, noise: &Noise) -> Option<Belief> {
    let possible: Vec<usize> =
        (0..lineage.len()).filter(|candidate| is_possible(lineage, evidence, *candidate)).collect();
    if possible.is_empty() {
        return None;
    }
    let measured = measured(evidence);
    // Candidates that put all measured commits on the same sides are equally likely.
    let sides_of = |candidate: &usize| -> Vec<bool> {
        measured.iter().map(|(commit, _)| lineage.contains(*commit, *candidate)).collect()
    };
    let of_candidate: Vec<Vec<bool>> = possible.iter().map(sides_of).collect();
    let mut sides = of_candidate.clone();
    sides.sort();
    sides.dedup();
    let place = |own: &Vec<bool>| sides.binary_search(own).unwrap_or_default();
    let mut candidates = vec![0.0; sides.len()];
    of_candidate.iter().for_each(|own| candidates[place(own)] += 1.0);
    let by_tau = integrate(evidence, &measured, noise, &sides);
    let (ln_likelihoods, build_sd) = sum_over_builds(&by_tau, &candidates);
    let most = ln_likelihoods.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut chances = vec![0.0; lineage.len()];
    for (candidate, own) in possible.iter().zip(&of_candidate) {
        chances[*candidate] = (ln_likelihoods[place(own)] - most).exp();
    }
    let sum: f64 = chances.iter().sum();
    chances.iter_mut().for_each(|chance| *chance /= sum);
    Some(Belief { chances, build_sd })
}

/// The readings of each measured candidate, in the order of the candidates.
fn measured(evidence: &Evidence) -> Vec<(usize, Vec<Reading>)> {
    let mut readings = evidence.readings.clone();
    readings.sort_by_key(|reading| reading.commit);
    readings.chunk_by(|a, b| a.commit == b.commit).map(|group| (group[0].commit, group.to_vec())).collect()
}

fn is_possible(lineage: &Lineage, evidence: &Evidence, candidate: usize) -> bool {
    let is_after = |place: Place| match place {
        Place::Good => false,
        Place::Commit(commit) => lineage.contains(commit, candidate),
    };
    evidence.same_code.iter().all(|(commit, place)| is_after(Place::Commit(*commit)) == is_after(*place))
}

/// For each spread of builds, the logarithm of the likelihood of each way to put the measured commits on sides.
fn integrate(
    evidence: &Evidence,
    measured: &[(usize, Vec<Reading>)],
    noise: &Noise,
    sides: &[Vec<bool>],
) -> Vec<(f64, Vec<f64>)> {
    let turns = turns(sides, measured.len());
    let of_tau = |(tau, weight): &(f64, f64)| {
        let mut sums = vec![LogSum::default(); sides.len()];
        let high_sd = tau.hypot(evidence.whole.standard_error);
        for (low, high) in LEVELS.iter().flat_map(|low| LEVELS.iter().map(move |high| (low, high))) {
            let levels = [low * tau, evidence.whole.mean + high * high_sd];
            let of_commit = |(_, readings): &(usize, Vec<Reading>)| {
                readings.iter().fold([0.0; 2], |[before, after], reading| {
                    let ln = ln_densities(reading, levels, *tau, noise.misleading);
                    [before + ln[0], after + ln[1]]
                })
            };
            let ln_commits: Vec<[f64; 2]> = measured.iter().map(of_commit).collect();
            let ln_prior = weight.ln() - (low * low + high * high) / 2.0;
            let mut ln = ln_prior + ln_commits.iter().map(|[before, _]| before).sum::<f64>();
            for (sum, turns) in sums.iter_mut().zip(&turns) {
                for (commit, after) in turns {
                    let [before, behind] = ln_commits[*commit];
                    ln += if *after { behind - before } else { before - behind };
                }
                sum.add(ln);
            }
        }
        (*tau, sums.iter().map(LogSum::ln).collect())
    };
    noise.builds.iter().map(of_tau).collect()
}

/// Which measured commits change sides from each way to the next, the first one starting from all of them before the
/// change; and whether they turn to the side after it. In a chain of commits that is one for each way.
fn turns(sides: &[Vec<bool>], commits: usize) -> Vec<Vec<(usize, bool)>> {
    let mut last = vec![false; commits];
    let mut turns = Vec::new();
    for sides in sides {
        turns.push((0..commits).filter(|at| last[*at] != sides[*at]).map(|at| (at, sides[at])).collect());
        last.clone_from(sides);
    }
    turns
}

/// The likelihoods whatever the spread of builds is, and its mean over what is believed. So many `candidates` stand
/// behind each likelihood.
fn sum_over_builds(by_tau: &[(f64, Vec<f64>)], candidates: &[f64]) -> (Vec<f64>, f64) {
    let mut totals = vec![LogSum::default(); candidates.len()];
    for (_, lns) in by_tau {
        totals.iter_mut().zip(lns).for_each(|(total, ln)| total.add(*ln));
    }
    let totals: Vec<f64> = totals.iter().map(LogSum::ln).collect();
    let most = totals.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mass = |lns: &[f64]| -> f64 {
        lns.iter().zip(candidates).map(|(ln, candidates)| candidates * (ln - most).exp()).sum()
    };
    let masses: Vec<(f64, f64)> = by_tau.iter().map(|(tau, lns)| (*tau, mass(lns))).collect();
    let all: f64 = masses.iter().map(|(_, mass)| mass).sum();
    (totals, masses.iter().map(|(tau, mass)| tau * mass).sum::<f64>() / all)
}

/// The logarithms of a reading's density if its commit lies before and after the change. The levels are those before
/// and after.
fn ln_densities(reading: &Reading, levels: [f64; 2], tau: f64, misleading: f64) -> [f64; 2] {
    let sd = tau.hypot(reading.standard_error);
    let ln_at = levels.map(|level| -((reading.mean - level) / sd).powi(2) / 2.0);
    let mixed = |own: f64, other: f64| {
        let (own, other) = ((1.0 - misleading).ln() + own, misleading.ln() + other);
        let (most, least) = (own.max(other), own.min(other));
        most + (least - most).exp().ln_1p() - sd.ln()
    };
    [mixed(ln_at[0], ln_at[1]), mixed(ln_at[1], ln_at[0])]
}

/// A sum of numbers that are given, and asked for, as logarithms.
#[derive(Clone, Copy, Debug)]
struct LogSum {
    most: f64,
    scaled: f64,
}

impl Default for LogSum {
    fn default() -> LogSum {
        LogSum { most: f64::NEG_INFINITY, scaled: 0.0 }
    }
}

impl LogSum {
    fn add(&mut self, ln: f64) {
        if ln <= self.most {
            self.scaled += (ln - self.most).exp();
        } else {
            self.scaled = self.scaled * (self.most - ln).exp() + 1.0;
            self.most = ln;
        }
    }

    fn ln(&self) -> f64 {
        self.most + self.scaled.ln()
    }
}
