//! The operation Decapsulate of KemService.

use std::{fmt, mem};

use broker_proto::v1;
use zeroize::Zeroizing;

use crate::{
    error::Error,
    message::{
        Data, Deprecation, Descriptor, Key, OperationRequest, OperationResponse, Options, common_options,
        descriptor_accessors, require_present, split_metadata,
    },
};

operation! {
    /// Recovers the shared secret from a ciphertext. A ciphertext that was tampered with yields another secret and
    /// not an error (implicit rejection, FIPS 203 6.3).
    decapsulate(DecapsulateRequest) -> DecapsulateResponse {
        path: "/cryptobroker.v1.KemService/Decapsulate",
        pipeline_item: 12,
        key_use: Keyed,
    }
}

/// Requests the shared secret in a ciphertext (FIPS 203 6.3).
///
/// The decapsulation key is wiped when this value is dropped or sent, and never printed. [Secrets](crate#secrets)
/// describes the copies that the transport makes.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct DecapsulateRequest {
    key: Key,
    ciphertext: Data<Vec<u8>>,
    options: Options,
}

impl DecapsulateRequest {
    /// Creates a request with the decapsulation key: raw octets (seed or expanded key), PKCS#8 (RFC 9935: seed,
    /// expanded key or both), or the latter as PEM.
    pub fn new(decapsulation_key: impl Into<Key>, ciphertext: impl Into<Vec<u8>>) -> Self {
        Self {
            key: decapsulation_key.into(),
            ciphertext: Data(ciphertext.into()),
            options: Options::default(),
        }
    }

    common_options!();
}

impl OperationRequest for DecapsulateRequest {
    type Message = v1::DecapsulateRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::DecapsulateRequest {
        v1::DecapsulateRequest {
            profile,
            key_source: Some(self.key.into_source()),
            ciphertext: self.ciphertext.0,
            metadata: Some(metadata),
        }
    }
}

/// The response to a [`DecapsulateRequest`].
///
/// The shared secret is wiped when this value is dropped, and never printed. [Secrets](crate#secrets) describes the
/// copies that the transport makes.
#[derive(Clone)]
#[non_exhaustive]
pub struct DecapsulateResponse {
    /// The shared secret of 32 bytes. A ciphertext that was tampered with yields another secret (FIPS 203 6.3).
    pub shared_secret: Zeroizing<Vec<u8>>,
    /// The profile, the operation and the algorithm that the broker used.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl DecapsulateResponse {
    descriptor_accessors!();
}

impl fmt::Debug for DecapsulateResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecapsulateResponse")
            .field("shared_secret", &"[redacted]")
            .field("descriptor", &self.descriptor)
            .field("id", &self.id)
            .field("deprecation", &self.deprecation)
            .finish()
    }
}

impl OperationResponse for DecapsulateResponse {
    type Message = v1::DecapsulateResponse;

    fn from_message(mut message: v1::DecapsulateResponse) -> Result<Self, Error> {
        require_present(&message.shared_secret, "DecapsulateResponse without a shared secret")?;
        let (id, deprecation) = split_metadata(message.metadata.take());
        Ok(Self {
            shared_secret: mem::take(&mut message.shared_secret).into(),
            descriptor: Descriptor::from_message(message.descriptor.take()),
            id,
            deprecation,
        })
    }
}
