//! `proof circuits`, `proof setup`, `proof prove`, `proof prove-many`, `proof check`, `proof verify`, `proof batch-verify`,
//! `proof export` and `proof ceremony`.

mod assignment;
mod batch_verify;
mod ceremony;
mod check;
mod circuits;
mod expectation;
mod export;
mod format;
mod key;
mod named_value;
mod prove;
mod prove_many;
mod public_file;
mod report;
mod setup;
mod target;
mod value_file;
mod verify;

use clap::Args;

use super::run::{Context, Run, commands};
use crate::{error::Failure, output::Output};

/// Groth16 proofs: list circuits, make keys, prove, verify
#[derive(Args, Debug)]
pub(crate) struct Proof {
    #[command(subcommand)]
    command: ProofCommand,
}

commands! {
    /// The commands of `proof`.
    enum ProofCommand {
        Circuits(circuits::Circuits),
        Setup(setup::Setup),
        Prove(prove::Prove),
        ProveMany(prove_many::ProveMany),
        Check(check::Check),
        Verify(verify::Verify),
        BatchVerify(batch_verify::BatchVerify),
        Export(export::Export),
        Ceremony(ceremony::Ceremony),
    }
}

impl Run for Proof {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        self.command.run(context, output)
    }
}
