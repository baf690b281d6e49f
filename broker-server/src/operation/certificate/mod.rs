//! Executes `SignCertificate`.

mod cache;
mod extensions;
mod issue;
pub mod structure;
#[cfg(test)]
mod tests;

pub use cache::CaCache;

use crate::{
    backend::evp::{EvpError, PrivateKey, PublicKey},
    policy::{Permit, permit},
    request::{CaCertificate, Csr, SigningKey},
    telemetry::audit::KeyUse,
};

/// An issued certificate and the data needed to revoke it.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Issued {
    pub der: Vec<u8>,
    /// The serial's content octets in lower-case hexadecimal.
    pub serial: String,
    /// The subject key identifier in lower-case hexadecimal.
    pub subject_key_id: String,
    /// The issuer as RFC 4514 text.
    pub issuer: String,
    /// The subject as RFC 4514 text.
    pub subject: String,
    /// The alternative names, each with a prefix for its kind: `dns:`, `ip:`, `uri:`, `email:`.
    pub names: Vec<String>,
    /// The identifiers of the requested extensions that the certificate does not have. At most 16 are listed; where there are
    /// more, the last entry is `...`. A long identifier ends with `...`, too.
    pub ignored_extensions: Vec<String>,
    /// The start of the validity in Unix seconds.
    pub not_before: i64,
    /// The end of the validity in Unix seconds.
    pub not_after: i64,
}

/// The length of the largest certificate, in bytes: rustls and others read lengths of two octets at most.
const MAX_LENGTH: usize = 0xffff;

/// Why no certificate was issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum CertificateError {
    #[error("the signature of the certification request is wrong: its sender does not hold the private key")]
    ProofOfPossession,
    #[error("the certification request's signature algorithm is not supported")]
    UnsupportedRequestSignature,
    #[error("the private key does not match the CA certificate")]
    KeyMismatch,
    #[error("{field}: {reason}")]
    BadKey { field: &'static str, reason: &'static str },
    #[error("notBefore is after notAfter")]
    ValidityReversed,
    #[error("an empty subject needs a subject alternative name (RFC 5280 4.1.2.6)")]
    EmptySubject,
    #[error(
        "{field}: the certificate would have {length} bytes; some parsers read at most {MAX_LENGTH}: {}",
        size_advice(field)
    )]
    TooLarge { field: &'static str, length: usize },
    #[error("the crypto library failed")]
    Internal,
}

/// Returns what can be done about a certificate that is too large because of this field.
fn size_advice(field: &str) -> &'static str {
    match field {
        "csr" => "request fewer or shorter names",
        _ => "its subject and its subjectKeyIdentifier are a part of each certificate that it issues",
    }
}

impl CertificateError {
    /// Returns the reason for google.rpc.ErrorInfo.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::ProofOfPossession => "PROOF_OF_POSSESSION_FAILED",
            Self::UnsupportedRequestSignature => "REQUEST_SIGNATURE_UNSUPPORTED",
            Self::KeyMismatch => "KEY_MISMATCH",
            Self::BadKey { .. } => "BAD_KEY",
            Self::ValidityReversed => "VALIDITY_REVERSED",
            Self::EmptySubject => "EMPTY_SUBJECT",
            Self::TooLarge { .. } => "FIELD_TOO_LONG",
            Self::Internal => "INTERNAL",
        }
    }

    /// Returns the wire field that caused the error.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::ProofOfPossession | Self::UnsupportedRequestSignature => Some("csr"),
            Self::KeyMismatch => Some("ca_private_key"),
            Self::BadKey { field, .. } => Some(field),
            Self::ValidityReversed => Some("valid_not_after"),
            Self::EmptySubject => Some("subject"),
            Self::TooLarge { field, .. } => Some(field),
            Self::Internal => None,
        }
    }
}

/// Verifies the proof of possession, assembles the certificate and signs it. Every check that does not require the CA's
/// private key precedes the loading of that key. `uid` identifies the caller and is part of the cache key.
///
/// # Errors
/// Fails with the first of these: the kinds of the CA's key and certificate differ; the proof of possession, the validity or
/// the subject is invalid; the CA's key does not match its certificate.
pub fn sign_certificate(
    permit: Permit<permit::SignCertificate>,
    cache: &CaCache,
    uid: u32,
    key_use: &KeyUse,
) -> Result<Issued, CertificateError> {
    let request = permit.request();
    let (key, ca) = (&request.issuer_key, &request.ca_certificate);
    if key.key_type() != ca.key_type() {
        return Err(CertificateError::KeyMismatch);
    }
    prove_possession(&request.csr)?;
    let unsigned = issue::assemble(&permit)?;
    let issuer =
        cache.issuer(uid, key, ca, permit.parameters().scheme, key_use, || load(key, ca, key_use))?;
    // The certificate's public key belongs to the private key: `load` has compared them.
    key_use.identify(|| Some(ca.spki_der().to_vec()));
    issue::sign(&unsigned, &permit, &issuer)
}

/// Loads the issuer's key and checks that it matches the certificate.
fn load(key: &SigningKey, ca: &CaCertificate, key_use: &KeyUse) -> Result<PrivateKey, CertificateError> {
    let bad = |field, reason| move |error| from_evp(error, CertificateError::BadKey { field, reason });
    let public =
        PublicKey::from_spki(ca.spki_der()).map_err(bad("ca_cert", "its public key is not usable"))?;
    let private = PrivateKey::from_der(key.form(), key.der().expose(key_use))
        .map_err(bad("ca_private_key", "is not a usable private key"))?;
    if private.matches(&public) { Ok(private) } else { Err(CertificateError::KeyMismatch) }
}

/// Verifies the request's signature by the request's own algorithm (RFC 2986 3).
fn prove_possession(csr: &Csr) -> Result<(), CertificateError> {
    let scheme = csr.signature_algorithm();
    if !scheme.accepts_key(csr.key_type()) {
        return Err(CertificateError::UnsupportedRequestSignature);
    }
    let bad = CertificateError::BadKey { field: "csr", reason: "its public key is not usable" };
    let public = PublicKey::from_spki(csr.spki_der()).map_err(|error| from_evp(error, bad))?;
    public
        .verify_request(scheme, csr.signed_der(), csr.signature())
        .map_err(|error| from_evp(error, CertificateError::ProofOfPossession))
}

/// Returns `fault` for an error that the caller's input caused.
fn from_evp(error: EvpError, fault: CertificateError) -> CertificateError {
    match error {
        EvpError::BadKey | EvpError::BadSignature => fault,
        EvpError::NotStreamable | EvpError::Failed => CertificateError::Internal,
    }
}
