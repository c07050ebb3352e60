//! From where each benchmark is measured: the functions on the stack when it first reads the clock.
//!
//! One process is led through all benchmarks; each warms up by one call and takes the fewest samples. One that takes long
//! for that is left by ending the process, and another one goes on with the next.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use crate::conductor::stage::MeasureError;
use crate::conductor::stations::{Broken, Step, unbroken};
use crate::contract::BenchmarkKey;
use crate::counts::Stand;
use crate::counts::solo::Solo;
use crate::criterion::command_line::{self, FEWEST_SAMPLES, PRETENDED};
use crate::process::{Conditions, Executable};
use crate::profile::mappings::{Mapping, read_maps};

/// A benchmark that takes longer for one call is left rather than run eleven times.
const LONG_CALL: Duration = Duration::from_millis(5);
/// Benchmarks that one process is asked for at most, so that their names fit on its command line.
const MOST_AT_ONCE: usize = 256;

/// Return addresses on the stack, the innermost first, as places in the executable's file; those in other files are left
/// out.
pub type Stack = Vec<u64>;

/// The stacks of benchmarks, in their order; `None` where a benchmark was not reached, or its stack could not be noted.
/// `hang_timeout_s`: seconds without a sign of life after which a benchmark counts as hung.
///
/// # Errors
/// When processes cannot be run at all, or the user asks to stop.
pub fn of_benchmarks(
    executable: &Executable,
    keys: &[BenchmarkKey],
    hang_timeout_s: u64,
    interrupted: &AtomicBool,
    scratch: &Path,
) -> Result<Vec<Option<Stack>>, MeasureError> {
    let conditions = Conditions { aslr_off: true, hang_timeout_s, ..Conditions::default() };
    let stand = Stand::ready(conditions, interrupted, scratch)?;
    let mut stacks: Vec<Option<Stack>> = vec![None; keys.len()];
    let mut first = 0;
    while first < keys.len() {
        let until = keys.len().min(first + MOST_AT_ONCE);
        let mut reached = first;
        let asked = Asked { keys: &keys[first..until], executable };
        let result = asked.run(&stand, &mut |k, stack| {
            stacks[first + k].get_or_insert(stack);
            reached = reached.max(first + k + 1);
        });
        match result {
            Ok(Ok(())) | Ok(Err(_)) => {}
            // It cannot be told which one hung; those before it are known.
            Err(MeasureError::Hung(_) | MeasureError::Protocol(..)) => return Ok(stacks),
            Err(error) => return Err(error),
        }
        // A process that reached nothing would do the same again.
        first = if reached == first { until } else { reached };
    }
    Ok(stacks)
}

/// What one process is asked for.
struct Asked<'a> {
    keys: &'a [BenchmarkKey],
    executable: &'a Executable,
}

impl Asked<'_> {
    /// Leads one process through the benchmarks until one takes long; hands over each stack with its benchmark's number.
    fn run(&self, stand: &Stand<'_>, note: &mut dyn FnMut(usize, Stack)) -> Step<()> {
        let arguments = command_line::measuring(self.keys, PRETENDED, FEWEST_SAMPLES);
        let mut solo = Solo::start(stand, self.executable, &arguments, None)?;
        let mut mappings: Option<Vec<Mapping>> = None;
        loop {
            let (key, warm_up_ns) = match solo.next()? {
                Ok(next) => next,
                Err(Broken::Ended(..)) => return Ok(Ok(())),
                Err(broken) => return Ok(Err(broken)),
            };
            let number = self.keys.iter().position(|asked| *asked == key);
            if let Some(number) = number {
                let pid = solo.pid();
                let mappings = mappings.get_or_insert_with(|| self.mappings(pid));
                note(number, places(&solo.stack(), mappings));
            }
            let begin = Instant::now();
            let (warm_up, _) = unbroken!(solo.warm_up(0, 0));
            let is_last = number.is_some_and(|number| number + 1 == self.keys.len());
            if is_last || (number.is_some() && begin.elapsed() > LONG_CALL) {
                return Ok(Ok(()));
            }
            unbroken!(solo.pass_by(warm_up_ns, warm_up));
        }
    }

    /// The executable's own mappings in its process.
    fn mappings(&self, pid: Option<u32>) -> Vec<Mapping> {
        let path =
            std::fs::canonicalize(&self.executable.path).unwrap_or_else(|_| self.executable.path.clone());
        let mut mappings = pid.map(read_maps).unwrap_or_default();
        mappings.retain(|mapping| Path::new(&mapping.path) == path);
        mappings
    }
}

/// Where in the file the calls are that these addresses return from.
fn places(addresses: &[u64], mappings: &[Mapping]) -> Stack {
    let place = |address: &u64| {
        // The call itself may be the function's last instruction.
        let call = address.checked_sub(1)?;
        let within =
            |mapping: &&Mapping| call.checked_sub(mapping.address).is_some_and(|inner| inner < mapping.len);
        let mapping = mappings.iter().find(within)?;
        Some(call - mapping.address + mapping.file_offset)
    };
    addresses.iter().filter_map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_places_in_the_file_and_others_are_left_out() {
        let mapping =
            Mapping { pid: 1, address: 0x5000, len: 0x2000, file_offset: 0x1000, path: "/a".into() };
        assert_eq!(places(&[0x5001, 0x7000, 0x7001, 0x5000, 0], &[mapping]), [0x1000, 0x2fff]);
    }
}
