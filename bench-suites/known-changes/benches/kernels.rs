//! Kernels on one thread, from ten nanoseconds to milliseconds a call; the names tell about how long one takes.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use known_changes::kernels::{self, numbers};
use known_changes::{Calls, WHOLE, change_per_mille};

fn calls(units: u64) -> Calls {
    Calls::of(units, change_per_mille())
}

fn chains(criterion: &mut Criterion) {
    let (mut calls_of_hash, mut hash) = (calls(6), 1);
    criterion.bench_function("hash/10ns", |b| {
        b.iter(|| {
            for _ in 0..calls_of_hash.next_units() {
                hash = kernels::mix(hash);
            }
            hash
        });
    });
    let (mut calls_of_float, mut x) = (calls(25), 0.3);
    criterion.bench_function("float/100ns", |b| {
        b.iter(|| {
            for _ in 0..calls_of_float.next_units() {
                x = kernels::logistic(x);
            }
            x
        });
    });
}

fn texts(criterion: &mut Criterion) {
    let mut calls_of_parse = calls(WHOLE);
    criterion.bench_function("parse/2us", |b| {
        b.iter(|| {
            (0..calls_of_parse.next_units()).map(|_| kernels::parse(black_box("60257613"))).sum::<u64>()
        });
    });
    let (mut calls_of_search, text) = (calls(WHOLE), "straw ".repeat(20) + "needle");
    criterion.bench_function("search/20us", |b| {
        b.iter(|| {
            (0..calls_of_search.next_units())
                .map(|_| kernels::search(black_box(&text), "needle"))
                .sum::<usize>()
        });
    });
}

fn bytes(criterion: &mut Criterion) {
    let (mut calls_of_copy, from, mut to) = (calls(WHOLE), vec![1u8; 4096], vec![0u8; 4096]);
    criterion.bench_function("copy/10us", |b| {
        b.iter(|| {
            for _ in 0..calls_of_copy.next_units() {
                kernels::copy(black_box(&from), black_box(&mut to));
            }
        });
    });
    let (mut calls_of_allocate, sizes) = (calls(WHOLE), [24, 100, 1000, 48, 300, 16, 4000, 80]);
    criterion.bench_function("allocate/40us", |b| {
        b.iter(|| {
            (0..calls_of_allocate.next_units()).map(|_| kernels::allocate(black_box(&sizes))).sum::<usize>()
        });
    });
}

fn collections(criterion: &mut Criterion) {
    let mut calls_of_look_up = calls(WHOLE);
    let map: HashMap<u64, u64> = numbers(1).zip(0..).take(1000).collect();
    let keys: Vec<u64> = numbers(1).step_by(100).take(10).collect();
    criterion.bench_function("hash_map/20us", |b| {
        b.iter(|| {
            (0..calls_of_look_up.next_units()).map(|_| kernels::look_up(black_box(&map), &keys)).sum::<u64>()
        });
    });
    let mut calls_of_sort = calls(WHOLE);
    let (unsorted, mut scratch) = (numbers(2).take(48).collect::<Vec<u64>>(), vec![0; 48]);
    criterion.bench_function("sort/100us", |b| {
        b.iter(|| {
            let units = 0..calls_of_sort.next_units();
            units.map(|_| kernels::sort(black_box(&unsorted), &mut scratch)).fold(0, u64::wrapping_add)
        });
    });
}

fn memory(criterion: &mut Criterion) {
    // Each unit goes once round: 32 KiB stay in the nearest caches.
    let (mut calls_of_small, small) = (calls(WHOLE), kernels::ring(512));
    criterion.bench_function("chase_small/200us", |b| {
        b.iter(|| {
            (0..calls_of_small.next_units()).map(|_| kernels::chase(black_box(&small), 0, 512)).sum::<u32>()
        });
    });
    // No cache holds 64 MiB. A call goes on where the last one ended, so that every line is far away again. It is made
    // only when it is measured, because that takes a while.
    let (mut calls_of_large, large, mut place) = (calls(WHOLE), OnceCell::new(), 0);
    criterion.bench_function("chase_large/1ms", |b| {
        let large = large.get_or_init(|| kernels::ring(1 << 20));
        b.iter(|| {
            for _ in 0..calls_of_large.next_units() {
                place = kernels::chase(black_box(large), place, 64);
            }
            place
        });
    });
}

fn decisions(criterion: &mut Criterion) {
    let (mut calls_of_branches, deciding) = (calls(WHOLE), numbers(4).take(4000).collect::<Vec<u64>>());
    criterion.bench_function("branches/4ms", |b| {
        b.iter(|| {
            let units = 0..calls_of_branches.next_units();
            units.map(|_| kernels::branches(black_box(&deciding))).fold(0, u64::wrapping_add)
        });
    });
}

criterion_group!(benches, chains, texts, bytes, collections, memory, decisions);
criterion_main!(benches);
