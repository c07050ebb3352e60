//! Three benchmarks: one that no revision changes, one that does change, one that comes and goes.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use zoo::{ROUNDS, mix};

fn speed(c: &mut Criterion) {
    let mut group = c.benchmark_group("mix");
    group.bench_function("steady", |b| b.iter(|| mix(black_box(1000))));
    group.bench_function("changed", |b| b.iter(|| mix(black_box(ROUNDS))));
    group.bench_function("old", |b| b.iter(|| mix(black_box(500))));
    group.finish();
}

criterion_group!(benches, speed);
criterion_main!(benches);
