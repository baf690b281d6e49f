//! `SignCertificate`.
use crate::policy::{Permit, permit::SignCertificate};
mod cache;
pub use cache::CaCache;

/// An issued certificate and what is needed to revoke it.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Issued {
    pub der: Vec<u8>,
    /// Lower-case hex of the serial's content octets.
    pub serial: String,
    pub subject_key_id: String,
    /// RFC 4514 text.
    pub issuer: String,
    pub not_after: i64,
}

/// Why no certificate was issued. Names the field at fault where there is one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum CertificateError {
    #[error("the signature of the certification request is wrong: its sender does not hold the private key")]
    ProofOfPossession,
    #[error("the certification request's signature algorithm is not supported")]
    UnsupportedRequestSignature,
    #[error("the private key is not the one of the CA certificate")]
    KeyMismatch,
    #[error("{field}: {problem}")]
    BadKey { field: &'static str, problem: &'static str },
    #[error("notBefore lies after notAfter")]
    ValidityReversed,
    #[error("an empty subject needs a subject alternative name (RFC 5280 4.1.2.6)")]
    EmptySubject,
    #[error("the crypto library failed")]
    Internal,
}

impl CertificateError {
    /// For google.rpc.ErrorInfo.
    pub const fn reason(&self) -> &'static str {
        todo!()
    }
    /// The wire field at fault.
    pub const fn field(&self) -> Option<&'static str> {
        todo!()
    }
}

/// Verifies proof of possession, builds the certificate and signs it. `uid` is the caller's, part of the cache key.
pub fn sign_certificate(
    permit: Permit<SignCertificate>,
    cache: &CaCache,
    uid: u32,
) -> Result<Issued, CertificateError> {
    todo!()
}
