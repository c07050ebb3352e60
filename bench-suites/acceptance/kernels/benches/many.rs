//! Two hundred benchmarks: every kind of work in 25 sizes. Only the hashes do more work when they are told so.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use kernels::*;

/// Sizes from `least` to about a thousand times as much.
fn sizes(least: usize) -> impl Iterator<Item = usize> {
    (0..25).map(move |step| (least as f64 * 1.33f64.powi(step)) as usize)
}

fn chains(criterion: &mut Criterion) {
    // So large that a twentieth more is not a matter of how often the compiler unrolled the loop.
    for base in sizes(1000) {
        criterion.bench_function(&format!("hash/{base}"), |b| b.iter(|| hash(black_box(scaled(base)))));
    }
    for base in sizes(20) {
        criterion.bench_function(&format!("float/{base}"), |b| b.iter(|| float(black_box(base))));
    }
    for base in sizes(40) {
        criterion.bench_function(&format!("chase/{base}"), |b| {
            let ring = ring(4_000);
            b.iter(|| chase(&ring, black_box(base)));
        });
    }
}

fn lists(criterion: &mut Criterion) {
    for base in sizes(40) {
        criterion.bench_function(&format!("sort/{base}"), |b| {
            let (numbers, mut scratch) = (noise(base), Vec::new());
            b.iter(|| sort(black_box(&numbers), &mut scratch));
        });
    }
    for base in sizes(100) {
        criterion.bench_function(&format!("branches/{base}"), |b| {
            let numbers = noise(base);
            b.iter(|| branches(black_box(&numbers)));
        });
    }
}

fn texts(criterion: &mut Criterion) {
    for base in sizes(10) {
        criterion.bench_function(&format!("parse/{base}"), |b| {
            let words: Vec<String> = noise(base).iter().map(u32::to_string).collect();
            b.iter(|| parse(black_box(&words)));
        });
    }
    for base in sizes(200) {
        criterion.bench_function(&format!("search/{base}"), |b| {
            let text = "straw ".repeat(base) + "needle";
            b.iter(|| search(black_box(&text)));
        });
    }
    for base in sizes(5) {
        criterion.bench_function(&format!("copy/{base}"), |b| {
            let (from, mut to) = (vec![1u8; 4096], vec![0u8; 4096]);
            b.iter(|| copy(&from, &mut to, black_box(base)));
        });
    }
}

criterion_group!(benches, chains, lists, texts);
criterion_main!(benches);
