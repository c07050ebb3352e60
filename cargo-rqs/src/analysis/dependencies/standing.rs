//! How a package came into a graph: who needs it, and what for.

use std::collections::{HashMap, HashSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::dependencies::{Dependency, DependencyGraph};

/// What a package is needed for, the strongest reason first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// It is part of what users of the target run.
    Run,
    /// It is needed only to build the target.
    Build,
    /// It is needed only by the target's own tests, benchmarks and examples.
    Dev,
}

/// How a package stands in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Standing {
    /// Whether it is a package of the workspace itself.
    pub member: bool,
    /// Whether a package of the workspace names it.
    pub direct: bool,
    /// What it is needed for; absent in graphs of format 1, which do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need: Option<Need>,
}

/// The standing of each package, in the order of the graph.
pub fn standings(graph: &DependencyGraph) -> Vec<Standing> {
    let walk = Walk::new(graph);
    let is_member = |package: &Dependency| match graph.format {
        // It did not tell; what has no source is of the tree.
        ..=1 => package.source.is_none(),
        _ => package.member,
    };
    let members: Vec<usize> =
        (0..graph.packages.len()).filter(|at| is_member(&graph.packages[*at])).collect();
    let edges_of = |at: &usize| walk.edges(*at, Need::Dev);
    let direct: HashSet<usize> = members.iter().flat_map(edges_of).collect();
    let reached = [Need::Run, Need::Build].map(|need| walk.reachable(&members, need));
    let need = |at: usize| match reached.iter().position(|reached| reached.contains(&at)) {
        Some(0) => Need::Run,
        Some(_) => Need::Build,
        None => Need::Dev,
    };
    let standing = |at: usize| Standing {
        member: is_member(&graph.packages[at]),
        direct: direct.contains(&at),
        need: (graph.format > 1).then(|| need(at)),
    };
    (0..graph.packages.len()).map(standing).collect()
}

/// A graph with its packages found by name.
struct Walk<'a> {
    graph: &'a DependencyGraph,
    places: HashMap<String, usize>,
}

impl<'a> Walk<'a> {
    fn new(graph: &'a DependencyGraph) -> Walk<'a> {
        Walk { graph, places: graph.names().into_iter().zip(0..).collect() }
    }

    /// Where the edges of a package lead that serve a need or a stronger one.
    fn edges(&self, at: usize, need: Need) -> Vec<usize> {
        let package = &self.graph.packages[at];
        let lists = [
            (Need::Run, &package.dependencies),
            (Need::Build, &package.build_dependencies),
            (Need::Dev, &package.dev_dependencies),
        ];
        let wanted = lists.into_iter().filter(|(of, _)| *of <= need).flat_map(|(_, list)| list);
        wanted.filter_map(|name| self.places.get(name).copied()).collect()
    }

    fn reachable(&self, from: &[usize], need: Need) -> HashSet<usize> {
        let (mut reached, mut open) = (HashSet::new(), from.to_vec());
        while let Some(at) = open.pop() {
            if reached.insert(at) {
                open.extend(self.edges(at, need));
            }
        }
        reached
    }
}
