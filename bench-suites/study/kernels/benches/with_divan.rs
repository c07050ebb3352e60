//! The kernels for Divan.

use study_kernels::{KERNELS, kernel};

#[divan::bench(args = KERNELS.map(|kernel| kernel.name))]
fn call(bencher: divan::Bencher, name: &str) {
    let mut call = (kernel(name).expect("one of the arguments").make)();
    bencher.bench_local(|| call());
}

fn main() {
    divan::main();
}
