//! The operation GenerateKey of SymmetricKeyService.

use std::{fmt, mem};

use broker_proto::v1;
use zeroize::Zeroizing;

use crate::{
    error::Error,
    message::{
        Deprecation, Descriptor, OperationRequest, OperationResponse, Options, common_options,
        descriptor_accessors, require_present, split_metadata,
    },
};

operation! {
    /// Generates a random key for [`encrypt_data`](Self::encrypt_data), with the size that the profile says.
    generate_key(GenerateKeyRequest) -> GenerateKeyResponse {
        path: "/cryptobroker.v1.SymmetricKeyService/GenerateKey",
        pipeline_item: 13,
        key_use: Keyed,
    }
}

/// Requests a new symmetric key of the size that the profile says in its section EncryptData.
#[derive(Debug, Clone, Default)]
#[must_use = "a request does nothing until it is sent"]
pub struct GenerateKeyRequest {
    options: Options,
}

impl GenerateKeyRequest {
    /// Creates a request.
    pub fn new() -> Self {
        Self::default()
    }

    common_options!();
}

impl OperationRequest for GenerateKeyRequest {
    type Message = v1::GenerateKeyRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::GenerateKeyRequest {
        v1::GenerateKeyRequest { profile, metadata: Some(metadata) }
    }
}

/// The response to a [`GenerateKeyRequest`].
///
/// The key is wiped when this value is dropped, and never printed. [Secrets](crate#secrets) describes the copies that the
/// transport makes.
#[derive(Clone)]
#[non_exhaustive]
pub struct GenerateKeyResponse {
    /// The bytes of the key.
    pub key: Zeroizing<Vec<u8>>,
    /// The profile, the operation and the algorithm that the broker used.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl GenerateKeyResponse {
    descriptor_accessors!();
}

impl fmt::Debug for GenerateKeyResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenerateKeyResponse")
            .field("key", &"[redacted]")
            .field("descriptor", &self.descriptor)
            .field("id", &self.id)
            .field("deprecation", &self.deprecation)
            .finish()
    }
}

impl OperationResponse for GenerateKeyResponse {
    type Message = v1::GenerateKeyResponse;

    fn from_message(mut message: v1::GenerateKeyResponse) -> Result<Self, Error> {
        require_present(&message.key, "GenerateKeyResponse without a key")?;
        let (id, deprecation) = split_metadata(message.metadata.take());
        Ok(Self {
            key: mem::take(&mut message.key).into(),
            descriptor: Descriptor::from_message(message.descriptor.take()),
            id,
            deprecation,
        })
    }
}
