//! The kernels: one that only calculates, one that lives from the caches, one that branches, and one that allocates. The
//! last one scatters most: the same program runs several percent faster or slower from process to process.

use std::collections::BTreeMap;
use std::hint::black_box;

/// A kernel under its name.
pub type Named = (&'static str, Box<dyn FnMut()>);

/// All kernels, in the order they run.
pub fn all() -> Vec<Named> {
    vec![
        ("arithmetic", Box::new(arithmetic)),
        ("memory", Box::new(memory(1 << 18))),
        ("sorting", Box::new(sorting)),
        ("allocation", Box::new(allocation)),
    ]
}

/// SplitMix64's finaliser (Steele, Lea, Flood 2014), each step waiting for the one before.
fn arithmetic() {
    let mut x = black_box(0x9e37_79b9_7f4a_7c15_u64);
    for _ in 0..64 {
        x = mix(x);
    }
    black_box(x);
}

fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Loads from all over some words (a power of two), each from a place that the one before decides. Two megabytes leave
/// the inner caches.
fn memory(words: usize) -> impl FnMut() {
    let table: Vec<u64> = (0..words as u64).map(mix).collect();
    let mut at = 0usize;
    move || {
        for _ in 0..64 {
            // The counter keeps the walk from running in a short circle.
            at = (table[at] as usize).wrapping_add(at).wrapping_add(1) & (table.len() - 1);
        }
        black_box(at);
    }
}

/// Some words in no order, sorted: comparisons and moves.
fn sorting() {
    let mut words = [0u64; 32];
    let mut x = black_box(1u64);
    for word in &mut words {
        x = mix(x);
        *word = x;
    }
    words.sort_unstable();
    black_box(&words);
}

/// A map of short texts, built and dropped.
fn allocation() {
    let mut map = BTreeMap::new();
    let mut x = black_box(1u64);
    for k in 0..24u64 {
        x = mix(x.wrapping_add(k));
        map.insert(x, vec![x as u8; (x % 64) as usize + 1]);
    }
    black_box(&map);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kernel_runs_under_a_name_of_its_own() {
        let mut names: Vec<&str> = all().iter().map(|(name, _)| *name).collect();
        all().into_iter().for_each(|(_, mut kernel)| kernel());
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all().len());
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_lowercase())));
    }
}
