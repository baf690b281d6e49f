//! Profiles as the broker uses them: typed, with all defaults, and without invalid states. `document` makes them.

use std::{fmt, sync::Arc};

use crate::algorithm::{HashAlgorithm, KeyKind, KeyType, MlDsa};

mod certificate;
mod data;
mod groth16;
mod kms;
mod section;

pub use certificate::{
    AuthorityInformationAccess, BasicConstraints, CertificatePolicy, CommonNameRule, CrlDistributionPoints,
    ExtendedKeyUsage, IssuerChecks, KeyUsage, MaxSubjectLength, SignCertificateRule, SubjectAlternativeNames,
    SubjectRule, UnknownExtensions, UsageRule,
};
pub use data::{EncryptDataRule, KemRule, NonceStrategy, SignDataRule, SigningMode};
pub use groth16::{
    BuiltInCircuit, CeremonyRequirement, CircuitRule, CircuitSource, Groth16Rule, PinnedFile, PowersOfTau,
    ProofLimits, Provenance, SetupClass, SetupRule,
};
pub use kms::KmsRule;
pub use section::Section;

/// One named profile.
#[derive(Debug)]
pub struct Profile {
    /// The name by which requests refer to the profile, at most 64 bytes.
    pub name: Arc<str>,
    /// The line in which the profile starts, from 1.
    pub line: u32,
    /// The crypto library that serves the profile.
    pub library: CryptoLibrary,
    /// The deprecation of the profile; `None` where it is not deprecated.
    pub deprecation: Option<Deprecation>,
    /// `API.HashData`; `None` forbids its operations.
    pub hash_data: Option<Arc<HashDataRule>>,
    /// `API.SignCertificate`; `None` forbids its operations.
    pub sign_certificate: Option<Arc<SignCertificateRule>>,
    /// `API.SignData`; `None` forbids its operations.
    pub sign_data: Option<Arc<SignDataRule>>,
    /// `API.EncryptData`; `None` forbids its operations.
    pub encrypt_data: Option<Arc<EncryptDataRule>>,
    /// `API.KEM`; `None` forbids its operations.
    pub kem: Option<Arc<KemRule>>,
    /// `API.Groth16`; `None` forbids its operations.
    pub groth16: Option<Arc<Groth16Rule>>,
}

/// A value of `CryptoLibrary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CryptoLibrary {
    /// RustCrypto for hashes and ML-KEM, AWS-LC for the rest.
    Native,
    /// AWS-LC for every algorithm that it has.
    AwsLc,
}

impl CryptoLibrary {
    /// Every library.
    pub const ALL: [Self; 2] = [Self::Native, Self::AwsLc];

    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::AwsLc => "aws-lc",
        }
    }
}

/// `Deprecation`, which every response under the profile carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deprecation {
    /// The profile to use instead.
    pub replaced_by: Option<String>,
    /// The date of the deprecation, as it is written in the document.
    pub deprecated_since: Option<String>,
    /// The date of the sunset, as it is written in the document.
    pub remove_after: Option<String>,
    /// The reason for the deprecation.
    pub reason: Option<String>,
    /// The line of the section, from 1.
    pub line: u32,
    /// The first second after `remove_after`, in Unix seconds.
    pub sunset: Option<i64>,
    /// Whether requests are denied from `sunset` on (`EnforceSunset`); `false` where the profile has no sunset.
    pub enforce_sunset: bool,
}

/// `API.HashData`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashDataRule {
    /// `HashAlg`.
    pub algorithm: HashAlgorithm,
    /// The output length in bytes.
    pub output_length: usize,
    /// The line of the section, from 1.
    pub line: u32,
}

/// The keys that are allowed. A kind without an entry is not allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyConstraints {
    /// The sizes of the modulus in bits.
    pub rsa: Option<SizeRange>,
    /// The sizes of the curve in bits.
    pub ecdsa: Option<SizeRange>,
    /// The line of `Ed25519: {}`, where the kind is allowed.
    pub ed25519: Option<u32>,
    /// The parameter sets that are allowed, each with its line.
    pub ml_dsa: Vec<(MlDsa, u32)>,
    /// The line of the section, from 1.
    pub line: u32,
}

impl KeyConstraints {
    /// Reports whether a kind of key has an entry.
    pub fn has_entry_for(&self, kind: KeyKind) -> bool {
        match kind {
            KeyKind::Rsa | KeyKind::Ecdsa => self.sizes(kind).is_some(),
            KeyKind::Ed25519 => self.ed25519.is_some(),
            KeyKind::MlDsa(set) => self.ml_dsa.iter().any(|(allowed, _)| *allowed == set),
        }
    }

    /// Returns the sizes that are allowed for a kind of key. Returns `None` for a kind without an entry, and
    /// for Ed25519 and ML-DSA, whose keys have a fixed size.
    pub const fn sizes(&self, kind: KeyKind) -> Option<SizeRange> {
        match kind {
            KeyKind::Rsa => self.rsa,
            KeyKind::Ecdsa => self.ecdsa,
            KeyKind::Ed25519 | KeyKind::MlDsa(_) => None,
        }
    }

    /// Reports whether `key` is allowed.
    pub fn allows(&self, key: KeyType) -> bool {
        let size = match key {
            KeyType::Rsa { bits } => bits,
            KeyType::Ec(curve) => curve.bits(),
            KeyType::Ed25519 | KeyType::MlDsa(_) => return self.has_entry_for(key.kind()),
        };
        self.sizes(key.kind()).is_some_and(|range| range.contains(size))
    }
}

/// Prints the keys that are allowed, such as `RSA 3072 to 8192 and ECDSA 256 to 384`.
impl fmt::Display for KeyConstraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries: Vec<String> = KeyKind::ALL
            .into_iter()
            .filter(|kind| self.has_entry_for(*kind))
            .map(|kind| match self.sizes(kind) {
                Some(range) if range.min == range.max => format!("{} {}", kind.name(), range.min),
                Some(range) => format!("{} {} to {}", kind.name(), range.min, range.max),
                None => kind.name().to_owned(),
            })
            .collect();
        match entries.split_last() {
            None => f.write_str("no key at all"),
            Some((last, [])) => f.write_str(last),
            Some((last, others)) => write!(f, "{} and {last}", others.join(", ")),
        }
    }
}

/// `MinKeySize` and `MaxKeySize` in bits, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeRange {
    /// The smallest size that is allowed.
    pub min: u32,
    /// The largest size that is allowed.
    pub max: u32,
    /// The line of the entry, from 1.
    pub line: u32,
}

impl SizeRange {
    /// Reports whether `bits` is in the range.
    pub const fn contains(self, bits: u32) -> bool {
        self.min <= bits && bits <= self.max
    }
}
