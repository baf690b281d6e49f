//! Composite signatures of draft-ietf-lamps-pq-composite-sigs-19: both halves sign the same message representative, which
//! has the message's hash in it, so that the message may come in parts. The context of the application is empty.
#![forbid(unsafe_code)]

use aws_lc_rs::digest;

use super::evp::{EvpError, PrivateKey, PublicKey};
use crate::algorithm::{Composite, KeyType, SignatureHash};

/// Signs a message that comes in parts. The keys stand as everywhere: the traditional one, then ML-DSA's.
pub struct CompositeSigner {
    message: Message,
    keys: [PrivateKey; 2],
}

impl CompositeSigner {
    /// `BadKey` when the keys are not of the algorithm's kinds ([`Composite::keys`]).
    pub fn new(algorithm: Composite, keys: [PrivateKey; 2]) -> Result<Self, EvpError> {
        fit(algorithm, keys.each_ref().map(PrivateKey::key_type))?;
        Ok(Self { message: Message::new(algorithm), keys })
    }

    /// Takes the next part.
    pub fn update(&mut self, part: &[u8]) {
        self.message.hash.update(part);
    }

    /// The signature of all parts: ML-DSA's, then the traditional one (section 4.3). `BadKey` when an RSA key is not made
    /// of primes.
    pub fn finish(self) -> Result<Vec<u8>, EvpError> {
        let algorithm = self.message.algorithm;
        let representative = self.message.representative();
        let [traditional, ml_dsa] = &self.keys;
        let mut signature = ml_dsa.sign_with_context(algorithm.label().as_bytes(), &representative)?;
        signature.extend(traditional.sign(algorithm.traditional(), &representative)?);
        Ok(signature)
    }
}

/// Verifies a signature over a message that comes in parts.
pub struct CompositeVerifier {
    message: Message,
    keys: [PublicKey; 2],
}

impl CompositeVerifier {
    /// `BadKey` when the keys are not of the algorithm's kinds ([`Composite::keys`]).
    pub fn new(algorithm: Composite, keys: [PublicKey; 2]) -> Result<Self, EvpError> {
        fit(algorithm, keys.each_ref().map(PublicKey::key_type))?;
        Ok(Self { message: Message::new(algorithm), keys })
    }

    /// Takes the next part.
    pub fn update(&mut self, part: &[u8]) {
        self.message.hash.update(part);
    }

    /// Whether both halves are signatures of all parts; `BadSignature` when one is not (section 3.3).
    pub fn finish(self, signature: &[u8]) -> Result<(), EvpError> {
        let algorithm = self.message.algorithm;
        let representative = self.message.representative();
        let [traditional, ml_dsa] = &self.keys;
        let (first, second) = algorithm.halves(signature).ok_or(EvpError::BadSignature)?;
        ml_dsa.verify_with_context(algorithm.label().as_bytes(), &representative, first)?;
        traditional.verify(algorithm.traditional(), &representative, second)
    }
}

fn fit(algorithm: Composite, keys: [Option<KeyType>; 2]) -> Result<(), EvpError> {
    if keys == algorithm.keys().map(Some) { Ok(()) } else { Err(EvpError::BadKey) }
}

/// The message representative in the making.
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

    /// M' = Prefix || Label || len(ctx) || ctx || PH(M) with an empty ctx (section 2.2).
    fn representative(self) -> Vec<u8> {
        let label = self.algorithm.label().as_bytes();
        [b"CompositeAlgorithmSignatures2025", label, &[0], self.hash.finish().as_ref()].concat()
    }
}

#[cfg(test)]
mod tests;
