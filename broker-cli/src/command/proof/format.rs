//! `--format` of a proof.

use clap::ValueEnum;

/// How a proof is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ProofFormat {
    /// snarkjs' proof.json.
    #[default]
    Snarkjs,
    /// arkworks' compressed canonical bytes.
    Arkworks,
}

impl From<ProofFormat> for broker_client::ProofFormat {
    fn from(format: ProofFormat) -> Self {
        match format {
            ProofFormat::Snarkjs => Self::SnarkjsJson,
            ProofFormat::Arkworks => Self::Arkworks,
        }
    }
}
