//! What policy looks at in a request.

use super::permit::{Operation as _, SignCertificate};
use crate::{
    algorithm::KeyType,
    request::{self, AlternativeName, Keys},
};

/// What is known of a request; a fact that is not given is not judged.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The operation by its name in profiles, such as `SignCertificate`.
    pub operation: &'a str,
    /// The subject's public key.
    pub subject_key: Option<KeyType>,
    /// The issuer's key.
    pub issuer_key: Option<KeyType>,
    /// What signs or verifies data.
    pub signature_keys: Option<Keys<KeyType>>,
    /// The CA certificate.
    pub ca: Option<CaFacts>,
    /// The names that the certification request asks for.
    pub names: &'a [AlternativeName],
    /// Wanted notBefore in Unix seconds.
    pub not_before: Option<i64>,
    /// Wanted notAfter in Unix seconds.
    pub not_after: Option<i64>,
    /// The time in Unix seconds.
    pub now: i64,
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

impl<'a> Facts<'a> {
    /// Nothing but the operation and the time.
    pub const fn new(operation: &'a str, now: i64) -> Self {
        Self {
            operation,
            subject_key: None,
            issuer_key: None,
            signature_keys: None,
            ca: None,
            names: &[],
            not_before: None,
            not_after: None,
            now,
        }
    }

    /// Everything that policy looks at in a request for a certificate.
    pub fn of(request: &'a request::SignCertificate, now: i64) -> Self {
        Self {
            subject_key: Some(request.csr.key_type()),
            issuer_key: Some(request.issuer_key.key_type()),
            ca: Some(CaFacts::from(&request.ca_certificate)),
            names: request.csr.subject_alternative_names(),
            not_before: request.not_before,
            not_after: request.not_after,
            ..Self::new(SignCertificate::NAME, now)
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
