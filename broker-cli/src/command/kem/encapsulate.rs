//! `kem encapsulate`.

use broker_client::EncapsulateRequest;
use clap::{Args, ValueHint};

use super::super::{
    file_result::FileResult,
    run::{Context, Run},
};
use crate::{
    args::{DEFAULT_PROFILE, Force, profile_names},
    error::Failure,
    input,
    location::Location,
    output::Output,
    output_files::OutputFiles,
    runtime::block_on,
};

/// Make a shared secret, and the ciphertext that carries it to the holder of the private key
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Example:
  cryptobroker kem encapsulate --profile PQC-ML-DSA-65 --public-key kem.pub --ciphertext-out kem.ct \\
    --secret-out secret.bin")]
pub(crate) struct Encapsulate {
    /// The profile that chooses the algorithm
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    profile: String,
    /// The encapsulation key: raw, DER or PEM; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    public_key: Location,
    /// Write the ciphertext to this file, replacing it; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    ciphertext_out: Location,
    /// Write the shared secret to this file, mode 0600; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    secret_out: Location,
    #[command(flatten)]
    force: Force,
}

impl Run for Encapsulate {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let files = OutputFiles::new(self.force.force)
            .secret("--secret-out", "shared secret", self.secret_out)
            .public("--ciphertext-out", "ciphertext", self.ciphertext_out);
        files.check(&[Some(&self.public_key)], output)?;
        let request = EncapsulateRequest::new(input::bytes(&self.public_key)?).profile(self.profile);
        let response = block_on(async { Ok(context.endpoint.client()?.encapsulate(request).await?) })
            .map_err(|failure| failure.with_options(&[("key_source", "--public-key")]))?;
        FileResult {
            files: &files,
            contents: &[&response.shared_secret, &response.ciphertext],
            id: &response.id,
            deprecation: response.deprecation.as_ref(),
            descriptor: Some(&response.descriptor),
            facts: &[],
        }
        .finish(output)
    }
}
