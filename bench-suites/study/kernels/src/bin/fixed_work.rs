//! Does about 20 ms of one kernel's work, for tools that time whole programs.

use std::process::ExitCode;

use study_kernels::kernel;

fn main() -> ExitCode {
    let name = std::env::args().nth(1).unwrap_or_default();
    let Some(kernel) = kernel(&name) else {
        eprintln!("there is no kernel `{name}`");
        return ExitCode::FAILURE;
    };
    let mut call = (kernel.make)();
    for _ in 0..kernel.calls_of_20_ms {
        std::hint::black_box(call());
    }
    ExitCode::SUCCESS
}
