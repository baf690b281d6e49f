//! KemService.Decapsulate.

use broker_proto::v1;

use super::{Ask, Key, Options, material::Data};

/// Asks for the shared secret in a ciphertext (FIPS 203 6.3).
///
/// The decapsulation key is wiped from this value when it is dropped, which sending it does, and never printed.
/// [Secrets](crate#secrets) says what becomes of the transport's copies.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct DecapsulateRequest {
    key: Key,
    ciphertext: Data<Vec<u8>>,
    options: Options,
}

impl DecapsulateRequest {
    /// The decapsulation key: raw (seed or expanded), PKCS#8 (RFC 9935: seed, expanded or both), or that as PEM.
    pub fn new(decapsulation_key: impl Into<Key>, ciphertext: impl Into<Vec<u8>>) -> Self {
        Self {
            key: decapsulation_key.into(),
            ciphertext: Data(ciphertext.into()),
            options: Options::default(),
        }
    }

    options!();
}

impl Ask for DecapsulateRequest {
    type Message = v1::DecapsulateRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn message(self, profile: String, metadata: v1::Metadata) -> v1::DecapsulateRequest {
        v1::DecapsulateRequest {
            profile,
            key_source: Some(self.key.source()),
            ciphertext: self.ciphertext.0,
            metadata: Some(metadata),
        }
    }
}
