//! The properties of a request that policy depends on.

use std::fmt;

use crate::{
    algorithm::{KeyType, SignatureFormat},
    request::{self, AlternativeName, KemKeyKind, Keys, Name, NameConstraints, Oid},
};

/// The facts about a request. A mandatory property is `None` where it is unknown, and then the checks that need
/// it are skipped in an explanation and fail in a decision. An optional property that is unknown counts as
/// absent.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The subject's public key.
    pub subject_key: Option<KeyType>,
    /// The issuer's key.
    pub issuer_key: Option<KeyType>,
    /// The CA certificate.
    pub ca: Option<CaFacts<'a>>,
    /// The subject that the certificate will have.
    pub subject: Option<&'a Name>,
    /// The subject alternative names in the certification request.
    pub names: Option<&'a [AlternativeName]>,
    /// The requested CRL distribution points; optional.
    pub crl_distribution_points: Option<&'a [String]>,
    /// The identifiers of all requested extensions.
    pub requested_extensions: Option<&'a [Oid]>,
    /// The requested notBefore in Unix seconds; optional.
    pub not_before: Option<i64>,
    /// The requested notAfter in Unix seconds; optional.
    pub not_after: Option<i64>,
    /// The keys that sign or verify data.
    pub signature_keys: Option<Keys<KeyType>>,
    /// The requested format of a signature; optional.
    pub format: Option<SignatureFormat>,
    /// Whether the request has a context for its signature, other than the empty one.
    pub has_context: bool,
    /// The length in bytes of the key that encrypts or decrypts.
    pub data_key_length: Option<usize>,
    /// Whether the request has a nonce.
    pub has_nonce: bool,
    /// The key that encapsulates or decapsulates.
    pub kem_key: Option<KemKeyKind>,
    /// Whether the request has a seed for a key pair.
    pub has_seed: bool,
    /// The current time in Unix seconds.
    pub now: i64,
}

/// The name of a fact that a check may need and an explanation may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactName {
    /// [`Facts::subject_key`].
    SubjectKey,
    /// [`Facts::issuer_key`].
    IssuerKey,
    /// [`Facts::ca`].
    CaCertificate,
    /// [`Facts::subject`].
    Subject,
    /// [`Facts::names`].
    Names,
    /// [`Facts::requested_extensions`].
    RequestedExtensions,
    /// The key of an operation on data: [`Facts::signature_keys`], [`Facts::data_key_length`] or
    /// [`Facts::kem_key`].
    Key,
}

impl fmt::Display for FactName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SubjectKey => "the subject's key",
            Self::IssuerKey => "the issuer's key",
            Self::CaCertificate => "the CA certificate",
            Self::Subject => "the subject",
            Self::Names => "the names in the request",
            Self::RequestedExtensions => "the extensions in the request",
            Self::Key => "the key",
        })
    }
}

/// The properties of a CA certificate that policy depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaFacts<'a> {
    /// basicConstraints.cA; `false` where the extension is absent.
    pub is_ca: bool,
    /// basicConstraints.pathLenConstraint.
    pub path_len: Option<u64>,
    /// The bits of keyUsage, numbered as in [`super::profile::KeyUsage`]; `None` where the extension is absent.
    pub key_usage: Option<u16>,
    /// notBefore in Unix seconds.
    pub not_before: i64,
    /// notAfter in Unix seconds.
    pub not_after: i64,
    /// The purposes of extKeyUsage; `None` where the extension is absent.
    pub extended_key_usage: Option<&'a [Oid]>,
    /// The name constraints; `None` where the extension is absent.
    pub name_constraints: Option<&'a NameConstraints>,
    /// The critical extensions that verifiers need not know.
    pub unknown_critical_extensions: &'a [Oid],
    /// What is wrong with the parts that verifiers read, each as a text that follows `the CA certificate`.
    pub malformed_parts: &'a [String],
}

impl Facts<'_> {
    /// Returns facts of which only the time is known.
    pub const fn new(now: i64) -> Self {
        Self {
            subject_key: None,
            issuer_key: None,
            ca: None,
            subject: None,
            names: None,
            crl_distribution_points: None,
            requested_extensions: None,
            not_before: None,
            not_after: None,
            signature_keys: None,
            format: None,
            has_context: false,
            data_key_length: None,
            has_nonce: false,
            kem_key: None,
            has_seed: false,
            now,
        }
    }
}

impl<'a> From<&'a request::CaCertificate> for CaFacts<'a> {
    fn from(certificate: &'a request::CaCertificate) -> Self {
        Self {
            is_ca: certificate.is_ca(),
            path_len: certificate.path_len(),
            key_usage: certificate.key_usage(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            extended_key_usage: certificate.extended_key_usage(),
            name_constraints: certificate.name_constraints(),
            unknown_critical_extensions: certificate.unknown_critical_extensions(),
            malformed_parts: certificate.malformed_parts(),
        }
    }
}
