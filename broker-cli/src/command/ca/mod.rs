//! `ca create`.

mod create;

use clap::Args;

use super::run::{Context, Run, commands};
use crate::{error::Failure, output::Output};

/// A certification authority for tests and small setups; no broker is called
#[derive(Args, Debug)]
pub(crate) struct Authority {
    #[command(subcommand)]
    command: CaCommand,
}

commands! {
    /// The commands of `ca`.
    enum CaCommand {
        Create(Box<create::Create>),
    }
}

impl Run for Authority {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        self.command.run(context, output)
    }
}
