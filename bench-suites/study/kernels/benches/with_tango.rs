//! The kernels for Tango.

use study_kernels::KERNELS;
use tango_bench::{IntoBenchmarks, benchmark_fn, tango_benchmarks};

fn kernels() -> impl IntoBenchmarks {
    KERNELS.map(|kernel| {
        benchmark_fn(kernel.name, move |bencher| {
            let mut call = (kernel.make)();
            bencher.iter(move || call())
        })
    })
}

tango_benchmarks!(kernels());
