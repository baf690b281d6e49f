//! SignCertificate.

use broker_proto::v1;

use super::{Deprecation, Descriptor, metadata};
use crate::error::Error;

/// A certificate, in the encoding that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificate {
    /// Text with a `CERTIFICATE` label.
    Pem(String),
    /// Binary.
    Der(Vec<u8>),
}

impl Certificate {
    /// The bytes as they would stand in a file.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Pem(text) => text.as_bytes(),
            Self::Der(bytes) => bytes,
        }
    }
}

/// The answer to a `SignCertificateRequest`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignCertificateResponse {
    /// The certificate.
    pub certificate: Certificate,
    /// What was done.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// Set when the profile is going to disappear.
    pub deprecation: Option<Deprecation>,
}

impl SignCertificateResponse {
    pub(crate) fn from_message(message: v1::SignCertificateResponse) -> Result<Self, Error> {
        use v1::sign_certificate_response::SignedCertificate as Wire;
        let certificate = match message.signed_certificate {
            Some(Wire::Pem(text)) => Certificate::Pem(text),
            Some(Wire::Der(bytes)) => Certificate::Der(bytes),
            None => return Err(Error::protocol("SignCertificateResponse without a certificate")),
        };
        let (id, deprecation) = metadata(message.metadata);
        Ok(Self { certificate, descriptor: Descriptor::from_message(message.descriptor), id, deprecation })
    }
}
