//! Where the timing thread waits: what each clock read and each message of the harness means for the turns.
//!
//! A *call* is one run of the benchmark's closure: a warm-up call or a sample. It begins with one clock read of the
//! harness (the *start*) and ends with another one (the *end*). Waiting before a start is read, or after an end is
//! read, is invisible to the harness, so no clock value is ever changed by a wait. The only value that is changed is
//! the end of the last warm-up call, which pretends that the warm-up took as long as the coordinator wants; from
//! that the harness derives the number of iterations.

mod counting;
mod learning;

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::callsite::{Callers, Signature, walk_stack};
use crate::counters::Counters;
use crate::layout::{MAX_FRAMES, MAX_TURNS, NOBODY, Shared, Side, station};
use crate::system;

/// Clock reads of the first warm-up call at most; every one is unwound. The harness makes four, runtimes within the
/// benchmark may make more.
const LEARNED_READS: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Between benchmarks.
    Idle,
    /// The harness announced a warm-up; the next clock read starts it.
    WarmUpAnnounced,
    /// In the first call of the warm-up, learning call sites.
    Learning,
    /// In a later call of the warm-up.
    WarmUp,
    /// The harness announced the measurement; the next clock read starts it.
    MeasurementAnnounced,
    /// Taking turns.
    Turns,
}

/// The state of the timing thread's gate; used by that thread only.
pub struct Gate {
    shared: &'static Shared,
    role: usize,
    event_fd: i32,
    thread: usize,
    phase: Phase,
    start: Option<Signature>,
    end: Option<Signature>,
    learned: [Callers; LEARNED_READS],
    learned_ns: [u64; LEARNED_READS],
    learned_len: usize,
    reads_in_call: usize,
    call_start_ns: u64,
    last_read_ns: u64,
    calls: u32,
    elapsed_ns: u64,
    helper_cpu_ns: u64,
    pretended: bool,
    bonus_ns: u64,
    turn: usize,
    own_turns: usize,
    samples_left: u32,
    samples_seen: u32,
    in_sample: bool,
    usage: system::Usage,
    counting: counting::Counting,
    counters: Counters,
}

impl Gate {
    /// A gate for the side `role` (0 baseline, 1 candidate).
    pub fn new(shared: &'static Shared, role: usize, event_fd: i32) -> Gate {
        Gate {
            shared,
            role,
            event_fd,
            thread: 0,
            phase: Phase::Idle,
            start: None,
            end: None,
            learned: [Callers::default(); LEARNED_READS],
            learned_ns: [0; LEARNED_READS],
            learned_len: 0,
            reads_in_call: 0,
            call_start_ns: 0,
            last_read_ns: 0,
            calls: 0,
            elapsed_ns: 0,
            helper_cpu_ns: 0,
            pretended: false,
            bonus_ns: 0,
            turn: 0,
            own_turns: 0,
            samples_left: 0,
            samples_seen: 0,
            in_sample: false,
            usage: system::Usage::default(),
            counting: counting::Counting::default(),
            counters: Counters::open(shared, &shared.sides[role]),
        }
    }

    fn side(&self) -> &'static Side {
        &self.shared.sides[self.role]
    }

    /// Tells the coordinator where this process stands and waits until it may go on.
    fn stop_at(&self, station: u32) {
        let side = self.side();
        let granted = side.grant.load(Acquire);
        side.station.store(station, Release);
        system::ring(self.event_fd);
        while side.grant.load(Acquire) == granted {
            system::futex_wait(&side.grant, granted);
        }
    }

    /// The harness is about to send a message to the coordinator.
    pub fn on_message(&mut self, payload: &[u8]) {
        if self.phase == Phase::Turns {
            self.finish_turns();
        }
        // CBOR: a map of one entry whose key is the message's name.
        self.phase = if payload.starts_with(b"\xa1\x66Warmup") {
            self.restart_clock();
            Phase::WarmUpAnnounced
        } else if payload.starts_with(b"\xa1\x70MeasurementStart") && self.can_take_turns() {
            Phase::MeasurementAnnounced
        } else {
            Phase::Idle
        };
        self.bonus_ns = 0;
        self.thread = system::thread_pointer();
        self.side().timing_thread.store(system::thread_id(), Relaxed);
    }

    fn can_take_turns(&self) -> bool {
        matches!(self.phase, Phase::WarmUp) || (self.phase == Phase::Learning && self.learned_len > 0)
    }

    /// Whether the calling thread is the one that times, and is in a phase that matters.
    #[inline(always)]
    pub fn concerns_this_thread(&self) -> bool {
        self.phase != Phase::Idle && self.thread == system::thread_pointer()
    }

    /// Counts a clock read of any thread; a lost count among threads does not matter, it only shows life.
    #[inline(always)]
    pub fn count_read(&self) {
        let reads = &self.side().clock_reads;
        reads.store(reads.load(Relaxed) + 1, Relaxed);
    }

    /// A clock read of the timing thread: `read` gives the real time, `return_slot` names the call site. Returns
    /// what to add to a value that was read before the call, or `None` when it must be read again after a wait.
    pub fn on_clock_read(
        &mut self,
        now_ns: u64,
        return_slot: usize,
        clock: impl Fn(i32) -> system::Timespec,
    ) -> Option<u64> {
        match self.phase {
            Phase::Idle => Some(0),
            Phase::WarmUpAnnounced => {
                self.begin_warm_up(return_slot, &clock);
                self.call_start_ns = clock(system::CLOCK_MONOTONIC).as_ns();
                None
            }
            Phase::Learning => self.learn(now_ns, return_slot, &clock),
            Phase::WarmUp => self.warm_up_read(now_ns, return_slot, &clock),
            Phase::MeasurementAnnounced => {
                self.begin_turns(return_slot, &clock);
                None
            }
            Phase::Turns => self.turns_read(return_slot, &clock),
        }
    }

    fn begin_warm_up(&mut self, return_slot: usize, clock: &impl Fn(i32) -> system::Timespec) {
        self.calls = 0;
        self.elapsed_ns = 0;
        self.pretended = false;
        self.end = None;
        self.learned_len = 1;
        self.reads_in_call = 1;
        self.note_stack(return_slot);
        self.stop_at(station::WARM_UP);
        self.counters.obey();
        self.learned[0] = Callers::of(return_slot);
        self.helper_cpu_ns = system::helper_cpu_ns(clock);
        self.phase = Phase::Learning;
    }

    /// Tells the coordinator from where the benchmark reads the clock.
    fn note_stack(&self, return_slot: usize) {
        if self.shared.stack_wanted.load(Acquire) != 1 {
            return;
        }
        let (side, mut count) = (self.side(), 0);
        walk_stack(return_slot, &mut |address| {
            side.frames[count].store(address as u64, Relaxed);
            count += 1;
            count < MAX_FRAMES
        });
        side.frame_count.store(count as u32, Relaxed);
    }

    fn count_call(&mut self, end_ns: u64) {
        self.calls += 1;
        self.elapsed_ns += end_ns.saturating_sub(self.call_start_ns);
    }

    fn warm_up_is_over(&self) -> bool {
        let side = self.side();
        self.elapsed_ns >= side.warm_up_ns.load(Relaxed) && self.calls >= side.least_calls.load(Relaxed)
    }

    fn end_warm_up(&mut self, clock: &impl Fn(i32) -> system::Timespec) {
        let side = self.side();
        if self.pretended {
            // The harness went on although it was told that the time is over: what looked like the end of a call is
            // read by somebody else, for whom the clock has now jumped ahead and back.
            self.give_up();
            return;
        }
        side.warm_up_calls.store(self.calls, Relaxed);
        side.warm_up_elapsed_ns.store(self.elapsed_ns, Relaxed);
        let helper_cpu_ns = system::helper_cpu_ns(clock).saturating_sub(self.helper_cpu_ns);
        side.helper_cpu_ns.store(helper_cpu_ns, Relaxed);
        self.stop_at(station::WARM_UP_END);
        // The clock of a counted warm-up stands almost still.
        let elapsed_ns = if self.counts() { 0 } else { self.elapsed_ns };
        self.bonus_ns = side.pretended_ns.load(Relaxed).saturating_sub(elapsed_ns);
        self.pretended = true;
    }

    /// Tells the coordinator that samples cannot be told apart; the process runs on without turns.
    fn give_up(&mut self) {
        self.side().station.store(station::LOST, Release);
        system::ring(self.event_fd);
        self.phase = Phase::Idle;
        self.bonus_ns = 0;
    }

    fn is_start(&self, return_slot: usize) -> bool {
        self.start.is_some_and(|start| start.matches(return_slot))
    }

    fn is_end(&self, return_slot: usize) -> bool {
        self.end.is_some_and(|end| end.matches(return_slot))
    }

    fn warm_up_read(
        &mut self,
        now_ns: u64,
        return_slot: usize,
        clock: &impl Fn(i32) -> system::Timespec,
    ) -> Option<u64> {
        if self.is_start(return_slot) {
            if self.end.is_none() {
                self.count_call(self.last_read_ns);
                if self.warm_up_is_over() {
                    self.end_warm_up(clock);
                    self.call_start_ns = clock(system::CLOCK_MONOTONIC).as_ns();
                    // The pretended time belongs to the reads after this start.
                    return None;
                }
            }
            self.call_start_ns = now_ns;
            return Some(0);
        }
        self.last_read_ns = now_ns;
        if self.is_end(return_slot) {
            self.count_call(now_ns);
            if self.warm_up_is_over() {
                self.end_warm_up(clock);
                // For this read alone: a runtime that reads the clock in between must not see it jump.
                return Some(self.bonus_ns);
            }
        }
        Some(if self.end.is_none() { self.bonus_ns } else { 0 })
    }

    fn begin_turns(&mut self, return_slot: usize, clock: &impl Fn(i32) -> system::Timespec) {
        if self.end.is_none() && self.calls == 0 {
            // The warm-up was a single call, so its start and end could not be told apart before.
            self.settle_signatures();
        }
        self.samples_seen = 0;
        self.in_sample = true;
        self.turn = 0;
        self.own_turns = 0;
        // The routine may have been inlined elsewhere for the measurement: the start is learned anew.
        let callers = Callers::of(return_slot);
        if !self.is_start(return_slot) {
            self.start = callers.signature(&self.learned[1..self.learned_len]);
            self.end = None;
        }
        self.stop_at(station::MEASUREMENT);
        if self.shared.turns.load(Acquire) == 0 || self.start.is_none() {
            self.phase = Phase::Idle;
            return;
        }
        self.phase = Phase::Turns;
        self.counters.obey();
        self.counters.begin_measurement();
        self.wait_for_own_turn(clock);
        self.begin_counting();
    }

    fn turns_read(&mut self, return_slot: usize, clock: &impl Fn(i32) -> system::Timespec) -> Option<u64> {
        if self.is_start(return_slot) {
            if self.in_sample {
                // The end was not recognised: the last sample ends where this one starts.
                self.end_sample(clock);
                self.in_sample = true;
                self.begin_counted_sample();
                return None;
            }
            self.in_sample = true;
            self.begin_counted_sample();
        } else if self.in_sample && self.is_end(return_slot) {
            self.in_sample = false;
            self.end_sample(clock);
        } else {
            self.counted_read(return_slot);
        }
        Some(0)
    }

    fn end_sample(&mut self, clock: &impl Fn(i32) -> system::Timespec) {
        self.samples_seen += 1;
        self.end_counted_sample();
        self.samples_left = self.samples_left.saturating_sub(1);
        if self.samples_left == 0 && self.turn < self.turns() {
            self.end_turn(clock);
            self.wait_for_own_turn(clock);
        }
    }

    fn turns(&self) -> usize {
        (self.shared.turns.load(Acquire) as usize).min(MAX_TURNS - 1)
    }

    fn end_turn(&mut self, clock: &impl Fn(i32) -> system::Timespec) {
        let usage = system::thread_usage();
        let trace = &self.side().traces[self.own_turns];
        trace.end_ns.store(clock(system::CLOCK_MONOTONIC).as_ns(), Relaxed);
        let switches = usage.involuntary_switches() - self.usage.involuntary_switches();
        trace.involuntary_switches.store(switches as u32, Relaxed);
        trace.major_faults.store((usage.major_faults() - self.usage.major_faults()) as u32, Relaxed);
        self.own_turns += 1;
        self.turn += 1;
        let next_is_mine = self.owner(self.turn) as usize == self.role;
        if !next_is_mine {
            self.counters.end_turn(&usage, clock);
        }
        if self.shared.stop_whole.load(Acquire) == 1 && !next_is_mine {
            // The coordinator stops this process with all its threads, and passes the turn on itself.
            self.stop_at(station::TURN_END);
        } else {
            self.shared.turn.store(self.turn as u32, Release);
            if !next_is_mine {
                system::futex_wake(&self.shared.turn);
            }
        }
    }

    fn owner(&self, turn: usize) -> u32 {
        if turn >= self.turns() { NOBODY } else { self.shared.plan[turn].owner.load(Acquire) }
    }

    fn wait_for_own_turn(&mut self, clock: &impl Fn(i32) -> system::Timespec) {
        loop {
            let current = self.shared.turn.load(Acquire);
            self.turn = current as usize;
            let owner = self.owner(self.turn);
            if owner == NOBODY {
                self.samples_left = u32::MAX;
                return;
            }
            if owner as usize == self.role {
                break;
            }
            system::futex_wait(&self.shared.turn, current);
        }
        self.samples_left = self.shared.plan[self.turn].samples.load(Acquire).max(1);
        self.usage = system::thread_usage();
        self.counters.begin_turn(&self.usage, clock);
        let begin_ns = clock(system::CLOCK_MONOTONIC).as_ns();
        self.side().traces[self.own_turns].begin_ns.store(begin_ns, Relaxed);
    }

    /// The measurement is over for this side: whatever is left of its plan is passed on.
    fn finish_turns(&mut self) {
        let clock = crate::real_clock;
        if self.in_sample {
            self.in_sample = false;
            self.end_sample(&clock);
        }
        while self.turn < self.turns() {
            // Fewer samples than planned: give the turns back, the coordinator sees it in `samples_seen`.
            self.end_turn(&clock);
            self.wait_for_own_turn(&clock);
        }
        self.counters.end_measurement();
        self.side().samples_seen.store(self.samples_seen, Release);
        self.phase = Phase::Idle;
    }
}
