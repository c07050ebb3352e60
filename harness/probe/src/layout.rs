//! The memory that the coordinator and the two probed processes share: one definition, compiled into both.

use core::sync::atomic::{AtomicI32, AtomicU32, AtomicU64};

/// Names this layout; a probe that finds another one stays out of the way.
pub const MAGIC: u64 = 0x5251_5350_524f_4207;
/// Turns that one plan can hold, both sides together.
pub const MAX_TURNS: usize = 2048;
/// Events that can be counted at the same time.
pub const MAX_EVENTS: usize = 16;
/// Frames that are noted at most where a benchmark first reads the clock.
pub const MAX_FRAMES: usize = 128;
/// Words that a `perf_event_attr` has at most; an older kernel takes a longer one whose rest is zero.
pub const ATTRIBUTE_WORDS: usize = 20;
/// Owner of a turn that belongs to nobody: the plan is over.
pub const NOBODY: u32 = 2;

/// Where a probed process stands, as it tells the coordinator in [`Side::station`].
pub mod station {
    /// Running freely, or not started.
    #[allow(dead_code, reason = "only the coordinator writes it")]
    pub const FREE: u32 = 0;
    /// Waits before the first clock read of a warm-up.
    pub const WARM_UP: u32 = 1;
    /// Waits inside the last clock read of a warm-up call, with the warm-up time spent.
    pub const WARM_UP_END: u32 = 2;
    /// Waits before the first clock read of the measurement.
    pub const MEASUREMENT: u32 = 3;
    /// Has ended its turn and waits to be stopped whole; or has ended a counted sample.
    pub const TURN_END: u32 = 4;
    /// Cannot tell where samples begin and end; runs on without turns.
    pub const LOST: u32 = 5;
}

/// One turn of the plan.
#[repr(C)]
pub struct PlannedTurn {
    /// 0 for the baseline, 1 for the candidate, [`NOBODY`] past the end.
    pub owner: AtomicU32,
    /// Samples that the owner takes in this turn.
    pub samples: AtomicU32,
}

/// What the probe saw of one turn, written outside the timed region.
#[repr(C)]
pub struct TurnTrace {
    /// Real monotonic clock at the begin of the turn.
    pub begin_ns: AtomicU64,
    /// Real monotonic clock at its end.
    pub end_ns: AtomicU64,
    /// Involuntary context switches of the timing thread.
    pub involuntary_switches: AtomicU32,
    /// Major page faults of the timing thread.
    pub major_faults: AtomicU32,
}

/// One event to count, as the coordinator wants it opened.
#[repr(C)]
pub struct PlannedEvent {
    /// The bytes of the kernel's `perf_event_attr`, in words as they lie in memory.
    pub attribute: [AtomicU64; ATTRIBUTE_WORDS],
    /// Place in the plan of the event that leads its group; its own place for a leader.
    pub leader: AtomicU32,
    /// Keeps the next field aligned.
    pub reserved: AtomicU32,
}

/// What the probe counted of one event, in the last measurement.
#[repr(C)]
pub struct CountedEvent {
    /// Sum over the side's own turns. Turns that follow each other without a hand-over count as one.
    pub sum: AtomicU64,
    /// Turns in which it was not counting all the time.
    pub unscheduled_turns: AtomicU32,
    /// Why it could not be opened, as an `errno`; 0 when it could.
    pub error: AtomicI32,
}

/// What a side used in its own turns of the last measurement.
#[repr(C)]
pub struct Used {
    /// Wall time of the turns.
    pub wall_ns: AtomicU64,
    /// Processor time of the whole process in them.
    pub cpu_ns: AtomicU64,
    /// Page faults of the timing thread, minor and major.
    pub page_faults: AtomicU64,
    /// Context switches of the timing thread, voluntary and involuntary.
    pub context_switches: AtomicU64,
    /// Bytes that went out through the socket calls, since the start of the process.
    pub sent_bytes: AtomicU64,
    /// Bytes that came in through them.
    pub received_bytes: AtomicU64,
}

/// One side of the pair.
#[repr(C)]
pub struct Side {
    /// 1 once the probe is loaded and has this memory.
    pub loaded: AtomicU32,
    /// Futex: the coordinator adds one to let the process leave its station.
    pub grant: AtomicU32,
    /// One of [`station`].
    pub station: AtomicU32,
    /// Kernel id of the thread that times.
    pub timing_thread: AtomicI32,
    /// Every clock read of the process, timed or not.
    pub clock_reads: AtomicU64,
    /// To the probe: real time that a warm-up lasts.
    pub warm_up_ns: AtomicU64,
    /// To the probe: by how much the clock goes on with each look at it, in a warm-up that is counted.
    pub step_ns: AtomicU64,
    /// To the probe: the time that the warm-up pretends to have taken.
    pub pretended_ns: AtomicU64,
    /// From the probe: calls of the warm-up so far; call k runs 2^(k-1) iterations.
    pub warm_up_calls: AtomicU32,
    /// From the probe: 1 when pauses fall behind the last clock read of a sample, 0 when before the first.
    pub ends_known: AtomicU32,
    /// From the probe: real time of those calls.
    pub warm_up_elapsed_ns: AtomicU64,
    /// From the probe: processor time of the process's other threads during the warm-up.
    pub helper_cpu_ns: AtomicU64,
    /// From the probe: samples that it saw in the measurement.
    pub samples_seen: AtomicU32,
    /// To the probe: calls that a warm-up has at least.
    pub least_calls: AtomicU32,
    /// To the probe: 1 when it is to count no events in this benchmark, and to close what it has open.
    pub uncounted: AtomicU32,
    /// From the probe: 1 when only what lies between inner clock reads is counted, 0 when whole samples are.
    pub counts_inner: AtomicU32,
    /// From the probe: its own turns, in order.
    pub traces: [TurnTrace; MAX_TURNS],
    /// From the probe: the events of the plan, in order.
    pub counted: [CountedEvent; MAX_EVENTS],
    /// From the probe: what else its turns used.
    pub used: Used,
    /// From the probe: how many frames stood on the stack at the first clock read of the last warm-up, if wanted.
    pub frame_count: AtomicU32,
    /// Keeps the next field aligned.
    pub reserved: AtomicU32,
    /// From the probe: their return addresses, the innermost first.
    pub frames: [AtomicU64; MAX_FRAMES],
}

/// The whole shared memory.
#[repr(C)]
pub struct Shared {
    /// [`MAGIC`].
    pub magic: AtomicU64,
    /// Futex: index of the turn that is being taken.
    pub turn: AtomicU32,
    /// Turns in the plan.
    pub turns: AtomicU32,
    /// 1 when whole processes are stopped between turns, by the coordinator.
    pub stop_whole: AtomicU32,
    /// To the probe: 1 when samples are counted under valgrind instead of timed.
    pub counting: AtomicU32,
    /// The turns.
    pub plan: [PlannedTurn; MAX_TURNS],
    /// Events in the plan.
    pub event_count: AtomicU32,
    /// To the probe: 1 when the stack is to be noted at the first clock read of a warm-up.
    pub stack_wanted: AtomicU32,
    /// The events to count, each leader before its group. Read once, when a probe is loaded.
    pub events: [PlannedEvent; MAX_EVENTS],
    /// Baseline, candidate.
    pub sides: [Side; 2],
}
