//! Work that disturbs others, without an end: what shares the machine with benchmarks that are not alone on it.

use std::hint::black_box;
use std::io;
use std::time::{Duration, Instant};

/// How long a burst and the rest after it last, in milliseconds: from, to.
const BURST_MS: (u64, u64) = (5, 40);
const REST_MS: (u64, u64) = (20, 160);
/// Words that a burst goes through again and again: more than the inner caches hold.
const BURST_WORDS: usize = 1 << 16;
/// Bytes that are copied at a time: more than any cache holds.
const TRAFFIC_BYTES: usize = 64 << 20;

/// Runs the load of this name until the process is ended.
///
/// # Errors
/// When there is no such load, or the seed is no number.
pub fn run(name: &str, seed: &str) -> io::Result<()> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, what.to_owned());
    let seed: u64 = seed.parse().map_err(|_| invalid(seed))?;
    match name {
        "bursts" => bursts(seed),
        "memory" => memory(),
        other => Err(invalid(other)),
    }
}

/// Busy now and then, for as long as coins say.
fn bursts(seed: u64) -> ! {
    let mut state = seed | 1;
    let mut between = |(least, most): (u64, u64)| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Duration::from_millis(least + state % (most - least))
    };
    let mut words = vec![1u64; BURST_WORDS];
    loop {
        busy_for(&mut words, between(BURST_MS));
        std::thread::sleep(between(REST_MS));
    }
}

#[expect(clippy::disallowed_methods, reason = "this program keeps a machine busy for a time")]
fn busy_for(words: &mut [u64], time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        for word in words.iter_mut() {
            *word = word.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 1;
        }
        black_box(&mut *words);
    }
}

/// Copies from one end of the memory to the other.
fn memory() -> ! {
    let (mut from, mut to) = (vec![1u8; TRAFFIC_BYTES], vec![0u8; TRAFFIC_BYTES]);
    loop {
        to.copy_from_slice(black_box(&from));
        std::mem::swap(&mut from, &mut to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_load_is_an_error() {
        assert!(run("quiet", "1").is_err());
        assert!(run("bursts", "x").is_err());
    }

    #[test]
    fn a_burst_ends() {
        let mut words = vec![1; 64];
        busy_for(&mut words, Duration::from_millis(2));
        assert_ne!(words[0], 1);
    }
}
