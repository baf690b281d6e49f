//! `completions SHELL`.

use clap::CommandFactory as _;

use crate::{
    args::{Cli, Completions},
    error::Failure,
    output::Output,
};

/// Prints the script that the shell loads.
pub(super) fn run(args: Completions, output: &mut Output) -> Result<(), Failure> {
    // Made in memory first: the generator panics where its writer fails, and a pipe may be closed early.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cryptobroker", &mut script);
    output.bytes(&script)
}
