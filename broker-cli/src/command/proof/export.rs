//! `proof export`.

use broker_client::{GetVerifyingKeyRequest, VerifyingKeyFormat};
use clap::{Args, ValueEnum, ValueHint};

use super::{
    super::run::{Context, Run},
    report::Report,
    target::{Target, patient},
};
use crate::{
    error::Failure, location::Location, output::Output, output_files::OutputFiles, progress,
    runtime::block_on,
};

/// Write the verifying key of a circuit, for other programs
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cryptobroker proof export --profile Groth16-Dev --circuit multiply --format snarkjs --out verification_key.json
  cryptobroker proof export --profile Proofs --circuit membership --format solidity --out Verifier.sol")]
pub(crate) struct Export {
    #[command(flatten)]
    target: Target,
    /// How the key is written
    #[arg(long, value_name = "FORMAT", default_value = "snarkjs")]
    format: Format,
    /// Also write a contract for a single-party key, whose maker can make it accept false statements: for tests
    #[arg(long)]
    allow_single_party: bool,
    /// Write the key to this file, replacing it; `-` is standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    out: Location,
}

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// snarkjs' verification_key.json.
    Snarkjs,
    /// arkworks' uncompressed canonical bytes.
    Arkworks,
    /// A contract that verifies proofs, for bn254 only.
    Solidity,
}

impl From<Format> for VerifyingKeyFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Snarkjs => Self::SnarkjsJson,
            Format::Arkworks => Self::Arkworks,
            Format::Solidity => Self::Solidity,
        }
    }
}

impl Run for Export {
    fn run(self, context: Context, output: &mut Output) -> Result<(), Failure> {
        let files = OutputFiles::new(false).public("--out", "verifying key", self.out);
        files.check(&[], output)?;
        let request = GetVerifyingKeyRequest::new(&self.target.circuit).profile(self.target.profile);
        let mut request = request.format(self.format.into());
        if self.allow_single_party {
            request = request.allow_single_party();
        }
        let call = async { Ok(patient(context.endpoint).client()?.get_verifying_key(request).await?) };
        let what = format!("loading the key of {}", self.target.circuit);
        let found = block_on(progress::with_spinner(&what, output, call)).map_err(|failure| {
            failure.with_options(&[
                ("circuit", "--circuit"),
                ("format", "--format"),
                ("allow_single_party", "--allow-single-party"),
            ])
        })?;
        let contents = [&*found.verifying_key];
        files.write(&contents, output, |output| {
            Report::new(&found.id, found.deprecation.as_ref(), &found.descriptor)
                .files(&files, &contents)
                .key(&found.key)
                .print(files.use_stdout(), output)
        })
    }
}
