//! Three benchmarks; at one revision the middle one misbehaves in the way that a variable names.

use std::hint::black_box;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use criterion::{Criterion, criterion_group, criterion_main};
use zoo::mix;

const FAULTY: bool = false;
const BYTES_OF_A_FLOOD: usize = 300_000_000;

static CALLS: AtomicU64 = AtomicU64::new(0);

/// Goes wrong in the five-hundredth call, in the middle of measuring.
fn misbehave() {
    if !FAULTY || CALLS.fetch_add(1, Ordering::Relaxed) != 500 {
        return;
    }
    let fault = std::env::var("ZOO_FAULT").unwrap_or_default();
    eprintln!("about to {fault}");
    match fault.as_str() {
        "panic" => panic!("the lion is loose"),
        "exit" => std::process::exit(7),
        "abort" => std::process::abort(),
        "kill" => {
            let me = std::process::id().to_string();
            let _ = std::process::Command::new("kill").args(["-KILL", &me]).status();
            std::thread::sleep(std::time::Duration::from_secs(60));
        }
        "hang" => loop {
            std::thread::sleep(std::time::Duration::from_secs(60));
        },
        "spin" => loop {
            std::hint::spin_loop();
        },
        "flood" => {
            let line = [b'#'; 1000];
            for _ in 0..BYTES_OF_A_FLOOD / line.len() / 2 {
                let _ = std::io::stdout().write_all(&line);
                let _ = std::io::stderr().write_all(&line);
            }
        }
        _ => {}
    }
}

fn faults(c: &mut Criterion) {
    let mut group = c.benchmark_group("cage");
    group.bench_function("first", |b| b.iter(|| mix(black_box(1000))));
    group.bench_function("middle", |b| {
        b.iter(|| {
            misbehave();
            mix(black_box(1000))
        })
    });
    group.bench_function("last", |b| b.iter(|| mix(black_box(1000))));
    group.finish();
}

criterion_group!(benches, faults);
criterion_main!(benches);
