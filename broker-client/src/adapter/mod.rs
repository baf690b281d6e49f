//! Keys whose operations the broker executes, behind the interfaces of other crates.
//!
//! The keys hold a [blocking client](crate::blocking::Client), because these interfaces are synchronous. They work
//! on any thread, including the workers of an async runtime; a worker that waits for the broker does nothing else.
//! In such a program, set a short [`timeout`](crate::blocking::Builder::timeout) to bound how long a broker that
//! does not respond can block a worker.

#[cfg(feature = "signature")]
mod signature;
#[cfg(feature = "rustls")]
mod tls;

use bytes::Bytes;

#[cfg(feature = "signature")]
pub use self::signature::Signature;
#[cfg(feature = "rustls")]
pub use self::tls::TlsKey;
use crate::{
    blocking::Client,
    error::Error,
    message::{Key, SignatureFormat},
    operation::{SignDataRequest, VerifyDataRequest},
};

/// Defines a key with a client, and the options of its requests.
macro_rules! broker_key {
    ($(#[$attribute:meta])* $name:ident, $argument:ident, $request:ident, $new:literal) => {
        $(#[$attribute])*
        #[derive(Debug, Clone)]
        pub struct $name {
            client: Client,
            key: Key,
            profile: Option<String>,
            format: Option<SignatureFormat>,
        }

        impl $name {
            #[doc = $new]
            pub fn new(client: Client, $argument: impl Into<Key>) -> Self {
                Self { client, key: $argument.into(), profile: None, format: None }
            }

            /// Sets the profile to use. Default: the client's.
            #[must_use]
            pub fn profile(mut self, profile: impl Into<String>) -> Self {
                self.profile = Some(profile.into());
                self
            }

            /// Sets the format of the signatures. Default: the profile's.
            #[must_use]
            pub fn format(mut self, format: SignatureFormat) -> Self {
                self.format = Some(format);
                self
            }

            /// Sets the options of the key on a request.
            fn configure(&self, mut request: $request) -> $request {
                if let Some(profile) = &self.profile {
                    request = request.profile(profile);
                }
                if let Some(format) = self.format {
                    request = request.format(format);
                }
                request
            }
        }
    };
}

broker_key! {
    /// A private key whose signatures the broker makes.
    ///
    /// With the feature `signature` it implements `signature::Signer`. The key is sent with each request, and wiped
    /// when this value is dropped.
    SigningKey, private_key, SignDataRequest,
    "Creates a key from a private key in a form that [`SignDataRequest::new`] takes."
}

broker_key! {
    /// A public key whose signatures the broker verifies.
    ///
    /// With the feature `signature` it implements `signature::Verifier`.
    VerifyingKey, public_key, VerifyDataRequest,
    "Creates a key from a public key or a certificate in a form that [`VerifyDataRequest::new`] takes."
}

impl SigningKey {
    /// Signs a message.
    ///
    /// # Errors
    /// Fails like [`Client::sign_data`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let request = SignDataRequest::new(self.key.clone(), Bytes::copy_from_slice(message));
        Ok(self.client.sign_data(self.configure(request))?.signature)
    }
}

impl VerifyingKey {
    /// Verifies a signature.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::InvalidSignature`](crate::ErrorKind::InvalidSignature) where the signature is not
    /// valid, and otherwise like [`Client::verify_data`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        let (message, signature) = (Bytes::copy_from_slice(message), Bytes::copy_from_slice(signature));
        let request = VerifyDataRequest::new(self.key.clone(), message, signature);
        self.client.verify_data(self.configure(request))?.require_valid()
    }
}
