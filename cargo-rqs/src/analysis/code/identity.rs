//! What two programs and a benchmark's stacks say about the benchmark's code.

use std::collections::HashMap;

use super::Graph;
use super::changed::{self, Side};
use super::routines::{Closed, Own, Routines};
use super::walk::Walker;
use crate::model::ByRole;
use crate::model::code::CodeIdentity;

/// The symbols of each frame that stood on a benchmark's stack, the innermost first.
pub type Stack = Vec<Vec<String>>;

/// Both sides of a suite, ready to be asked about each of its benchmarks.
pub struct Programs<'a> {
    sides: ByRole<Program<'a>>,
    /// Benchmarks with the same closure get the same answer.
    known: HashMap<ByRole<Option<usize>>, CodeIdentity>,
}

struct Program<'a> {
    walker: Walker<'a>,
    routines: Routines<'a>,
}

impl<'a> Programs<'a> {
    /// Takes both sides in.
    pub fn new(graphs: ByRole<&'a Graph>) -> Self {
        let sides = graphs.map(|graph| Program { walker: Walker::new(graph), routines: Routines::of(graph) });
        Programs { sides, known: HashMap::new() }
    }

    /// What holds for every benchmark: how everything compares that any of them could reach.
    pub fn whole(&self) -> CodeIdentity {
        self.compare(&ByRole::default(), &ByRole::default())
    }

    /// How the code of one benchmark compares. Without a stack on either side, or where a stack does not tell what is the
    /// benchmark's own, everything that any benchmark could reach counts.
    pub fn of_benchmark(&mut self, stacks: &ByRole<Option<Stack>>) -> CodeIdentity {
        let own = ByRole::from_fn(|role| {
            let stack = stacks.get(role).as_ref()?;
            self.sides.get(role).routines.own(stack)
        });
        let own = match own {
            ByRole { baseline: Some(baseline), candidate: Some(candidate) } => {
                ByRole::new(baseline, candidate)
            }
            _ => {
                let whole = self.known.get(&ByRole::default()).cloned();
                return whole.unwrap_or_else(|| {
                    let whole = self.whole();
                    self.known.insert(ByRole::default(), whole.clone());
                    whole
                });
            }
        };
        let tables = own.as_ref().map(|own: &Own| Some(own.table));
        if let Some(known) = self.known.get(&tables) {
            return known.clone();
        }
        let identity = self.compare(&own.map(|own| own.closed), &tables);
        self.known.insert(tables, identity.clone());
        identity
    }

    fn compare(&self, closed: &ByRole<Closed>, begins: &ByRole<Option<usize>>) -> CodeIdentity {
        let reached = ByRole::try_from_fn(|role| {
            let reached = self.sides.get(role).walker.reached(closed.get(role));
            reached.map_err(|why| format!("{why} (in the {role})"))
        });
        let reached = match reached {
            Ok(reached) => reached,
            Err(why) => return CodeIdentity::Unknown { why },
        };
        if reached.baseline.exact == reached.candidate.exact {
            return CodeIdentity::Identical { reached: reached.candidate.exact };
        }
        if reached.baseline.without_lines == reached.candidate.without_lines {
            return CodeIdentity::IdenticalButForPanicLocations { reached: reached.candidate.without_lines };
        }
        let side = |role| Side {
            walker: &self.sides.get(role).walker,
            closed: closed.get(role),
            begin: *begins.get(role),
        };
        use crate::model::Role::{Baseline, Candidate};
        let changed = changed::changed(side(Baseline), side(Candidate));
        CodeIdentity::Different { reached: reached.map(|reached| reached.without_lines), changed }
    }
}
