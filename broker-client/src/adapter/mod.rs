//! Keys whose operations the broker executes, behind the interfaces of other crates.
//!
//! The keys here hold a [blocking client](crate::blocking::Client), because these interfaces are synchronous. They work on any
//! thread, also on the workers of an async runtime; a worker waits meanwhile. In such a program a client with a short
//! [`timeout`](crate::blocking::Builder::timeout) bounds how long a broker that stands still holds a worker.

#[cfg(feature = "signature")]
mod signature;
#[cfg(feature = "rustls")]
mod tls;

use bytes::Bytes;

#[cfg(feature = "signature")]
pub use self::signature::Signature;
#[cfg(feature = "rustls")]
pub use self::tls::TlsKey;
use crate::{Error, Key, SignDataRequest, SignatureFormat, VerifyDataRequest, blocking::Client};

/// A private key whose signatures the broker makes.
///
/// With the feature `signature` it is a `signature::Signer`. The key is sent with each request, and wiped when this value is
/// dropped.
#[derive(Debug, Clone)]
pub struct SigningKey {
    client: Client,
    key: Key,
    profile: Option<String>,
    format: Option<SignatureFormat>,
}

impl SigningKey {
    /// A private key as [`SignDataRequest::new`] takes it.
    pub fn new(client: Client, private_key: impl Into<Key>) -> Self {
        Self { client, key: private_key.into(), profile: None, format: None }
    }

    /// The profile that decides. Default: the client's.
    #[must_use]
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// How a signature is written. Default: what the profile says.
    #[must_use]
    pub fn format(mut self, format: SignatureFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// Signs a message.
    ///
    /// # Errors
    /// As [`Client::sign_data`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut request = SignDataRequest::new(self.key.clone(), Bytes::copy_from_slice(message));
        if let Some(profile) = &self.profile {
            request = request.profile(profile);
        }
        if let Some(format) = self.format {
            request = request.format(format);
        }
        Ok(self.client.sign_data(request)?.signature)
    }
}

/// A public key whose signatures the broker verifies.
///
/// With the feature `signature` it is a `signature::Verifier`.
#[derive(Debug, Clone)]
pub struct VerifyingKey {
    client: Client,
    key: Key,
    profile: Option<String>,
    format: Option<SignatureFormat>,
}

impl VerifyingKey {
    /// A public key or certificate as [`VerifyDataRequest::new`] takes it.
    pub fn new(client: Client, public_key: impl Into<Key>) -> Self {
        Self { client, key: public_key.into(), profile: None, format: None }
    }

    /// The profile that decides. Default: the client's.
    #[must_use]
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// How a signature is written. Default: what the profile says.
    #[must_use]
    pub fn format(mut self, format: SignatureFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// Verifies a signature.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSignature`](crate::ErrorKind::InvalidSignature) where it is not valid, and as
    /// [`Client::verify_data`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        let (message, signature) = (Bytes::copy_from_slice(message), Bytes::copy_from_slice(signature));
        let mut request = VerifyDataRequest::new(self.key.clone(), message, signature);
        if let Some(profile) = &self.profile {
            request = request.profile(profile);
        }
        if let Some(format) = self.format {
            request = request.format(format);
        }
        self.client.verify_data(request)?.require_valid()
    }
}
