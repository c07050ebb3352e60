//! The hot paths of the crate on inputs of everyday size.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use showcase::{crc32, fields, parse_decimal, to_hex};

/// 256 bytes without a pattern.
fn bytes() -> Vec<u8> {
    (0u32..256).map(|k| (k.wrapping_mul(0x9e37_79b1) >> 24) as u8).collect()
}

fn hot_paths(criterion: &mut Criterion) {
    let bytes = bytes();
    let numbers = ["7", "1024", "86400", "4294967295", "1795342500", "18446744073709551615"];
    criterion.bench_function("parse_decimal", |bencher| {
        bencher.iter(|| {
            black_box(numbers).iter().filter_map(|text| parse_decimal(text)).fold(0, u64::wrapping_add)
        });
    });
    criterion.bench_function("to_hex", |bencher| bencher.iter(|| to_hex(black_box(&bytes))));
    let line = "2026-11-22T10:15:00Z,\"Lovelace, Ada\",analytical engine,42,0.5,,\"on, off\",done";
    criterion.bench_function("csv_fields", |bencher| {
        bencher.iter(|| fields(black_box(line)).map(str::len).fold(0, |sum, len| sum ^ len));
    });
    criterion.bench_function("crc32", |bencher| bencher.iter(|| crc32(black_box(&bytes))));
}

criterion_group!(benches, hot_paths);
criterion_main!(benches);
