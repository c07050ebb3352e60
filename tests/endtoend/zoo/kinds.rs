//! One benchmark for each routine, and one that makes its input by the routine that revisions change.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use zoo::{mix, sum, words};

fn numbers(c: &mut Criterion) {
    let values: Vec<u64> = (0..3000).collect();
    c.bench_function("mix", |b| b.iter(|| mix(black_box(3))));
    c.bench_function("sum", |b| b.iter(|| sum(black_box(&values), black_box(1))));
    c.bench_function("sum of mixed", |b| {
        b.iter_batched_ref(
            || vec![mix(black_box(5)); 3000],
            |values| sum(black_box(values), black_box(1)),
            BatchSize::SmallInput,
        )
    });
}

fn texts(c: &mut Criterion) {
    let text = "a few words and #some more ".repeat(40);
    c.bench_function("words", |b| b.iter(|| words(black_box(&text))));
}

criterion_group!(benches, numbers, texts);
criterion_main!(benches);
