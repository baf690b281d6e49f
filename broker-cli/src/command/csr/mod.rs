//! `csr create`.

mod create;

use clap::Args;

use super::run::{Context, Run, commands};
use crate::{error::Failure, output::Output};

/// Certification requests (PKCS#10); no broker is called
#[derive(Args, Debug)]
pub(crate) struct CertificationRequest {
    #[command(subcommand)]
    command: CsrCommand,
}

commands! {
    /// The commands of `csr`.
    enum CsrCommand {
        Create(Box<create::Create>),
    }
}

impl Run for CertificationRequest {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        self.command.run(context, output)
    }
}
