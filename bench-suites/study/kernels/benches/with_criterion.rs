//! The kernels for Criterion, and for whoever measures Criterion's benchmarks.

use criterion::{Criterion, criterion_group, criterion_main};
use study_kernels::KERNELS;

fn kernels(criterion: &mut Criterion) {
    for kernel in KERNELS {
        criterion.bench_function(kernel.name, |bencher| {
            let mut call = (kernel.make)();
            bencher.iter(|| call());
        });
    }
}

criterion_group!(benches, kernels);
criterion_main!(benches);
