//! Stacks of both sides to a table of functions, and how much each of them contributes to the difference. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::profile::{FunctionWeight, ProfileEngine, ProfileRecord, ProfiledSide, Stack};
use crate::model::{BenchmarkKey, ByRole, Role};

/// Functions whose weight the record keeps.
const KEPT: usize = 3;
/// Standard errors on either side of a sampled number.
const ERRORS: f64 = 2.0;

/// One profiled benchmark with everything that is shown of it.
#[derive(Clone, Debug)]
pub struct Profiled {
    /// Its suite.
    pub suite: String,
    /// Its name.
    pub key: BenchmarkKey,
    /// How the stacks were taken.
    pub engine: ProfileEngine,
    /// What other engines were tried before, and why they gave nothing.
    pub refused: Vec<String>,
    /// Both sides in numbers.
    pub sides: ByRole<ProfiledSide>,
    /// Whether set-up of the routine that is not timed is among the stacks.
    pub with_set_up: bool,
    /// Whether the time of an iteration was only taken while it was sampled, and not measured in turns.
    pub rough: bool,
    /// Wall time of the pass.
    pub wall_ms: u64,
    /// The stacks.
    pub stacks: ByRole<Vec<Stack>>,
    /// The functions.
    pub table: FunctionTable,
}

/// What one unit of weight stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// In which unit values are.
    pub unit: Unit,
    /// The whole of each side in that unit.
    pub whole: ByRole<f64>,
}

/// In which unit values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds for one iteration.
    Nanoseconds,
    /// Instructions for one iteration.
    Instructions,
    /// Parts of the whole, where nothing is known of an iteration.
    Share,
}

/// The functions of both sides.
#[derive(Clone, Debug)]
pub struct FunctionTable {
    /// One row for each function, the largest contribution to the difference first.
    pub rows: Vec<FunctionRow>,
    /// The weight of each side.
    pub weight: ByRole<u64>,
    /// What the weights stand for.
    pub scale: Scale,
    /// Whether the weights are samples, which have noise.
    pub sampled: bool,
}

/// One function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionRow {
    /// Its name.
    pub name: String,
    /// The weight of stacks that end in it: itself alone.
    pub own: ByRole<u64>,
    /// The same with what it lets the standard library, the system's libraries and the kernel do for it. Those are at the
    /// end of most stacks, but seldom what somebody changed.
    pub charged: ByRole<u64>,
    /// The weight of stacks that it occurs in, called functions included.
    pub total: ByRole<u64>,
}

/// How much of the difference is in one function, with what serves it.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution<'a> {
    /// Its name.
    pub function: &'a str,
    /// Its change, candidate less baseline.
    pub change: f64,
    /// The change of the whole.
    pub whole: f64,
    /// The unit of both.
    pub unit: Unit,
}

impl FunctionTable {
    /// The table of some stacks.
    pub fn of(stacks: &ByRole<Vec<Stack>>, scale: Scale, sampled: bool) -> FunctionTable {
        let mut rows: BTreeMap<&str, FunctionRow> = BTreeMap::new();
        for (role, stacks) in stacks.iter() {
            for stack in stacks {
                let mut add = |name, part: fn(&mut FunctionRow) -> &mut ByRole<u64>| {
                    let row = rows.entry(name).or_insert_with(|| FunctionRow::new(name));
                    *part(row).get_mut(role) += stack.weight;
                };
                // A function that calls itself counts once.
                let distinct: BTreeSet<&str> = stack.frames.iter().map(String::as_str).collect();
                distinct.into_iter().for_each(|name| add(name, |row| &mut row.total));
                let Some(last) = stack.frames.last() else { continue };
                add(last, |row| &mut row.own);
                let charged = stack.frames.iter().rev().find(|name| !serves(name)).unwrap_or(last);
                add(charged, |row| &mut row.charged);
            }
        }
        let weight = stacks.as_ref().map(|stacks| stacks.iter().map(|stack| stack.weight).sum());
        let mut table = FunctionTable { rows: Vec::new(), weight, scale, sampled };
        let size = |weight: &ByRole<u64>| table.change(weight).abs();
        let mut rows: Vec<FunctionRow> = rows.into_values().collect();
        rows.sort_by(|a, b| {
            let by_charged = size(&b.charged).total_cmp(&size(&a.charged));
            by_charged.then(size(&b.own).total_cmp(&size(&a.own))).then_with(|| a.name.cmp(&b.name))
        });
        table.rows = rows;
        table
    }

    /// A weight of one side as its part of the whole, between 0 and 1.
    pub fn share(&self, weight: &ByRole<u64>, role: Role) -> f64 {
        share(*weight.get(role), *self.weight.get(role))
    }

    /// A weight of one side in the table's unit.
    pub fn value(&self, weight: &ByRole<u64>, role: Role) -> f64 {
        self.share(weight, role) * self.scale.whole.get(role)
    }

    /// How much a function's part has changed, candidate less baseline.
    pub fn change(&self, weight: &ByRole<u64>) -> f64 {
        self.value(weight, Role::Candidate) - self.value(weight, Role::Baseline)
    }

    /// How much the whole has changed.
    pub fn whole_change(&self) -> f64 {
        self.scale.whole.candidate - self.scale.whole.baseline
    }

    /// The noise of a change: two standard errors of the sampled shares; 0 for counts. What is known of the whole has
    /// an error of its own, which is not part of it.
    pub fn noise(&self, weight: &ByRole<u64>) -> f64 {
        if !self.sampled {
            return 0.0;
        }
        let variance = |role: Role| {
            let samples = *self.weight.get(role);
            // One sample more and one fewer: no share is ever taken for certain.
            let smoothed = (*weight.get(role) as f64 + 1.0) / (samples as f64 + 2.0);
            smoothed * (1.0 - smoothed) / (samples as f64).max(1.0) * self.scale.whole.get(role).powi(2)
        };
        ERRORS * (variance(Role::Baseline) + variance(Role::Candidate)).sqrt()
    }

    /// Whether a change is larger than its noise.
    pub fn stands_out(&self, weight: &ByRole<u64>) -> bool {
        self.change(weight).abs() > self.noise(weight)
    }
}

fn share(weight: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { weight as f64 / whole as f64 }
}

impl FunctionRow {
    fn new(name: &str) -> FunctionRow {
        let [own, charged, total] = [ByRole::default(); 3];
        FunctionRow { name: name.to_owned(), own, charged, total }
    }
}

/// Crates that come with the compiler.
const STANDARD: [&str; 6] = ["core", "alloc", "std", "compiler_builtins", "hashbrown", "__rustc"];

/// Whether a function serves whoever calls it: it belongs to the standard library, to a library of the system, or to
/// the kernel. A method belongs to the crate of its type; of types without a crate, to that of its trait.
fn serves(name: &str) -> bool {
    if name.ends_with(']') && (name.starts_with('[') || name.contains(" [")) {
        return name != LOOP;
    }
    let first = |path: &str| {
        let bare = path
            .trim_start_matches(['<', '&', '*', '[', '(', ' '])
            .trim_start_matches("mut ")
            .trim_start_matches("dyn ");
        let end = bare.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(bare.len());
        let is_path = bare[end..].starts_with("::");
        is_path.then(|| STANDARD.contains(&&bare[..end]))
    };
    let of_trait = || name.split_once(" as ").and_then(|(_, rest)| first(rest));
    match first(name) {
        Some(standard) => standard,
        // Types without a crate get methods of their own from the standard library only.
        None if name.starts_with('<') => of_trait().unwrap_or(true),
        None => name.starts_with("__rust_") || name.starts_with("__rdl_"),
    }
}

/// What the harness calls its own part of a measurement.
const LOOP: &str = "[measuring loop]";

impl Profiled {
    /// What the record keeps.
    pub fn record(&self) -> ProfileRecord {
        let functions = self.table.rows.iter().take(KEPT);
        ProfileRecord {
            engine: self.engine,
            sides: self.sides,
            wall_ms: self.wall_ms,
            functions: functions
                .map(|row| FunctionWeight { name: row.name.clone(), charged: row.charged })
                .collect(),
        }
    }
}

/// What the weights of a profile stand for: the time of an iteration as it was measured in turns, or the instructions of
/// one; parts of the whole where neither is known.
pub fn scale(engine: ProfileEngine, sides: &ByRole<ProfiledSide>, typical_ns: Option<ByRole<f64>>) -> Scale {
    let per_iteration = |side: &ProfiledSide| {
        side.iterations
            .filter(|iterations| *iterations > 0)
            .map(|iterations| side.weight as f64 / iterations as f64)
    };
    let instructions = (per_iteration(&sides.baseline), per_iteration(&sides.candidate));
    match (engine.samples(), typical_ns, instructions) {
        (true, Some(whole), _) => Scale { unit: Unit::Nanoseconds, whole },
        (false, _, (Some(baseline), Some(candidate))) => {
            Scale { unit: Unit::Instructions, whole: ByRole::new(baseline, candidate) }
        }
        _ => Scale { unit: Unit::Share, whole: ByRole::new(1.0, 1.0) },
    }
}

/// The functions of a recorded profile that contribute most, the largest first, those left out that do not stand out or
/// work against the change.
pub fn contributions<'a>(
    profile: &'a ProfileRecord,
    typical_ns: Option<ByRole<f64>>,
) -> Vec<Contribution<'a>> {
    let table = FunctionTable {
        rows: Vec::new(),
        weight: profile.sides.map(|side| side.weight),
        scale: scale(profile.engine, &profile.sides, typical_ns),
        sampled: profile.engine.samples(),
    };
    let whole = table.whole_change();
    let telling = |function: &&FunctionWeight| {
        let change = table.change(&function.charged);
        table.stands_out(&function.charged) && (table.scale.unit == Unit::Share || change * whole > 0.0)
    };
    let contribution = |function: &'a FunctionWeight| Contribution {
        function: &function.name,
        change: table.change(&function.charged),
        whole,
        unit: table.scale.unit,
    };
    profile.functions.iter().filter(telling).map(contribution).collect()
}

#[cfg(test)]
mod tests;
