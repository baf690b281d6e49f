//! Profiles as the broker uses them: typed, complete, and impossible to get wrong. `document` makes them.

use std::sync::Arc;

use crate::algorithm::{HashAlgorithm, KeyType, MlDsa, SignatureHash, SignatureScheme, SkiHash};

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
}

/// `CryptoLibrary`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CryptoLibrary {
    /// RustCrypto for hashes, AWS-LC for the rest.
    Native,
    /// AWS-LC wherever it has the algorithm.
    AwsLc,
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

/// The hash of a scheme, where it has one of its own.
pub const fn scheme_hash(scheme: SignatureScheme) -> Option<SignatureHash> {
    match scheme {
        SignatureScheme::RsaPkcs1(hash) | SignatureScheme::Ecdsa(hash) => Some(hash),
        SignatureScheme::Ed25519 | SignatureScheme::MlDsa(_) => None,
    }
}
