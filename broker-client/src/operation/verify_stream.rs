//! The operation VerifyStream: VerifyData of any amount of data.

use broker_proto::v1;
use bytes::Bytes;

use super::VerifyDataResponse;
use crate::message::{
    Data, Key, Keys, OperationRequest, Options, SignatureFormat, common_options, signature_context_option,
    signature_format_option,
};

stream_operation! {
    /// Verifies a signature over any amount of data. A signature that does not match is the response `valid: false` and
    /// not an error. The call behaves like [`hash_stream`](Self::hash_stream).
    verify_stream, verify_reader(VerifyStreamRequest) -> VerifyDataResponse {
        path: "/cryptobroker.v1.StreamService/VerifyStream",
        header: VerifyStreamHeader,
        key_use: Keyless,
    }
}

/// Requests the verification of a signature over data that need not fit into one message.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct VerifyStreamRequest {
    keys: Keys,
    signature: Data<Bytes>,
    format: Option<SignatureFormat>,
    context: Option<Data<Vec<u8>>>,
    options: Options,
}

impl VerifyStreamRequest {
    /// Creates a request with the public key in a form that
    /// [`VerifyDataRequest::new`](crate::VerifyDataRequest::new) takes.
    pub fn new(public_key: impl Into<Key>, signature: impl Into<Bytes>) -> Self {
        Self::with_keys(Keys::Single(public_key.into()), signature.into())
    }

    /// Creates a request with the two public keys of a composite, for a profile whose SigningMode is `hybrid`.
    pub fn composite(
        traditional_key: impl Into<Key>,
        ml_dsa_key: impl Into<Key>,
        signature: impl Into<Bytes>,
    ) -> Self {
        Self::with_keys(Keys::composite(traditional_key, ml_dsa_key), signature.into())
    }

    fn with_keys(keys: Keys, signature: Bytes) -> Self {
        Self { keys, signature: Data(signature), format: None, context: None, options: Options::default() }
    }

    signature_format_option!();
    signature_context_option!(
        "Sets the context that the ML-DSA signature was made with (FIPS 204 5.2). A signature with another one is not valid. Default: none."
    );
    common_options!("Sets how long the whole stream may take. Default: no limit.");
}

impl OperationRequest for VerifyStreamRequest {
    type Message = v1::VerifyStreamHeader;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::VerifyStreamHeader {
        v1::VerifyStreamHeader {
            profile,
            key_source: Some(self.keys.into_source()),
            signature: self.signature.0,
            signature_format: SignatureFormat::to_wire(self.format),
            metadata: Some(metadata),
            context: self.context.map(|Data(context)| context),
        }
    }
}
