//! What a benchmark used, over all its epochs: counts for one iteration, their ratios, and rates of resources. Derived
//! here for those who read; a record holds the sums alone.

use std::collections::BTreeMap;

use crate::model::{ByRole, Counter, EpochSample, Resources, Role};

/// Peaks of memory that differ by more than this share of the baseline's ...
const NOTABLE_SHARE: f64 = 0.1;
/// ... and by more than this are notable.
const NOTABLE_BYTES: f64 = 1_048_576.0;
const BYTES_PER_MB: f64 = 1e6;

/// What a benchmark used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Used {
    /// For each counter that both sides have of some epoch: its sums.
    pub counts: BTreeMap<Counter, Count>,
    /// Instructions for one cycle.
    pub instructions_per_cycle: Option<ByRole<f64>>,
    /// Branches that were predicted wrongly, of all.
    pub branch_miss_rate: Option<ByRole<f64>>,
    /// References to the cache that missed it, of all.
    pub cache_miss_rate: Option<ByRole<f64>>,
    /// Turns in which a counter was not counting all the time, both sides together.
    pub unscheduled_turns: BTreeMap<Counter, u64>,
    /// Use of the machine; `None` when it was not recorded.
    pub resources: Option<ResourceUse>,
}

/// One counter over all epochs that have it on both sides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Count {
    /// What was counted.
    pub sums: ByRole<u64>,
    /// The iterations in which it was.
    pub iterations: ByRole<u64>,
}

impl Count {
    /// For one iteration.
    pub fn per_iteration(&self) -> ByRole<f64> {
        ByRole::from_fn(|role| *self.sums.get(role) as f64 / (*self.iterations.get(role)).max(1) as f64)
    }

    /// Candidate / baseline - 1; `None` when the baseline has none.
    pub fn change(&self) -> Option<f64> {
        let ByRole { baseline, candidate } = self.per_iteration();
        (baseline > 0.0).then(|| candidate / baseline - 1.0)
    }
}

/// Use of the machine. A megabyte is a million bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResourceUse {
    /// Processor time of all threads for a hundred of wall time, in the turns of the side.
    pub cpu_percent: ByRole<f64>,
    /// The highest peak of resident memory of any epoch; `None` where that is not told.
    pub memory_mb: Option<ByRole<f64>>,
    /// Whether some peak is that of the whole process.
    pub memory_since_start: bool,
    /// Megabytes a second from and to storage; `None` where that is not told.
    pub disk_io_mbps: Option<ByRole<f64>>,
    /// Megabytes a second through the socket calls; `None` where nobody saw them.
    pub network_mbps: Option<ByRole<f64>>,
}

impl ResourceUse {
    /// The change of peak memory; `None` without peaks.
    pub fn memory_change(&self) -> Option<f64> {
        self.memory_mb.filter(|peak| peak.baseline > 0.0).map(|peak| peak.candidate / peak.baseline - 1.0)
    }

    /// Whether peak memory differs by more than 10 % and 1 MiB.
    pub fn memory_changed_notably(&self) -> bool {
        self.memory_mb.is_some_and(|peak| {
            let difference_mb = (peak.candidate - peak.baseline).abs();
            difference_mb > NOTABLE_SHARE * peak.baseline && difference_mb * BYTES_PER_MB > NOTABLE_BYTES
        })
    }
}

/// Joins what the epochs of a benchmark tell.
pub fn of_epochs(epochs: &[EpochSample]) -> Used {
    let mut used = Used::default();
    for counter in Counter::ALL {
        if let Some(count) = count(epochs, &[counter], counter) {
            used.counts.insert(counter, count);
        }
    }
    for counted in epochs.iter().filter_map(|epoch| epoch.counters.as_ref()).flat_map(ByRole::iter) {
        for (counter, turns) in &counted.1.unscheduled_turns {
            *used.unscheduled_turns.entry(*counter).or_default() += u64::from(*turns);
        }
    }
    used.instructions_per_cycle = ratio(epochs, Counter::Instructions, Counter::Cycles);
    used.branch_miss_rate = ratio(epochs, Counter::BranchMisses, Counter::Branches);
    used.cache_miss_rate = ratio(epochs, Counter::CacheMisses, Counter::CacheReferences);
    used.resources = resources(epochs);
    used
}

/// Sums a counter over the epochs in which both sides have all of `needed`.
fn count(epochs: &[EpochSample], needed: &[Counter], counter: Counter) -> Option<Count> {
    let mut sum = None::<Count>;
    for epoch in epochs {
        let Some(counted) = &epoch.counters else { continue };
        if !needed.iter().all(|it| counted.iter().all(|(_, side)| side.sums.contains_key(it))) {
            continue;
        }
        let nothing = Count { sums: ByRole::new(0, 0), iterations: ByRole::new(0, 0) };
        let sum = sum.get_or_insert(nothing);
        for role in Role::BOTH {
            *sum.sums.get_mut(role) += counted.get(role).sums.get(&counter).copied().unwrap_or(0);
            let turns = epoch.blocks.iter().flat_map(|block| block.turns.get(role));
            *sum.iterations.get_mut(role) += turns.map(|turn| turn.iterations).sum::<u64>();
        }
    }
    sum
}

/// One counter against another, over the epochs that have both; `None` when there are none, or nothing was counted.
fn ratio(epochs: &[EpochSample], above: Counter, below: Counter) -> Option<ByRole<f64>> {
    let (above, below) = (count(epochs, &[above, below], above)?, count(epochs, &[above, below], below)?);
    let both = below.sums.iter().all(|(_, sum)| *sum > 0);
    both.then(|| ByRole::from_fn(|role| *above.sums.get(role) as f64 / *below.sums.get(role) as f64))
}

fn resources(epochs: &[EpochSample]) -> Option<ResourceUse> {
    let told: Vec<&ByRole<Resources>> = epochs.iter().filter_map(|epoch| epoch.resources.as_ref()).collect();
    let sum = |role: Role, of: &dyn Fn(&Resources) -> u64| -> f64 {
        told.iter().map(|sides| of(sides.get(role))).sum::<u64>() as f64
    };
    let wall_ns = ByRole::from_fn(|role| sum(role, &|side| side.wall_ns));
    if wall_ns.iter().any(|(_, ns)| *ns <= 0.0) {
        return None;
    }
    let everywhere =
        |has: fn(&Resources) -> bool| told.iter().all(|sides| sides.iter().all(|(_, side)| has(side)));
    let rate = |of: fn(&Resources) -> Option<u64>| {
        let told = |side: &Resources| of(side).unwrap_or(0);
        ByRole::from_fn(|role| sum(role, &told) / BYTES_PER_MB / (wall_ns.get(role) / 1e9))
    };
    let peak =
        |role: Role| told.iter().filter_map(|sides| sides.get(role).peak_memory_bytes).max().unwrap_or(0);
    Some(ResourceUse {
        cpu_percent: ByRole::from_fn(|role| 100.0 * sum(role, &|side| side.cpu_ns) / wall_ns.get(role)),
        memory_mb: everywhere(|side| side.peak_memory_bytes.is_some())
            .then(|| ByRole::from_fn(|role| peak(role) as f64 / BYTES_PER_MB)),
        memory_since_start: told.iter().any(|sides| sides.iter().any(|(_, side)| side.peak_since_start)),
        disk_io_mbps: everywhere(|side| side.disk_read_bytes.is_some() && side.disk_write_bytes.is_some())
            .then(|| rate(|side| Some(side.disk_read_bytes? + side.disk_write_bytes?))),
        network_mbps: everywhere(|side| side.network_sent_bytes.is_some())
            .then(|| rate(|side| Some(side.network_sent_bytes? + side.network_received_bytes.unwrap_or(0)))),
    })
}

#[cfg(test)]
mod tests;
