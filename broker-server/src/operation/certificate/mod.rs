//! `SignCertificate`.

mod cache;
mod extensions;
mod issue;
#[cfg(test)]
mod tests;

pub use cache::CaCache;

use crate::{
    backend::evp::{EvpError, PrivateKey, PublicKey},
    policy::{Permit, permit},
    request::{CaCertificate, Csr, SigningKey},
    telemetry::audit::KeyUse,
};

/// An issued certificate and what is needed to revoke it.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Issued {
    pub der: Vec<u8>,
    /// Lower-case hex of the serial's content octets.
    pub serial: String,
    /// Lower-case hex.
    pub subject_key_id: String,
    /// RFC 4514 text.
    pub issuer: String,
    /// RFC 4514 text.
    pub subject: String,
    /// Each with its kind: `dns:`, `ip:`, `uri:`, `email:`.
    pub names: Vec<String>,
    pub not_before: i64,
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
        match self {
            Self::ProofOfPossession => "PROOF_OF_POSSESSION_FAILED",
            Self::UnsupportedRequestSignature => "REQUEST_SIGNATURE_UNSUPPORTED",
            Self::KeyMismatch => "KEY_MISMATCH",
            Self::BadKey { .. } => "BAD_KEY",
            Self::ValidityReversed => "VALIDITY_REVERSED",
            Self::EmptySubject => "EMPTY_SUBJECT",
            Self::Internal => "INTERNAL",
        }
    }

    /// The wire field at fault.
    pub const fn field(&self) -> Option<&'static str> {
        match self {
            Self::ProofOfPossession | Self::UnsupportedRequestSignature => Some("csr"),
            Self::KeyMismatch => Some("ca_private_key"),
            Self::BadKey { field, .. } => Some(field),
            Self::ValidityReversed => Some("valid_not_after"),
            Self::EmptySubject => Some("subject"),
            Self::Internal => None,
        }
    }
}

/// Verifies proof of possession, assembles the certificate and signs it. All that can be said without the CA's private key
/// comes before the key is loaded. `uid` is the caller's, part of the cache key.
///
/// # Errors
/// The first of these: the kinds of the CA's key and certificate, proof of possession, validity, subject, the pair of the
/// CA's key and certificate.
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
    let issuer = cache.issuer(uid, key, ca, permit.grant().scheme, key_use, || load(key, ca, key_use))?;
    // The certificate's, which is the private key's: `load` has compared them.
    key_use.identify(|| Some(ca.spki_der().to_vec()));
    issue::sign(&unsigned, &permit, &issuer)
}

/// Loads the issuer's key and makes sure that it is the certificate's.
fn load(key: &SigningKey, ca: &CaCertificate, key_use: &KeyUse) -> Result<PrivateKey, CertificateError> {
    let bad = |field, problem| move |error| from_evp(error, CertificateError::BadKey { field, problem });
    let public =
        PublicKey::from_spki(ca.spki_der()).map_err(bad("ca_cert", "its public key is not a usable key"))?;
    let private = PrivateKey::from_der(key.form(), key.der().expose(key_use))
        .map_err(bad("ca_private_key", "is not a usable private key"))?;
    if private.matches(&public) { Ok(private) } else { Err(CertificateError::KeyMismatch) }
}

/// Verifies the request's signature by the request's own algorithm (RFC 2986 3).
fn prove_possession(csr: &Csr) -> Result<(), CertificateError> {
    let how = csr.signature_algorithm();
    if !how.fits(csr.key_type()) {
        return Err(CertificateError::UnsupportedRequestSignature);
    }
    let bad = CertificateError::BadKey { field: "csr", problem: "its public key is not a usable key" };
    let public = PublicKey::from_spki(csr.spki_der()).map_err(|error| from_evp(error, bad))?;
    public
        .verify(how, csr.signed_der(), csr.signature())
        .map_err(|error| from_evp(error, CertificateError::ProofOfPossession))
}

/// `fault` for what the caller's bytes caused.
fn from_evp(error: EvpError, fault: CertificateError) -> CertificateError {
    match error {
        EvpError::BadKey | EvpError::BadSignature => fault,
        EvpError::NotStreamable | EvpError::Failed => CertificateError::Internal,
    }
}
