//! The cryptography alone: each scenario in process, without a socket.

#![allow(clippy::expect_used, reason = "a benchmark whose operation fails has nothing to measure")]

use std::path::Path;

use broker_benches::{Failure, in_process::InProcess, scenarios, suite};
use criterion::BatchSize;

/// The server's allocator.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<mimalloc::MiMalloc> =
    zeroizing_alloc::ZeroAlloc(mimalloc::MiMalloc);

fn main() -> Result<(), Failure> {
    let broker = InProcess::new()?;
    let mut criterion = suite::criterion(Path::new(suite::PURE))?;
    for scenario in scenarios::all()?.iter().filter(|scenario| scenario.has_cryptography()) {
        criterion.bench_function(&scenario.id, |bencher| match scenario.message() {
            // The request is made, and the response dropped, outside the measured time.
            Some(message) => bencher.iter_batched(
                || message.clone(),
                |message| broker.run(message).expect("the scenario succeeds"),
                BatchSize::LargeInput,
            ),
            None => bencher.iter(|| broker.run_scenario(scenario).expect("the scenario succeeds")),
        });
    }
    criterion.final_summary();
    Ok(())
}
