//! Eight kinds of work, each as much of it as it is told.

/// How much more work than the baseline does, in thousandths.
pub const MORE_PER_MILLE: usize = 0;

/// `base` with the extra work on top.
pub fn scaled(base: usize) -> usize {
    base * (1000 + MORE_PER_MILLE) / 1000
}

/// Numbers without a pattern.
pub fn noise(len: usize) -> Vec<u32> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u32
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// A chain of integer operations.
pub fn hash(steps: usize) -> u64 {
    (0..steps as u64).fold(0xcbf2_9ce4_8422_2325, |hash: u64, step| hash.rotate_left(5) ^ step)
}

/// A copy in order; every call sorts anew.
pub fn sort(numbers: &[u32], scratch: &mut Vec<u32>) -> u32 {
    scratch.clear();
    scratch.extend_from_slice(numbers);
    scratch.sort_unstable();
    scratch[scratch.len() / 2]
}

/// Copies of pages.
pub fn copy(from: &[u8], to: &mut [u8], times: usize) {
    for _ in 0..times {
        std::hint::black_box(&mut *to).copy_from_slice(std::hint::black_box(from));
    }
}

/// Decimal numbers from text.
pub fn parse(words: &[String]) -> u64 {
    words.iter().filter_map(|word| word.parse::<u32>().ok()).map(u64::from).sum()
}

/// Branches that cannot be foreseen.
pub fn branches(numbers: &[u32]) -> u64 {
    let mut sum = 0u64;
    for &number in numbers {
        if number & 1 == 0 {
            sum = std::hint::black_box(sum.wrapping_mul(3));
        } else if number & 6 == 0 {
            sum = std::hint::black_box(sum ^ u64::from(number));
        } else {
            sum = sum.wrapping_add(1);
        }
    }
    sum
}

/// A ring in which every entry names the next, all over the place.
pub fn ring(len: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..len as u32).collect();
    let mut keys = noise(len);
    keys.truncate(len);
    order.sort_by_key(|&place| keys[place as usize]);
    let mut ring = vec![0; len];
    for pair in order.windows(2) {
        ring[pair[0] as usize] = pair[1];
    }
    ring[order[len - 1] as usize] = order[0];
    ring
}

/// Loads of which each waits for the one before.
pub fn chase(ring: &[u32], steps: usize) -> u32 {
    (0..steps).fold(0, |place, _| ring[place as usize])
}

/// A chain of floating-point operations.
pub fn float(steps: usize) -> f64 {
    (0..steps).fold(0.3, |x, _| 3.7 * x * (1.0 - x))
}

/// The place of a word that stands at the end of a text.
pub fn search(text: &str) -> Option<usize> {
    text.find("needle")
}
