//! `kem keygen`.

use clap::Args;

use super::super::{
    key_pair::{KeyEncoding, KeyPair},
    run::{Context, Run},
};
use crate::{error::Failure, output::Output, runtime::block_on};

/// Make a key pair: an encapsulation key to give away and a decapsulation key to keep
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cryptobroker kem keygen --profile PQC-ML-DSA-65 --public-out kem.pub --private-out kem.key
  cryptobroker kem keygen --profile PQC-ML-DSA-65 --format pem --public-out kem.pem --private-out kem-key.pem")]
pub(crate) struct Keygen {
    #[command(flatten)]
    key_pair: KeyPair,
    /// How the keys are written
    #[arg(long, alias = "encoding", value_name = "FORMAT", default_value = "raw")]
    format: KeyEncoding,
}

impl Run for Keygen {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        self.key_pair.make(self.format, output, |request| {
            block_on(async { Ok(context.endpoint.client()?.generate_kem_key_pair(request).await?) })
        })
    }
}
