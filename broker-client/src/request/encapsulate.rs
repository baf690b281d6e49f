//! KemService.Encapsulate.

use broker_proto::v1;

use super::{Ask, Key, Options};

/// Asks for a shared secret and its ciphertext for the holder of a decapsulation key (FIPS 203 6.2).
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct EncapsulateRequest {
    key: Key,
    options: Options,
}

impl EncapsulateRequest {
    /// The encapsulation key: raw, SubjectPublicKeyInfo (RFC 9935), or that as PEM.
    pub fn new(encapsulation_key: impl Into<Key>) -> Self {
        Self { key: encapsulation_key.into(), options: Options::default() }
    }

    options!();
}

impl Ask for EncapsulateRequest {
    type Message = v1::EncapsulateRequest;

    fn options(&mut self) -> &mut Options {
        &mut self.options
    }

    fn message(self, profile: String, metadata: v1::Metadata) -> v1::EncapsulateRequest {
        v1::EncapsulateRequest { profile, key_source: Some(self.key.source()), metadata: Some(metadata) }
    }
}
