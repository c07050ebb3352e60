//! Every way to measure that Criterion offers, budgets in the code, threads, an asynchronous runtime with timers, and
//! an id that is used twice.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use zoo::mix;

fn batches(c: &mut Criterion) {
    let mut group = c.benchmark_group("batched");
    let sizes = [
        ("small", BatchSize::SmallInput),
        ("large", BatchSize::LargeInput),
        ("per_iteration", BatchSize::PerIteration),
        ("of_ten", BatchSize::NumIterations(10)),
    ];
    for (name, size) in sizes {
        group.bench_function(name, |b| b.iter_batched(|| vec![1000], |input| mix(input[0]), size));
    }
    group.bench_function("by_reference", |b| {
        b.iter_batched_ref(|| vec![1000], |input| mix(input[0]), BatchSize::SmallInput)
    });
    group.finish();
}

fn others(c: &mut Criterion) {
    let mut group = c.benchmark_group("others");
    group.throughput(Throughput::Elements(1000));
    group.bench_with_input(BenchmarkId::new("with_input", 1000), &1000, |b, &rounds| b.iter(|| mix(rounds)));
    group.bench_function("custom", |b| {
        b.iter_custom(|iterations| {
            let begin = Instant::now();
            for _ in 0..iterations {
                black_box(mix(black_box(1000)));
            }
            begin.elapsed()
        })
    });
    group.bench_function("own_clock", |b| {
        b.iter(|| {
            let begin = Instant::now();
            (mix(black_box(1000)), begin.elapsed())
        })
    });
    group.bench_function("large_drop", |b| b.iter_with_large_drop(|| vec![mix(black_box(1000)); 100]));
    group.bench_function("hash_map", |b| {
        b.iter(|| (0..100).map(|n| (n, mix(n))).collect::<HashMap<u64, u64>>())
    });
    group.bench_function("date", |b| {
        b.iter(|| mix(1000 + SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64 % 100))
    });
    group.bench_function("threads", |b| {
        b.iter(|| {
            let halves = [(); 2].map(|()| std::thread::spawn(|| mix(black_box(20_000))));
            halves.map(|half| half.join().unwrap())
        })
    });
    group.finish();
}

fn budgets(c: &mut Criterion) {
    let mut group = c.benchmark_group("budget");
    group.warm_up_time(Duration::from_secs(30)).measurement_time(Duration::from_secs(60)).sample_size(100);
    group.bench_function("of_a_minute", |b| b.iter(|| mix(black_box(1000))));
    group.finish();
}

fn asynchronous(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut group = c.benchmark_group("asynchronous");
    group.bench_function("compute", |b| b.to_async(&runtime).iter(|| async { mix(black_box(1000)) }));
    group.bench_function("sleep", |b| {
        b.to_async(&runtime).iter(|| async { tokio::time::sleep(Duration::from_millis(1)).await })
    });
    group.finish();
}

criterion_group!(benches, batches, others, budgets, asynchronous);
criterion_main!(benches);
