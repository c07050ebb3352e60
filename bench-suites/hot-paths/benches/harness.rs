//! What the harness does for every benchmark and epoch: reading Criterion's messages, choosing iterations, planning
//! turns, drawing coins. All of it happens between samples, so its time is waiting time.

use std::hint::black_box;

use ciborium::Value;
use criterion::{Criterion, criterion_group, criterion_main};
use rqs_harness::coin::Coins;
use rqs_harness::conductor::turns;
use rqs_harness::contract::{ByRole, Turn};
use rqs_harness::criterion::message;
use rqs_harness::criterion::sampling::{self, Config, Mode};
use rqs_harness::suite::{self, Measure};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// A message as Criterion sends it.
fn frame(name: &str, fields: Vec<(Value, Value)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let message = Value::Map(vec![(text(name), Value::Map(fields))]);
    if let Err(error) = ciborium::into_writer(&message, &mut bytes) {
        unreachable!("a vector takes every byte: {error}");
    }
    bytes
}

fn id() -> (Value, Value) {
    let fields = vec![
        (text("group_id"), text("decode")),
        (text("function_id"), text("message")),
        (text("value_str"), text("100")),
        (text("throughput"), Value::Array(Vec::new())),
    ];
    (text("id"), Value::Map(fields))
}

/// The end of a measurement with so many samples, the longest message there is.
fn measurement(samples: u32) -> Vec<u8> {
    let list = |step: f64| Value::Array((1..=samples).map(|k| Value::Float(f64::from(k) * step)).collect());
    let duration = Value::Map(vec![(text("secs"), Value::from(5)), (text("nanos"), Value::from(0))]);
    let fields = vec![
        id(),
        (text("iters"), list(40.0)),
        (text("times"), list(12_345.0)),
        (text("sampling_method"), text("Linear")),
        (text("benchmark_config"), Value::Map(vec![(text("measurement_time"), duration)])),
    ];
    frame("MeasurementComplete", fields)
}

fn messages(criterion: &mut Criterion<Measure>) {
    let skipped = frame("SkippingBenchmark", vec![id()]);
    criterion
        .bench_function("decode/skipped", |bencher| bencher.iter(|| message::decode(black_box(&skipped))));
    for samples in [10, 100] {
        let complete = measurement(samples);
        criterion.bench_function(&format!("decode/measured/{samples}"), |bencher| {
            bencher.iter(|| message::decode(black_box(&complete)));
        });
    }
}

fn plans(criterion: &mut Criterion<Measure>) {
    let config = Config { warm_up_ns: 1e11, measurement_ns: 1e12, samples: 100, mode: Mode::Auto };
    let warm_up = Turn { iterations: 131_071, elapsed_ns: 3_000_000 };
    criterion.bench_function("sampling/choose", |bencher| {
        bencher.iter(|| sampling::choose(black_box(&config), 1e7, 22.9, black_box(warm_up)));
    });
    let iterations: Vec<u64> = (1..=100).map(|k| k * 86).collect();
    let iterations = ByRole::new(iterations.clone(), iterations);
    let mut coins = Coins::new(1);
    criterion.bench_function("turns/plan", |bencher| {
        bencher.iter(|| turns::plan(black_box(&iterations), 22.9, 1e5, &mut coins));
    });
    criterion.bench_function("coins/below", |bencher| bencher.iter(|| coins.below(black_box(256))));
}

criterion_group! { name = benches; config = suite::counting(); targets = messages, plans }
criterion_main!(benches);
