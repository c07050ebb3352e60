//! Learns, from the first call of a warm-up, by which clock reads a call begins and ends.

use core::sync::atomic::Ordering::Relaxed;

use super::{Gate, LEARNED_READS, Phase};
use crate::callsite::Callers;
use crate::system;

/// Clock reads of a call in which nobody but the harness reads the clock.
const HARNESS_READS: usize = 4;
/// So many callers two reads share only when they come from one place; fewer may be no more than ways into the standard
/// library.
const SURELY_ONE_PLACE: usize = 4;

impl Gate {
    /// Whether a read comes from the start's call site. All reads of a harness share the callers within the standard
    /// library, and the start of the next call shares one more: the harness's own function. Callers further out do
    /// not count, because compilers peel the first round off the warm-up's loop.
    fn starts_again(&self, callers: &Callers) -> bool {
        let start = &self.learned[0];
        let others = self.learned[1..self.learned_len].iter().map(|other| other.shared_with(start)).max();
        let shared = callers.shared_with(start);
        let least = if self.learned_len > HARNESS_READS { SURELY_ONE_PLACE } else { 2 };
        others.is_some_and(|others| shared >= least && shared > others)
    }

    /// Learns the call sites of the first call, until its start comes round again.
    pub(super) fn learn(
        &mut self,
        now_ns: u64,
        return_slot: usize,
        clock: &impl Fn(i32) -> system::Timespec,
    ) -> Option<u64> {
        let callers = Callers::of(return_slot);
        if !self.starts_again(&callers) {
            if self.reads_in_call == LEARNED_READS {
                if self.tell_calls_apart() && self.settle() {
                    return self.warm_up_read(now_ns, return_slot, clock);
                }
                // The start never came again: somebody else reads the clock around the harness, or its first call was
                // compiled apart from the others.
                self.give_up();
                return Some(0);
            }
            self.learned[self.reads_in_call] = callers;
            self.learned_ns[self.reads_in_call] = now_ns;
            self.learned_len = self.reads_in_call + 1;
            self.reads_in_call += 1;
            self.last_read_ns = now_ns;
            return Some(0);
        }
        if !self.settle() {
            self.give_up();
            return Some(0);
        }
        self.count_call(self.last_read_ns);
        if self.end.is_none() && self.warm_up_is_over() {
            self.end_warm_up(clock);
            self.call_start_ns = clock(system::CLOCK_MONOTONIC).as_ns();
            return None;
        }
        self.call_start_ns = now_ns;
        Some(0)
    }

    /// Finds the first call among everything that was learned, when its end was not clear at once: the start comes again
    /// where a read has the most callers in common with it. Counts the calls that are over.
    fn tell_calls_apart(&mut self) -> bool {
        let start = self.learned[0];
        let shared: [usize; LEARNED_READS] = self.learned.each_ref().map(|read| read.shared_with(&start));
        let shared = &shared[..self.learned_len];
        let most = shared.iter().skip(1).copied().max().unwrap_or(0);
        if most < 2 {
            return false;
        }
        let mut first_call = None;
        for (k, _) in shared.iter().enumerate().skip(1).filter(|(_, callers)| **callers == most) {
            first_call = first_call.or(Some(k));
            self.count_call(self.learned_ns[k - 1]);
            self.call_start_ns = self.learned_ns[k];
        }
        self.learned_len = first_call.unwrap_or(self.learned_len);
        true
    }

    /// Goes on to the rest of the warm-up, once the first call's reads are known; `false` when they cannot be told apart.
    fn settle(&mut self) -> bool {
        self.settle_signatures();
        if self.start.is_none() || (self.end.is_none() && self.learned_len > HARNESS_READS) {
            return false;
        }
        self.phase = Phase::WarmUp;
        self.side().ends_known.store(u32::from(self.end.is_some()), Relaxed);
        true
    }

    /// Derives the signatures of start and end from what was learned; without a clear end, pauses fall before starts.
    pub(super) fn settle_signatures(&mut self) {
        let last = self.learned_len - 1;
        let start = self.learned[0];
        self.start = start.signature(&self.learned[1..=last]);
        self.end = if last > 0 { self.learned[last].signature(&self.learned[..last]) } else { None };
    }
}
