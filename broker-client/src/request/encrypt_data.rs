//! EncryptData.

use broker_proto::v1;

use super::{Ask, Key, Options, Secret, material::Data};

/// Asks for some bytes to be encrypted and authenticated (AEAD, RFC 5116), by the profile's algorithm.
///
/// Key and plaintext are wiped from this value when it is dropped, which sending it does, and never printed.
/// [Secrets](crate#secrets) says what becomes of the transport's copies.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct EncryptDataRequest {
    key: Key,
    plaintext: Secret,
    nonce: Vec<u8>,
    aad: Option<Data<Vec<u8>>>,
    options: Options,
}

impl EncryptDataRequest {
    /// The bytes of the key, as many as the profile says. The plaintext may be empty, and by default at most 1 MiB.
    pub fn new(key: impl Into<Key>, plaintext: impl Into<Secret>) -> Self {
        Self {
            key: key.into(),
            plaintext: plaintext.into(),
            nonce: Vec::new(),
            aad: None,
            options: Options::default(),
        }
    }

    /// 12 bytes, never used before with this key (RFC 5116 3.1). Left out under a profile whose nonces the broker
    /// makes (`NonceStrategy: random`).
    pub fn nonce(mut self, nonce: impl Into<Vec<u8>>) -> Self {
        self.nonce = nonce.into();
        self
    }

    /// Associated data, at most 64 KiB: authenticated, not encrypted.
    pub fn aad(mut self, aad: impl Into<Vec<u8>>) -> Self {
        self.aad = Some(Data(aad.into()));
        self
    }

    options!();

    /// How many bytes of ciphertext are to come back.
    pub(crate) fn length(&self) -> usize {
        self.plaintext.len()
    }
}

impl Ask for EncryptDataRequest {
    type Message = v1::EncryptDataRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn message(self, profile: String, metadata: v1::Metadata) -> v1::EncryptDataRequest {
        v1::EncryptDataRequest {
            profile,
            key_source: Some(self.key.source()),
            plaintext: self.plaintext.into_vec(),
            encrypt_metadata: Some(v1::EncryptMetadata { nonce: self.nonce, aad: self.aad.map(|aad| aad.0) }),
            metadata: Some(metadata),
        }
    }
}
