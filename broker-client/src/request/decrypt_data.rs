//! DecryptData.

use broker_proto::v1;

use super::{Ask, Key, Options, material::Data};

/// Asks for the plaintext of what EncryptData made. Where authentication fails the call is refused, without a byte of
/// plaintext.
///
/// The key is wiped from this value when it is dropped, which sending it does, and never printed.
/// [Secrets](crate#secrets) says what becomes of the transport's copies.
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
    /// The bytes of the key, and ciphertext, nonce and tag as they are in [`EncryptDataResponse`](crate::EncryptDataResponse).
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

    /// The associated data that the text was encrypted with.
    pub fn aad(mut self, aad: impl Into<Vec<u8>>) -> Self {
        self.aad = Some(Data(aad.into()));
        self
    }

    options!();

    /// How many bytes of plaintext are to come back.
    pub(crate) fn length(&self) -> usize {
        self.ciphertext.0.len()
    }
}

impl Ask for DecryptDataRequest {
    type Message = v1::DecryptDataRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn message(self, profile: String, metadata: v1::Metadata) -> v1::DecryptDataRequest {
        v1::DecryptDataRequest {
            profile,
            key_source: Some(self.key.source()),
            ciphertext: self.ciphertext.0,
            decrypt_metadata: Some(v1::DecryptMetadata {
                nonce: self.nonce,
                aad: self.aad.map(|aad| aad.0),
                tag: Some(self.tag),
            }),
            metadata: Some(metadata),
        }
    }
}
