//! The operation DecryptData.

use std::{fmt, mem};

use broker_proto::v1;
use zeroize::Zeroizing;

use crate::{
    error::Error,
    message::{
        Data, Deprecation, Key, OperationRequest, OperationResponse, Options, common_options, split_metadata,
    },
};

operation! {
    /// Decrypts what [`encrypt_data`](Self::encrypt_data) encrypted. The broker refuses with INVALID_ARGUMENT where
    /// authentication fails.
    decrypt_data(DecryptDataRequest) -> DecryptDataResponse {
        path: "/cryptobroker.v1.CryptoService/DecryptData",
        pipeline_item: 8,
        key_use: Keyed,
    }
}

/// Requests the plaintext of what EncryptData encrypted. Where authentication fails, the broker refuses the call and
/// returns no plaintext.
///
/// The key is wiped when this value is dropped or sent, and never printed. [Secrets](crate#secrets) describes the
/// copies that the transport makes.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct DecryptDataRequest {
    key: Key,
    ciphertext: Data<Vec<u8>>,
    nonce: Vec<u8>,
    tag: Vec<u8>,
    aad: Option<Data<Vec<u8>>>,
    options: Options,
}

impl DecryptDataRequest {
    /// Creates a request with the bytes of the key, and with ciphertext, nonce and tag as
    /// [`EncryptDataResponse`](crate::EncryptDataResponse) has them.
    pub fn new(
        key: impl Into<Key>,
        ciphertext: impl Into<Vec<u8>>,
        nonce: impl Into<Vec<u8>>,
        tag: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            key: key.into(),
            ciphertext: Data(ciphertext.into()),
            nonce: nonce.into(),
            tag: tag.into(),
            aad: None,
            options: Options::default(),
        }
    }

    /// Sets the associated data, which must be those of the encryption.
    pub fn aad(mut self, aad: impl Into<Vec<u8>>) -> Self {
        self.aad = Some(Data(aad.into()));
        self
    }

    common_options!();
}

impl OperationRequest for DecryptDataRequest {
    type Message = v1::DecryptDataRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn into_message(self, profile: String, metadata: v1::Metadata) -> v1::DecryptDataRequest {
        v1::DecryptDataRequest {
            profile,
            key_source: Some(self.key.into_source()),
            ciphertext: self.ciphertext.0,
            decrypt_metadata: Some(v1::DecryptMetadata {
                nonce: self.nonce,
                aad: self.aad.map(|aad| aad.0),
                tag: Some(self.tag),
            }),
            metadata: Some(metadata),
        }
    }

    fn output_length(&self) -> Option<usize> {
        Some(self.ciphertext.0.len())
    }
}

/// The response to a [`DecryptDataRequest`].
///
/// The plaintext is wiped when this value is dropped, and never printed. [Secrets](crate#secrets) describes the
/// copies that the transport makes.
#[derive(Clone)]
#[non_exhaustive]
pub struct DecryptDataResponse {
    /// The plaintext, as long as the ciphertext.
    pub plaintext: Zeroizing<Vec<u8>>,
    /// The id of the call.
    pub id: String,
    /// The warning of a deprecated profile.
    pub deprecation: Option<Deprecation>,
}

impl fmt::Debug for DecryptDataResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptDataResponse")
            .field("plaintext", &"[redacted]")
            .field("id", &self.id)
            .field("deprecation", &self.deprecation)
            .finish()
    }
}

impl OperationResponse for DecryptDataResponse {
    type Message = v1::DecryptDataResponse;

    fn from_message(mut message: v1::DecryptDataResponse) -> Result<Self, Error> {
        let plaintext = mem::take(&mut message.plaintext).into();
        let (id, deprecation) = split_metadata(message.metadata.take());
        Ok(Self { plaintext, id, deprecation })
    }

    fn output_length(&self) -> Option<usize> {
        Some(self.plaintext.len())
    }
}
