//! The coordinator's end of the memory that it shares with the two probes.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use crate::contract::{Counter, CounterSums, Missing, Role};
use crate::counters::EventPlan;
use crate::kernel;

#[path = "../probe/src/layout.rs"]
pub mod layout;

use layout::{MAX_TURNS, NOBODY, Shared, Side, TurnTrace};

/// One turn of a plan: who takes it and how many samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedTurn {
    /// Whose turn it is.
    pub owner: Role,
    /// Samples in it.
    pub samples: u32,
}

/// A mapping of the shared memory, alive as long as this value.
pub struct SharedMemory {
    fd: OwnedFd,
    at: *mut Shared,
}

impl SharedMemory {
    /// Makes fresh memory for one pair of processes.
    pub fn create() -> io::Result<Self> {
        let fd = kernel::memory_file(c"rqs-probe", size_of::<Shared>())?;
        // SAFETY: a fresh shared mapping of the whole file, chosen by the kernel.
        let at = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                size_of::<Shared>(),
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                fd.as_raw_fd(),
                0,
            )
        };
        if at == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let memory = SharedMemory { fd, at: at.cast() };
        memory.shared().magic.store(layout::MAGIC, Release);
        Ok(memory)
    }

    /// The descriptor to hand to a probed process.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    fn shared(&self) -> &Shared {
        // SAFETY: mapped until drop; every field is atomic, and zeroes are valid.
        unsafe { &*self.at }
    }

    fn side(&self, role: Role) -> &Side {
        &self.shared().sides[role.index()]
    }

    /// Sets the events that both probes open when they are loaded.
    pub fn set_events(&self, plan: &EventPlan) {
        let shared = self.shared();
        for (slot, event) in shared.events.iter().zip(plan.events()) {
            for (word, planned) in slot.attribute.iter().zip(event.attribute) {
                word.store(planned, Relaxed);
            }
            slot.leader.store(event.leader as u32, Relaxed);
        }
        shared.event_count.store(plan.events().len() as u32, Release);
    }

    /// Says whether the probe of a side counts events in its benchmark.
    pub fn set_events_wanted(&self, role: Role, wanted: bool) {
        self.side(role).uncounted.store(u32::from(!wanted), Relaxed);
    }

    /// What the probe of a side counted in the last measurement, and what it could not open.
    pub fn counted(&self, role: Role, plan: &EventPlan) -> (CounterSums, BTreeMap<Counter, Missing>) {
        let (mut counted, mut missing) = (CounterSums::default(), BTreeMap::new());
        for (slot, event) in self.side(role).counted.iter().zip(plan.events()) {
            let unscheduled = slot.unscheduled_turns.load(Relaxed);
            match slot.error.load(Relaxed) {
                0 if unscheduled == 0 => counted.sums.insert(event.counter, slot.sum.load(Relaxed)).map(drop),
                0 => counted.unscheduled_turns.insert(event.counter, unscheduled).map(drop),
                errno => missing.insert(event.counter, Missing::of_errno(errno)).map(drop),
            };
        }
        (counted, missing)
    }

    /// What a side used in its own turns of the last measurement.
    pub fn used(&self, role: Role) -> Used {
        let used = &self.side(role).used;
        Used {
            wall_ns: used.wall_ns.load(Relaxed),
            cpu_ns: used.cpu_ns.load(Relaxed),
            page_faults: used.page_faults.load(Relaxed),
            context_switches: used.context_switches.load(Relaxed),
            sent_bytes: used.sent_bytes.load(Relaxed),
            received_bytes: used.received_bytes.load(Relaxed),
        }
    }

    /// Whether the probe of a side is loaded.
    pub fn is_loaded(&self, role: Role) -> bool {
        self.side(role).loaded.load(Acquire) == 1
    }

    /// Where a side stands, one of [`layout::station`].
    pub fn station(&self, role: Role) -> u32 {
        self.side(role).station.load(Acquire)
    }

    /// Clock reads of a side since its start; they show that it is alive.
    pub fn clock_reads(&self, role: Role) -> u64 {
        self.side(role).clock_reads.load(Relaxed)
    }

    /// Kernel id of the thread that times.
    pub fn timing_thread(&self, role: Role) -> i32 {
        self.side(role).timing_thread.load(Relaxed)
    }

    /// Sets how long a side warms up.
    pub fn set_warm_up_ns(&self, role: Role, ns: u64) {
        self.side(role).warm_up_ns.store(ns, Relaxed);
    }

    /// Sets by how much a side's clock goes on with each look at it, in a warm-up that is counted.
    pub fn set_clock_step_ns(&self, role: Role, ns: u64) {
        self.side(role).step_ns.store(ns, Relaxed);
    }

    /// Sets how many calls a side's warm-up has at least.
    pub fn set_least_calls(&self, role: Role, calls: u32) {
        self.side(role).least_calls.store(calls, Relaxed);
    }

    /// Calls and real time of the warm-up that a side has just ended, and the processor time of its other threads.
    pub fn warm_up(&self, role: Role) -> (u32, u64, u64) {
        let side = self.side(role);
        let calls = side.warm_up_calls.load(Relaxed);
        (calls, side.warm_up_elapsed_ns.load(Relaxed), side.helper_cpu_ns.load(Relaxed))
    }

    /// Sets the time that the warm-up pretends to have taken.
    pub fn set_pretended_ns(&self, role: Role, ns: u64) {
        self.side(role).pretended_ns.store(ns, Relaxed);
    }

    /// Writes the plan of turns; an empty one lets both sides run without turns.
    pub fn set_turns(&self, plan: &[PlannedTurn], stop_whole: bool) {
        let shared = self.shared();
        let turns = plan.len().min(MAX_TURNS - 1);
        for (slot, turn) in shared.plan.iter().zip(&plan[..turns]) {
            slot.owner.store(turn.owner.index() as u32, Relaxed);
            slot.samples.store(turn.samples, Relaxed);
        }
        shared.plan[turns].owner.store(NOBODY, Relaxed);
        shared.turn.store(0, Relaxed);
        shared.stop_whole.store(u32::from(stop_whole), Relaxed);
        shared.turns.store(turns as u32, Release);
    }

    /// Lets the probes note the stack where a benchmark first reads the clock.
    pub fn set_stack_wanted(&self) {
        self.shared().stack_wanted.store(1, Release);
    }

    /// The return addresses that the probe of a side noted at the begin of the last warm-up, the innermost first.
    pub fn stack(&self, role: Role) -> Vec<u64> {
        let side = self.side(role);
        let count = side.frame_count.load(Relaxed) as usize;
        side.frames.iter().take(count).map(|frame| frame.load(Relaxed)).collect()
    }

    /// Lets the probes count samples under valgrind instead of timing them.
    pub fn set_counting(&self) {
        self.shared().counting.store(1, Release);
    }

    /// Whether only what lies between the inner clock reads of a sample is counted.
    pub fn counts_inner(&self, role: Role) -> bool {
        self.side(role).counts_inner.load(Acquire) == 1
    }

    /// The turn that is being taken.
    pub fn turn(&self) -> u32 {
        self.shared().turn.load(Acquire)
    }

    /// Whose turn it is; `None` outside a plan.
    pub fn owner_of_turn(&self) -> Option<Role> {
        let (turn, turns) = (self.turn() as usize, self.shared().turns.load(Acquire) as usize);
        if turn >= turns.min(MAX_TURNS) {
            return None;
        }
        match self.shared().plan[turn].owner.load(Acquire) {
            0 => Some(Role::Baseline),
            1 => Some(Role::Candidate),
            _ => None,
        }
    }

    /// Passes the turn on, for sides that are stopped whole.
    pub fn pass_turn(&self, turn: u32) {
        self.shared().turn.store(turn, Release);
        kernel::wake(&self.shared().turn);
    }

    /// Lets a side leave the station it waits at.
    pub fn grant(&self, role: Role) {
        // Before the grant: the next station must not be overwritten.
        self.side(role).station.store(layout::station::FREE, Release);
        self.side(role).grant.fetch_add(1, Release);
        kernel::wake(&self.side(role).grant);
    }

    /// Samples that the probe of a side counted in the last measurement.
    pub fn samples_seen(&self, role: Role) -> u32 {
        self.side(role).samples_seen.load(Acquire)
    }

    /// What the probe of a side saw of its k-th own turn.
    pub fn trace(&self, role: Role, k: usize) -> Trace {
        let trace: &TurnTrace = &self.side(role).traces[k.min(MAX_TURNS - 1)];
        Trace {
            begin_ns: trace.begin_ns.load(Relaxed),
            end_ns: trace.end_ns.load(Relaxed),
            involuntary_switches: trace.involuntary_switches.load(Relaxed),
            major_faults: trace.major_faults.load(Relaxed),
        }
    }
}

impl Drop for SharedMemory {
    fn drop(&mut self) {
        // SAFETY: mapped by `create` with this size, and no reference outlives self.
        unsafe { libc::munmap(self.at.cast(), size_of::<Shared>()) };
    }
}

/// A plain copy of one turn's trace.
#[derive(Clone, Copy, Debug)]
pub struct Trace {
    /// Begin on the monotonic clock.
    pub begin_ns: u64,
    /// End on the monotonic clock.
    pub end_ns: u64,
    /// Involuntary context switches of the timing thread.
    pub involuntary_switches: u32,
    /// Major page faults of the timing thread.
    pub major_faults: u32,
}

/// A plain copy of what a side used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    /// Wall time of its turns.
    pub wall_ns: u64,
    /// Processor time of the whole process in them.
    pub cpu_ns: u64,
    /// Page faults of the timing thread.
    pub page_faults: u64,
    /// Context switches of the timing thread.
    pub context_switches: u64,
    /// Bytes sent since the process started.
    pub sent_bytes: u64,
    /// Bytes received since the process started.
    pub received_bytes: u64,
}
