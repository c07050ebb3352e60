//! Asynchronous tasks on an executor of one thread. It is one that reads no clock, because an executor that does reads it
//! within samples, and then both sides cannot take turns sample by sample.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use futures_executor::{LocalPool, LocalSpawner};
use futures_util::task::LocalSpawnExt;
use known_changes::{Calls, WHOLE, change_per_mille};

/// Starts so many tasks one after the other and waits for each.
async fn tasks(spawner: &LocalSpawner, units: u64) -> u64 {
    let mut sum = 0;
    for unit in 0..units {
        let task = spawner.spawn_local_with_handle(async move { black_box(unit) });
        sum += task.expect("the pool lives").await;
    }
    sum
}

fn asynchronous(criterion: &mut Criterion) {
    let mut pool = LocalPool::new();
    let spawner = pool.spawner();
    let mut calls = Calls::of(WHOLE, change_per_mille());
    criterion
        .bench_function("tasks/50us", |b| b.iter(|| pool.run_until(tasks(&spawner, calls.next_units()))));
}

criterion_group!(benches, asynchronous);
criterion_main!(benches);
