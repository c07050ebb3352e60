//! A parallel loop over two threads.

use criterion::{Criterion, criterion_group, criterion_main};
use known_changes::{Calls, WHOLE, change_per_mille, kernels};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

fn parallel(criterion: &mut Criterion) {
    // As many threads on every machine.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("two threads can be started");
    let mut calls = Calls::of(WHOLE, change_per_mille());
    criterion.bench_function("parallel/5ms", |b| {
        b.iter(|| {
            let units = calls.next_units();
            pool.install(|| (0..units).into_par_iter().map(kernels::churn).reduce(|| 0, u64::wrapping_add))
        });
    });
}

criterion_group!(benches, parallel);
criterion_main!(benches);
