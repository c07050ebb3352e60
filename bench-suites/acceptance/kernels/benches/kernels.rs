//! Each kind of work in a small and in a large size, from ten nanoseconds to a millisecond.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use kernels::*;

fn chains(criterion: &mut Criterion) {
    for base in [20, 20_000] {
        criterion.bench_function(&format!("hash/{base}"), |b| b.iter(|| hash(black_box(scaled(base)))));
        criterion.bench_function(&format!("float/{base}"), |b| b.iter(|| float(black_box(scaled(base)))));
    }
    for (len, base) in [(4_000, 40), (400_000, 4_000)] {
        let ring = ring(len);
        criterion
            .bench_function(&format!("chase/{base}"), |b| b.iter(|| chase(&ring, black_box(scaled(base)))));
    }
}

fn lists(criterion: &mut Criterion) {
    for base in [400, 40_000] {
        let (numbers, mut scratch) = (noise(scaled(base)), Vec::new());
        criterion
            .bench_function(&format!("sort/{base}"), |b| b.iter(|| sort(black_box(&numbers), &mut scratch)));
    }
    for base in [1_000, 100_000] {
        let numbers = noise(scaled(base));
        criterion.bench_function(&format!("branches/{base}"), |b| b.iter(|| branches(black_box(&numbers))));
    }
}

fn texts(criterion: &mut Criterion) {
    for base in [20, 2_000] {
        let words: Vec<String> = noise(scaled(base)).iter().map(u32::to_string).collect();
        criterion.bench_function(&format!("parse/{base}"), |b| b.iter(|| parse(black_box(&words))));
    }
    for base in [2_000, 200_000] {
        let text = "straw ".repeat(scaled(base) / 6) + "needle";
        criterion.bench_function(&format!("search/{base}"), |b| b.iter(|| search(black_box(&text))));
    }
    let (from, mut to) = (vec![1u8; 4096], vec![0u8; 4096]);
    for base in [20, 2_000] {
        let times = black_box(scaled(base));
        criterion.bench_function(&format!("copy/{base}"), |b| b.iter(|| copy(&from, &mut to, times)));
    }
}

criterion_group!(benches, chains, lists, texts);
criterion_main!(benches);
