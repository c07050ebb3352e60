//! Counting instead of timing: tells callgrind which instructions belong to a sample.
//!
//! A sample of Criterion has an outer pair of clock reads, and within it an inner pair around what is measured, for
//! each batch where inputs are made in batches. Counted is what lies between the reads of an inner pair, so neither
//! the set-up of a batch nor the hook itself is part of it. Where the routine reads the clock itself, inner reads
//! cannot be told from the routine's own, and the outer pair takes their place.
//!
//! The emulator is slow, by how much depends on everything else on the machine, and a harness decides by the clock how
//! often it calls the routine. So while it warms up, the clock that it sees goes on by one step for each look at it.

use core::sync::atomic::Ordering::{Acquire, Relaxed};

use super::{Gate, Phase};
use crate::callsite::Signature;
use crate::layout::station;
use crate::valgrind;

/// Clock reads of the first warm-up call of a harness around a routine that reads none: one iteration, one batch.
const BARE_READS: usize = 4;

/// What is known of the regions to count, and whether one is open.
#[derive(Clone, Copy, Default)]
pub struct Counting {
    begin: Option<Signature>,
    end: Option<Signature>,
    open: bool,
    /// The clock that the harness saw last in a warm-up; 0 before the first look at it.
    seen_ns: u64,
    /// How far the harness's clock is behind the real one.
    behind_ns: u64,
}

impl Gate {
    /// Whether samples are counted and not timed.
    #[inline(always)]
    pub fn counts(&self) -> bool {
        self.shared.counting.load(Relaxed) == 1
    }

    /// What the timing thread sees of a real time.
    pub fn seen_ns(&mut self, real_ns: u64) -> u64 {
        let step_ns = self.side().step_ns.load(Relaxed);
        let Counting { seen_ns, behind_ns, .. } = &mut self.counting;
        if matches!(self.phase, Phase::WarmUpAnnounced | Phase::Learning | Phase::WarmUp) {
            *seen_ns = if *seen_ns == 0 { real_ns } else { *seen_ns + step_ns };
            *behind_ns = real_ns.saturating_sub(*seen_ns);
        }
        real_ns.saturating_sub(*behind_ns)
    }

    /// A warm-up is announced.
    pub(super) fn restart_clock(&mut self) {
        (self.counting.seen_ns, self.counting.behind_ns) = (0, 0);
    }

    /// Between the entry of the hook and its end nothing is counted.
    #[inline(always)]
    pub fn pause_counting(&self) {
        if self.counting.open {
            valgrind::toggle_collection();
        }
    }

    /// The other end of [`Gate::pause_counting`].
    #[inline(always)]
    pub fn resume_counting(&self) {
        if self.counting.open {
            valgrind::toggle_collection();
        }
    }

    /// The first sample is about to start.
    pub(super) fn begin_counting(&mut self) {
        if !self.counts() {
            return;
        }
        (self.counting.begin, self.counting.end) = (None, None);
        if self.learned_len == BARE_READS {
            let [start, begin, end, last] = [0, 1, 2, 3].map(|k| self.learned[k]);
            self.counting.begin = begin.signature(&[start, end, last]);
            self.counting.end = end.signature(&[start, begin, last]);
        }
        let inner = self.counting.begin.is_some() && self.counting.end.is_some();
        self.side().counts_inner.store(u32::from(inner), Relaxed);
        valgrind::start_instrumentation();
        self.counting.open = !inner;
    }

    /// A clock read of a counted sample that is neither its start nor its end.
    pub(super) fn counted_read(&mut self, return_slot: usize) {
        let (Some(begin), Some(end)) = (self.counting.begin, self.counting.end) else { return };
        if begin.matches(return_slot) {
            self.counting.open = true;
        } else if end.matches(return_slot) {
            self.counting.open = false;
        }
    }

    /// A sample starts.
    pub(super) fn begin_counted_sample(&mut self) {
        if self.counts() {
            self.counting.open = self.counting.begin.is_none() || self.counting.end.is_none();
        }
    }

    /// A sample is over: its counts are written, and the coordinator decides whether there is another one.
    pub(super) fn end_counted_sample(&mut self) {
        if self.counts() && self.shared.turns.load(Acquire) > 0 {
            self.counting.open = false;
            valgrind::dump();
            self.stop_at(station::TURN_END);
        }
    }
}
