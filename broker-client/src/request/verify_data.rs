//! VerifyData.

use broker_proto::v1;
use bytes::Bytes;

use super::{
    Ask, Key, Options, SignatureFormat,
    material::{Data, Keys},
};

/// Asks whether a signature over some bytes is valid. One that does not match is an answer and no error.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct VerifyDataRequest {
    keys: Keys,
    input: Data<Bytes>,
    signature: Data<Bytes>,
    format: Option<SignatureFormat>,
    options: Options,
}

impl VerifyDataRequest {
    /// A public key (SubjectPublicKeyInfo) or a certificate, in PEM or DER. The input is by default at most 1 MiB;
    /// [`VerifyStreamRequest`](crate::VerifyStreamRequest) takes more.
    pub fn new(public_key: impl Into<Key>, input: impl Into<Bytes>, signature: impl Into<Bytes>) -> Self {
        Self::with(Keys::Single(public_key.into()), input.into(), signature.into())
    }

    /// The two public keys of a composite, for a profile of SigningMode `hybrid`.
    pub fn composite(
        traditional_key: impl Into<Key>,
        ml_dsa_key: impl Into<Key>,
        input: impl Into<Bytes>,
        signature: impl Into<Bytes>,
    ) -> Self {
        let keys = Keys::composite(traditional_key, ml_dsa_key);
        Self::with(keys, input.into(), signature.into())
    }

    fn with(keys: Keys, input: Bytes, signature: Bytes) -> Self {
        Self {
            keys,
            input: Data(input),
            signature: Data(signature),
            format: None,
            options: Options::default(),
        }
    }

    signature_format!();
    options!();
}

impl Ask for VerifyDataRequest {
    type Message = v1::VerifyDataRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn message(self, profile: String, metadata: v1::Metadata) -> v1::VerifyDataRequest {
        v1::VerifyDataRequest {
            profile,
            key_source: Some(self.keys.source()),
            input: self.input.0,
            signature: self.signature.0,
            signature_format: SignatureFormat::wire(self.format),
            metadata: Some(metadata),
        }
    }
}
