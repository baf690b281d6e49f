//! `kem decapsulate`.

use broker_client::DecapsulateRequest;
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
    private_key::KeyPassword,
    runtime::block_on,
};

/// Take the shared secret out of a ciphertext
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
A ciphertext that was tampered with gives another secret and no error (FIPS 203, implicit rejection).

Example:
  cryptobroker kem decapsulate --profile PQC-ML-DSA-65 --private-key kem.key --ciphertext kem.ct --secret-out secret.bin")]
pub(crate) struct Decapsulate {
    /// The profile that chooses the algorithm
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    profile: String,
    /// The decapsulation key: raw, DER or PEM; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    private_key: Location,
    #[command(flatten)]
    key_password: KeyPassword,
    /// The ciphertext; `-` is standard input
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    ciphertext: Location,
    /// Write the shared secret to this file, mode 0600; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    secret_out: Location,
    #[command(flatten)]
    force: Force,
}

impl Run for Decapsulate {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let (private_key, ciphertext) = (Some(&self.private_key), Some(&self.ciphertext));
        input::check_single_stdin(&[("--private-key", private_key), ("--ciphertext", ciphertext)])?;
        let files =
            OutputFiles::new(self.force.force).secret("--secret-out", "shared secret", self.secret_out);
        files.check(&[private_key, ciphertext, self.key_password.location()], output)?;
        let key = self.key_password.read_key(&self.private_key)?;
        let request = DecapsulateRequest::new(key, input::bytes(&self.ciphertext)?).profile(self.profile);
        let response = block_on(async { Ok(context.endpoint.client()?.decapsulate(request).await?) })
            .map_err(|failure| {
                failure.with_options(&[("key_source", "--private-key"), ("ciphertext", "--ciphertext")])
            })?;
        FileResult {
            files: &files,
            contents: &[&response.shared_secret],
            id: &response.id,
            deprecation: response.deprecation.as_ref(),
            descriptor: Some(&response.descriptor),
            facts: &[],
        }
        .finish(output)
    }
}
