//! `cryptobroker`: the command line of Crypto Broker.

#![deny(unsafe_code)] // allowed for one attribute in `standard_output`, which says why

mod args;
mod atomic_file;
mod broker;
mod cli;
mod command;
mod data;
mod error;
mod escape;
mod input;
mod json;
mod location;
mod output;
mod output_files;
mod pem;
mod pem_block;
mod private_key;
mod progress;
mod repeat;
mod runtime;
mod standard_output;
mod terminal;
mod x509;

use std::process::ExitCode;

use clap::CommandFactory as _;

use crate::{
    broker::Endpoint,
    cli::Cli,
    command::{Context, Run as _},
    error::Failure,
    output::Output,
};

// CA keys pass through this process: memory is wiped when it is freed.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<mimalloc::MiMalloc> =
    zeroizing_alloc::ZeroAlloc(mimalloc::MiMalloc);

fn main() -> ExitCode {
    if let Some(code) = cli::complete() {
        return code;
    }
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(error) => return cli::print_parse_error(&error),
    };
    let mut output = Output::new(&cli.global);
    let endpoint = Endpoint { socket: cli.global.socket, timeout: cli.global.timeout };
    let context = Context { endpoint, program: Cli::command };
    let outcome = cli.command.run(context, &mut output).and_then(|()| output.flush());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // The reader closed the pipe itself and needs no message; the exit code tells everybody else.
        Err(failure) if failure.is_broken_pipe() => ExitCode::from(failure.exit().code()),
        Err(failure) => report(&failure, &mut output),
    }
}

/// Prints a failure after what was printed before, and returns its exit code.
fn report(failure: &Failure, output: &mut Output) -> ExitCode {
    // Where the flush fails, that was the failure, or the failure matters more.
    let _ = output.flush();
    output.failure(failure);
    ExitCode::from(failure.exit().code())
}
