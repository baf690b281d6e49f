//! Signs complete messages and streams.

use super::{
    Matched, SignatureError, algorithm, cms, composite,
    format::{encode, encode_octets},
    hash_ml_dsa::HashMlDsaSigner,
    load, matched, message_digest, message_hash,
};
use crate::{
    algorithm::{HashAlgorithm, KeyType, SignatureFormat, SignatureScheme},
    backend::{
        Backend,
        composite::CompositeSigner,
        evp::{PrivateKey, Signer},
        hash::Hasher,
    },
    policy::{Permit, permit},
    request::KEY_SOURCE,
    telemetry::audit::KeyUse,
};

/// Signs the permit's input. The signature has the format of the permit's parameters.
// The permit is taken by value so that it is used only once.
#[allow(clippy::needless_pass_by_value)]
pub fn sign_data(
    permit: Permit<permit::SignData>,
    backend: &Backend,
    key_use: &KeyUse,
) -> Result<Vec<u8>, SignatureError> {
    let (request, format) = (permit.request(), permit.parameters().format);
    let (scheme, key) = match matched(permit.rule().scheme, &request.keys)? {
        Matched::Single(scheme, key) => (scheme, key),
        Matched::HashMlDsa(algorithm, key) => {
            let mut signer = HashMlDsaSigner::new(algorithm, key, &request.context, backend, key_use)?;
            signer.update(&request.input);
            return encode_octets(signer.finish()?, format);
        }
        Matched::Composite(algorithm, keys) => {
            let mut signer = composite::signer(algorithm, keys, key_use)?;
            signer.update(&request.input);
            return encode_octets(signer.finish()?, format);
        }
    };
    let loaded = load(key, KEY_SOURCE, key_use)?;
    let signature = match (format, &request.context[..]) {
        (SignatureFormat::Cms, []) => {
            return cms::sign(&loaded, scheme, &message_digest(backend, scheme, &request.input));
        }
        (_, []) => loaded.sign(scheme, &request.input)?,
        // Policy permits a context for RAW signatures of ML-DSA only.
        (SignatureFormat::Raw, context) => loaded.sign_with_context(context, &request.input)?,
        _ => return Err(SignatureError::Internal),
    };
    encode(signature, format, key.key_type())
}

/// Signs a message that arrives in parts. The result is equivalent to that of [`sign_data`] over the complete message.
pub struct SignStream {
    format: SignatureFormat,
    /// Declared first, so that the key is dropped before the record of its use.
    state: State,
    _key_use: KeyUse,
}

enum State {
    /// CMS signs a digest of the message.
    Digest {
        hasher: Box<dyn Hasher>,
        algorithm: HashAlgorithm,
        key: PrivateKey,
        scheme: SignatureScheme,
    },
    Message(Signer, KeyType),
    HashMlDsa(HashMlDsaSigner),
    Composite(CompositeSigner),
}

impl SignStream {
    /// Loads the keys.
    #[allow(clippy::needless_pass_by_value)] // as above
    pub fn begin(
        permit: Permit<permit::SignStream>,
        backend: &Backend,
        key_use: KeyUse,
    ) -> Result<Self, SignatureError> {
        let (request, format) = (permit.request(), permit.parameters().format);
        let state = match matched(permit.rule().scheme, &request.keys)? {
            Matched::Single(scheme, key) => {
                let (loaded, key_type) = (load(key, KEY_SOURCE, &key_use)?, key.key_type());
                if !request.context.is_empty() && format != SignatureFormat::Raw {
                    return Err(SignatureError::Internal);
                } else if format == SignatureFormat::Cms {
                    let algorithm = algorithm(message_hash(scheme));
                    State::Digest { hasher: backend.hash.start(algorithm), algorithm, key: loaded, scheme }
                } else {
                    State::Message(Signer::new(&loaded, scheme, &request.context)?, key_type)
                }
            }
            Matched::HashMlDsa(algorithm, key) => {
                let signer = HashMlDsaSigner::new(algorithm, key, &request.context, backend, &key_use)?;
                State::HashMlDsa(signer)
            }
            Matched::Composite(algorithm, keys) => {
                State::Composite(composite::signer(algorithm, keys, &key_use)?)
            }
        };
        Ok(Self { format, state, _key_use: key_use })
    }

    /// Processes the next part of the message.
    pub fn update(&mut self, part: &[u8]) -> Result<(), SignatureError> {
        match &mut self.state {
            State::Digest { hasher, .. } => hasher.update(part),
            State::Message(signer, _) => signer.update(part)?,
            State::HashMlDsa(signer) => signer.update(part),
            State::Composite(signer) => signer.update(part),
        }
        Ok(())
    }

    /// Returns the signature over all parts.
    pub fn finish(self) -> Result<Vec<u8>, SignatureError> {
        match self.state {
            State::Digest { hasher, algorithm, key, scheme } => {
                let mut digest = vec![0; algorithm.default_output_length()];
                hasher.finish(&mut digest);
                cms::sign(&key, scheme, &digest)
            }
            State::Message(signer, key_type) => encode(signer.finish()?, self.format, key_type),
            State::HashMlDsa(signer) => encode_octets(signer.finish()?, self.format),
            State::Composite(signer) => encode_octets(signer.finish()?, self.format),
        }
    }
}
