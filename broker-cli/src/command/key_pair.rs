//! Common parts of `keygen` and `kem keygen`.

use broker_client::{GenerateKeyPairRequest, GenerateKeyPairResponse};
use clap::{Args, ValueEnum, ValueHint};

use super::file_result::FileResult;
use crate::{
    args::{DEFAULT_PROFILE, Force, profile_names},
    error::Failure,
    input,
    location::Location,
    output::Output,
    output_files::OutputFiles,
};

/// The arguments of both commands.
#[derive(Args, Clone, Debug)]
pub(super) struct KeyPair {
    /// The profile that chooses the algorithm
    #[arg(short, long, value_name = "NAME", default_value = DEFAULT_PROFILE, add = profile_names())]
    profile: String,
    /// Write the public key to this file, replacing it; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    public_out: Location,
    /// Write the private key to this file, mode 0600; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    private_out: Location,
    /// Make the pair from this seed, where the profile allows it: the same seed gives the same pair; `-` is standard
    /// input [default: the system's randomness]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    seed_file: Option<Location>,
    #[command(flatten)]
    force: Force,
}

/// `--format` of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum KeyEncoding {
    /// The standard's own bytes. RSA and ECDSA have no such form, and sign-data takes none.
    Raw,
    /// SubjectPublicKeyInfo and PKCS#8.
    Der,
    /// The same as text.
    Pem,
}

impl KeyPair {
    /// Makes the pair by `generate` and writes it.
    ///
    /// # Errors
    /// Fails as `generate` does, and where a file cannot be read or written.
    pub(super) fn make(
        self,
        encoding: KeyEncoding,
        output: &mut Output,
        generate: impl FnOnce(GenerateKeyPairRequest) -> Result<GenerateKeyPairResponse, Failure>,
    ) -> Result<(), Failure> {
        let seed_file = self.seed_file.as_ref();
        let files = OutputFiles::new(self.force.force)
            .secret("--private-out", "private key", self.private_out)
            .public("--public-out", "public key", self.public_out);
        files.check(&[seed_file], output)?;
        let mut request = GenerateKeyPairRequest::new().profile(self.profile).encoding(encoding.into());
        if let Some(location) = seed_file {
            request = request.seed(input::secret(location)?);
        }
        let keys =
            generate(request).map_err(|failure| failure.with_options(&[("key_encoding", "--format")]))?;
        FileResult {
            files: &files,
            contents: &[&keys.private_key, &keys.public_key],
            id: &keys.id,
            deprecation: keys.deprecation.as_ref(),
            descriptor: Some(&keys.descriptor),
            facts: &[],
        }
        .finish(output)
    }
}

impl From<KeyEncoding> for broker_client::KeyEncoding {
    fn from(encoding: KeyEncoding) -> Self {
        match encoding {
            KeyEncoding::Raw => Self::Raw,
            KeyEncoding::Der => Self::Der,
            KeyEncoding::Pem => Self::Pem,
        }
    }
}
