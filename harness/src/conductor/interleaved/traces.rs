//! What the traces of the turns tell: the blocks with what disturbed them, and the time that handing over took.

use super::super::turns::TurnPlan;
use super::Epoch;
use crate::contract::{Block, ByRole, Disturbance, Role, Turn};
use crate::criterion::message::Measured;

impl Epoch<'_, '_> {
    pub(super) fn blocks(
        &self,
        plan: &TurnPlan,
        measured: &ByRole<Measured>,
        steal_ticks: u64,
    ) -> Vec<Block> {
        let samples = measured.as_ref().map(|side| {
            let turn = |(&iterations, &elapsed_ns)| Turn { iterations, elapsed_ns };
            side.iterations.iter().zip(&side.elapsed_ns).map(turn).collect::<Vec<_>>()
        });
        // Steal comes in ticks of 10 ms without a time stamp: it is charged to the longest block.
        let longest = (0..plan.orders.len()).max_by_key(|&block| self.span_ns(block));
        plan.blocks(&samples, |block| {
            let mut disturbance = Disturbance::default();
            for role in Role::BOTH {
                for trace in [2 * block, 2 * block + 1].map(|turn| self.memory.trace(role, turn)) {
                    disturbance.involuntary_switches += trace.involuntary_switches;
                    disturbance.major_faults += trace.major_faults;
                }
            }
            if longest == Some(block) {
                disturbance.steal_ticks = steal_ticks as u32;
            }
            disturbance
        })
    }

    /// Median gap between the turns of different sides.
    pub(super) fn handover_ns(&self, plan: &TurnPlan) -> u64 {
        let mut taken = ByRole::new(0usize, 0usize);
        let mut last: Option<(Role, u64)> = None;
        let mut gaps = Vec::new();
        for turn in plan.sequence() {
            let trace = self.memory.trace(turn.owner, *taken.get(turn.owner));
            *taken.get_mut(turn.owner) += 1;
            if let Some((owner, end_ns)) = last
                && owner != turn.owner
            {
                gaps.push(trace.begin_ns.saturating_sub(end_ns));
            }
            last = Some((turn.owner, trace.end_ns));
        }
        gaps.sort_unstable();
        gaps.get(gaps.len() / 2).copied().unwrap_or(0)
    }

    /// Real time from the begin of a block's first turn to the end of its last.
    fn span_ns(&self, block: usize) -> u64 {
        let traces = Role::BOTH
            .into_iter()
            .flat_map(|role| [2 * block, 2 * block + 1].map(|turn| self.memory.trace(role, turn)));
        let (begin, end) = traces
            .fold((u64::MAX, 0), |(begin, end), trace| (begin.min(trace.begin_ns), end.max(trace.end_ns)));
        end.saturating_sub(begin)
    }
}
