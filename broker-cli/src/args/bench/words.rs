//! The words that `bench` understands.

use std::{fmt, time::Duration};

use clap::ValueEnum;

use super::duration;

/// What a call asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Operation {
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
    /// Whether the broker serves.
    Health,
}

impl Operation {
    /// The bundled profile that has it, for a certificate under such a CA.
    pub(crate) const fn usual_profile(self, issuer: KeyType) -> &'static str {
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
        }
    }

    /// Whether `--size` means something to it.
    pub(crate) const fn has_size(self) -> bool {
        matches!(
            self,
            Self::HashData | Self::SignData | Self::VerifyData | Self::EncryptData | Self::DecryptData
        )
    }

    /// Whether `--profile` means something to it.
    pub(crate) const fn has_profile(self) -> bool {
        !matches!(self, Self::Health)
    }
}

/// The protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Wire {
    /// `cryptobroker.v1`
    V1,
    /// `CryptoBroker.CryptoGrpc`, HashData and SignCertificate: versions 0.4 and later
    G3,
    /// `CryptoBroker.CryptoGrpc`, Hash and Sign: versions 0.2 and 0.3
    G2,
    /// `protobuf.CryptoBroker`: version 0.1
    G0,
}

/// How requests travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum Lane {
    /// A call for each
    Unary,
    /// One stream for all of a connection
    Pipeline,
}

/// Whose code sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Driver {
    /// The client library, as an application uses it
    Library,
    /// The generated stub and nothing else
    Stub,
}

/// The keys of a CA and of those whom it certifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub(crate) enum KeyType {
    /// ECDSA on P-256
    #[value(name = "p-256")]
    P256,
    /// ECDSA on P-384
    #[value(name = "p-384")]
    P384,
    /// ECDSA on P-521
    #[value(name = "p-521")]
    P521,
    /// RSA of 2048 bits
    #[value(name = "rsa-2048")]
    Rsa2048,
    /// RSA of 3072 bits
    #[value(name = "rsa-3072")]
    Rsa3072,
    /// RSA of 4096 bits
    #[value(name = "rsa-4096")]
    Rsa4096,
}

/// Each is printed as it is typed.
macro_rules! printed {
    ($($word:ty),+) => {
        $(impl fmt::Display for $word {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.to_possible_value() {
                    Some(value) => f.pad(value.get_name()),
                    None => Ok(()),
                }
            }
        })+
    };
}

printed!(Operation, Wire, Lane, Driver, KeyType);

/// Refuses what is named a second time.
pub(super) fn each_once<T: PartialEq + fmt::Display>(values: &[T]) -> Result<(), String> {
    for (number, value) in values.iter().enumerate() {
        if values.iter().take(number).any(|other| other == value) {
            return Err(format!("`{value}` stands there twice"));
        }
    }
    Ok(())
}

/// Some of the machine's processors, by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pin(pub(crate) Vec<usize>);

/// `0`, or `0,2`.
pub(super) fn pin(text: &str) -> Result<Pin, String> {
    let numbers = text.split(',').map(str::parse).collect::<Result<Vec<usize>, _>>();
    numbers
        .map(Pin)
        .map_err(|_| "write the number of a processor such as 0, or several such as 0,2".to_owned())
}

/// A time that may be none.
pub(super) fn pause(text: &str) -> Result<Duration, String> {
    if matches!(text, "0" | "0s" | "0ms") { Ok(Duration::ZERO) } else { duration(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_printed_as_they_are_typed() {
        assert_eq!(Operation::KemEncapsulate.to_string(), "kem-encapsulate");
        assert_eq!(KeyType::Rsa4096.to_string(), "rsa-4096");
        assert_eq!(format!("{:>4}", Wire::G3), "  g3");
    }

    #[test]
    fn processors_are_numbers() {
        assert_eq!(pin("0"), Ok(Pin(vec![0])));
        assert_eq!(pin("1,3"), Ok(Pin(vec![1, 3])));
        for wrong in ["", "a", "1,", "-1", "0-2"] {
            assert!(pin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_pause_may_be_none() {
        assert_eq!(pause("0"), Ok(Duration::ZERO));
        assert_eq!(pause("1s"), Ok(Duration::from_secs(1)));
        assert!(pause("").is_err());
    }
}
