//! Asynchronous tasks on a runtime of one thread.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use known_changes::{Calls, WHOLE, change_per_mille};

/// Starts so many tasks one after the other and waits for each.
async fn tasks(units: u64) -> u64 {
    let mut sum = 0;
    for unit in 0..units {
        let task = tokio::spawn(async move { black_box(unit) });
        sum += task.await.expect("the task does not panic");
    }
    sum
}

fn asynchronous(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without drivers");
    let mut calls = Calls::of(WHOLE, change_per_mille());
    criterion.bench_function("tasks/50us", |b| b.iter(|| runtime.block_on(tasks(calls.next()))));
}

criterion_group!(benches, asynchronous);
criterion_main!(benches);
