//! HashML-DSA over complete messages and over messages that arrive in parts.

use super::{SignatureError, load, load_public};
use crate::{
    algorithm::HashMlDsa,
    backend::{
        Backend,
        evp::{EvpError, PrivateKey, PublicKey},
        hash::Hasher,
    },
    request::{KEY_SOURCE, SigningKey, VerificationKey},
    telemetry::audit::KeyUse,
};

/// A private or a public key, with the context and the digest of the message under construction.
struct State<K> {
    algorithm: HashMlDsa,
    key: K,
    context: Vec<u8>,
    hasher: Box<dyn Hasher>,
}

impl<K> State<K> {
    fn new(algorithm: HashMlDsa, key: K, context: &[u8], backend: &Backend) -> Self {
        Self { algorithm, key, context: context.to_vec(), hasher: backend.hash.start(algorithm.pre_hash()) }
    }

    /// Applies `function` to the key, the context, the object identifier of the hash function, and the digest.
    fn finish<T>(self, function: impl FnOnce(&K, &[u8], &[u8], &[u8]) -> T) -> T {
        let mut digest = vec![0; self.algorithm.digest_length()];
        self.hasher.finish(&mut digest);
        function(&self.key, &self.context, &self.algorithm.oid(), &digest)
    }
}

/// Signs a message.
pub(super) struct HashMlDsaSigner(State<PrivateKey>);

impl HashMlDsaSigner {
    /// Loads the key, for an empty message.
    pub(super) fn new(
        algorithm: HashMlDsa,
        key: &SigningKey,
        context: &[u8],
        backend: &Backend,
        key_use: &KeyUse,
    ) -> Result<Self, SignatureError> {
        Ok(Self(State::new(algorithm, load(key, KEY_SOURCE, key_use)?, context, backend)))
    }

    /// Processes the next part of the message.
    pub(super) fn update(&mut self, part: &[u8]) {
        self.0.hasher.update(part);
    }

    /// Returns the signature over all parts (FIPS 204 algorithm 4).
    pub(super) fn finish(self) -> Result<Vec<u8>, EvpError> {
        self.0.finish(PrivateKey::sign_digest)
    }
}

/// Verifies a signature over a message.
pub(super) struct HashMlDsaVerifier(State<PublicKey>);

impl HashMlDsaVerifier {
    /// Loads the key, for an empty message.
    pub(super) fn new(
        algorithm: HashMlDsa,
        key: &VerificationKey,
        context: &[u8],
        backend: &Backend,
    ) -> Result<Self, SignatureError> {
        Ok(Self(State::new(algorithm, load_public(key, KEY_SOURCE)?, context, backend)))
    }

    /// Processes the next part of the message.
    pub(super) fn update(&mut self, part: &[u8]) {
        self.0.hasher.update(part);
    }

    /// Verifies the signature over all parts (FIPS 204 algorithm 5). Fails with `BadSignature` if it is invalid.
    pub(super) fn finish(self, signature: &[u8]) -> Result<(), EvpError> {
        self.0.finish(|key, context, oid, digest| key.verify_digest(context, oid, digest, signature))
    }
}
