//! `kem keygen`, `kem encapsulate` and `kem decapsulate`.

mod decapsulate;
mod encapsulate;
mod keygen;

use clap::Args;

use super::run::{Context, Run, commands};
use crate::{error::Failure, output::Output};

/// Key encapsulation: make keys, agree on a shared secret
#[derive(Args, Debug)]
pub(crate) struct Kem {
    #[command(subcommand)]
    command: KemCommand,
}

commands! {
    /// The commands of `kem`.
    enum KemCommand {
        Keygen(keygen::Keygen),
        Encapsulate(encapsulate::Encapsulate),
        Decapsulate(decapsulate::Decapsulate),
    }
}

impl Run for Kem {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        self.command.run(context, output)
    }
}
