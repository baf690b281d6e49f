//! `keygen`.

use clap::Args;

use super::{
    key_pair::{KeyEncoding, KeyPair},
    run::{Context, Run},
};
use crate::{error::Failure, output::Output, runtime::block_on};

/// Make a key pair for signing
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cryptobroker keygen --public-out sign.pub --private-out sign.key
  cryptobroker keygen --profile PQC-ML-DSA-65 --public-out sign.pub --private-out sign.key")]
pub(crate) struct Keygen {
    #[command(flatten)]
    key_pair: KeyPair,
    /// How the keys are written
    #[arg(long, alias = "encoding", value_name = "FORMAT", default_value = "pem")]
    format: KeyEncoding,
}

impl Run for Keygen {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        self.key_pair.make(self.format, output, |request| {
            block_on(async { Ok(context.endpoint.client()?.generate_signature_key_pair(request).await?) })
        })
    }
}
