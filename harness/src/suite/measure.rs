//! What Criterion measures: a counter of the processor where there is one, else time.

use std::cell::RefCell;
use std::io;
use std::sync::Once;
use std::time::Instant;

use ::criterion::Throughput;
use ::criterion::measurement::{Measurement, ValueFormatter, WallTime};
use perf_event::events::{Event, Hardware, Software};
use perf_event::{Builder, Counter};

/// The variable that names what is measured.
const VARIABLE: &str = "RQS_MEASURE";
/// Set by whoever reads the numbers of a suite as times, which must then be times.
const RUNNER: &str = "CARGO_CRITERION_PORT";

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Wall time.
    Time,
    /// Instructions of user code.
    Instructions,
    /// Cycles of the core in user code.
    Cycles,
    /// Branches of user code.
    Branches,
    /// Time that the processor spent on the suite, by a clock of the kernel.
    TaskClock,
}

impl Amount {
    const NAMES: [(&'static str, Amount); 5] = [
        ("time", Amount::Time),
        ("instructions", Amount::Instructions),
        ("cycles", Amount::Cycles),
        ("branches", Amount::Branches),
        ("task-clock", Amount::TaskClock),
    ];

    fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, amount)| *amount == self).map_or("time", |(name, _)| name)
    }

    /// What the variable asks for. Without it, instructions.
    fn asked(variable: Option<&str>) -> Result<Amount, String> {
        let Some(name) = variable.filter(|name| !name.is_empty()) else { return Ok(Amount::Instructions) };
        let known = Self::NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, amount)| *amount).ok_or_else(|| {
            let names = Self::NAMES.map(|(name, _)| name).join(", ");
            format!("`{VARIABLE}` is `{}`, which is none of {names}", name.escape_debug())
        })
    }

    fn event(self) -> Option<Event> {
        match self {
            Amount::Time => None,
            Amount::Instructions => Some(Hardware::INSTRUCTIONS.into()),
            Amount::Cycles => Some(Hardware::CPU_CYCLES.into()),
            Amount::Branches => Some(Hardware::BRANCH_INSTRUCTIONS.into()),
            Amount::TaskClock => Some(Software::TASK_CLOCK.into()),
        }
    }

    /// Whether its values are nanoseconds.
    fn is_time(self) -> bool {
        matches!(self, Amount::Time | Amount::TaskClock)
    }
}

/// A measurement for Criterion: a counter of the processor, or time.
pub struct Measure {
    amount: Amount,
    counter: Option<RefCell<Counter>>,
    time: WallTime,
    counts: Counts,
}

impl std::fmt::Debug for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Measure").field("amount", &self.amount).finish_non_exhaustive()
    }
}

impl Measure {
    /// What `RQS_MEASURE` names, by default instructions. Time where that cannot be had, and then standard error says
    /// why, once. Under a runner, which takes all numbers for times, it is always time.
    pub fn chosen() -> Measure {
        static SAID: Once = Once::new();
        let variable = std::env::var(VARIABLE).ok();
        let (measure, remark) = choose(variable.as_deref(), std::env::var_os(RUNNER).is_some(), open);
        #[expect(clippy::print_stderr, reason = "a suite has no other way to tell its user")]
        SAID.call_once(|| remark.iter().for_each(|remark| eprintln!("rqs-harness: {remark}")));
        measure
    }

    /// Wall time.
    pub fn time() -> Measure {
        Measure { amount: Amount::Time, counter: None, time: WallTime, counts: Counts { name: "" } }
    }

    /// What it measures.
    pub fn amount(&self) -> Amount {
        self.amount
    }

    fn counted(amount: Amount, counter: Counter) -> Measure {
        let counts = Counts { name: amount.name() };
        Measure { amount, counter: Some(RefCell::new(counter)), time: WallTime, counts }
    }
}

/// The measurement, and what its user should know.
fn choose(
    variable: Option<&str>,
    under_runner: bool,
    open: impl Fn(Event) -> io::Result<Counter>,
) -> (Measure, Option<String>) {
    if under_runner {
        return (Measure::time(), None);
    }
    let amount = match Amount::asked(variable) {
        Ok(amount) => amount,
        Err(why) => return (Measure::time(), Some(format!("measuring time: {why}"))),
    };
    let Some(event) = amount.event() else { return (Measure::time(), None) };
    match open(event) {
        Ok(counter) => (Measure::counted(amount, counter), None),
        Err(error) => {
            let remark = format!("measuring time, not {}: {}", amount.name(), why_not(&error));
            (Measure::time(), Some(remark))
        }
    }
}

/// A running counter of this process and of the threads that it starts, in user code only. It is pinned: a counter that
/// had to share its place on the processor would give estimates.
fn open(event: Event) -> io::Result<Counter> {
    let mut builder = Builder::new().observe_self().kind(event);
    builder.pinned(true).inherit(true).exclude_kernel(true).exclude_hv(true);
    let mut counter = builder.build()?;
    counter.enable()?;
    // A pinned counter that found no place fails when it is read.
    counter.read()?;
    Ok(counter)
}

fn why_not(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::ENOENT | libc::ENODEV | libc::EOPNOTSUPP) => {
            "this machine gives no access to such a counter; most virtual machines have none".to_owned()
        }
        Some(libc::EACCES | libc::EPERM) => {
            let level = std::fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").unwrap_or_default();
            format!(
                "the kernel does not permit it (kernel.perf_event_paranoid is {}); allow it with `sudo sysctl \
                 kernel.perf_event_paranoid=2`, and in a container with the capability PERFMON",
                level.trim()
            )
        }
        _ if error.kind() == io::ErrorKind::UnexpectedEof => {
            "all counters of the processor are in use, for example by the NMI watchdog".to_owned()
        }
        _ => error.to_string(),
    }
}

/// The begin of a measurement.
#[derive(Clone, Copy, Debug)]
pub enum Start {
    /// A moment.
    Moment(Instant),
    /// What a counter stood at.
    Count(u64),
}

impl Measurement for Measure {
    type Intermediate = Start;
    /// Nanoseconds or counts.
    type Value = u64;

    #[inline]
    fn start(&self) -> Start {
        match &self.counter {
            None => Start::Moment(Instant::now()),
            Some(counter) => Start::Count(count(counter)),
        }
    }

    #[inline]
    fn end(&self, start: Start) -> u64 {
        match (start, &self.counter) {
            (Start::Count(before), Some(counter)) => count(counter).saturating_sub(before),
            (Start::Moment(begin), _) => begin.elapsed().as_nanos() as u64,
            // Starts come from the same measurement, which either counts or does not.
            (Start::Count(_), None) => 0,
        }
    }

    fn add(&self, first: &u64, second: &u64) -> u64 {
        first + second
    }

    fn zero(&self) -> u64 {
        0
    }

    fn to_f64(&self, value: &u64) -> f64 {
        *value as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        if self.amount.is_time() { self.time.formatter() } else { &self.counts }
    }
}

/// Criterion has no way to report that a measurement failed, and a made-up number would be worse than none.
fn count(counter: &RefCell<Counter>) -> u64 {
    match counter.borrow_mut().read() {
        Ok(count) => count,
        Err(error) => panic!("the counter cannot be read any more: {}", why_not(&error)),
    }
}

/// Numbers of events for people.
struct Counts {
    name: &'static str,
}

impl Counts {
    /// By how much values are multiplied, and the unit that they have then.
    fn scale(&self, typical: f64) -> (f64, &'static str) {
        let (factor, thousands) = match typical {
            ..1e3 => (1.0, 0),
            ..1e6 => (1e-3, 1),
            ..1e9 => (1e-6, 2),
            _ => (1e-9, 3),
        };
        let units = match self.name {
            "instructions" => ["instr", "Kinstr", "Minstr", "Ginstr"],
            "cycles" => ["cycles", "Kcycles", "Mcycles", "Gcycles"],
            _ => ["branches", "Kbranches", "Mbranches", "Gbranches"],
        };
        (factor, units[thousands])
    }
}

impl ValueFormatter for Counts {
    fn scale_values(&self, typical_value: f64, values: &mut [f64]) -> &'static str {
        let (factor, unit) = self.scale(typical_value);
        values.iter_mut().for_each(|value| *value *= factor);
        unit
    }

    fn scale_throughputs(&self, _typical: f64, throughput: &Throughput, values: &mut [f64]) -> &'static str {
        let (amount, unit) = match *throughput {
            Throughput::Bits(bits) => (bits, "events/bit"),
            Throughput::Bytes(bytes) | Throughput::BytesDecimal(bytes) => (bytes, "events/byte"),
            Throughput::Elements(elements) | Throughput::ElementsAndBytes { elements, .. } => {
                (elements, "events/elem")
            }
        };
        values.iter_mut().for_each(|value| *value /= amount.max(1) as f64);
        unit
    }

    fn scale_for_machines(&self, _values: &mut [f64]) -> &'static str {
        self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: i32) -> impl Fn(Event) -> io::Result<Counter> {
        move |_| Err(io::Error::from_raw_os_error(code))
    }

    #[test]
    fn without_a_counter_time_is_measured_and_the_reason_given() {
        for (code, reason) in [
            (libc::ENOENT, "most virtual machines have none"),
            (libc::EACCES, "sudo sysctl kernel.perf_event_paranoid=2"),
            (libc::EMFILE, "Too many open files"),
        ] {
            let (measure, remark) = choose(None, false, refused(code));
            let remark = remark.unwrap();
            assert_eq!(measure.amount(), Amount::Time);
            assert!(
                remark.starts_with("measuring time, not instructions: ") && remark.contains(reason),
                "{remark}"
            );
        }
    }

    #[test]
    fn a_runner_always_gets_times_and_nobody_is_bothered_about_it() {
        let never = |_: Event| -> io::Result<Counter> { panic!("a counter was opened") };
        let (measure, remark) = choose(Some("instructions"), true, never);
        assert_eq!((measure.amount(), remark), (Amount::Time, None));
        let (measure, remark) = choose(Some("time"), false, never);
        assert_eq!((measure.amount(), remark), (Amount::Time, None));
        let remark = choose(Some("heat"), false, never).1.unwrap();
        assert!(remark.contains("`heat`") && remark.contains("task-clock"), "{remark}");
    }

    #[test]
    fn a_counter_of_the_kernel_counts_what_runs_between_start_and_end() {
        // Software events need no counter of the processor, but containers may forbid all of them.
        let counter = match open(Software::TASK_CLOCK.into()) {
            Ok(counter) => counter,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                eprintln!("not tested: {}", why_not(&error));
                return;
            }
            Err(error) => panic!("{error}"),
        };
        let measure = Measure::counted(Amount::TaskClock, counter);
        let spin = |rounds: u64| {
            let start = measure.start();
            std::hint::black_box((0..rounds).fold(0u64, |x, round| std::hint::black_box(x ^ round)));
            measure.end(start)
        };
        let (little, much) = (spin(1_000), spin(3_000_000));
        assert!(much > little && measure.add(&little, &much) == little + much);
        assert_eq!(measure.to_f64(&7), 7.0);
    }

    #[test]
    fn counts_are_shown_in_a_unit_that_fits() {
        let counts = Counts { name: "instructions" };
        let mut values = [1_500.0, 3_000.0];
        assert_eq!((counts.scale_values(1_500.0, &mut values), values), ("Kinstr", [1.5, 3.0]));
        let mut values = [640.0];
        let unit = counts.scale_throughputs(640.0, &Throughput::Bytes(64), &mut values);
        assert_eq!((unit, values), ("events/byte", [10.0]));
    }
}
