//! Benchmarks whose work stands in a file of their own revision, found in the two usual ways.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};

fn rounds(path: &str) -> u64 {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.trim().parse().unwrap()
}

fn data(c: &mut Criterion) {
    let by_manifest = rounds(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/rounds.txt"));
    let by_cwd = rounds("benches/rounds.txt");
    c.bench_function("by_manifest_dir", |b| b.iter(|| zoo::mix(black_box(by_manifest))));
    c.bench_function("by_working_directory", |b| b.iter(|| zoo::mix(black_box(by_cwd))));
}

criterion_group!(benches, data);
criterion_main!(benches);
