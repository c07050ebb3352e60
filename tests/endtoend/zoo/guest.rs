//! The one benchmark of a package beside the crate under measurement.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

fn guest(c: &mut Criterion) {
    c.bench_function("guest", |b| b.iter(|| zoo::mix(black_box(zoo::ROUNDS))));
}

criterion_group!(benches, guest);
criterion_main!(benches);
