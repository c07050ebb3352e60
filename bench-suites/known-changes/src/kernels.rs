//! One unit of each kind of work. Every unit of a kind does the same on the same data, so that so many more units are
//! so much more work; none is inlined, so that the compiler cannot join or unroll them.

use std::collections::HashMap;
use std::hint::black_box;

/// Numbers without a pattern, the same every time (SplitMix64).
pub fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

/// One step of a hash. Each step waits for the one before, in a call and from call to call: whatever else a call does,
/// its loop and a mispredicted end of it, hides behind that chain.
#[inline(never)]
pub fn mix(hash: u64) -> u64 {
    (hash ^ 0xcbf2_9ce4_8422_2325).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(5)
}

/// One step of a chain of floating-point operations, which stays between 0 and 1 and never settles.
#[inline(never)]
pub fn logistic(x: f64) -> f64 {
    3.7 * x * (1.0 - x)
}

/// Reads one number of eight digits.
#[inline(never)]
pub fn parse(text: &str) -> u64 {
    text.parse::<u32>().map_or(0, u64::from)
}

/// Looks for a word that stands at the end of a text.
#[inline(never)]
pub fn search(text: &str, word: &str) -> usize {
    text.find(word).unwrap_or(text.len())
}

/// Copies bytes.
#[inline(never)]
pub fn copy(from: &[u8], to: &mut [u8]) {
    to.copy_from_slice(from);
}

/// Looks up every key.
#[inline(never)]
pub fn look_up(map: &HashMap<u64, u64>, keys: &[u64]) -> u64 {
    keys.iter().filter_map(|key| map.get(key)).sum()
}

/// Takes memory in pieces of these sizes, and gives all of it back.
#[inline(never)]
pub fn allocate(sizes: &[usize]) -> usize {
    let pieces: Vec<Vec<u8>> = sizes.iter().map(|&size| black_box(Vec::with_capacity(size))).collect();
    pieces.iter().map(Vec::capacity).sum()
}

/// Sorts a fresh copy, so that nothing is ever sorted already.
#[inline(never)]
pub fn sort(unsorted: &[u64], scratch: &mut [u64]) -> u64 {
    scratch.copy_from_slice(unsorted);
    scratch.sort_unstable();
    scratch[scratch.len() / 2]
}

/// Goes three ways by bits that nothing foretells.
#[inline(never)]
pub fn branches(numbers: &[u64]) -> u64 {
    let mut sum = 0u64;
    for &number in numbers {
        if number & 1 == 0 {
            sum = black_box(sum.wrapping_mul(3));
        } else if number & 6 == 0 {
            sum = black_box(sum ^ number);
        } else {
            sum = sum.wrapping_add(1);
        }
    }
    sum
}

/// A cache line that names another one.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub struct Line {
    next: u32,
}

/// Lines of which each names the next in one ring through all of them, in an order without a pattern.
pub fn ring(len: u32) -> Vec<Line> {
    let mut order: Vec<u32> = (0..len).collect();
    for (last, number) in (1..order.len()).rev().zip(numbers(3)) {
        order.swap(last, (number % (last as u64 + 1)) as usize);
    }
    let mut ring = vec![Line { next: 0 }; len as usize];
    for (place, &line) in order.iter().enumerate() {
        ring[line as usize].next = order[(place + 1) % order.len()];
    }
    ring
}

/// Follows a ring from one line on; each load waits for the one before.
#[inline(never)]
pub fn chase(ring: &[Line], from: u32, hops: u32) -> u32 {
    (0..hops).fold(from, |place, _| ring[place as usize].next)
}

/// Much work that stays in the processor.
#[inline(never)]
pub fn churn(seed: u64) -> u64 {
    (0..10_000).fold(black_box(seed), |hash, _| mix(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_leads_through_every_line_once() {
        let ring = ring(1000);
        let mut seen = vec![false; 1000];
        let mut place = 0;
        for _ in 0..1000 {
            assert!(!std::mem::replace(&mut seen[place as usize], true));
            place = chase(&ring, place, 1);
        }
        assert_eq!(place, 0);
        assert_eq!(size_of::<Line>(), 64);
    }

    #[test]
    fn a_unit_leaves_everything_as_it_was_for_the_next() {
        let unsorted: Vec<u64> = numbers(1).take(48).collect();
        let mut scratch = vec![0; 48];
        let first = sort(&unsorted, &mut scratch);
        assert_eq!(sort(&unsorted, &mut scratch), first);
        assert!(scratch.is_sorted() && !unsorted.is_sorted());
        let keys: Vec<u64> = numbers(2).take(8).collect();
        let map: HashMap<u64, u64> = keys.iter().map(|key| (*key, 1)).collect();
        assert_eq!([look_up(&map, &keys), look_up(&map, &keys)], [8, 8]);
        assert!(allocate(&[10, 20]) >= 30);
    }

    #[test]
    fn the_chain_of_floats_neither_settles_nor_leaves_its_range() {
        let mut x = 0.3;
        let mut seen = Vec::new();
        for _ in 0..100_000 {
            x = logistic(x);
            assert!(x > 0.0 && x < 1.0);
            seen.push(x);
        }
        let last = &seen[seen.len() - 10..];
        assert!(last.iter().any(|value| (value - last[0]).abs() > 0.01));
    }
}
