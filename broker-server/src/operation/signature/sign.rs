//! Signing, at once and in parts.

use super::{SignatureError, algorithm, cms, format::encode, load, message_digest, message_hash};
use crate::{
    algorithm::{HashAlgorithm, KeyType, SignatureFormat, SignatureScheme},
    backend::{
        Backend,
        evp::{PrivateKey, Signer},
        hash::Hasher,
    },
    policy::{Permit, permit},
};

/// Signs the permit's input, in the format that was granted.
// The permit is taken by value so that it is used once, though only its parts are read.
#[allow(clippy::needless_pass_by_value)]
pub fn sign_data(permit: Permit<permit::SignData>, backend: &Backend) -> Result<Vec<u8>, SignatureError> {
    let (request, scheme, format) = (permit.request(), permit.rule().scheme, permit.grant().format);
    let key = load(&request.key)?;
    if format == SignatureFormat::Cms {
        return cms::sign(&key, scheme, &message_digest(backend, scheme, &request.input));
    }
    encode(key.sign(scheme, &request.input)?, format, request.key.key_type())
}

/// Signs a message that comes in parts, with the result of [`sign_data`] over the whole.
pub struct SignStream {
    scheme: SignatureScheme,
    format: SignatureFormat,
    key_type: KeyType,
    state: State,
}

enum State {
    /// CMS signs a digest of the message.
    Digest {
        hasher: Box<dyn Hasher>,
        algorithm: HashAlgorithm,
        key: PrivateKey,
    },
    Message(Signer),
}

impl SignStream {
    /// Loads the key. No part of the message is needed yet.
    #[allow(clippy::needless_pass_by_value)] // as above
    pub fn begin(permit: Permit<permit::SignStream>, backend: &Backend) -> Result<Self, SignatureError> {
        let (scheme, format) = (permit.rule().scheme, permit.grant().format);
        let key = load(&permit.request().key)?;
        let state = if format == SignatureFormat::Cms {
            let algorithm = algorithm(message_hash(scheme));
            State::Digest { hasher: backend.hash.start(algorithm), algorithm, key }
        } else {
            State::Message(Signer::new(&key, scheme)?)
        };
        Ok(Self { scheme, format, key_type: permit.request().key.key_type(), state })
    }

    /// Takes the next part.
    pub fn update(&mut self, part: &[u8]) -> Result<(), SignatureError> {
        match &mut self.state {
            State::Digest { hasher, .. } => hasher.update(part),
            State::Message(signer) => signer.update(part)?,
        }
        Ok(())
    }

    /// The signature of all parts.
    pub fn finish(self) -> Result<Vec<u8>, SignatureError> {
        match self.state {
            State::Digest { hasher, algorithm, key } => {
                let mut digest = vec![0; algorithm.default_output_length()];
                hasher.finish(&mut digest);
                cms::sign(&key, self.scheme, &digest)
            }
            State::Message(signer) => encode(signer.finish()?, self.format, self.key_type),
        }
    }
}
