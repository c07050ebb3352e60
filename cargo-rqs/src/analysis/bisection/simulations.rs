//! Whole bisections on made-up histories: how often the right commit is named, and after how many measurements.

use rqs_harness::coin::Coins;

use super::belief::{Evidence, Noise, Reading};
use super::lineage::Lineage;
use super::search::{Search, Step};

const CHANGE: f64 = 0.03;
const STANDARD_ERROR: f64 = 0.002;
const CONFIDENCE: f64 = 0.95;

/// A made-up history with one change in it.
struct History {
    lineage: Lineage,
    builds: Vec<bool>,
    culprit: usize,
    build_sd: f64,
    coins: Coins,
    /// What the build of the good commit is off by.
    good_build: f64,
    whole: Reading,
}

/// How a bisection ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Right,
    Wrong,
    Undecided,
}

fn uniform(coins: &mut Coins) -> f64 {
    ((coins.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

fn normal(coins: &mut Coins) -> f64 {
    let (radius, angle) = (uniform(coins), uniform(coins));
    (-2.0 * radius.ln()).sqrt() * (2.0 * std::f64::consts::PI * angle).cos()
}

/// Mostly a chain; one commit in eight begins beside it and is merged by the next.
fn parents(commits: usize, coins: &mut Coins) -> Vec<Vec<usize>> {
    let mut parents: Vec<Vec<usize>> = Vec::new();
    for commit in 0..commits {
        let beside =
            commit >= 2 && commit + 1 < commits && parents[commit - 1].len() == 1 && uniform(coins) < 0.125;
        let is_merge = commit >= 2 && parents[commit - 1].first() == Some(&(commit.wrapping_sub(3)));
        parents.push(match () {
            () if is_merge && commit >= 3 => vec![commit - 2, commit - 1],
            () if beside => vec![commit - 2],
            () => commit.checked_sub(1).into_iter().collect(),
        });
    }
    parents
}

impl History {
    fn new(seed: u64, commits: usize, build_sd: f64) -> History {
        let mut coins = Coins::new(seed);
        let lineage = Lineage::of(&parents(commits, &mut coins));
        let culprit = (uniform(&mut coins) * commits as f64) as usize;
        let builds = (0..commits).map(|commit| commit + 1 == commits || uniform(&mut coins) > 0.1).collect();
        let good_build = build_sd * normal(&mut coins);
        // A bisection begins only where the two ends differ visibly.
        let whole = loop {
            let mean =
                CHANGE + build_sd * normal(&mut coins) - good_build + STANDARD_ERROR * normal(&mut coins);
            if mean > CHANGE / 4.0 {
                break Reading { commit: commits - 1, mean, standard_error: STANDARD_ERROR };
            }
        };
        History { lineage, builds, culprit, build_sd, coins, good_build, whole }
    }

    fn measure(&mut self, commit: usize) -> Reading {
        let change = if self.lineage.contains(commit, self.culprit) { CHANGE } else { 0.0 };
        let build = self.build_sd * normal(&mut self.coins);
        let noise = STANDARD_ERROR * normal(&mut self.coins);
        Reading { commit, mean: change + build - self.good_build + noise, standard_error: STANDARD_ERROR }
    }

    /// Bisects it when `builds` independent builds of every commit can be had; gives the end and the measurements.
    fn bisect(&mut self, builds: u32) -> (End, usize) {
        let noise = Noise::of_times();
        let mut evidence = Evidence { whole: self.whole, readings: Vec::new(), same_code: Vec::new() };
        let mut usable = vec![true; self.lineage.len()];
        let mut builds_left = vec![builds; self.lineage.len()];
        // The bad end's only build was measured at the beginning.
        builds_left[self.lineage.len() - 1] -= 1;
        loop {
            let lineage = self.lineage.clone();
            let search = Search {
                lineage: &lineage,
                evidence: &evidence,
                noise: &noise,
                usable: &usable,
                builds_left: &builds_left,
                standard_error: STANDARD_ERROR,
                confidence: CONFIDENCE,
            };
            let taken = evidence.readings.len();
            match search.next() {
                Step::Measure(commit) if !self.builds[commit] => usable[commit] = false,
                Step::Measure(commit) => {
                    builds_left[commit] -= 1;
                    let reading = self.measure(commit);
                    evidence.readings.push(reading);
                }
                Step::Found(block) if block.commits.contains(&self.culprit) => return (End::Right, taken),
                Step::Found(_) => return (End::Wrong, taken),
                Step::Exhausted => return (End::Undecided, taken),
                Step::Contradiction => panic!("nothing was certain"),
            }
        }
    }
}

/// Right, wrong and undecided ends, and the mean number of measurements.
fn bisect_all(commits: usize, build_sd: f64, builds: u32, histories: u64) -> ([usize; 3], f64) {
    let mut ends = [0; 3];
    let mut taken_in_all = 0;
    for seed in 0..histories {
        let seed = seed ^ (commits as u64) << 20 ^ ((build_sd * 1e4) as u64) << 40;
        let (end, taken) = History::new(seed, commits, build_sd).bisect(builds);
        ends[end as usize] += 1;
        taken_in_all += taken;
    }
    (ends, taken_in_all as f64 / histories as f64)
}

/// Standard deviations of builds of the same code among each other, up to two thirds of the change itself.
const BUILD_SDS: [f64; 5] = [0.0, 0.0025, 0.005, 0.01, 0.02];

#[test]
fn where_builds_are_alike_the_right_commit_is_found_in_about_log2_measurements() {
    for (commits, most) in [(8, 4.0), (20, 5.5), (200, 9.5)] {
        for build_sd in [0.0, 0.0025] {
            let ([right, wrong, undecided], taken) = bisect_all(commits, build_sd, 1, 20);
            assert!(right >= 19 && wrong == 0, "{commits} {build_sd}: {right} {wrong} {undecided}");
            assert!(taken <= most, "{commits} {build_sd}: {taken} measurements");
        }
    }
}

#[test]
fn an_answer_is_right_in_nineteen_of_twenty_histories_or_there_is_none() {
    let (mut right, mut wrong) = (0, 0);
    for build_sd in BUILD_SDS {
        for commits in [8, 20] {
            let (ends, _) = bisect_all(commits, build_sd, 1, 16);
            right += ends[0];
            wrong += ends[1];
        }
    }
    assert!(right >= 80, "{right} right, {wrong} wrong");
    assert!(wrong * 19 <= right, "{right} right, {wrong} wrong");
}

#[test]
fn several_builds_of_each_commit_find_what_one_cannot() {
    let ([right, wrong, _], _) = bisect_all(12, 0.006, 6, 20);
    let ([right_with_one, ..], _) = bisect_all(12, 0.006, 1, 20);
    assert!(right >= 19 && wrong <= 1 && right > right_with_one, "{right} {wrong} {right_with_one}");
}
