//! HashStream, SignStream and VerifyStream: everything but the data, which is sent in parts after it.

use broker_proto::v1;
use bytes::Bytes;

use super::{
    Ask, Key, Options, SignatureFormat,
    material::{Data, Keys},
};

/// Asks for the hash of data that need not fit a message, by the profile's algorithm.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct HashStreamRequest {
    format: v1::HashOutputFormat,
    options: Options,
}

impl HashStreamRequest {
    /// The answer is hex unless [`raw`](Self::raw) is said.
    pub fn new() -> Self {
        Self { format: v1::HashOutputFormat::Hex, options: Options::default() }
    }

    hash_format!();
    options!("How long the whole stream may take. Default: as long as it takes.");
}

impl Default for HashStreamRequest {
    fn default() -> Self {
        Self::new()
    }
}

impl Ask for HashStreamRequest {
    type Message = v1::HashStreamRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn message(self, profile: String, metadata: v1::Metadata) -> v1::HashStreamRequest {
        let header =
            v1::HashStreamHeader { profile, metadata: Some(metadata), output_format: self.format.into() };
        v1::HashStreamRequest { part: Some(v1::hash_stream_request::Part::Header(header)) }
    }
}

/// Asks for a signature over data that need not fit a message; it is one that SignData would make.
///
/// The private key is wiped from this value when it is dropped, which sending it does, and never printed.
/// [Secrets](crate#secrets) says what becomes of the transport's copies.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct SignStreamRequest {
    keys: Keys,
    format: Option<SignatureFormat>,
    options: Options,
}

impl SignStreamRequest {
    /// The private key as in [`SignDataRequest::new`](crate::SignDataRequest::new). Ed25519 reads its message twice
    /// (RFC 8032 5.1.6) and is refused, except in the format CMS.
    pub fn new(private_key: impl Into<Key>) -> Self {
        Self::with(Keys::Single(private_key.into()))
    }

    /// The two private keys of a composite, for a profile of SigningMode `hybrid`.
    pub fn composite(traditional_key: impl Into<Key>, ml_dsa_key: impl Into<Key>) -> Self {
        Self::with(Keys::composite(traditional_key, ml_dsa_key))
    }

    fn with(keys: Keys) -> Self {
        Self { keys, format: None, options: Options::default() }
    }

    signature_format!();
    options!("How long the whole stream may take. Default: as long as it takes.");
}

impl Ask for SignStreamRequest {
    type Message = v1::SignStreamRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn message(self, profile: String, metadata: v1::Metadata) -> v1::SignStreamRequest {
        let header = v1::SignStreamHeader {
            profile,
            key_source: Some(self.keys.source()),
            signature_format: SignatureFormat::wire(self.format),
            metadata: Some(metadata),
        };
        v1::SignStreamRequest { part: Some(v1::sign_stream_request::Part::Header(header)) }
    }
}

/// Asks whether a signature over data that need not fit a message is valid.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct VerifyStreamRequest {
    keys: Keys,
    signature: Data<Bytes>,
    format: Option<SignatureFormat>,
    options: Options,
}

impl VerifyStreamRequest {
    /// The public key as in [`VerifyDataRequest::new`](crate::VerifyDataRequest::new).
    pub fn new(public_key: impl Into<Key>, signature: impl Into<Bytes>) -> Self {
        Self::with(Keys::Single(public_key.into()), signature.into())
    }

    /// The two public keys of a composite, for a profile of SigningMode `hybrid`.
    pub fn composite(
        traditional_key: impl Into<Key>,
        ml_dsa_key: impl Into<Key>,
        signature: impl Into<Bytes>,
    ) -> Self {
        Self::with(Keys::composite(traditional_key, ml_dsa_key), signature.into())
    }

    fn with(keys: Keys, signature: Bytes) -> Self {
        Self { keys, signature: Data(signature), format: None, options: Options::default() }
    }

    signature_format!();
    options!("How long the whole stream may take. Default: as long as it takes.");
}

impl Ask for VerifyStreamRequest {
    type Message = v1::VerifyStreamRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn message(self, profile: String, metadata: v1::Metadata) -> v1::VerifyStreamRequest {
        let header = v1::VerifyStreamHeader {
            profile,
            key_source: Some(self.keys.source()),
            signature: self.signature.0,
            signature_format: SignatureFormat::wire(self.format),
            metadata: Some(metadata),
        };
        v1::VerifyStreamRequest { part: Some(v1::verify_stream_request::Part::Header(header)) }
    }
}
