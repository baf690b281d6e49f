//! `proof ceremony verify` and `proof ceremony show`.

mod report;
mod show;
mod verify;

use clap::Args;

use super::super::run::{Context, Run, commands};
use crate::{error::Failure, output::Output};

/// Setups by several parties, in snarkjs' files: verify and show them; no broker is called
#[derive(Args, Debug)]
pub(crate) struct Ceremony {
    #[command(subcommand)]
    command: CeremonyCommand,
}

commands! {
    /// The commands of `proof ceremony`.
    enum CeremonyCommand {
        Verify(verify::Verify),
        Show(show::Show),
    }
}

impl Run for Ceremony {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        self.command.run(context, output)
    }
}
