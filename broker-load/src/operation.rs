//! The operations that a run can call.

use std::fmt;

use broker_testca::KeyType;
use clap::ValueEnum;

/// An operation of the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Operation {
    /// A hash.
    #[value(aliases = ["hash", "HashData"])]
    HashData,
    /// A certificate.
    #[value(aliases = ["sign", "SignCertificate"])]
    SignCertificate,
    /// A signature over data.
    #[value(alias = "SignData")]
    SignData,
    /// A judgement about a signature.
    #[value(alias = "VerifyData")]
    VerifyData,
    /// A ciphertext.
    #[value(alias = "EncryptData")]
    EncryptData,
    /// The plaintext again.
    #[value(alias = "DecryptData")]
    DecryptData,
    /// A key pair for signing.
    #[value(alias = "GenerateSignatureKeyPair")]
    Keygen,
    /// A key pair for key encapsulation.
    #[value(alias = "GenerateKemKeyPair")]
    KemKeygen,
    /// A shared secret and its ciphertext.
    #[value(aliases = ["encapsulate", "Encapsulate"])]
    KemEncapsulate,
    /// The shared secret again.
    #[value(aliases = ["decapsulate", "Decapsulate"])]
    KemDecapsulate,
    /// A proof of random values that satisfy a circuit.
    #[value(alias = "Prove")]
    Prove,
    /// A judgement about a proof.
    #[value(aliases = ["VerifyProof", "verify-proof"])]
    Verify,
    /// The health check.
    Health,
}

impl Operation {
    /// Returns a bundled profile that allows the operation; a certificate's depends on the CA's key.
    pub const fn default_profile(self, issuer: KeyType) -> &'static str {
        match self {
            Self::HashData | Self::SignData | Self::VerifyData | Self::Keygen | Self::Health => "Default",
            Self::SignCertificate => match issuer {
                KeyType::P256 | KeyType::P384 | KeyType::P521 => "Default",
                KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => "KSA-MODERATE-2020",
            },
            Self::EncryptData
            | Self::DecryptData
            | Self::KemKeygen
            | Self::KemEncapsulate
            | Self::KemDecapsulate => "PQC-ML-DSA-65",
            Self::Prove | Self::Verify => "Groth16-Dev",
        }
    }

    /// Reports whether the operation takes data whose size can be chosen.
    pub const fn has_size(self) -> bool {
        matches!(
            self,
            Self::HashData | Self::SignData | Self::VerifyData | Self::EncryptData | Self::DecryptData
        )
    }

    /// Reports whether the operation is one with a circuit.
    pub const fn has_circuit(self) -> bool {
        matches!(self, Self::Prove | Self::Verify)
    }

    /// Reports whether the operation is decided by a profile.
    pub const fn has_profile(self) -> bool {
        !matches!(self, Self::Health)
    }
}

impl fmt::Display for Operation {
    /// Writes the name that the command line takes, such as `kem-encapsulate`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| f.pad(value.get_name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_displayed_as_the_command_line_takes_them() {
        assert_eq!(Operation::KemEncapsulate.to_string(), "kem-encapsulate");
    }
}
