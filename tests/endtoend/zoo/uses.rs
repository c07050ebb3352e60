//! Benchmarks that use more than the processor, each followed by one that uses nothing else.

use std::hint::black_box;
use std::io::{Seek, Write};
use std::net::UdpSocket;

use criterion::{Criterion, criterion_group, criterion_main};
use zoo::mix;

fn uses(c: &mut Criterion) {
    c.bench_function("memory", |b| b.iter(|| black_box(vec![1u8; 32 << 20]).len()));
    c.bench_function("little", |b| b.iter(|| mix(black_box(1000))));
    c.bench_function("disk", |b| {
        let path = std::env::current_exe().unwrap().with_extension(std::process::id().to_string());
        let mut file = std::fs::File::create(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        b.iter(|| {
            file.rewind().unwrap();
            file.write_all(&[7; 1 << 16]).unwrap();
            file.sync_data().unwrap();
        })
    });
    c.bench_function("network", |b| {
        let [here, there] = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
        here.connect(there.local_addr().unwrap()).unwrap();
        b.iter(|| {
            here.send(&[7; 1000]).unwrap();
            there.recv(&mut [0; 2000]).unwrap()
        })
    });
    c.bench_function("threads", |b| b.iter(|| std::thread::spawn(|| mix(black_box(20_000))).join().unwrap()));
}

criterion_group!(benches, uses);
criterion_main!(benches);
