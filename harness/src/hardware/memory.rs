//! How fast memory is: bytes streamed through, and loads that chase one another over working sets that fit one level of
//! the caches each.

use std::hint::black_box;

use super::caches::Caches;
use super::{Extent, Readings, repeat};
use crate::coin::Coins;
use crate::contract::Work;

/// Bytes between two places of a chase, so that each lies in a cache line of its own.
const LINE: usize = 64;
const WORDS_PER_LINE: usize = LINE / size_of::<u64>();
/// The largest working set; what takes longer to lay out than to measure is not worth it.
const MOST_BYTES: usize = 256 << 20;
/// Where the kernel does not tell the caches, working sets of these sizes surely fit, and surely do not.
const UNTOLD: Caches = Caches { l1: Some(16 << 10), l2: Some(256 << 10), l3: None };

/// Reads, writes and copies more than the caches hold.
pub fn bandwidth(extent: Extent, caches: &Caches, taken: &mut Readings) {
    let bytes = match beyond(caches) {
        Ok(bytes) => bytes,
        Err(why) => return taken.left_out.push(format!("memory bandwidth: {why}")),
    };
    let words = bytes / size_of::<u64>();
    let (mut source, mut sink) = (vec![1u64; words], vec![2u64; words]);
    let one_pass = (words * size_of::<u64>()) as u64;
    let mut stream = |name: &str, pass: &mut dyn FnMut()| {
        let mut reading = repeat(name, Work::Bytes, extent, one_pass, |amount| {
            (0..amount.div_ceil(one_pass)).for_each(|_| pass());
        });
        // Whole passes are made, so that is what was done.
        reading.amount = reading.amount.div_ceil(one_pass) * one_pass;
        reading.working_set_bytes = Some(one_pass);
        taken.readings.push(reading);
    };
    stream("memory_read", &mut || {
        black_box(source.iter().fold(0u64, |sum, &word| sum.wrapping_add(word)));
    });
    stream("memory_write", &mut || {
        sink.fill(black_box(3));
        black_box(&mut sink);
    });
    stream("memory_copy", &mut || {
        source.copy_from_slice(black_box(&sink));
        black_box(&mut source);
    });
}

/// Chases loads over half of each cache, and over more than all of them.
pub fn latency(extent: Extent, caches: &Caches, taken: &mut Readings) {
    let known = if caches.l1.is_some() { *caches } else { UNTOLD };
    for (name, bytes) in [("latency_l1", known.l1), ("latency_l2", known.l2), ("latency_l3", known.l3)] {
        match bytes {
            Some(bytes) if bytes / 2 <= MOST_BYTES => chase(name, bytes / 2, extent, taken),
            Some(bytes) => {
                taken.left_out.push(format!("{name}: the cache of {} MiB is too large", bytes >> 20));
            }
            None => taken.left_out.push(format!("{name}: the kernel lists no such cache")),
        }
    }
    match beyond(caches) {
        Ok(bytes) => chase("latency_memory", bytes, extent, taken),
        Err(why) => taken.left_out.push(format!("latency_memory: {why}")),
    }
}

/// A working set that the caches cannot hold, and the machine can.
fn beyond(caches: &Caches) -> Result<usize, String> {
    let last = caches.last().unwrap_or(32 << 20);
    let wanted = (2 * last).max(64 << 20);
    let most = MOST_BYTES.min(available_bytes() / 4);
    if wanted <= most {
        return Ok(wanted);
    }
    Err(format!(
        "{} MiB would be needed to get past the caches, {} MiB may be used",
        wanted >> 20,
        most >> 20
    ))
}

/// Memory that programs may take without anything being swapped out.
fn available_bytes() -> usize {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib: Option<usize> = line.and_then(|line| line.split_ascii_whitespace().next()?.parse().ok());
    kib.map_or(256 << 20, |kib| kib << 10)
}

fn chase(name: &str, bytes: usize, extent: Extent, taken: &mut Readings) {
    let circle = circle(bytes / LINE);
    let mut at = 0usize;
    let mut reading = repeat(name, Work::Loads, extent, 10_000, |loads| {
        for _ in 0..loads {
            at = circle[at] as usize;
        }
        black_box(at);
    });
    reading.working_set_bytes = Some((circle.len() * size_of::<u64>()) as u64);
    taken.readings.push(reading);
}

/// One circle through all lines in an order of coins (Sattolo 1986): each line holds where the next one begins.
fn circle(lines: usize) -> Vec<u64> {
    let lines = lines.max(2);
    let mut order: Vec<u32> = (0..lines as u32).collect();
    let mut coins = Coins::new(lines as u64);
    for last in (1..lines).rev() {
        order.swap(last, coins.below(last as u64) as usize);
    }
    let mut circle = vec![0u64; lines * WORDS_PER_LINE];
    for (line, &next) in order.iter().enumerate() {
        circle[line * WORDS_PER_LINE] = u64::from(next) * WORDS_PER_LINE as u64;
    }
    circle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chase_visits_every_line_once_before_it_comes_back() {
        for lines in [2, 3, 64, 1000] {
            let circle = circle(lines);
            let (mut at, mut visited) = (0usize, 0);
            loop {
                assert!(at.is_multiple_of(WORDS_PER_LINE));
                at = circle[at] as usize;
                visited += 1;
                if at == 0 {
                    break;
                }
            }
            assert_eq!(visited, lines);
        }
    }

    #[test]
    fn what_the_machine_cannot_hold_is_left_out_with_the_reason() {
        let huge = Caches { l1: Some(32 << 10), l2: None, l3: Some(1 << 40) };
        let why = beyond(&huge).unwrap_err();
        assert!(why.starts_with("2097152 MiB would be needed"), "{why}");
        let mut taken = Readings::default();
        let least = Extent { repetitions: 1, repetition_ns: 1_000, disk_bytes: 0 };
        latency(least, &huge, &mut taken);
        assert_eq!(
            taken.readings.iter().map(|reading| reading.name.as_str()).collect::<Vec<_>>(),
            ["latency_l1"]
        );
        assert_eq!(taken.left_out.len(), 3, "{:?}", taken.left_out);
    }
}
