//! Benchmark by benchmark, along a way.

use super::way::{Point, Way};
use crate::analysis::confidence::Interval;
use crate::analysis::verdict::{self, Verdict};
use crate::model::BenchmarkKey;
use crate::model::history::{BenchmarkOutline, Level, RunOutline, Step};
use crate::model::policy::{Class, Policy};

/// A benchmark of A, B or both.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Its suite, `package::target`.
    pub suite: String,
    /// Which one of the suite.
    pub key: BenchmarkKey,
    /// Nanoseconds of an iteration at A and at B, where one run or two have measured them.
    pub ns: [Option<f64>; 2],
    /// What is said.
    pub said: Said,
    /// What it does to the whole when it regressed.
    pub class: Class,
}

impl Compared {
    /// Whether it regressed, in alternation, and may fail the whole.
    pub fn fails(&self) -> bool {
        matches!(self.said, Said::Judged(_, Verdict::Regressed)) && self.class != Class::Informational
    }
}

/// What is said of a benchmark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Said {
    /// Measured in alternation: B against A, and the verdict.
    Judged(Interval, Verdict),
    /// Not measured in alternation: B against A, as far as one can tell.
    Shown(Interval),
    /// The same code all along the way.
    Identical,
    /// It exists at A only (0), or at B only (1).
    Only(usize),
    /// It has no numbers in a run of the way.
    NotMeasured,
}

/// Compares all benchmarks of both ends, in the order of the newest run of the way.
pub fn compare(runs: &[RunOutline], way: &Way) -> Vec<Compared> {
    let Some([first, last]) = way.ends() else { return Vec::new() };
    let [of_a, of_b] = [first, last].map(|point| existing(runs, point));
    let in_a = |it: &BenchmarkOutline| of_a.iter().find(|other| is_same(other, it)).copied();
    let mut compared: Vec<Compared> = of_b
        .iter()
        .map(|b| match in_a(b) {
            Some(a) => Compared {
                ns: ns(way, a.levels.map(|it| *it.get(first.role)), b.levels.map(|it| *it.get(last.role))),
                said: said(runs, way, b),
                suite: b.suite.clone(),
                key: b.key.clone(),
                class: b.policy.class,
            },
            None => only(b, 1),
        })
        .collect();
    let gone = of_a.iter().filter(|a| !of_b.iter().any(|b| is_same(a, b)));
    compared.extend(gone.map(|a| only(a, 0)));
    compared
}

fn only(benchmark: &BenchmarkOutline, end: usize) -> Compared {
    let (suite, key) = (benchmark.suite.clone(), benchmark.key.clone());
    Compared { suite, key, ns: [None; 2], said: Said::Only(end), class: benchmark.policy.class }
}

/// The times of both ends. Those of a chain of several runs do not belong together: only the ratio is known.
fn ns(way: &Way, a: Option<Level>, b: Option<Level>) -> [Option<f64>; 2] {
    let several = matches!(way, Way::Chain(links) if links.len() > 1);
    let ns = |level: Option<Level>| level.map(|level| level.ln_ns.exp());
    if several { [ns(a), None] } else { [ns(a), ns(b)] }
}

fn existing(runs: &[RunOutline], point: Point) -> Vec<&BenchmarkOutline> {
    runs[point.run].benchmarks.iter().filter(|benchmark| *benchmark.exists.get(point.role)).collect()
}

fn is_same(one: &BenchmarkOutline, other: &BenchmarkOutline) -> bool {
    one.suite == other.suite && one.key == other.key
}

fn said(runs: &[RunOutline], way: &Way, benchmark: &BenchmarkOutline) -> Said {
    let find = |run: usize| runs[run].benchmarks.iter().find(|other| is_same(other, benchmark));
    match way {
        Way::Chain(links) => {
            let steps = links.iter().map(|link| {
                let step = find(link.run)?.step?;
                Some(if link.reversed { step.reversed() } else { step })
            });
            match steps.collect::<Option<Vec<Step>>>() {
                Some(steps) => judge(&steps, &benchmark.policy),
                None => Said::NotMeasured,
            }
        }
        Way::Separate(points) => {
            let level = |point: &Point| Some(*find(point.run)?.levels?.get(point.role));
            match points.each_ref().map(level) {
                [Some(a), Some(b)] => Said::Shown(difference(a, b)),
                _ => Said::NotMeasured,
            }
        }
    }
}

/// The verdict over a chain of steps.
pub(super) fn judge(steps: &[Step], policy: &Policy) -> Said {
    if steps.iter().all(|step| *step == Step::NONE) {
        return Said::Identical;
    }
    let mean = steps.iter().map(|step| step.mean).sum();
    let half_width = steps.iter().map(|step| step.half_width.powi(2)).sum::<f64>().sqrt();
    let measured = steps.iter().filter(|step| **step != Step::NONE);
    let n = measured.map(|step| step.epochs).min().unwrap_or_default() as usize;
    Said::Judged(Interval { mean, sd: 0.0, half_width, n }, verdict::decide(mean, half_width, policy))
}

fn difference(a: Level, b: Level) -> Interval {
    let half_width = a.half_width.hypot(b.half_width);
    Interval { mean: b.ln_ns - a.ln_ns, sd: 0.0, half_width, n: a.epochs.min(b.epochs) as usize }
}
