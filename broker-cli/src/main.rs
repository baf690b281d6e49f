//! `cryptobroker`: the command line of Crypto Broker.

#![forbid(unsafe_code)]

mod args;
mod beside;
mod broker;
mod command;
mod data;
mod error;
mod input;
mod json;
mod outlet;
mod output;
mod place;
mod progress;
mod repeat;

use std::process::ExitCode;

use crate::{error::Failure, output::Output};

// A CA key passes through this process too: what is freed is wiped first.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<mimalloc::MiMalloc> =
    zeroizing_alloc::ZeroAlloc(mimalloc::MiMalloc);

fn main() -> ExitCode {
    if let Some(code) = args::complete() {
        return code;
    }
    let cli = match args::parse() {
        Ok(cli) => cli,
        Err(refusal) => return args::explain(&refusal),
    };
    let mut output = Output::new(&cli.global);
    let outcome = command::run(cli, &mut output).and_then(|()| output.flush());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever closed the pipe knows it; the exit code tells everybody else.
        Err(failure) if failure.is_broken_pipe() => ExitCode::from(failure.exit().code()),
        Err(failure) => report(&failure, &mut output),
    }
}

/// Whatever was already printed leaves before the error does. Where it cannot leave, that was the error, or the error
/// matters more.
fn report(failure: &Failure, output: &mut Output) -> ExitCode {
    let _ = output.flush();
    output.failure(failure);
    ExitCode::from(failure.exit().code())
}
