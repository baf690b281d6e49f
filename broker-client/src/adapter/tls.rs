//! The traits of `rustls::sign`.

use std::sync::Arc;

use rustls::{OtherError, SignatureAlgorithm, SignatureScheme, pki_types::SubjectPublicKeyInfoDer, sign};

use super::SigningKey;
use crate::{error::Error, message::SignatureFormat};

/// The private key with which a TLS server or client authenticates, and whose signatures the broker makes.
///
/// It signs during the handshake, on the thread on which the handshake runs. `broker-client/examples/tls_server.rs`
/// is a complete server.
#[derive(Debug, Clone)]
pub struct TlsKey {
    key: SigningKey,
    scheme: SignatureScheme,
    algorithm: SignatureAlgorithm,
    public_key: Option<SubjectPublicKeyInfoDer<'static>>,
}

impl TlsKey {
    /// Creates a key that signs by one scheme. The scheme must match the key and the profile, such as
    /// `ECDSA_NISTP256_SHA256` for a key on P-256 and a profile of ECDSA with SHA-256. Otherwise the handshake
    /// fails when the peer verifies the signature.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) for a scheme other than ECDSA, RSA-PSS, RSA
    /// PKCS #1 v1.5 and Ed25519.
    pub fn new(key: SigningKey, scheme: SignatureScheme) -> Result<Self, Error> {
        // An ECDSA signature is a DER structure, the others are octets (RFC 8446 4.2.3, RFC 8422 5.4).
        let (algorithm, format) = match scheme {
            SignatureScheme::ECDSA_NISTP256_SHA256
            | SignatureScheme::ECDSA_NISTP384_SHA384
            | SignatureScheme::ECDSA_NISTP521_SHA512 => (SignatureAlgorithm::ECDSA, SignatureFormat::Der),
            SignatureScheme::RSA_PSS_SHA256
            | SignatureScheme::RSA_PSS_SHA384
            | SignatureScheme::RSA_PSS_SHA512
            | SignatureScheme::RSA_PKCS1_SHA256
            | SignatureScheme::RSA_PKCS1_SHA384
            | SignatureScheme::RSA_PKCS1_SHA512 => (SignatureAlgorithm::RSA, SignatureFormat::Raw),
            SignatureScheme::ED25519 => (SignatureAlgorithm::ED25519, SignatureFormat::Raw),
            other => {
                return Err(Error::invalid(
                    "scheme",
                    format!(
                        "a broker cannot sign by {other:?}; use ECDSA, RSA-PSS, RSA PKCS #1 v1.5 or Ed25519"
                    ),
                ));
            }
        };
        Ok(Self { key: key.format(format), scheme, algorithm, public_key: None })
    }

    /// Sets the SubjectPublicKeyInfo of the key, with which rustls checks that the key matches the certificate.
    #[must_use]
    pub fn public_key(mut self, spki: impl Into<SubjectPublicKeyInfoDer<'static>>) -> Self {
        self.public_key = Some(spki.into());
        self
    }
}

impl sign::SigningKey for TlsKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn sign::Signer>> {
        offered.contains(&self.scheme).then(|| Box::new(self.clone()) as Box<dyn sign::Signer>)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        self.public_key.clone()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }
}

impl sign::Signer for TlsKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        self.key.sign(message).map_err(|error| OtherError(Arc::new(error)).into())
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}
