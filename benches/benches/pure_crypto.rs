//! The cryptography alone: each scenario in process, without a socket.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark whose operation fails has nothing to measure"
)]

#[path = "provers/mod.rs"]
mod provers;

use std::path::Path;

use broker_benches::{
    Failure,
    in_process::InProcess,
    scenario::{Scenario, Task},
    scenarios, server, suite,
};
use criterion::BatchSize;

use self::provers::Provers;

/// The server's allocator.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<mimalloc::MiMalloc> =
    zeroizing_alloc::ZeroAlloc(mimalloc::MiMalloc);

fn main() -> Result<(), Failure> {
    let broker = InProcess::new(Some(server::keys_folder()?))?;
    let mut provers = Provers::new();
    let mut criterion = suite::criterion(Path::new(suite::PURE))?;
    for scenario in scenarios::all(&broker)?.iter().filter(|scenario| scenario.has_cryptography()) {
        criterion.bench_function(&scenario.id, |bencher| match &scenario.task {
            Task::ProveBy { circuit, prover } => {
                provers.measure(*circuit, *prover, bencher).expect("the circuit has a key");
            }
            Task::HashStream { .. } => {
                bencher.iter(|| broker.run_scenario(scenario).expect("the scenario succeeds"));
            }
            // The request is made, and the response dropped, outside the measured time.
            _ => bencher.iter_batched(
                || message(scenario),
                |message| broker.run(message).expect("the scenario succeeds"),
                BatchSize::LargeInput,
            ),
        });
    }
    criterion.final_summary();
    Ok(())
}

fn message(scenario: &Scenario) -> broker_proto::v1::pipeline_request::Operation {
    scenario.message().expect("the scenario has a message")
}
