//! What policy looks at in a request.

use std::fmt;

use crate::{
    algorithm::{KeyType, SignatureFormat},
    request::{self, AlternativeName, KemKeyKind, Keys},
};

/// What is known of a request. What every request for an operation has is `None` where it is not known, and is not judged
/// then; what a request may leave out counts as left out.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The subject's public key.
    pub subject_key: Option<KeyType>,
    /// The issuer's key.
    pub issuer_key: Option<KeyType>,
    /// The CA certificate.
    pub ca: Option<CaFacts>,
    /// The names that the certification request asks for.
    pub names: Option<&'a [AlternativeName]>,
    /// Wanted notBefore in Unix seconds; may be left out.
    pub not_before: Option<i64>,
    /// Wanted notAfter in Unix seconds; may be left out.
    pub not_after: Option<i64>,
    /// The keys that sign or verify data.
    pub signature_keys: Option<Keys<KeyType>>,
    /// The format asked for of a signature; may be left out.
    pub format: Option<SignatureFormat>,
    /// The length in bytes of the key that encrypts or decrypts.
    pub data_key_length: Option<usize>,
    /// Whether the caller brings a nonce.
    pub nonce: bool,
    /// The key that encapsulates or decapsulates.
    pub kem_key: Option<KemKeyKind>,
    /// Whether the caller brings a seed for a key pair.
    pub seed: bool,
    /// The time in Unix seconds.
    pub now: i64,
}

/// A fact that a check may need and an explanation may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// [`Facts::subject_key`].
    SubjectKey,
    /// [`Facts::issuer_key`].
    IssuerKey,
    /// [`Facts::ca`].
    CaCertificate,
    /// [`Facts::names`].
    Names,
    /// The key of an operation on data: [`Facts::signature_keys`], [`Facts::data_key_length`] or [`Facts::kem_key`].
    Key,
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SubjectKey => "the subject's key",
            Self::IssuerKey => "the issuer's key",
            Self::CaCertificate => "the CA certificate",
            Self::Names => "the names that the request asks for",
            Self::Key => "the key",
        })
    }
}

/// What policy looks at in a CA certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaFacts {
    /// basicConstraints.cA; `false` where the extension is absent.
    pub is_ca: bool,
    /// basicConstraints.pathLenConstraint.
    pub path_len: Option<u8>,
    /// keyUsage as [`super::profile::KeyUsage`] counts its bits; `None` where the extension is absent.
    pub key_usage: Option<u16>,
    /// notBefore in Unix seconds.
    pub not_before: i64,
    /// notAfter in Unix seconds.
    pub not_after: i64,
}

impl Facts<'_> {
    /// Nothing but the time.
    pub const fn new(now: i64) -> Self {
        Self {
            subject_key: None,
            issuer_key: None,
            ca: None,
            names: None,
            not_before: None,
            not_after: None,
            signature_keys: None,
            format: None,
            data_key_length: None,
            nonce: false,
            kem_key: None,
            seed: false,
            now,
        }
    }
}

impl From<&request::CaCertificate> for CaFacts {
    fn from(certificate: &request::CaCertificate) -> Self {
        Self {
            is_ca: certificate.is_ca(),
            path_len: certificate.path_len(),
            key_usage: certificate.key_usage(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
        }
    }
}
