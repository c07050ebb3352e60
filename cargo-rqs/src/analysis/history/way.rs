//! How two revisions can be compared by what is stored.

use std::collections::{HashMap, VecDeque};

use crate::model::Role;
use crate::model::history::RunOutline;

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    /// The id of the revision.
    pub revision: String,
    /// The run whose candidate it is, where a run was named, as a number among the runs.
    pub run: Option<usize>,
}

/// A way from A to B.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// Runs that have each two neighbours of the way, measured in alternation.
    Chain(Vec<Link>),
    /// Two sides that were not measured in alternation.
    Separate([Point; 2]),
}

impl Way {
    /// Where A and B were measured; `None` for a chain of nothing.
    pub fn ends(&self) -> Option<[Point; 2]> {
        match self {
            Way::Separate(points) => Some(*points),
            Way::Chain(links) => {
                let (first, last) = (links.first()?, links.last()?);
                let point = |run, role| Point { run, role };
                Some([point(first.run, first.from()), point(last.run, last.to())])
            }
        }
    }
}

/// A step of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The run, as a number among the runs.
    pub run: usize,
    /// Whether it was measured the other way round: the later one of the way is its baseline.
    pub reversed: bool,
}

impl Link {
    /// The side that the step starts from.
    pub fn from(&self) -> Role {
        if self.reversed { Role::Candidate } else { Role::Baseline }
    }

    /// The side that it leads to.
    pub fn to(&self) -> Role {
        self.from().other()
    }
}

/// A side of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// The run, as a number among the runs.
    pub run: usize,
    /// The side.
    pub role: Role,
}

/// Why there is no way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoWay {
    /// Nothing is stored of A (0) or B (1).
    Unmeasured(usize),
    /// Both are stored, but of different environments: the newest of each.
    Apart([usize; 2]),
}

/// Finds the way from one to the other: the shortest chain in one environment, and of equal ones that with the newest
/// runs; else the newest two runs of one environment. `runs` are given newest first.
///
/// # Errors
/// When what is stored does not lead from one to the other.
pub fn find(runs: &[RunOutline], ends: [&Meant; 2]) -> Result<Way, NoWay> {
    let points = ends.map(|end| points(runs, end));
    if let Some(end) = points.iter().position(Vec::is_empty) {
        return Err(NoWay::Unmeasured(end));
    }
    let fits = |environment: &str| {
        let is_there = |end: &&Meant| end.run.is_none_or(|run| runs[run].environment == environment);
        ends.iter().all(is_there)
    };
    let mut environments: Vec<&str> = Vec::new();
    for run in runs {
        if fits(&run.environment) && !environments.contains(&run.environment.as_str()) {
            environments.push(&run.environment);
        }
    }
    let chains = environments.iter().filter_map(|environment| chain(runs, environment, ends));
    if let Some(chain) = chains.min_by_key(|chain| (chain.len(), newest(chain))) {
        return Ok(Way::Chain(chain));
    }
    let newest_in = |end: usize, environment: &str| {
        points[end].iter().copied().find(|point| runs[point.run].environment == environment)
    };
    let pairs = environments.iter().filter_map(|it| Some([newest_in(0, it)?, newest_in(1, it)?]));
    match pairs.min_by_key(|[a, b]| a.run.max(b.run)) {
        Some(pair) => Ok(Way::Separate(pair)),
        None => Err(NoWay::Apart([points[0][0].run, points[1][0].run])),
    }
}

fn newest(chain: &[Link]) -> usize {
    chain.iter().map(|link| link.run).min().unwrap_or_default()
}

/// Where the revision was measured, newest first.
fn points(runs: &[RunOutline], end: &Meant) -> Vec<Point> {
    if let Some(run) = end.run {
        return vec![Point { run, role: Role::Candidate }];
    }
    let sides =
        (0..runs.len()).flat_map(|run| [Role::Candidate, Role::Baseline].map(|role| Point { run, role }));
    sides.filter(|point| runs[point.run].revisions.get(point.role).id == end.revision).collect()
}

/// The shortest chain, by breadth first; runs are tried newest first.
fn chain(runs: &[RunOutline], environment: &str, [from, to]: [&Meant; 2]) -> Option<Vec<Link>> {
    if from.revision == to.revision {
        return None;
    }
    let mut came_by: HashMap<&str, Link> = HashMap::new();
    let mut open = VecDeque::from([from.revision.as_str()]);
    while let Some(here) = open.pop_front() {
        for (number, run) in runs.iter().enumerate().filter(|(_, run)| run.environment == environment) {
            for reversed in [false, true] {
                let link = Link { run: number, reversed };
                let (before, after) = (&run.revisions.get(link.from()).id, &run.revisions.get(link.to()).id);
                let is_new = after != &from.revision && !came_by.contains_key(after.as_str());
                if before == here && is_new {
                    came_by.insert(after, link);
                    open.push_back(after);
                }
            }
        }
        if came_by.contains_key(to.revision.as_str()) {
            break;
        }
    }
    let mut chain = vec![*came_by.get(to.revision.as_str())?];
    loop {
        let first = chain[0];
        let start = &runs[first.run].revisions.get(first.from()).id;
        if *start == from.revision {
            return Some(chain);
        }
        chain.insert(0, *came_by.get(start.as_str())?);
    }
}
