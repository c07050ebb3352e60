//! The known changes with one thread, as closures that every harness can call: equal units of work, and so many more of
//! them as a file says when the process starts. So both sides are the same code in the same layout.

use std::collections::HashMap;
use std::hint::black_box;

use known_changes::kernels::{self, numbers};
use known_changes::{Calls, WHOLE};

/// The file that says how much more work a call does, in thousandths: beside the executable, or else where it is started.
pub const MORE_PER_MILLE: &str = "more_per_mille";

/// A kernel, ready to be called again and again.
pub type Call = Box<dyn FnMut() -> u64>;

/// A kernel.
#[derive(Clone, Copy)]
pub struct Kernel {
    /// Its name.
    pub name: &'static str,
    /// Calls that take about 20 ms on a server processor of 2022.
    pub calls_of_20_ms: u32,
    /// Sets it up.
    pub make: fn() -> Call,
}

/// All kernels.
pub const KERNELS: [Kernel; 10] = [
    Kernel { name: "hash", calls_of_20_ms: 1_600_000, make: hash },
    Kernel { name: "float", calls_of_20_ms: 400_000, make: float },
    Kernel { name: "parse", calls_of_20_ms: 20_000, make: parse },
    Kernel { name: "copy", calls_of_20_ms: 600, make: copy },
    Kernel { name: "search", calls_of_20_ms: 3_000, make: search },
    Kernel { name: "hash_map", calls_of_20_ms: 450, make: hash_map },
    Kernel { name: "allocate", calls_of_20_ms: 750, make: allocate },
    Kernel { name: "sort", calls_of_20_ms: 450, make: sort },
    Kernel { name: "chase_small", calls_of_20_ms: 100, make: chase_small },
    Kernel { name: "branches", calls_of_20_ms: 20, make: branches },
];

/// The kernel of a name.
pub fn kernel(name: &str) -> Option<Kernel> {
    KERNELS.into_iter().find(|kernel| kernel.name == name)
}

/// # Panics
/// When there is no such file, or no number in it: a size that was not read would be measured as another one.
fn more_per_mille() -> u64 {
    let beside = std::env::current_exe().expect("it was started").with_file_name(MORE_PER_MILLE);
    let text = std::fs::read_to_string(&beside).or_else(|_| std::fs::read_to_string(MORE_PER_MILLE));
    let text =
        text.unwrap_or_else(|error| panic!("no `{MORE_PER_MILLE}` beside the executable or here: {error}"));
    text.trim().parse().unwrap_or_else(|error| panic!("`{text}` in `{MORE_PER_MILLE}`: {error}"))
}

fn calls(units: u64) -> Calls {
    Calls::of(units, more_per_mille())
}

fn hash() -> Call {
    let (mut calls, mut hash) = (calls(6), 1);
    Box::new(move || {
        for _ in 0..calls.next_units() {
            hash = kernels::mix(hash);
        }
        hash
    })
}

fn float() -> Call {
    let (mut calls, mut x) = (calls(25), 0.3);
    Box::new(move || {
        for _ in 0..calls.next_units() {
            x = kernels::logistic(x);
        }
        f64::to_bits(x)
    })
}

fn parse() -> Call {
    let mut calls = calls(WHOLE);
    Box::new(move || (0..calls.next_units()).map(|_| kernels::parse(black_box("60257613"))).sum())
}

fn copy() -> Call {
    let (mut calls, from, mut to) = (calls(WHOLE), vec![1u8; 4096], vec![0u8; 4096]);
    Box::new(move || {
        for _ in 0..calls.next_units() {
            kernels::copy(black_box(&from), black_box(&mut to));
        }
        u64::from(to[0])
    })
}

fn search() -> Call {
    let (mut calls, text) = (calls(WHOLE), "straw ".repeat(20) + "needle");
    Box::new(move || {
        (0..calls.next_units()).map(|_| kernels::search(black_box(&text), "needle") as u64).sum()
    })
}

fn hash_map() -> Call {
    let mut calls = calls(WHOLE);
    let map: HashMap<u64, u64> = numbers(1).zip(0..).take(1000).collect();
    let keys: Vec<u64> = numbers(1).step_by(100).take(10).collect();
    Box::new(move || (0..calls.next_units()).map(|_| kernels::look_up(black_box(&map), &keys)).sum())
}

fn allocate() -> Call {
    let (mut calls, sizes) = (calls(WHOLE), [24, 100, 1000, 48, 300, 16, 4000, 80]);
    Box::new(move || (0..calls.next_units()).map(|_| kernels::allocate(black_box(&sizes)) as u64).sum())
}

fn sort() -> Call {
    let (mut calls, unsorted, mut scratch) =
        (calls(WHOLE), numbers(2).take(48).collect::<Vec<u64>>(), vec![0; 48]);
    Box::new(move || {
        (0..calls.next_units())
            .map(|_| kernels::sort(black_box(&unsorted), &mut scratch))
            .fold(0, u64::wrapping_add)
    })
}

fn chase_small() -> Call {
    let (mut calls, ring) = (calls(WHOLE), kernels::ring(512));
    Box::new(move || {
        (0..calls.next_units()).map(|_| u64::from(kernels::chase(black_box(&ring), 0, 512))).sum()
    })
}

fn branches() -> Call {
    let (mut calls, deciding) = (calls(WHOLE), numbers(4).take(4000).collect::<Vec<u64>>());
    Box::new(move || {
        (0..calls.next_units()).map(|_| kernels::branches(black_box(&deciding))).fold(0, u64::wrapping_add)
    })
}
