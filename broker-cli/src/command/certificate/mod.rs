//! `certificate inspect`, `certificate verify` and `certificate lint`.

mod inspect;
mod lint;
mod verify;

use clap::Args;

use super::run::{Context, Run, commands};
use crate::{error::Failure, output::Output};

/// Certificates in files: show, verify and check them; no broker is called
#[derive(Args, Debug)]
pub(crate) struct Certificate {
    #[command(subcommand)]
    command: CertificateCommand,
}

commands! {
    /// The commands of `certificate`.
    enum CertificateCommand {
        Inspect(inspect::Inspect),
        Verify(verify::Verify),
        Lint(lint::Lint),
    }
}

impl Run for Certificate {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        self.command.run(context, output)
    }
}
