//! Profiles as the broker uses them: typed, complete, and impossible to get wrong. `document` makes them.

use std::{fmt, sync::Arc};

use crate::algorithm::{HashAlgorithm, KeyType, MlDsa, SignatureScheme, SkiHash};

mod data;
mod pending;
mod section;

pub use data::{EncryptDataRule, KemRule, NonceStrategy, SignDataRule, SignatureFormat, SigningMode};
pub use pending::{Groth16Rule, KmsRule};
pub use section::Section;

/// One named profile.
#[derive(Debug)]
pub struct Profile {
    /// The name that requests give, at most 64 bytes.
    pub name: Arc<str>,
    /// Where the profile starts in its document, from 1.
    pub line: u32,
    /// Which crypto library serves it.
    pub library: CryptoLibrary,
    /// Set when the profile is on its way out.
    pub deprecation: Option<Deprecation>,
    /// `API.HashData`; absent forbids the operation.
    pub hash_data: Option<Arc<HashDataRule>>,
    /// `API.SignCertificate`; absent forbids the operation.
    pub sign_certificate: Option<Arc<SignCertificateRule>>,
    /// `API.SignData`; absent forbids the operation.
    pub sign_data: Option<Arc<SignDataRule>>,
    /// `API.EncryptData`; absent forbids the operation.
    pub encrypt_data: Option<Arc<EncryptDataRule>>,
    /// `API.KEM`; absent forbids the operation.
    pub kem: Option<Arc<KemRule>>,
    /// `API.Groth16`; absent forbids the operation.
    pub groth16: Option<Arc<Groth16Rule>>,
}

/// `CryptoLibrary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CryptoLibrary {
    /// RustCrypto for hashes and ML-KEM, AWS-LC for the rest.
    Native,
    /// AWS-LC wherever it has the algorithm.
    AwsLc,
}

impl CryptoLibrary {
    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::AwsLc => "aws-lc",
        }
    }
}

/// `Deprecation`: what every answer under the profile says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deprecation {
    /// The profile to use instead.
    pub replaced_by: Option<String>,
    /// A date, as the document writes it.
    pub deprecated_since: Option<String>,
    /// A date, as the document writes it.
    pub remove_after: Option<String>,
    /// `remove_after` as Unix seconds, set only where `EnforceSunset` makes it count: the first second refused.
    pub refused_from: Option<i64>,
    /// Why.
    pub reason: Option<String>,
    /// Line of the section, from 1.
    pub line: u32,
    /// The first second after `remove_after`, in Unix seconds.
    pub sunset: Option<i64>,
}

/// `API.HashData`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashDataRule {
    /// Which hash.
    pub algorithm: HashAlgorithm,
    /// Output length in bytes.
    pub output_length: usize,
    /// Line of the section, from 1.
    pub line: u32,
}

/// `API.SignCertificate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignCertificateRule {
    /// `SignAlg` and `HashAlg`.
    pub scheme: SignatureScheme,
    /// `SKIHashAlg`.
    pub ski_hash: SkiHash,
    /// `Validity.ValidNotBeforeOffset` in whole seconds.
    pub not_before_offset: i64,
    /// `Validity.ValidNotAfterOffset` in whole seconds.
    pub not_after_offset: i64,
    /// `KeyConstraints.Subject`.
    pub subject_keys: KeyConstraints,
    /// `KeyConstraints.Issuer`.
    pub issuer_keys: KeyConstraints,
    /// `KeyUsage`.
    pub key_usage: KeyUsage,
    /// `ExtendedKeyUsage`, in the document's order.
    pub extended_key_usage: Vec<ExtendedKeyUsage>,
    /// `BasicConstraints`.
    pub basic_constraints: BasicConstraints,
    /// `SubjectAlternativeNames`; `None` copies none and looks at none.
    pub subject_alternative_names: Option<SubjectAlternativeNames>,
    /// `IssuerChecks`.
    pub issuer_checks: IssuerChecks,
    /// Line of the section, from 1.
    pub line: u32,
    /// Line of `Validity`, from 1.
    pub validity_line: u32,
}

/// Which keys one side may bring. A kind without an entry is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyConstraints {
    /// Modulus bits.
    pub rsa: Option<SizeRange>,
    /// Curve bits.
    pub ecdsa: Option<SizeRange>,
    /// Line of `Ed25519: {}`.
    pub ed25519: Option<u32>,
    /// The parameter sets allowed, each with its line.
    pub ml_dsa: Vec<(MlDsa, u32)>,
    /// Line of the section, from 1.
    pub line: u32,
}

impl KeyConstraints {
    /// Whether there is an entry for the kind of key that `scheme` needs.
    pub fn have_entry_for(&self, scheme: SignatureScheme) -> bool {
        match scheme {
            SignatureScheme::RsaPkcs1(_) | SignatureScheme::RsaPss { .. } => self.rsa.is_some(),
            SignatureScheme::Ecdsa(_) => self.ecdsa.is_some(),
            SignatureScheme::Ed25519 => self.ed25519.is_some(),
            SignatureScheme::MlDsa(set) => self.allow(KeyType::MlDsa(set)),
        }
    }

    /// Whether `key` is inside.
    pub fn allow(&self, key: KeyType) -> bool {
        match key {
            KeyType::Rsa { bits } => self.rsa.is_some_and(|range| range.contains(bits)),
            KeyType::Ec(curve) => self.ecdsa.is_some_and(|range| range.contains(curve.bits())),
            KeyType::Ed25519 => self.ed25519.is_some(),
            KeyType::MlDsa(set) => self.ml_dsa.iter().any(|(allowed, _)| *allowed == set),
        }
    }
}

/// What is allowed, for people: `RSA 3072 to 8192 and ECDSA 256 to 384`.
impl fmt::Display for KeyConstraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sized = |name: &str, range: Option<SizeRange>| match range {
            Some(range) if range.min == range.max => Some(format!("{name} {}", range.min)),
            Some(range) => Some(format!("{name} {} to {}", range.min, range.max)),
            None => None,
        };
        let mut kinds: Vec<String> =
            [sized("RSA", self.rsa), sized("ECDSA", self.ecdsa)].into_iter().flatten().collect();
        if self.ed25519.is_some() {
            kinds.push(KeyType::Ed25519.to_string());
        }
        kinds.extend(self.ml_dsa.iter().map(|(set, _)| KeyType::MlDsa(*set).to_string()));
        match kinds.split_last() {
            None => f.write_str("no key at all"),
            Some((last, [])) => f.write_str(last),
            Some((last, others)) => write!(f, "{} and {last}", others.join(", ")),
        }
    }
}

/// `MinKeySize` and `MaxKeySize` in bits, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizeRange {
    /// Smallest size allowed.
    pub min: u32,
    /// Largest size allowed.
    pub max: u32,
    /// Line of the entry, from 1.
    pub line: u32,
}

impl SizeRange {
    /// Whether `bits` is inside.
    pub const fn contains(self, bits: u32) -> bool {
        self.min <= bits && bits <= self.max
    }
}

/// The bits of RFC 5280 4.2.1.3, bit 0 (digitalSignature) as 1, bit 1 as 2, … bit 8 (decipherOnly) as 256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyUsage(pub u16);

#[allow(missing_docs)] // the names are RFC 5280's
impl KeyUsage {
    pub const DIGITAL_SIGNATURE: u16 = 1;
    pub const CONTENT_COMMITMENT: u16 = 1 << 1;
    pub const KEY_ENCIPHERMENT: u16 = 1 << 2;
    pub const DATA_ENCIPHERMENT: u16 = 1 << 3;
    pub const KEY_AGREEMENT: u16 = 1 << 4;
    pub const KEY_CERT_SIGN: u16 = 1 << 5;
    pub const CRL_SIGN: u16 = 1 << 6;
    pub const ENCIPHER_ONLY: u16 = 1 << 7;
    pub const DECIPHER_ONLY: u16 = 1 << 8;

    /// Whether all of `bits` are set.
    pub const fn has(self, bits: u16) -> bool {
        self.0 & bits == bits
    }

    /// The names that a profile may use, each with its bit; the first of a bit is the one that is printed.
    pub const NAMES: [(&'static str, u16); 10] = [
        ("digitalSignature", Self::DIGITAL_SIGNATURE),
        ("contentCommitment", Self::CONTENT_COMMITMENT),
        ("nonRepudiation", Self::CONTENT_COMMITMENT),
        ("keyEncipherment", Self::KEY_ENCIPHERMENT),
        ("dataEncipherment", Self::DATA_ENCIPHERMENT),
        ("keyAgreement", Self::KEY_AGREEMENT),
        ("keyCertSign", Self::KEY_CERT_SIGN),
        ("cRLSign", Self::CRL_SIGN),
        ("encipherOnly", Self::ENCIPHER_ONLY),
        ("decipherOnly", Self::DECIPHER_ONLY),
    ];

    /// The names of the bits that are set.
    pub fn names(self) -> Vec<&'static str> {
        let alias = |name: &str| name == "nonRepudiation";
        Self::NAMES
            .iter()
            .filter(|(name, bit)| self.has(*bit) && !alias(name))
            .map(|(name, _)| *name)
            .collect()
    }
}

/// The purposes of RFC 5280 4.2.1.12 that a profile may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the names are RFC 5280's
pub enum ExtendedKeyUsage {
    ServerAuth,
    ClientAuth,
    CodeSigning,
    EmailProtection,
    TimeStamping,
    OcspSigning,
}

impl ExtendedKeyUsage {
    /// The names that a profile may use.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("serverAuth", Self::ServerAuth),
        ("clientAuth", Self::ClientAuth),
        ("codeSigning", Self::CodeSigning),
        ("emailProtection", Self::EmailProtection),
        ("timeStamping", Self::TimeStamping),
        ("OCSPSigning", Self::OcspSigning),
    ];

    /// The name in profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerAuth => "serverAuth",
            Self::ClientAuth => "clientAuth",
            Self::CodeSigning => "codeSigning",
            Self::EmailProtection => "emailProtection",
            Self::TimeStamping => "timeStamping",
            Self::OcspSigning => "OCSPSigning",
        }
    }
}

/// `BasicConstraints` (RFC 5280 4.2.1.9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether the subject is a CA.
    pub ca: bool,
    /// Only with `ca`.
    pub path_len: Option<u8>,
}

/// `SubjectAlternativeNames`: which of a request's names are copied. One that is not allowed is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubjectAlternativeNames {
    /// `dns` is allowed.
    pub dns: bool,
    /// `ip` is allowed.
    pub ip: bool,
    /// `uri` is allowed.
    pub uri: bool,
    /// `email` is allowed.
    pub email: bool,
    /// Permitted DNS suffixes, lower case, each with its leading dot; empty permits any name.
    pub suffixes: Vec<String>,
    /// Line of the section, from 1.
    pub line: u32,
}

/// `IssuerChecks`: what the CA certificate must satisfy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IssuerChecks {
    /// basicConstraints CA, keyCertSign and path length.
    pub require_ca: bool,
    /// The certificate's validity lies inside the CA's.
    pub nest_validity: bool,
    /// Line of the section, from 1; 0 where it is absent.
    pub line: u32,
}
