//! The operation SignStream: SignData of any amount of data.

use broker_proto::v1;

use super::SignDataResponse;
use crate::message::{
    Data, Key, Keys, OperationRequest, Options, SignatureFormat, common_options, signature_context_option,
    signature_format_option,
};

stream_operation! {
    /// Signs any amount of data. The call behaves like [`hash_stream`](Self::hash_stream).
    sign_stream, sign_reader(SignStreamRequest) -> SignDataResponse {
        path: "/cryptobroker.v1.StreamService/SignStream",
        header: SignStreamHeader,
        key_use: Keyed,
    }
}

/// Requests a signature over data that need not fit into one message. The signature is one that SignData would make.
///
/// The private key is wiped when this value is dropped or sent, and never printed. [Secrets](crate#secrets)
/// describes the copies that the transport makes.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct SignStreamRequest {
    keys: Keys,
    format: Option<SignatureFormat>,
    context: Option<Data<Vec<u8>>>,
    options: Options,
}

impl SignStreamRequest {
    /// Creates a request with the private key in a form that [`SignDataRequest::new`](crate::SignDataRequest::new)
    /// takes. The broker refuses Ed25519, which reads its message twice (RFC 8032 5.1.6), except in the format CMS.
    pub fn new(private_key: impl Into<Key>) -> Self {
        Self::with_keys(Keys::Single(private_key.into()))
    }

    /// Creates a request with the two private keys of a composite, for a profile whose SigningMode is `hybrid`.
    pub fn composite(traditional_key: impl Into<Key>, ml_dsa_key: impl Into<Key>) -> Self {
        Self::with_keys(Keys::composite(traditional_key, ml_dsa_key))
    }

    fn with_keys(keys: Keys) -> Self {
        Self { keys, format: None, context: None, options: Options::default() }
    }

    signature_format_option!();
    signature_context_option!(
        "Sets the context of an ML-DSA signature (FIPS 204 5.2), which is a part of what is signed. Default: none."
    );
    common_options!("Sets how long the whole stream may take. Default: no limit.");
}

impl OperationRequest for SignStreamRequest {
    type Message = v1::SignStreamHeader;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::SignStreamHeader {
        v1::SignStreamHeader {
            profile,
            key_source: Some(self.keys.into_source()),
            signature_format: SignatureFormat::to_wire(self.format),
            metadata: Some(metadata),
            context: self.context.map(|Data(context)| context),
        }
    }
}
