//! The operation GenerateKeyPair of KemService and of SignatureKeyService, which share their messages.

use std::{fmt, mem};

use broker_proto::v1;
use zeroize::Zeroizing;

use crate::{
    error::Error,
    message::{
        Deprecation, Descriptor, KeyEncoding, OperationRequest, OperationResponse, Options, Secret,
        common_options, descriptor_accessors, require_present, split_metadata,
    },
};

operation! {
    /// Generates a key pair for key encapsulation: an encapsulation key and a decapsulation key.
    generate_kem_key_pair(GenerateKeyPairRequest) -> GenerateKeyPairResponse {
        path: "/cryptobroker.v1.KemService/GenerateKeyPair",
        pipeline_item: 10,
        key_use: Keyed,
    }
}

operation! {
    /// Generates a key pair for signatures, of the algorithm with which the profile signs data.
    generate_signature_key_pair(GenerateKeyPairRequest) -> GenerateKeyPairResponse {
        path: "/cryptobroker.v1.SignatureKeyService/GenerateKeyPair",
        pipeline_item: 9,
        key_use: Keyed,
    }
}

/// Requests a new key pair of the profile's algorithm, for key encapsulation or for signatures.
///
/// A seed is wiped when this value is dropped or sent, and never printed. [Secrets](crate#secrets) describes the
/// copies that the transport makes.
#[derive(Debug, Clone, Default)]
#[must_use = "a request does nothing until it is sent"]
pub struct GenerateKeyPairRequest {
    seed: Option<Secret>,
    encoding: Option<KeyEncoding>,
    options: Options,
}

impl GenerateKeyPairRequest {
    /// Creates a request for a pair from the broker's random number generator, unless [`seed`](Self::seed) is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Derives the pair from a seed, where the profile has `AllowSeed: true`. The seed is as long as the standard
    /// demands: 64 bytes for ML-KEM, d and z (FIPS 203 6.1); 32 bytes for X-Wing, Ed25519 and ML-DSA.
    pub fn seed(mut self, seed: impl Into<Secret>) -> Self {
        self.seed = Some(seed.into());
        self
    }

    /// Sets the encoding of the keys. Default: [`KeyEncoding::Raw`] for key encapsulation and [`KeyEncoding::Der`] for
    /// signatures, which is what the operations with these keys take.
    pub fn encoding(mut self, encoding: KeyEncoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    common_options!();
}

impl OperationRequest for GenerateKeyPairRequest {
    type Message = v1::GenerateKeyPairRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::GenerateKeyPairRequest {
        v1::GenerateKeyPairRequest {
            profile,
            seed: self.seed.map(Secret::into_vec),
            key_encoding: KeyEncoding::to_wire(self.encoding),
            metadata: Some(metadata),
        }
    }
}

/// The response to a [`GenerateKeyPairRequest`].
///
/// The private key is wiped when this value is dropped, and never printed. [Secrets](crate#secrets) describes the
/// copies that the transport makes.
#[derive(Clone)]
#[non_exhaustive]
pub struct GenerateKeyPairResponse {
    /// The public key; for key encapsulation, the encapsulation key.
    pub public_key: Vec<u8>,
    /// The private key; for key encapsulation, the decapsulation key as its seed.
    pub private_key: Zeroizing<Vec<u8>>,
    /// The profile, the operation and the algorithm that the broker used.
    pub descriptor: Descriptor,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl GenerateKeyPairResponse {
    descriptor_accessors!();
}

impl fmt::Debug for GenerateKeyPairResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenerateKeyPairResponse")
            .field("public_key", &format_args!("[{} bytes]", self.public_key.len()))
            .field("private_key", &"[redacted]")
            .field("descriptor", &self.descriptor)
            .field("id", &self.id)
            .field("deprecation", &self.deprecation)
            .finish()
    }
}

impl OperationResponse for GenerateKeyPairResponse {
    type Message = v1::GenerateKeyPairResponse;

    fn from_message(mut message: v1::GenerateKeyPairResponse) -> Result<Self, Error> {
        require_present(&message.public_key, "GenerateKeyPairResponse without a public key")?;
        require_present(&message.private_key, "GenerateKeyPairResponse without a private key")?;
        let (id, deprecation) = split_metadata(message.metadata.take());
        Ok(Self {
            public_key: mem::take(&mut message.public_key),
            private_key: mem::take(&mut message.private_key).into(),
            descriptor: Descriptor::from_message(message.descriptor.take()),
            id,
            deprecation,
        })
    }
}
