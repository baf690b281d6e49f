//! Composite signatures of draft-ietf-lamps-pq-composite-sigs-19. Both halves sign the same message representative, which
//! contains a hash of the message, so that the message can be streamed. The application's context is empty.
#![forbid(unsafe_code)]

use aws_lc_rs::digest;

use super::evp::{EvpError, PrivateKey, PublicKey};
use crate::algorithm::{Composite, KeyType, SignatureHash};

/// Signs a message that arrives in parts. The keys are in the usual order: the traditional key, then the ML-DSA key.
pub struct CompositeSigner {
    message: Message,
    keys: [PrivateKey; 2],
}

impl CompositeSigner {
    /// Starts an empty message. Fails with `BadKey` if the keys do not have the algorithm's kinds ([`Composite::keys`]).
    pub fn new(algorithm: Composite, keys: [PrivateKey; 2]) -> Result<Self, EvpError> {
        check_kinds(algorithm, keys.each_ref().map(PrivateKey::key_type))?;
        Ok(Self { message: Message::new(algorithm), keys })
    }

    /// Processes the next part of the message.
    pub fn update(&mut self, part: &[u8]) {
        self.message.hash.update(part);
    }

    /// Returns the signature over all parts: the ML-DSA half, then the traditional half (section 4.3). Fails with
    /// `BadKey` if the factors of an RSA key are not primes.
    pub fn finish(self) -> Result<Vec<u8>, EvpError> {
        let algorithm = self.message.algorithm;
        let representative = self.message.representative();
        let [traditional, ml_dsa] = &self.keys;
        let mut signature = ml_dsa.sign_with_context(algorithm.label().as_bytes(), &representative)?;
        signature.extend(traditional.sign(algorithm.traditional(), &representative)?);
        Ok(signature)
    }
}

/// Verifies a signature over a message that arrives in parts.
pub struct CompositeVerifier {
    message: Message,
    keys: [PublicKey; 2],
}

impl CompositeVerifier {
    /// Starts an empty message. Fails with `BadKey` if the keys do not have the algorithm's kinds ([`Composite::keys`]).
    pub fn new(algorithm: Composite, keys: [PublicKey; 2]) -> Result<Self, EvpError> {
        check_kinds(algorithm, keys.each_ref().map(PublicKey::key_type))?;
        Ok(Self { message: Message::new(algorithm), keys })
    }

    /// Processes the next part of the message.
    pub fn update(&mut self, part: &[u8]) {
        self.message.hash.update(part);
    }

    /// Verifies both halves over all parts (section 3.3). Fails with `BadSignature` if either half is invalid.
    pub fn finish(self, signature: &[u8]) -> Result<(), EvpError> {
        let algorithm = self.message.algorithm;
        let representative = self.message.representative();
        let [traditional, ml_dsa] = &self.keys;
        let (first, second) = algorithm.halves(signature).ok_or(EvpError::BadSignature)?;
        ml_dsa.verify_with_context(algorithm.label().as_bytes(), &representative, first)?;
        traditional.verify(algorithm.traditional(), &representative, second)
    }
}

fn check_kinds(algorithm: Composite, keys: [Option<KeyType>; 2]) -> Result<(), EvpError> {
    if keys == algorithm.keys().map(Some) { Ok(()) } else { Err(EvpError::BadKey) }
}

/// The message representative under construction.
struct Message {
    algorithm: Composite,
    hash: digest::Context,
}

impl Message {
    fn new(algorithm: Composite) -> Self {
        let hash = digest::Context::new(match algorithm.pre_hash() {
            SignatureHash::Sha256 => &digest::SHA256,
            SignatureHash::Sha384 => &digest::SHA384,
            SignatureHash::Sha512 => &digest::SHA512,
        });
        Self { algorithm, hash }
    }

    /// Returns M' = Prefix || Label || len(ctx) || ctx || PH(M) with an empty ctx (section 2.2).
    fn representative(self) -> Vec<u8> {
        let label = self.algorithm.label().as_bytes();
        [b"CompositeAlgorithmSignatures2025", label, &[0], self.hash.finish().as_ref()].concat()
    }
}

#[cfg(test)]
mod tests;
