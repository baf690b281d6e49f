//! SignData.

use broker_proto::v1;
use bytes::Bytes;

use super::{
    Ask, Key, Options, SignatureFormat,
    material::{Data, Keys},
};

/// Asks for a signature over some bytes, by the profile's algorithm.
///
/// The private key is wiped from this value when it is dropped, which sending it does, and never printed.
/// [Secrets](crate#secrets) says what becomes of the transport's copies. What is signed is shared with the
/// transport and not copied, so it is not wiped; it is not printed either.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct SignDataRequest {
    keys: Keys,
    input: Data<Bytes>,
    format: Option<SignatureFormat>,
    options: Options,
}

impl SignDataRequest {
    /// A private key in PEM or DER: PKCS#8, SEC1 or PKCS#1, not encrypted. The input may be empty, and by default at most
    /// 1 MiB; [`SignStreamRequest`](crate::SignStreamRequest) takes more.
    pub fn new(private_key: impl Into<Key>, input: impl Into<Bytes>) -> Self {
        Self::with(Keys::Single(private_key.into()), input.into())
    }

    /// The two private keys of a composite, for a profile of SigningMode `hybrid`.
    pub fn composite(
        traditional_key: impl Into<Key>,
        ml_dsa_key: impl Into<Key>,
        input: impl Into<Bytes>,
    ) -> Self {
        Self::with(Keys::composite(traditional_key, ml_dsa_key), input.into())
    }

    fn with(keys: Keys, input: Bytes) -> Self {
        Self { keys, input: Data(input), format: None, options: Options::default() }
    }

    signature_format!();
    options!();
}

impl Ask for SignDataRequest {
    type Message = v1::SignDataRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn message(self, profile: String, metadata: v1::Metadata) -> v1::SignDataRequest {
        v1::SignDataRequest {
            profile,
            key_source: Some(self.keys.source()),
            input: self.input.0,
            signature_format: SignatureFormat::wire(self.format),
            metadata: Some(metadata),
        }
    }
}
